//! The programs that run in the kernel as packets pass a device, on the way out and on the way in.
//!
//! ```text
//!   skb, dev ─▶ nd_net ─▶ ns.inum ─▶ one of ours? ─▶ IP header ─▶ filter ─▶ record and frame
//! ```
//!
//! At a device itself (tcx, Linux 6.6) nothing is asked about namespaces: it runs for that device
//! alone. The packet is a little further up there: on the way out before the device's queue, whole
//! even if the device wants it cut.
//!
//! Tracepoint `net_dev_start_xmit` is where a packet socket sees what is sent (net/core/dev.c,
//! `xmit_one`), and `netif_receive_skb` a few lines before it sees what is received
//! (`__netif_receive_skb_core`). Both pass with bottom halves off, so that a program is never
//! interrupted by itself, which the kernel would not allow.
//!
//! What does not concern us must cost little, a million times a second: the namespace is found by
//! reading through pointers that the kernel knows the types of, without a call.

pub(super) use super::super::assembler::Instruction;
use super::super::assembler::{Assembler, FRAME, Label, Register, Size};
use super::super::btf::Bits;
use super::super::call::Way;
use super::super::classic::{self, Ground, HEAD_LEN, HELD, LENGTH, MEMORY_LEN, WINDOW_LEN};
use super::offsets::{InPlace, Offsets};
use crate::sys::packet_socket::program::{Fact, Instruction as Classic};

/// Where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Spot {
    /// At the tracepoint of all devices of the machine: `net_dev_start_xmit(skb, dev)`, where the
    /// data begins with the device's header, or `netif_receive_skb(skb)`, where that stands before.
    Tracepoint,
    /// At one device, whose packets begin with its header whichever way they go.
    Device,
}

/// What a program leaves for each packet, in front of its bytes: the layout, in bytes.
pub(super) mod record {
    /// When, by the clock that starts with the machine, in nanoseconds.
    pub(in super::super) const TIME: usize = 0;
    /// The network namespace's inode.
    pub(in super::super) const INODE: usize = 8;
    /// The device's number.
    pub(in super::super) const INDEX: usize = 12;
    /// The device's name, 16 bytes, the rest zero.
    pub(in super::super) const NAME: usize = 16;
    /// The packet's length in bytes, on the way in without the device's header.
    pub(in super::super) const LENGTH: usize = 32;
    /// The kind of device.
    pub(in super::super) const HARDWARE: usize = 36;
    /// How its checksum stands, `CHECKSUM_`.
    pub(in super::super) const SUMMED: usize = 38;
    /// 1 on the way out.
    pub(in super::super) const OUTGOING: usize = 39;
    /// 1 if the data does not begin with the Ethernet header, which stands in the record then.
    pub(in super::super) const APART: usize = 40;
    /// That header; the data follows.
    pub(in super::super) const HEADER: usize = LEN - super::ETHER_HEADER;
    /// All of it.
    pub(in super::super) const LEN: usize = 56;
}

/// Bytes of a packet that are kept: a record has room for less than 64 KB (`struct
/// perf_event_header`).
pub(super) const SNAP: u32 = 65_000;

/// Hardware whose frames begin with an Ethernet header: ARPHRD_ETHER, ARPHRD_LOOPBACK.
const ETHERNET: [u16; 2] = [1, 772];
pub(super) const ETHER_HEADER: usize = 14;
/// Hardware without a header of its own: ARPHRD_NONE.
const NO_HEADER: u16 = 0xfffe;

/// A packet that the kernel itself shows to a device that sent it (`PACKET_LOOPBACK`); packet
/// sockets do not see it either.
const LOOPED: i32 = 5;

/// Functions that the kernel offers (`enum bpf_func_id`).
mod helper {
    pub(super) const KTIME_GET_NS: i32 = 5;
    pub(super) const PERF_EVENT_OUTPUT: i32 = 25;
    pub(super) const SKB_OUTPUT: i32 = 111;
    pub(super) const PROBE_READ_KERNEL: i32 = 113;
}

