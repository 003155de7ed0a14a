//! The program that runs in the kernel each time a packet is thrown away: it looks whether that
//! happened in one of the network namespaces we watch, and if so leaves a [`Record`].
//!
//! ```text
//!   skb ─▶ dev ─▶ nd_net ─▶ ns.inum ─▶ one of ours? ─▶ filter ─▶ name, length, first bytes ─▶ ring
//!    └─ no dev: sk ─▶ skc_net ──┘
//! ```
//!
//! Raw tracepoint `kfree_skb`: arguments are the packet, the address of the caller and, since
//! Linux 5.17, the reason, and since 6.11 the socket that it was for. A packet that a program has just
//! written to a TUN device belongs to no device yet (drivers/net/tun.c, `tun_get_user`): its socket
//! tells the namespace. One that waits in a UDP socket belongs to none any more, and to no socket
//! either; when its sum proves wrong as it is polled for or read, who does so tells the namespace.

mod judge;
mod offsets;

use super::assembler::{Assembler, FRAME, Instruction, Label, Register, Size};
use super::classic::{MEMORY_LEN, WINDOW_LEN};
use crate::sys::packet_socket::program::Instruction as Classic;
use judge::judge;
pub(crate) use offsets::Offsets;
use offsets::Reading;

/// What the program leaves for each packet: the layout, in bytes.
pub(super) mod record {
    /// The caller's address.
    pub(in super::super) const LOCATION: usize = 0;
    /// When, by the clock that starts with the machine, in nanoseconds.
    pub(in super::super) const TIME: usize = 8;
    /// The reason's number.
    pub(in super::super) const REASON: usize = 16;
    /// The network namespace's inode.
    pub(in super::super) const INODE: usize = 20;
    /// The packet's length in bytes.
    pub(in super::super) const LENGTH: usize = 24;
    /// The device's number.
    pub(in super::super) const INDEX: usize = 28;
    /// The device's name, 16 bytes, the rest zero.
    pub(in super::super) const NAME: usize = 32;
    /// The EtherType, as on the wire.
    pub(in super::super) const PROTOCOL: usize = 48;
    /// The name of the function at the address, the rest zero; nothing but zeros if an earlier
    /// record with that address has it.
    pub(in super::super) const SYMBOL: usize = 56;
    pub(in super::super) const SYMBOL_LEN: usize = 56;
    /// The packet from its network header on.
    pub(in super::super) const BYTES: usize = 112;
    pub(in super::super) const BYTES_LEN: usize = 160;
    /// All of it.
    pub(in super::super) const LEN: usize = BYTES + BYTES_LEN;
}

/// Functions that the kernel offers (`enum bpf_func_id`).
mod helper {
    pub(super) const MAP_LOOKUP_ELEM: i32 = 1;
    pub(super) const MAP_UPDATE_ELEM: i32 = 2;
    pub(super) const KTIME_GET_NS: i32 = 5;
    pub(super) const GET_CURRENT_TASK: i32 = 35;
    pub(super) const PROBE_READ_KERNEL: i32 = 113;
    pub(super) const RINGBUF_OUTPUT: i32 = 130;
    pub(super) const SNPRINTF: i32 = 165;
}

/// A network header's offset that was never set (include/linux/skbuff.h).
const UNSET: i32 = 0xffff;

/// Where the record stands on the stack, and below it a word for what is read on the way.
const RECORD: i16 = -(record::LEN as i16);
const WORD: i16 = RECORD - 8;
/// Further words: for the socket that the packet was for, its device if it has one, the socket that
/// sent it if that was asked, and where its network header is.
const RECEIVER: i16 = WORD - 8;
const DEVICE: i16 = RECEIVER - 8;
const SENDER: i16 = DEVICE - 8;
const START: i16 = SENDER - 8;
/// What the filter needs: its places of memory, and the first bytes of the packet.
const MEMORY: i16 = START - MEMORY_LEN as i16;
const WINDOW: i16 = MEMORY - WINDOW_LEN as i16;

const SKB: Register = 6;
const LOCATION: Register = 7;
const REASON: Register = 8;
const POINTER: Register = 9;

