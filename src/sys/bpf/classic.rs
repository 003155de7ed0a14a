//! Programs of the classic packet filter in the instructions of the present one, as the kernel
//! itself translates them for sockets (net/core/filter.c, `bpf_convert_filter`); but for a place
//! where there is no socket: they read from the first bytes of a packet, copied to the stack.
//!
//! Both machines calculate alike, in the same opcodes; what is different is how a packet is read.

use super::assembler::{Assembler, FRAME, Label, Register, Size};
use crate::sys::packet_socket::program::{Fact, Instruction, code};
use nix::libc;

/// The accumulator, the index, and what is overwritten on the way.
const A: Register = 0;
const X: Register = 9;
const PLACE: Register = 1;
const END: Register = 2;

/// How many bytes of the packet are in the window, a register of the caller's.
pub(super) const HELD: Register = 4;
/// How many bytes the packet has, a register of the caller's.
pub(super) const LENGTH: Register = 5;

/// Bytes that are in the window from the beginning: enough to pass over most packets, and datagrams
/// of the tunnel by the protocol of what is inside.
pub(super) const HEAD_LEN: usize = 40;

/// Bytes of the whole window, from the IP header on: what a filter reads of a packet in a tunnel, and some
/// options.
pub(super) const WINDOW_LEN: usize = 64;

/// Bytes of the sixteen places of memory.
pub(super) const MEMORY_LEN: usize = 64;

/// Where things are.
pub(super) struct Ground<'g> {
    /// The window on the stack.
    pub(super) window: i16,
    /// The places of memory on the stack.
    pub(super) memory: i16,
    /// A register through which the packet itself can be read at known places, within the length of
    /// a window: the window is then needed for others only.
    pub(super) direct: Option<Register>,
    /// Writes the code that fills the whole window. It leaves [`HELD`], [`LENGTH`], the direct
    /// register and those from 6 on as they are.
    pub(super) fill: &'g dyn Fn(&mut Assembler),
    /// Where to go with a packet that is kept.
    pub(super) keep: Label,
    /// Where to go with one that is passed over.
    pub(super) reject: Label,
    /// Writes the code that fetches what the kernel knows of the packet, and says it if it is the
    /// same for all packets.
    pub(super) fact: &'g dyn Fn(&mut Assembler, Fact, Register) -> Option<u32>,
}

/// What is known of the registers and the memory before an instruction, whichever way it was
/// reached.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    a: Option<u32>,
    x: Option<u32>,
    memory: [Option<u32>; 16],
    /// Whether the whole window is filled.
    filled: bool,
    /// So many bytes of the packet are surely in the window.
    held: i32,
}

impl Known {
    /// What holds on both ways.
    fn and(self, other: Known) -> Known {
        let both = |one: Option<u32>, other| one.filter(|_| one == other);
        Known {
            a: both(self.a, other.a),
            x: both(self.x, other.x),
            memory: std::array::from_fn(|at| both(self.memory[at], other.memory[at])),
            filled: self.filled && other.filled,
            held: self.held.min(other.held),
        }
    }
}

