//! The kernel's classic machine (net/core/filter.c) as far as
//! [`Program`](super::program::Program)s use it: for packets that the kernel hands out without
//! having asked a filter.

use super::program::{Fact, Instruction, code};
use nix::libc;

/// Whether a program keeps a frame of a kind of device (`ARPHRD_`) and with an EtherType; nothing
/// when it reads beyond the frame, or is none that [`Program`](super::program::Program) writes.
pub fn run(program: &[Instruction], hardware: u16, ether_type: u16, frame: &[u8]) -> Option<bool> {
    let (mut a, mut x, mut memory, mut at) = (0_u32, 0_u32, [0_u32; 16], 0_usize);
    loop {
        let Instruction {
            code: what,
            jt,
            jf,
            k,
        } = *program.get(at)?;
        at += 1;
        let byte = |place: u32| Some(u32::from(*frame.get(place as usize)?));
        let compare = |holds: bool| usize::from(if holds { jt } else { jf });
        match what.into() {
            code::LOAD_FACT => {
                a = match Fact::of_offset(k)? {
                    Fact::Protocol => ether_type.into(),
                    Fact::Hardware => hardware.into(),
                }
            }
            code::LOAD_BYTE => a = byte(x.wrapping_add(k))?,
            code::LOAD_HALF => {
                let place = x.wrapping_add(k);
                a = byte(place)? << 8 | byte(place.wrapping_add(1))?;
            }
            code::LOAD => a = k,
            code::RECALL => a = *memory.get(k as usize)?,
            code::RECALL_X => x = *memory.get(k as usize)?,
            code::KEEP => *memory.get_mut(k as usize)? = a,
            code::TO_X => x = a,
            ADD_X => a = a.wrapping_add(x),
            SUBTRACT => a = a.wrapping_sub(k),
            MULTIPLY_X => a = a.wrapping_mul(x),
            DIVIDE_X => a = a.checked_div(x)?,
            AND => a &= k,
            SHIFT_UP => a = a.checked_shl(k)?,
            code::GO => at = at.checked_add(k as usize)?,
            IF_EQUAL => at += compare(a == k),
            IF_ANY => at += compare(a & k != 0),
            IF_AT_LEAST_X => at += compare(a >= x),
            code::RETURN => return Some(k > 0),
            _ => return None,
        }
    }
}

const ADD_X: u32 = libc::BPF_ALU | libc::BPF_ADD | libc::BPF_X;
const SUBTRACT: u32 = libc::BPF_ALU | libc::BPF_SUB;
const MULTIPLY_X: u32 = libc::BPF_ALU | libc::BPF_MUL | libc::BPF_X;
const DIVIDE_X: u32 = libc::BPF_ALU | libc::BPF_DIV | libc::BPF_X;
const AND: u32 = libc::BPF_ALU | libc::BPF_AND;
const SHIFT_UP: u32 = libc::BPF_ALU | libc::BPF_LSH;
const IF_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ;
const IF_ANY: u32 = libc::BPF_JMP | libc::BPF_JSET;
const IF_AT_LEAST_X: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_X;