/// The stack: the record, the filter's places of memory, the first bytes of the packet, and what is
/// kept while more of them are fetched.
const RECORD: i16 = -(record::LEN as i16);
const MEMORY: i16 = RECORD - MEMORY_LEN as i16;
const WINDOW: i16 = MEMORY - WINDOW_LEN as i16;
const START: i16 = WINDOW - 8;
const KEPT_HELD: i16 = START - 8;
const KEPT_LENGTH: i16 = KEPT_HELD - 8;
/// What a program at a device was given: for the kernel's functions that want it.
const CONTEXT: i16 = KEPT_LENGTH - 8;

const SKB: Register = 6;
const DEV: Register = 7;
const INODE: Register = 8;
/// How many bytes of the data are the device's header; the filter needs this register later.
const BEFORE: Register = 9;

/// Where the packet can be read in place.
const PACKET: Register = 3;

/// Descriptors of the maps that the programs use.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Maps {
    /// Where records go.
    pub(in super::super) out: i32,
    /// A count for each namespace, in the order of the inodes: packets there was no room for.
    pub(in super::super) lost: i32,
}

/// What a program answers: at a tracepoint nothing, at a device that the packet goes on to whatever
/// else is there (`TCX_NEXT`).
const NOTHING: i32 = 0;
const GO_ON: i32 = -1;

/// Writes the program for namespaces with these inodes; nothing if the filter cannot be translated,
/// or if the kernel has no such programs.
pub(in super::super) fn program(
    offsets: &Offsets,
    (spot, way): (Spot, Way),
    inodes: &[u32],
    (filter, longest): (&[Classic], Option<u32>),
    maps: Maps,
) -> Option<Vec<Instruction>> {
    let mut code = Assembler::default();
    let [keep, end] = [(); 2].map(|()| code.label());

    match spot {
        Spot::Tracepoint => code.load(SKB, Size::Eight, 1, 0),
        Spot::Device => {
            code.store(FRAME, CONTEXT, Size::Eight, 1);
            code.call_typed(offsets.kernel_context?);
            code.copy(SKB, 0);
        }
    }
    match (spot, way) {
        (Spot::Tracepoint, Way::Out) => code.load(DEV, Size::Eight, 1, 8),
        _ => code.load(DEV, Size::Eight, SKB, offsets.skb_dev),
    }
    if let Some(longest) = longest {
        too_long(&mut code, offsets, longest, end);
    }
    whose(&mut code, offsets, spot, inodes, end);
    if way == Way::In {
        bits(&mut code, 1, offsets.skb_type);
        code.jump_if(1, LOOPED, end);
    }
    let apart = (spot, way) == (Spot::Tracepoint, Way::In);
    head(&mut code, offsets, apart);
    let ground = Ground {
        window: WINDOW,
        memory: MEMORY,
        direct: offsets.in_place.map(|_| PACKET),
        fill: &|code| fill(code, offsets.in_place),
        keep,
        reject: end,
        fact: &|code, fact, to| match fact {
            // Whatever the device, the window begins with the packet.
            Fact::Hardware => {
                code.set_unsigned(to, NO_HEADER.into());
                Some(NO_HEADER.into())
            }
            Fact::Protocol => {
                code.load(to, Size::Two, SKB, offsets.skb_protocol);
                code.read_big_endian(to);
                None
            }
        },
    };
    classic::translate(&mut code, filter, &ground)?;

    code.place(keep);
    record(&mut code, offsets, way, apart);
    output(&mut code, spot, maps.out);
    code.jump_if(0, 0, end);
    lost(&mut code, inodes, maps.lost);
    code.place(end);
    code.set(
        0,
        match spot {
            Spot::Tracepoint => NOTHING,
            Spot::Device => GO_ON,
        },
    );
    code.exit();
    Some(code.finish())
}

/// INODE = the packet's namespace; goes to `end` if it is none of these. The program at a device
/// runs for no other.
fn whose(code: &mut Assembler, offsets: &Offsets, spot: Spot, inodes: &[u32], end: Label) {
    code.load(1, Size::Eight, DEV, offsets.dev_net);
    code.load(INODE, Size::Four, 1, offsets.net_inum);
    if spot == Spot::Device {
        return;
    }
    let ours = code.label();
    for &inode in inodes {
        code.set_unsigned(1, inode);
        code.jump_if_same(INODE, 1, ours);
    }
    code.jump(end);
    code.place(ours);
}

