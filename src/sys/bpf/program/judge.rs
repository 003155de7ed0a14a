//! The filter in the program for dropped packets: what surely is not looked for is not even noted.

use super::super::assembler::{Assembler, Label, Size};
use super::super::classic::{self, Ground, HEAD_LEN, HELD, LENGTH, WINDOW_LEN};
use super::{FRAME, MEMORY, SENDER, START, WINDOW, address, field, helper, record};
use crate::sys::packet_socket::program::{Fact, Instruction as Classic};

/// What the filter is told of every packet that it judges: ARPHRD_NONE, for no header stands before
/// the network's, and ETH_P_IP.
const NO_HEADER: u32 = 0xfffe;
const ETHER_TYPE: u32 = 0x0800;

/// The length of an IPv4 header without options, in bytes.
const SHORTEST: i32 = 20;

/// Goes `out` with a plain IPv4 packet that the filter does not keep; all others are `kept`. What a
/// program has just written to a TUN device may be anything. More than the window is not asked for.
pub(super) fn judge(
    code: &mut Assembler,
    filter: &[Classic],
    kept: Label,
    out: Label,
) -> Option<()> {
    /// `ETH_P_IP`, as the processor reads what is on the wire.
    const IPV4: i32 = u16::from_ne_bytes([8, 0]) as i32;
    const PLAIN: i32 = 0x45;
    code.load(1, Size::Eight, FRAME, SENDER);
    code.jump_unless(1, 0, kept);
    code.load(1, Size::Two, FRAME, field(record::PROTOCOL));
    code.jump_unless(1, IPV4, kept);
    fetch(code, HEAD_LEN);
    code.load(1, Size::One, FRAME, WINDOW);
    code.jump_unless(1, PLAIN, kept);
    // One that claims to be shorter than its header is to be judged by what reads more.
    code.load(1, Size::Two, FRAME, WINDOW + 2);
    code.read_big_endian(1);
    code.jump_if_below(1, SHORTEST, kept);
    let ground = Ground {
        window: WINDOW,
        memory: MEMORY,
        direct: None,
        fill: &|code| fetch(code, WINDOW_LEN),
        keep: kept,
        reject: out,
        fact: &|code, fact, to| {
            let value = match fact {
                Fact::Hardware => NO_HEADER,
                Fact::Protocol => ETHER_TYPE,
            };
            code.set_unsigned(to, value);
            Some(value)
        },
    };
    classic::translate(code, filter, &ground)
}

/// Copies the first bytes of the packet to the window. Of its length nothing is said.
fn fetch(code: &mut Assembler, bytes: usize) {
    code.load(3, Size::Eight, FRAME, START);
    address(code, 1, WINDOW);
    code.set(2, bytes as i32);
    code.call(helper::PROBE_READ_KERNEL);
    code.set(HELD, WINDOW_LEN as i32);
    code.set(LENGTH, i32::MAX);
}