/// Writes `filter`, which ends at one of the labels; nothing if it has an instruction that is not
/// known here. What cannot be read because it is not in the window is kept; a read beyond the
/// packet passes it over.
///
/// Jumps lead forwards only. So what is known of an instruction's operands is known in one pass:
/// numbers are then calculated here, comparisons decided, and a read at a known place needs no
/// calculation. That matters a million times a second.
pub(super) fn translate(
    code: &mut Assembler,
    filter: &[Instruction],
    ground: &Ground,
) -> Option<()> {
    let labels: Vec<Label> = filter.iter().map(|_| code.label()).collect();
    let mut known: Vec<Option<Known>> = vec![None; filter.len()];
    *known.first_mut()? = Some(Known {
        a: Some(0),
        x: Some(0),
        memory: [None; 16],
        filled: false,
        held: 0,
    });
    let mut ends = Ends::new(code);
    code.set(X, 0);
    for (at, one) in filter.iter().enumerate() {
        let Some(mut now) = known[at].take() else {
            // Nothing leads here.
            continue;
        };
        code.place(labels[at]);
        let mut lead = |distance: u32, state: &Known| {
            let target = at + 1 + distance as usize;
            let there = known.get_mut(target)?;
            *there = Some(match there.take() {
                Some(other) => other.and(state.clone()),
                None => state.clone(),
            });
            Some(labels[target])
        };
        match Kind::of(one)? {
            Kind::LoadFact(fact) => {
                now.a = (ground.fact)(code, fact, A);
            }
            Kind::Load(bytes) => {
                load(code, &mut now, (one.k, bytes), ground, &mut ends)?;
            }
            Kind::Set => {
                code.set_unsigned(A, one.k);
                now.a = Some(one.k);
            }
            Kind::Recall(to) => {
                let value = *now.memory.get(one.k as usize)?;
                match value {
                    Some(value) => code.set_unsigned(to, value),
                    None => code.load(to, Size::Four, FRAME, place(ground, one.k)?),
                }
                *(if to == A { &mut now.a } else { &mut now.x }) = value;
            }
            Kind::Keep => {
                code.store(FRAME, place(ground, one.k)?, Size::Four, A);
                now.memory[one.k as usize] = now.a;
            }
            Kind::ToX => {
                code.copy_half(X, A);
                now.x = now.a;
            }
            Kind::Calculate { by_x } => {
                let operation = one.code & OPERATION;
                let other = if by_x { now.x } else { Some(one.k) };
                let result = now.a.zip(other);
                now.a = result.and_then(|(a, other)| calculated(operation, a, other));
                if let Some(value) = now.a {
                    code.set_unsigned(A, value);
                } else {
                    if operation == libc::BPF_DIV as u16 && by_x {
                        code.jump_if(X, 0, ground.reject);
                    }
                    code.calculate(one.code as u8, A, if by_x { X } else { 0 }, one.k as i32);
                }
            }
            Kind::Go => {
                let label = lead(one.k, &now)?;
                code.jump(label);
                continue;
            }
            Kind::Compare { by_x } => {
                let other = if by_x { now.x } else { Some(one.k) };
                let decided = now.a.zip(other);
                let decided = decided.and_then(|(a, other)| holds(one.code & OPERATION, a, other));
                if let Some(holds) = decided {
                    let label = lead(if holds { one.jt } else { one.jf }.into(), &now)?;
                    code.jump(label);
                    continue;
                }
                // The class of comparisons of 32 bits.
                let opcode = one.code as u8 & !CLASS | 0x06;
                let (register, value) = if by_x { (X, 0) } else { (0, one.k as i32) };
                let equal = one.code & OPERATION == libc::BPF_JEQ as u16;
                let then = Known {
                    a: if equal { other.or(now.a) } else { now.a },
                    ..now.clone()
                };
                let label = lead(one.jt.into(), &then)?;
                code.jump_when(opcode, A, register, value, label);
                let label = lead(one.jf.into(), &now)?;
                if one.jf > 0 {
                    code.jump(label);
                }
                continue;
            }
            Kind::Return => {
                code.jump(match one.k {
                    0 => ground.reject,
                    _ => ground.keep,
                });
                continue;
            }
        }
        lead(0, &now)?;
    }
    ends.finish(code, ground);
    Some(())
}

/// Where reads go that are not in the window.
struct Ends {
    /// For reads that end at a known place: the label that they go to.
    known: Vec<(i32, Label)>,
    /// For those whose end is in the register [`END`].
    any: Label,
}

impl Ends {
    fn new(code: &mut Assembler) -> Ends {
        Ends {
            known: Vec::new(),
            any: code.label(),
        }
    }

    fn at(&mut self, code: &mut Assembler, end: i32) -> Label {
        if let Some((_, label)) = self.known.iter().find(|(known, _)| *known == end) {
            return *label;
        }
        let label = code.label();
        self.known.push((end, label));
        label
    }

    fn finish(self, code: &mut Assembler, ground: &Ground) {
        for (end, label) in self.known {
            code.place(label);
            code.set(END, end);
            code.jump(self.any);
        }
        code.place(self.any);
        code.jump_if_greater(END, LENGTH, ground.reject);
        code.jump(ground.keep);
    }
}