/// The descriptors of the maps that a program uses.
#[derive(Clone, Copy)]
pub(crate) struct Maps {
    /// The ring buffer.
    pub(crate) ring: i32,
    /// `%ps`, by which the kernel prints the name of a function.
    pub(crate) format: i32,
    /// Addresses whose function a record in the ring names.
    pub(crate) named: i32,
    /// How many records the ring had no room for.
    pub(crate) lost: i32,
}

/// Writes the program for namespaces with these inodes, and for packets that a filter may keep, of
/// one piece no longer than so many bytes; nothing if the filter cannot be translated.
pub(crate) fn program(
    offsets: &Offsets,
    inodes: &[u32],
    filter: Option<(&[Classic], Option<u32>)>,
    maps: Maps,
) -> Option<Vec<Instruction>> {
    let mut code = Assembler::default();
    let [from_socket, from_receiver, of_socket] = [(); 3].map(|()| code.label());
    let [in_namespace, ours, kept, no_name, lost, out] = [(); 6].map(|()| code.label());

    // The arguments; and zeros everywhere, for the verifier wants no byte unwritten.
    code.load(SKB, Size::Eight, 1, 0);
    code.load(LOCATION, Size::Eight, 1, 8);
    match offsets.has_reason {
        true => code.load(REASON, Size::Eight, 1, 16),
        false => code.set(REASON, 0),
    }
    match offsets.has_receiver {
        true => code.load(POINTER, Size::Eight, 1, 24),
        false => code.set(POINTER, 0),
    }
    code.store(FRAME, RECEIVER, Size::Eight, POINTER);
    for at in (START..RECEIVER).chain(WORD..0).step_by(8) {
        code.clear(FRAME, at);
    }

    if let Some((_, Some(longest))) = filter {
        too_long(&mut code, offsets, longest, out);
    }

    // Whose packet is it?
    read(&mut code, DEVICE, 8, SKB, offsets.skb_dev);
    code.load(POINTER, Size::Eight, FRAME, DEVICE);
    code.jump_if(POINTER, 0, from_socket);
    read(&mut code, WORD, 8, POINTER, offsets.dev_net);
    code.load(POINTER, Size::Eight, FRAME, WORD);
    // In a UDP socket something else is kept where the device was, and reads as nothing.
    code.jump_if(POINTER, 0, from_socket);
    code.jump(in_namespace);
    code.place(from_socket);
    read(&mut code, WORD, 8, SKB, offsets.skb_sk);
    code.load(POINTER, Size::Eight, FRAME, WORD);
    code.jump_if(POINTER, 0, from_receiver);
    code.store(FRAME, SENDER, Size::Eight, POINTER);
    code.place(of_socket);
    read(&mut code, WORD, 8, POINTER, offsets.sk_net);
    code.jump(in_namespace);
    code.place(from_receiver);
    let nobody = code.label();
    code.load(POINTER, Size::Eight, FRAME, RECEIVER);
    code.jump_if(POINTER, 0, nobody);
    code.jump(of_socket);
    code.place(nobody);
    from_reader(&mut code, offsets.reading, out);
    code.place(in_namespace);
    code.load(POINTER, Size::Eight, FRAME, WORD);
    code.jump_if(POINTER, 0, out);
    read(
        &mut code,
        field(record::INODE),
        4,
        POINTER,
        offsets.net_inum,
    );
    code.load(POINTER, Size::Four, FRAME, field(record::INODE));
    for &inode in inodes {
        code.set_unsigned(1, inode);
        code.jump_if_same(POINTER, 1, ours);
    }
    code.jump(out);
    code.place(ours);

    // Can it be the one that is looked for?
    read(
        &mut code,
        field(record::PROTOCOL),
        2,
        SKB,
        offsets.skb_protocol,
    );
    code.store(FRAME, field(record::LOCATION), Size::Eight, LOCATION);
    start(&mut code, offsets);
    if let Some((filter, _)) = filter {
        judge(&mut code, filter, kept, out)?;
    }
    code.place(kept);

    // What is it?
    code.load(POINTER, Size::Eight, FRAME, DEVICE);
    code.jump_if(POINTER, 0, no_name);
    read(
        &mut code,
        field(record::INDEX),
        4,
        POINTER,
        offsets.dev_ifindex,
    );
    read(
        &mut code,
        field(record::NAME),
        16,
        POINTER,
        offsets.dev_name,
    );
    code.place(no_name);
    code.store(FRAME, field(record::REASON), Size::Four, REASON);
    code.call(helper::KTIME_GET_NS);
    code.store(FRAME, field(record::TIME), Size::Eight, 0);
    read(&mut code, field(record::LENGTH), 4, SKB, offsets.skb_len);
    code.load(POINTER, Size::Eight, FRAME, START);
    read(
        &mut code,
        field(record::BYTES),
        record::BYTES_LEN,
        POINTER,
        0,
    );
    symbol(&mut code, maps);

    // Into the ring.
    code.load_map(1, 1, maps.ring);
    address(&mut code, 2, RECORD);
    code.set(3, record::LEN as i32);
    code.set(4, 0);
    code.call(helper::RINGBUF_OUTPUT);
    code.jump_unless(0, 0, lost);
    named(&mut code, maps, out);
    code.place(lost);
    code.load_map(1, 2, maps.lost);
    code.set(2, 1);
    code.add_atomically(1, 0, 2);
    code.place(out);
    code.set(0, 0);
    code.exit();
    Some(code.finish())
}

