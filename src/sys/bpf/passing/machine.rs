//! The kernel's machine as far as translated filters use it.

use super::super::assembler::{Assembler, FRAME, Register};
use super::super::classic::{Ground, HEAD_LEN, HELD, LENGTH, MEMORY_LEN, WINDOW_LEN, translate};
use crate::sys::packet_socket::program::{Fact, Instruction};

/// The stack, of which register 10 holds the end.
const STACK: usize = 512;
const END_OF_STACK: u64 = 1 << 40;

/// A register through which the packet can be read.
const PACKET: Register = 3;

/// Whether a translated filter keeps a frame, however it reads it.
pub(crate) fn keeps(filter: &[Instruction], hardware: u16, ether_type: u16, frame: &[u8]) -> bool {
    let [copied, direct] =
        [None, Some(PACKET)].map(|direct| reads(filter, hardware, ether_type, frame, direct));
    assert_eq!(copied, direct, "kept when copied, and when read in place");
    copied
}

fn reads(
    filter: &[Instruction],
    hardware: u16,
    ether_type: u16,
    frame: &[u8],
    direct: Option<Register>,
) -> bool {
    let mut code = Assembler::default();
    let [keep, reject] = [code.label(), code.label()];
    let ground = Ground {
        window: -(WINDOW_LEN as i16),
        memory: -((WINDOW_LEN + MEMORY_LEN) as i16),
        direct,
        fill: &|code| {
            code.copy(10, 10); // Told apart by `run`, which fills the window.
        },
        keep,
        reject,
        fact: &|code, fact, to| {
            let value = match fact {
                Fact::Hardware => hardware.into(),
                Fact::Protocol => ether_type.into(),
            };
            code.set_unsigned(to, value);
            // The one is known beforehand, the other is not.
            (fact == Fact::Hardware).then_some(value)
        },
    };
    translate(&mut code, filter, &ground).expect("every instruction is known");
    code.place(keep);
    code.set(0, 1);
    code.exit();
    code.place(reject);
    code.set(0, 0);
    code.exit();
    let code: Vec<[u8; 8]> = code.finish().iter().map(|one| one.bytes()).collect();
    let mut stack = [0xee; STACK];
    let held = frame.len().min(WINDOW_LEN);
    let head = held.min(HEAD_LEN);
    let mut registers = [0; 11];
    match direct {
        // The bytes in place are elsewhere than the window.
        Some(packet) => {
            stack[..held].copy_from_slice(&frame[..held]);
            registers[usize::from(packet)] = END_OF_STACK - STACK as u64;
        }
        None => stack[STACK - WINDOW_LEN..][..head].copy_from_slice(&frame[..head]),
    }
    registers[usize::from(FRAME)] = END_OF_STACK;
    registers[usize::from(HELD)] = held as u64;
    registers[usize::from(LENGTH)] = frame.len() as u64;
    run(&code, registers, stack, &frame[..held]) != 0
}

fn run(code: &[[u8; 8]], mut registers: [u64; 11], mut stack: [u8; STACK], window: &[u8]) -> u64 {
    let mut at = 0;
    loop {
        let [opcode, pair, a, b, c, d, e, f] = code[at];
        let (to, from) = (usize::from(pair & 0xf), usize::from(pair >> 4));
        let offset = i64::from(i16::from_ne_bytes([a, b]));
        let value = i64::from(i32::from_ne_bytes([c, d, e, f])) as u64;
        let by_register = opcode & 0x08 != 0;
        let other = if by_register { registers[from] } else { value };
        let place = |address: u64| {
            let below = END_OF_STACK as i64 - address as i64 - offset;
            STACK - below as usize
        };
        at += 1;
        match opcode {
            0x71 => registers[to] = stack[place(registers[from])].into(),
            0x69 => {
                let two = stack[place(registers[from])..].first_chunk().unwrap();
                registers[to] = u16::from_ne_bytes(*two).into();
            }
            0xdc => registers[to] = u16::from_be(registers[to] as u16).into(),
            0x61 => {
                let four = stack[place(registers[from])..].first_chunk().unwrap();
                registers[to] = u32::from_ne_bytes(*four).into();
            }
            0x63 => {
                let four = (registers[from] as u32).to_ne_bytes();
                stack[place(registers[to])..][..4].copy_from_slice(&four);
            }
            0xbf if (to, from) == (10, 10) => {
                stack[STACK - WINDOW_LEN..][..window.len()].copy_from_slice(window);
            }
            0x95 => return registers[0],
            _ => match opcode & 0x07 {
                class @ (0x04 | 0x07) => {
                    let result = calculate(opcode & 0xf0, registers[to], other, class == 0x04);
                    registers[to] = result;
                }
                class @ (0x05 | 0x06) => {
                    let narrow = |number: u64| match class {
                        0x06 => number & 0xffff_ffff,
                        _ => number,
                    };
                    let (one, other) = (narrow(registers[to]), narrow(other));
                    let holds = match opcode & 0xf0 {
                        0x00 => true,
                        0x10 => one == other,
                        0x20 => one > other,
                        0x30 => one >= other,
                        0x40 => one & other != 0,
                        0xa0 => one < other,
                        unknown => panic!("comparison {unknown:#x}"),
                    };
                    if holds {
                        at = (at as i64 + offset) as usize;
                    }
                }
                _ => panic!("instruction {opcode:#x}"),
            },
        }
    }
}

fn calculate(operation: u8, one: u64, other: u64, half: bool) -> u64 {
    let (one, other) = match half {
        true => (one & 0xffff_ffff, other & 0xffff_ffff),
        false => (one, other),
    };
    let result = match operation {
        0x00 => one.wrapping_add(other),
        0x10 => one.wrapping_sub(other),
        0x20 => one.wrapping_mul(other),
        0x30 => one / other,
        0x40 => one | other,
        0x50 => one & other,
        0x60 => one << other,
        0x70 => one >> other,
        0xb0 => other,
        unknown => panic!("operation {unknown:#x}"),
    };
    if half { result & 0xffff_ffff } else { result }
}
