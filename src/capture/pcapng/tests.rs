//! Files built block by block, whole, cut and damaged.

use super::*;
use crate::capture::from_reader;

fn word(order: Order, n: u32) -> [u8; 4] {
    match order {
        Order::Little => n.to_le_bytes(),
        Order::Big => n.to_be_bytes(),
    }
}

fn half(order: Order, n: u16) -> [u8; 2] {
    match order {
        Order::Little => n.to_le_bytes(),
        Order::Big => n.to_be_bytes(),
    }
}

fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = word(order, (padded + BLOCK_FRAME) as u32);
    let mut bytes = [word(order, kind), length].concat();
    bytes.extend(body);
    bytes.resize(BLOCK_HEADER + padded, 0);
    bytes.extend(length);
    bytes
}

fn option(order: Order, code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = [half(order, code), half(order, value.len() as u16)].concat();
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn section(order: Order) -> Vec<u8> {
    let mut body = word(order, BYTE_ORDER_MAGIC).to_vec();
    body.extend([half(order, 1), half(order, 0)].concat());
    body.extend([0xff; 8]);
    block(order, SECTION_HEADER, &body)
}

fn interface(order: Order, link: u16, snap_len: u32, options: &[Vec<u8>]) -> Vec<u8> {
    let mut body = [half(order, link), half(order, 0)].concat();
    body.extend(word(order, snap_len));
    body.extend(options.concat());
    block(order, INTERFACE, &body)
}

fn enhanced(order: Order, interface: u32, ticks: u64, bytes: &[u8], options: &[u8]) -> Vec<u8> {
    let kept = bytes.len() as u32;
    let fields = [
        interface,
        (ticks >> 32) as u32,
        ticks as u32,
        kept,
        kept + 100,
    ];
    let mut body = fields.map(|n| word(order, n)).concat();
    body.extend(bytes);
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend(options);
    block(order, ENHANCED_PACKET, &body)
}

/// Two interfaces of different link types and clocks, and a block of an unknown kind.
fn file(order: Order) -> Vec<Vec<u8>> {
    let offset = match order {
        Order::Little => 3600_i64.to_le_bytes(),
        Order::Big => 3600_i64.to_be_bytes(),
    };
    vec![
        section(order),
        interface(
            order,
            1,
            0,
            &[option(order, 2, b"eth0"), option(order, 0, b"")],
        ),
        interface(
            order,
            101,
            0,
            &[
                option(order, 2, b"tun\x1b0\0"),
                option(order, 9, &[9]),
                option(order, 14, &offset),
            ],
        ),
        block(order, 0x0bad_cafe, &[7; 100]),
        enhanced(order, 0, 1_600_754_581_123_456, b"abcde", b""),
        enhanced(
            order,
            1,
            1_600_754_581_123_456_789,
            b"abcdef",
            &option(order, 2, &word(order, 2)),
        ),
    ]
}

type Packet = (u64, u16, u32, Vec<u8>, Option<String>, Option<Direction>);

fn read(bytes: &[u8]) -> (Vec<Packet>, Option<CaptureError>) {
    let mut packets = Vec::new();
    let input = std::io::Cursor::new(bytes.to_vec());
    let mut source = from_reader("x".into(), input).ok().unwrap();
    loop {
        match source.next() {
            Ok(Some(frame)) => packets.push((
                frame.time.0,
                frame.link.0,
                frame.wire_len,
                frame.bytes.to_vec(),
                frame
                    .interface
                    .and_then(|seen| seen.name)
                    .map(str::to_owned),
                frame.direction,
            )),
            Ok(None) => return (packets, None),
            Err(error) => return (packets, Some(error)),
        }
    }
}

fn told(bytes: &[u8]) -> String {
    read(bytes)
        .1
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn interfaces_clocks_names_and_directions_in_both_byte_orders() {
    for order in [Order::Little, Order::Big] {
        let (packets, error) = read(&file(order).concat());
        assert!(error.is_none(), "{error:?}");
        let expected: [Packet; 2] = [
            (
                1_600_754_581_123_456_000,
                1,
                105,
                b"abcde".to_vec(),
                Some("eth0".into()),
                None,
            ),
            (
                1_600_758_181_123_456_789,
                101,
                106,
                b"abcdef".to_vec(),
                Some("tun\u{fffd}0".into()),
                Some(Direction::Out),
            ),
        ];
        assert_eq!(packets, expected);
    }
}

#[test]
fn joined_files_of_different_byte_orders_start_their_interfaces_anew() {
    let joined = [file(Order::Little).concat(), file(Order::Big).concat()].concat();
    let (packets, error) = read(&joined);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(packets.len(), 4);
    assert_eq!(packets[..2], packets[2..]);
}

#[test]
fn simple_and_old_packet_blocks() {
    let order = Order::Big;
    let simple = [word(order, 10).as_slice(), b"abcd"].concat();
    let old = [
        [half(order, 0), half(order, 9)].concat(),
        [0, 5, 3, 3].map(|n| word(order, n)).concat(),
        b"xyz".to_vec(),
    ];
    let bytes = [
        section(order),
        interface(order, 1, 4, &[]),
        block(order, SIMPLE_PACKET, &simple),
        block(order, PACKET, &old.concat()),
    ];
    let (packets, error) = read(&bytes.concat());
    assert!(error.is_none(), "{error:?}");
    assert_eq!(packets[0], (0, 1, 10, b"abcd".to_vec(), None, None));
    assert_eq!(packets[1], (5000, 1, 3, b"xyz".to_vec(), None, None));
}

#[test]
fn cut_at_every_length_keeps_what_is_whole_and_names_the_offset() {
    let blocks = file(Order::Little);
    let whole = blocks.concat();
    for length in 4..whole.len() {
        let (mut start, mut complete, mut packets) = (0, 0, 0);
        for block in &blocks {
            if start + block.len() > length {
                break;
            }
            start += block.len();
            complete += 1;
            packets += usize::from(block.starts_with(&ENHANCED_PACKET.to_le_bytes()));
        }
        assert!(complete < blocks.len());
        let (found, error) = read(&whole[..length]);
        assert_eq!(found.len(), packets, "cut at {length}");
        match error {
            None => assert_eq!(start, length),
            Some(CaptureError::Damaged { offset, .. }) => assert_eq!(offset, start as u64),
            Some(other) => panic!("cut at {length}: {other}"),
        }
    }
}

#[test]
fn damage_is_told_in_words() {
    let order = Order::Little;
    let start = [section(order), interface(order, 1, 0, &[])].concat();
    let with = |block: Vec<u8>| told(&[start.clone(), block].concat());
    let patched = |at: usize, n: u32| {
        let mut block = enhanced(order, 0, 0, b"abcd", b"");
        block[at..at + 4].copy_from_slice(&n.to_le_bytes());
        with(block)
    };
    let table = [
        (patched(4, 13), "the block claims a length of 13 bytes"),
        (patched(4, 4), "the block claims a length of 4 bytes"),
        (
            patched(4, u32::MAX - 3),
            "the block claims 4294967292 bytes, more than any packet needs",
        ),
        (
            patched(32, 40),
            "the block's length is 36 at its start, 40 at its end",
        ),
        (
            patched(8, 1),
            "the packet is of interface 1, which no block describes",
        ),
        (
            patched(20, 5),
            "the packet claims 5 bytes, its block holds 4",
        ),
        (
            patched(20, u32::MAX),
            "the packet claims 4294967295 bytes, more than the 262144 any capture keeps",
        ),
        (
            with(block(order, ENHANCED_PACKET, b"abcd")),
            "a packet block of 16 bytes has no room for its header",
        ),
        (
            with(block(order, 99, b"")[..8].to_vec()),
            "the block is cut short after 8 bytes",
        ),
    ];
    for (text, why) in table {
        assert_eq!(text, format!("read capture x: damaged at byte 48: {why}"));
    }
}

#[test]
fn an_unknown_block_larger_than_the_window_is_gone_past() {
    let order = Order::Little;
    let mut blocks = file(order);
    blocks.insert(3, block(order, 10, &vec![1; 3 * MAX_FILL]));
    assert_eq!(read(&blocks.concat()).0.len(), 2);
}