/// Goes to `end` with a packet of one piece that is longer than wanted.
fn too_long(code: &mut Assembler, offsets: &Offsets, longest: u32, end: Label) {
    let may_be = code.label();
    code.load(1, Size::Four, SKB, offsets.skb_len);
    code.set_unsigned(2, longest.saturating_add(1));
    code.jump_if_greater(2, 1, may_be);
    code.load(1, Size::Four, SKB, offsets.skb_data_len);
    code.jump_if(1, 0, end);
    code.place(may_be);
}

/// Finds the first bytes of the packet, behind the device's header, or copies them to the stack; and
/// counts its bytes and those that can be found there: a packet may be in pieces, of which the first
/// holds the headers.
fn head(code: &mut Assembler, offsets: &Offsets, apart: bool) {
    code.set(BEFORE, 0);
    if !apart {
        let plain = code.label();
        if_no_ethernet(code, offsets, plain);
        code.set(BEFORE, ETHER_HEADER as i32);
        code.place(plain);
    }
    code.load(3, Size::Eight, SKB, offsets.skb_data);
    code.add_register(3, BEFORE);
    code.store(FRAME, START, Size::Eight, 3);
    match offsets.in_place {
        Some(how) => in_place(code, how),
        None => copy(code, HEAD_LEN),
    }
    code.load(LENGTH, Size::Four, SKB, offsets.skb_len);
    code.calculate(SUBTRACT, LENGTH, BEFORE, 0);
    code.copy(HELD, LENGTH);
    code.load(1, Size::Four, SKB, offsets.skb_data_len);
    code.calculate(SUBTRACT, HELD, 1, 0);
    let short = code.label();
    code.set(1, WINDOW_LEN as i32);
    code.jump_if_greater(1, HELD, short);
    code.copy(HELD, 1);
    code.place(short);
    code.store(FRAME, KEPT_HELD, Size::Eight, HELD);
    code.store(FRAME, KEPT_LENGTH, Size::Eight, LENGTH);
}

/// Copies as much of the packet as the filter may read.
fn fill(code: &mut Assembler, how: Option<InPlace>) {
    copy(code, WINDOW_LEN);
    if let Some(how) = how {
        in_place(code, how);
    }
    code.load(HELD, Size::Eight, FRAME, KEPT_HELD);
    code.load(LENGTH, Size::Eight, FRAME, KEPT_LENGTH);
}

fn copy(code: &mut Assembler, bytes: usize) {
    address(code, 1, WINDOW);
    code.set(2, bytes as i32);
    code.load(3, Size::Eight, FRAME, START);
    code.call(helper::PROBE_READ_KERNEL);
}

/// PACKET = where the packet begins, to be read through.
fn in_place(code: &mut Assembler, how: InPlace) {
    code.load(1, Size::Eight, FRAME, START);
    code.set_unsigned(2, how.bytes);
    code.call_typed(how.cast);
    code.copy(PACKET, 0);
}

/// Registers, 64 bits wide: `to -= from`, `to <<= value`, `to |= from`, `to &= value`, `to >>= value`.
const SUBTRACT: u8 = 0x1f;
const SHIFT_UP: u8 = 0x67;
const OR: u8 = 0x4f;
const AND: u8 = 0x57;
const SHIFT_DOWN: u8 = 0x77;