/// A = the number of one byte or two at X + an offset of the packet.
fn load(
    code: &mut Assembler,
    now: &mut Known,
    (offset, bytes): (u32, u8),
    ground: &Ground,
    ends: &mut Ends,
) -> Option<()> {
    let (offset, bytes) = (i32::try_from(offset).ok()?, i32::from(bytes));
    let last = WINDOW_LEN as i32 - bytes;
    let place = now.x.and_then(|x| offset.checked_add_unsigned(x));
    let place = place.filter(|place| (0..=last).contains(place));
    let reached = match ground.direct {
        Some(_) => last + bytes,
        None => HEAD_LEN as i32,
    };
    if !now.filled && place.is_none_or(|place| place + bytes > reached) {
        (ground.fill)(code);
        now.filled = true;
    }
    now.a = None;
    let Some(place) = place else {
        code.copy_half(PLACE, X);
        code.add_value(PLACE, offset);
        code.copy(END, PLACE);
        code.add_value(END, bytes);
        code.jump_if_greater(END, HELD, ends.any);
        // Never true, for no more is held; but the kernel wants proof.
        code.jump_if_above(PLACE, last, ground.keep);
        code.add_register(PLACE, FRAME);
        number(code, bytes, PLACE, ground.window);
        return Some(());
    };
    if place + bytes > now.held {
        now.held = place + bytes;
        let label = ends.at(code, now.held);
        code.jump_if_below(HELD, now.held, label);
    }
    let (base, at) = match ground.direct {
        Some(packet) => (packet, place as i16),
        None => (FRAME, ground.window + place as i16),
    };
    if bytes == 2 && place % 2 == 0 {
        code.load(A, Size::Two, base, at);
        code.read_big_endian(A);
    } else {
        number(code, bytes, base, at);
    }
    Some(())
}

/// A = the number at a place of the stack, byte by byte, for the stack is read at multiples of the
/// size only.
fn number(code: &mut Assembler, bytes: i32, base: Register, at: i16) {
    code.load(A, Size::One, base, at);
    if bytes == 2 {
        code.load(PLACE, Size::One, base, at + 1);
        code.calculate(SHIFT_UP, A, 0, 8);
        code.calculate(OR, A, PLACE, 0);
    }
}

/// The result of an operation, if it has one.
fn calculated(operation: u16, a: u32, other: u32) -> Option<u32> {
    match operation.into() {
        libc::BPF_ADD => Some(a.wrapping_add(other)),
        libc::BPF_SUB => Some(a.wrapping_sub(other)),
        libc::BPF_MUL => Some(a.wrapping_mul(other)),
        libc::BPF_DIV => a.checked_div(other),
        libc::BPF_AND => Some(a & other),
        libc::BPF_LSH => a.checked_shl(other),
        _ => None,
    }
}

/// Whether a comparison holds; nothing if it is none that is known here.
fn holds(comparison: u16, a: u32, other: u32) -> Option<bool> {
    match comparison.into() {
        libc::BPF_JEQ => Some(a == other),
        libc::BPF_JGE => Some(a >= other),
        libc::BPF_JSET => Some(a & other != 0),
        _ => None,
    }
}

fn place(ground: &Ground, number: u32) -> Option<i16> {
    let at = i16::try_from(number).ok().filter(|at| *at < 16)?;
    Some(ground.memory + 4 * at)
}

/// `A <<= value`, `A |= from`, 64 bits wide.
const SHIFT_UP: u8 = 0x67;
const OR: u8 = 0x4f;

const CLASS: u8 = 0x07;
const OPERATION: u16 = 0xf0;

/// What an instruction does.
enum Kind {
    LoadFact(Fact),
    Load(u8),
    Set,
    Recall(Register),
    Keep,
    ToX,
    Calculate { by_x: bool },
    Go,
    Compare { by_x: bool },
    Return,
}

impl Kind {
    /// Those that [`Program`](crate::sys::packet_socket::program::Program) writes.
    fn of(one: &Instruction) -> Option<Kind> {
        let by_x = u32::from(one.code) & libc::BPF_X != 0;
        Some(match u32::from(one.code) {
            code::LOAD_FACT => Kind::LoadFact(Fact::of_offset(one.k)?),
            code::LOAD_BYTE => Kind::Load(1),
            code::LOAD_HALF => Kind::Load(2),
            code::LOAD => Kind::Set,
            code::RECALL => Kind::Recall(A),
            code::RECALL_X => Kind::Recall(X),
            code::KEEP => Kind::Keep,
            code::TO_X => Kind::ToX,
            code::GO => Kind::Go,
            code::RETURN => Kind::Return,
            code if code & u32::from(CLASS) == libc::BPF_ALU => Kind::Calculate { by_x },
            code if code & u32::from(CLASS) == libc::BPF_JMP => Kind::Compare { by_x },
            _ => return None,
        })
    }
}
