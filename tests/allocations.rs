//! Between bytes and text nothing is allocated: every fixture, and broken copies of it, in
//! every format, under an allocator that counts. Nor on the way to a capture file.

mod common;

use common::{Random, formats, print, samples};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use tunlab::capture::{Direction, Frame, Interface, PcapWriter, PcapngWriter, Sink, Timestamp};
use tunlab::model::{LinkType, Text};
use tunlab::packet::dissect;
use tunlab::packet::filter::{Facts, Filter};
use tunlab::render::{Paint, Renderer};

thread_local! {
    /// Per thread, so that the test harness's own threads do not count.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call is passed on unchanged to the system's allocator; counting touches a
// thread-local cell only, which needs neither allocation nor a destructor.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as our own caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as our own caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as our own caller promised.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as our own caller promised.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn count() {
    ALLOCATIONS.with(|cell| cell.set(cell.get() + 1));
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn printing_a_packet_allocates_nothing() {
    let mut text = Text::with_capacity(1 << 20);
    for (name, options, colour) in formats() {
        let mut renderer = Renderer::new(options, Paint::new(colour));
        for sample in samples() {
            let mut random = Random::new(7);
            let mut bytes = sample.bytes.clone();
            for round in 0..20 {
                // The first packet builds the registry's table.
                text.clear();
                print(&mut renderer, sample.link, &bytes, &mut text);
                text.clear();
                let before = ALLOCATIONS.with(Cell::get);
                print(&mut renderer, sample.link, &bytes, &mut text);
                let made = ALLOCATIONS.with(Cell::get) - before;
                assert_eq!(
                    made, 0,
                    "{name}: {}, round {round}: {bytes:02x?}",
                    sample.name
                );
                random.mutate(&mut bytes);
            }
        }
    }
}

/// Of each kind: fixed places, searched fields, names, options, slices, expressions.
const FILTERS: [&str; 14] = [
    "icmp.type == 99",
    "ip.addr != 10.0.0.0/8 && ip.ttl in {1, 30..64}",
    "all ip.addr == 10.0.0.0/8 || count(ip.addr) > 2",
    "frame contains \"login\"",
    "frame matches \"[a-z]+\\\\.[a-z]+\"",
    "dns.qry.name matches \"^(www|mail)\\\\.\" || dns.a == 192.0.2.0/24",
    "upper(dns.qry.name) contains \"LOCAL\" or len(dns.resp.name) > 3",
    "eth.src[0:3] == 00:0c:29 || frame[0:2,4-5,-1] == 00:11:22:33:44",
    "tcp.options.mss_val > 500 or tcp.options.sack_le",
    "dhcp.option.router == 10.0.0.1 or dhcp.hw.mac_addr",
    "telnet.data contains 0d:0a xor telnet.cmd == 253",
    "data.data && raw.load[0] & 1",
    "ip.src == ip.dst or tcp.srcport != tcp.dstport",
    "frame.interface_name == tun0 || frame.time_relative > 1",
];

#[test]
fn asking_a_filter_allocates_nothing() {
    for text in FILTERS {
        let filter = Filter::compile(text).unwrap_or_else(|error| panic!("{error}"));
        for sample in samples() {
            let mut random = Random::new(7);
            let mut bytes = sample.bytes.clone();
            for round in 0..20 {
                // The first time an expression meets new bytes, it may grow its own table.
                ask(&filter, sample.link, &bytes);
                let before = ALLOCATIONS.with(Cell::get);
                ask(&filter, sample.link, &bytes);
                let made = ALLOCATIONS.with(Cell::get) - before;
                assert_eq!(
                    made, 0,
                    "{text}: {}, round {round}: {bytes:02x?}",
                    sample.name
                );
                random.mutate(&mut bytes);
            }
        }
    }
}

fn ask(filter: &Filter, link: LinkType, bytes: &[u8]) -> bool {
    let facts = Facts {
        number: 1,
        wire_len: bytes.len() as u32,
        time: 500_000_000,
        started: 0,
        interface: Some("tun0"),
    };
    filter.selects(&dissect(link, bytes), &facts)
}

#[test]
fn keeping_a_packet_allocates_nothing() {
    let sinks: [Box<dyn Sink>; 2] = [
        Box::new(PcapWriter::to_writer("sink".into(), std::io::sink())),
        Box::new(PcapngWriter::to_writer("sink".into(), std::io::sink())),
    ];
    for mut sink in sinks {
        let frame = |bytes| Frame {
            number: 1,
            time: Timestamp(1_600_754_581_123_456_789),
            link: LinkType::RAW,
            wire_len: 84,
            bytes,
            interface: Some(Interface::named("tun0")),
            direction: Some(Direction::In),
        };
        // The first packet brings its interface.
        sink.write(&frame(&[0x45; 84])).unwrap();
        let before = ALLOCATIONS.with(Cell::get);
        for length in 0..84 {
            sink.write(&frame(&[0x45; 84][..length])).unwrap();
        }
        assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
    }
}

#[test]
fn the_counter_counts() {
    let before = ALLOCATIONS.with(Cell::get);
    drop(std::hint::black_box(vec![1u8; 100]));
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 1);
}