/// Writes down what is known of the packet.
fn record(code: &mut Assembler, offsets: &Offsets, way: Way, apart: bool) {
    // The verifier wants no byte unwritten.
    for at in (RECORD..0).step_by(8) {
        code.clear(FRAME, at);
    }
    code.call(helper::KTIME_GET_NS);
    code.store(FRAME, field(record::TIME), Size::Eight, 0);
    code.store(FRAME, field(record::INODE), Size::Four, INODE);
    code.load(1, Size::Four, DEV, offsets.dev_index);
    code.store(FRAME, field(record::INDEX), Size::Four, 1);
    code.load(1, Size::Four, SKB, offsets.skb_len);
    code.store(FRAME, field(record::LENGTH), Size::Four, 1);
    code.load(1, Size::Two, DEV, offsets.dev_type);
    code.store(FRAME, field(record::HARDWARE), Size::Two, 1);
    bits(code, 1, offsets.skb_summed);
    code.store(FRAME, field(record::SUMMED), Size::One, 1);
    code.set(1, (way == Way::Out).into());
    code.store(FRAME, field(record::OUTGOING), Size::One, 1);
    address(code, 1, field(record::NAME));
    code.set(2, 16);
    code.copy(3, DEV);
    code.add_value(3, offsets.dev_name.into());
    code.call(helper::PROBE_READ_KERNEL);
    if apart {
        let plain = code.label();
        if_no_ethernet(code, offsets, plain);
        code.set(1, 1);
        code.store(FRAME, field(record::APART), Size::One, 1);
        address(code, 1, field(record::HEADER));
        code.set(2, ETHER_HEADER as i32);
        code.load(3, Size::Eight, SKB, offsets.skb_data);
        code.add_value(3, -(ETHER_HEADER as i32));
        code.call(helper::PROBE_READ_KERNEL);
        code.place(plain);
    }
}

/// Hands out the record, and behind it the packet, wherever its pieces are.
fn output(code: &mut Assembler, spot: Spot, map: i32) {
    let whole = code.label();
    code.load(3, Size::Four, FRAME, field(record::LENGTH));
    code.set(1, SNAP as i32);
    code.jump_if_greater(1, 3, whole);
    code.copy(3, 1);
    code.place(whole);
    // Flags: how much of the packet, and BPF_F_CURRENT_CPU.
    code.calculate(SHIFT_UP, 3, 0, 32);
    code.set_unsigned(1, u32::MAX);
    code.calculate(OR, 3, 1, 0);
    match spot {
        Spot::Tracepoint => code.copy(1, SKB),
        Spot::Device => code.load(1, Size::Eight, FRAME, CONTEXT),
    }
    code.load_map(2, 1, map);
    address(code, 4, RECORD);
    code.set(5, record::LEN as i32);
    code.call(match spot {
        Spot::Tracepoint => helper::SKB_OUTPUT,
        Spot::Device => helper::PERF_EVENT_OUTPUT,
    });
}

/// Counts a packet that there was no room for.
fn lost(code: &mut Assembler, inodes: &[u32], map: i32) {
    let count = code.label();
    code.load_map(2, 2, map);
    for &inode in inodes {
        code.set_unsigned(1, inode);
        code.jump_if_same(INODE, 1, count);
        code.add_value(2, 8);
    }
    // It is one of them.
    code.load_map(2, 2, map);
    code.place(count);
    code.set(1, 1);
    code.add_atomically(2, 0, 1);
}

/// Goes to `plain` if the device's frames do not begin with an Ethernet header.
fn if_no_ethernet(code: &mut Assembler, offsets: &Offsets, plain: Label) {
    let ethernet = code.label();
    code.load(1, Size::Two, DEV, offsets.dev_type);
    for kind in ETHERNET {
        code.jump_if(1, kind.into(), ethernet);
    }
    code.jump(plain);
    code.place(ethernet);
}

/// `to` = a field of a few bits of the packet.
fn bits(code: &mut Assembler, to: Register, field: Bits) {
    code.load(to, Size::One, SKB, field.byte as i16);
    code.calculate(SHIFT_DOWN, to, 0, field.shift as i32);
    code.calculate(AND, to, 0, field.mask as i32);
}

fn address(code: &mut Assembler, register: Register, on_stack: i16) {
    code.copy(register, FRAME);
    code.add_value(register, on_stack.into());
}

fn field(offset: usize) -> i16 {
    RECORD + offset as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_has_room_and_is_written_in_words() {
        assert!(i32::from(CONTEXT) >= -512, "the stack has 512 bytes");
        assert_eq!((record::LEN % 8, WINDOW % 8), (0, 0));
    }

    #[test]
    fn a_record_and_the_longest_packet_fit_an_event() {
        // The event's header, the length of what it holds, and what rounds it up.
        let around = 8 + 4 + 7;
        assert!(around + record::LEN + SNAP as usize <= u16::MAX.into());
    }
}