/// Goes `out` with a packet of one piece that is longer than wanted: on a full line most are.
fn too_long(code: &mut Assembler, offsets: &Offsets, longest: u32, out: Label) {
    let may_be = code.label();
    read(code, WORD, 4, SKB, offsets.skb_len);
    code.load(1, Size::Four, FRAME, WORD);
    code.set_unsigned(2, longest.saturating_add(1));
    code.jump_if_greater(2, 1, may_be);
    read(code, WORD, 4, SKB, offsets.skb_data_len);
    code.load(1, Size::Four, FRAME, WORD);
    code.jump_if(1, 0, out);
    code.place(may_be);
}

/// Finds the namespace of the program that reads the packet at this moment, if it is one whose sum
/// proves wrong only then; else goes `out`.
fn from_reader(code: &mut Assembler, reading: Option<Reading>, out: Label) {
    let Some(reading) = reading else {
        return code.jump(out);
    };
    let read_now = code.label();
    code.jump_if(REASON, reading.udp_csum, read_now);
    code.jump(out);
    code.place(read_now);
    code.call(helper::GET_CURRENT_TASK);
    code.copy(POINTER, 0);
    read(code, WORD, 8, POINTER, reading.task_nsproxy);
    code.load(POINTER, Size::Eight, FRAME, WORD);
    code.jump_if(POINTER, 0, out);
    read(code, WORD, 8, POINTER, reading.nsproxy_net);
}

/// START = where the packet's network header is; where that is not known, where its data begins.
fn start(code: &mut Assembler, offsets: &Offsets) {
    let [no_header, found] = [(); 2].map(|()| code.label());
    code.clear(FRAME, WORD);
    read(code, WORD, 2, SKB, offsets.skb_network_header);
    code.load(LOCATION, Size::Two, FRAME, WORD);
    code.jump_if(LOCATION, UNSET, no_header);
    code.jump_if(LOCATION, 0, no_header);
    read(code, WORD, 8, SKB, offsets.skb_head);
    code.load(POINTER, Size::Eight, FRAME, WORD);
    code.add_register(POINTER, LOCATION);
    code.jump(found);
    code.place(no_header);
    read(code, WORD, 8, SKB, offsets.skb_data);
    code.load(POINTER, Size::Eight, FRAME, WORD);
    code.place(found);
    code.store(FRAME, START, Size::Eight, POINTER);
}

/// Prints the name of the function that the location is in: the kernel knows it, and to look it
/// up in /proc/kallsyms takes longer than all the rest. It takes the kernel longer than all the rest
/// of the program, too: what is thrown away at one place by the thousand is named once.
fn symbol(code: &mut Assembler, maps: Maps) {
    let known = code.label();
    code.load_map(1, 1, maps.named);
    address(code, 2, field(record::LOCATION));
    code.call(helper::MAP_LOOKUP_ELEM);
    code.jump_unless(0, 0, known);
    address(code, 1, field(record::SYMBOL));
    code.set(2, record::SYMBOL_LEN as i32);
    code.load_map(3, 2, maps.format);
    address(code, 4, field(record::LOCATION));
    code.set(5, 8);
    code.call(helper::SNPRINTF);
    code.place(known);
}

/// Notes that the record that is in the ring now named its function, if it did, and goes `out`.
/// Before it was there, another CPU's record could have come first, and without a name.
fn named(code: &mut Assembler, maps: Maps, out: Label) {
    code.load(1, Size::One, FRAME, field(record::SYMBOL));
    code.jump_if(1, 0, out);
    code.load_map(1, 1, maps.named);
    address(code, 2, field(record::LOCATION));
    // The value does not matter.
    address(code, 3, field(record::LOCATION));
    code.set(4, 0);
    code.call(helper::MAP_UPDATE_ELEM);
    code.jump(out);
}

/// Copies `size` bytes from `from + offset` to the stack. A bad address reads as zeros.
fn read(code: &mut Assembler, to: i16, size: usize, from: Register, offset: u32) {
    address(code, 1, to);
    code.set(2, size as i32);
    code.copy(3, from);
    code.add_value(3, offset as i32);
    code.call(helper::PROBE_READ_KERNEL);
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
    use super::super::btf::Btf;
    use super::super::btf::builder::Builder;
    use super::*;

    /// The structs as far as the program reads them.
    fn kernel(arguments: usize) -> Vec<u8> {
        let mut builder = Builder::new();
        let int = builder.int("int");
        let common = builder.structure("ns_common", &[("inum", int, 24)]);
        builder.structure("net", &[("ns", common, 100)]);
        let possible = builder.structure("possible_net_t", &[("net", int, 0)]);
        let device = [
            ("name", int, 8),
            ("ifindex", int, 40),
            ("nd_net", possible, 72),
        ];
        builder.structure("net_device", &device);
        let shared = builder.structure("sock_common", &[("skc_net", possible, 48)]);
        builder.structure("sock", &[("__sk_common", shared, 0)]);
        let fields = [
            "len",
            "dev",
            "sk",
            "head",
            "data",
            "protocol",
            "network_header",
            "data_len",
        ];
        let fields: Vec<_> = fields
            .iter()
            .zip(10u32..)
            .map(|(name, at)| (*name, int, at))
            .collect();
        builder.structure("sk_buff", &fields);
        let function = builder.function(arguments + 1);
        let pointer = builder.pointer(function);
        builder.typedef("btf_trace_kfree_skb", pointer);
        builder.finish()
    }

    #[test]
    fn offsets_come_from_the_description() {
        let bytes = kernel(3);
        let offsets = Offsets::of(&Btf::parse(&bytes).unwrap()).unwrap();
        assert_eq!((offsets.skb_len, offsets.skb_network_header), (10, 16));
        assert_eq!((offsets.net_inum, offsets.sk_net), (124, 48));
        assert!(offsets.has_reason);
    }

    const MAPS: Maps = Maps {
        ring: 3,
        format: 4,
        named: 5,
        lost: 6,
    };

    /// Linux 5.15: the third argument would be whatever stands there.
    #[test]
    fn a_kernel_without_reasons_is_not_asked_for_one() {
        let bytes = kernel(2);
        let offsets = Offsets::of(&Btf::parse(&bytes).unwrap()).unwrap();
        assert!(!offsets.has_reason);
        let reads_reason = |code: &[Instruction]| {
            code.iter()
                .any(|one| one.bytes()[..4] == [0x79, 0x18, 16, 0])
        };
        assert!(!reads_reason(&program(&offsets, &[1], None, MAPS).unwrap()));
        let with = Offsets {
            has_reason: true,
            ..offsets
        };
        assert!(reads_reason(&program(&with, &[1], None, MAPS).unwrap()));
    }

    #[test]
    fn the_record_fits_the_stack_and_is_written_in_words() {
        assert!(i32::from(WINDOW) >= -512, "the stack has 512 bytes");
        assert_eq!(record::LEN % 8, 0);
    }
}
