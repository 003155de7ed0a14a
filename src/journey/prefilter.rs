//! What the kernel is asked to keep of all that passes: only what can be the probe, its answer or
//! an error about it, so that a busy tunnel does not fill the sockets.
//!
//! The program errs towards keeping: fragments, ARP, IPv6, ICMP, tunnelled frames and anything odd
//! are kept, and judged later with the tables. What it passes over is the bulk: TCP and UDP of
//! other ports, in the tunnel and out of it.

use crate::sys::packet_socket::program::{Fact, Instruction, Label, Program};
use nix::libc::{BPF_ADD, BPF_AND, BPF_DIV, BPF_LSH, BPF_MUL, BPF_SUB};

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// UDP ports whose payload is the tunnel's.
    pub tunnel_ports: Vec<u16>,
    /// The ports of a probe by UDP or TCP: one of them survives whatever NAT does. An echo has
    /// none; ICMP is always kept.
    pub ports: Option<Ports>,
    /// Length of the probe in bytes, from its IP header on.
    pub len: u32,
    /// The longest ICMP error about it, in the same way.
    pub error_len: u32,
}

/// What the kernel keeps of all that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefilter {
    /// Judges a packet by its bytes.
    pub program: Vec<Instruction>,
    /// A frame that is longer, in bytes, need not be judged, if it lies in one piece: most of a busy
    /// line's bytes come in such. Nothing where an answer may have any length.
    pub longest: Option<u32>,
}

impl Prefilter {
    /// For what is looked for; nothing when its program would be too long.
    pub fn of(wanted: &Wanted) -> Option<Prefilter> {
        // The answer to an echo is as long as that. Datagrams that the kernel has bundled, which may
        // hold it among others, are in several pieces.
        let packet = wanted.len.max(wanted.error_len);
        Some(Prefilter {
            program: program(wanted)?,
            longest: wanted.ports.is_none().then_some(packet + AROUND),
        })
    }
}

/// Room for the headers of tunnels around a packet, some within another, in bytes.
const AROUND: u32 = 160;

/// A probe's protocol and ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// 6 for TCP, 17 for UDP.
    pub protocol: u8,
    /// Where it comes from.
    pub source: u16,
    /// Where it goes.
    pub destination: u16,
}

const ICMP: u32 = 1;
const UDP: u32 = 17;

/// Version 4 and a header without options: no hardware address of a frame that a tunnel may carry
/// instead begins so, for one that does is a group's.
const PLAIN_IPV4: u32 = 0x45;

/// Hardware whose frames begin with an Ethernet header: ARPHRD_ETHER, ARPHRD_LOOPBACK.
const ETHERNET: [u32; 2] = [1, 772];
const ETHER_HEADER: u32 = 14;

/// Places of memory: where the outer IP header starts, where the packet inside starts, how much
/// the datagram carries, how long the first packet inside is.
const OUTER: u32 = 0;
const INNER: u32 = 1;
const CARRIED: u32 = 2;
const FIRST: u32 = 3;

/// The length of such a header in bytes.
const PLAIN_LEN: u32 = 20;

/// How long the outermost IPv4 header is. Nearly all have no options, and then it is known
/// beforehand where everything stands: the program has a part for these, which at a tracepoint
/// takes a fraction of the time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    Plain,
    Any,
}

/// The program for a socket of whole frames (SOCK_RAW); nothing when it would be too long, as with
/// dozens of tunnel ports.
fn program(wanted: &Wanted) -> Option<Vec<Instruction>> {
    let mut program = Program::default();
    let [accept, ipv4, plain] = [(); 3].map(|()| program.label());
    start(&mut program, accept, ipv4);
    program.place(ipv4).recall_x(OUTER).load_byte(0);
    program.if_equal(PLAIN_IPV4, plain);
    packet(&mut program, wanted, Header::Any, accept);
    program.place(accept).accept();
    program.place(plain);
    let accept = program.label();
    packet(&mut program, wanted, Header::Plain, accept);
    program.place(accept).accept();
    program.finish()
}

/// Judges an IPv4 packet, and what travels in it.
fn packet(program: &mut Program, wanted: &Wanted, header: Header, accept: Label) {
    let tunnel = program.label();
    outer(program, wanted, header, accept, tunnel);
    program.place(tunnel);
    inner(program, wanted, accept);
}

/// Finds the IP header: X and OUTER are where it starts.
fn start(program: &mut Program, accept: Label, ipv4: Label) {
    let (ethernet, found) = (program.label(), program.label());
    program.load_fact(Fact::Hardware);
    for kind in ETHERNET {
        program.if_equal(kind, ethernet);
    }
    program.load(0).go(found);
    program.place(ethernet).load(ETHER_HEADER);
    program.place(found).keep(OUTER).to_x();
    program.load_fact(Fact::Protocol);
    program
        .if_equal(0x0806, accept)
        .if_equal(0x86dd, accept)
        .if_equal(0x0800, ipv4)
        .reject();
}

/// Judges the outermost IPv4 packet, X being where it starts; the tunnel's datagrams go on.
fn outer(program: &mut Program, wanted: &Wanted, header: Header, accept: Label, tunnel: Label) {
    let udp = program.label();
    judge(program, wanted, (OUTER, header), accept);
    program.recall_x(OUTER).load_byte(9);
    program.if_equal(UDP, udp).reject();
    program.place(udp);
    to_transport(program, (OUTER, header));
    for offset in [0, 2] {
        program.load_half(offset);
        for port in &wanted.tunnel_ports {
            program.if_equal((*port).into(), tunnel);
        }
    }
    program.reject();
}

/// Judges what is inside a datagram, X being where that starts: a packet, or several of the same
/// length of which the last may be shorter, if the datagram is still to be segmented.
fn inner(program: &mut Program, wanted: &Wanted, accept: Label) {
    let single = program.label();
    program.load_half(4).calculate(BPF_SUB, 8).keep(CARRIED);
    // Where the payload starts: 8 bytes on.
    program.recall_x(INNER).load(8);
    program.calculate_x(BPF_ADD).keep(INNER).to_x();
    let ipv4 = program.label();
    program.load_byte(0).if_equal(PLAIN_IPV4, ipv4).go(accept);
    program.place(ipv4).load_half(2);
    program.if_equal(0, accept).keep(FIRST).to_x();
    // Is all that is carried the first packet?
    program.recall(CARRIED).calculate(BPF_SUB, 1);
    let several = program.label();
    program.if_at_least_x(several).go(single);
    program.place(several).recall(FIRST);
    // Any of them can be the probe when they are as long as it.
    program.if_equal(wanted.len, accept);
    judge(program, wanted, (INNER, Header::Plain), accept);
    // The last one starts at a multiple of their length.
    program
        .recall_x(FIRST)
        .recall(CARRIED)
        .calculate(BPF_SUB, 1);
    program.calculate_x(BPF_DIV).calculate_x(BPF_MUL);
    program.recall_x(INNER).calculate_x(BPF_ADD).keep(INNER);
    judge(program, wanted, (INNER, Header::Any), accept);
    program.reject();
    program.place(single);
    judge(program, wanted, (INNER, Header::Plain), accept);
    program.reject();
}

/// Accepts the IPv4 packet that starts where memory says, if it can be the probe's.
fn judge(program: &mut Program, wanted: &Wanted, at: (u32, Header), accept: Label) {
    let next = program.label();
    program.recall_x(at.0);
    // A later fragment has no ports to go by.
    program.load_half(6).if_any(0x1fff, accept);
    program.load_byte(9).if_equal(ICMP, accept);
    if let Some(ports) = wanted.ports {
        let has_ports = program.label();
        program.if_equal(ports.protocol.into(), has_ports).go(next);
        program.place(has_ports);
        to_transport(program, at);
        for offset in [0, 2] {
            program.load_half(offset);
            program.if_equal(ports.source.into(), accept);
            program.if_equal(ports.destination.into(), accept);
        }
    }
    program.place(next);
}

/// X (and INNER, when it was the outer header) = where the header behind the IP header starts.
fn to_transport(program: &mut Program, (at, header): (u32, Header)) {
    program.recall_x(at);
    match header {
        Header::Plain => program.load(PLAIN_LEN),
        Header::Any => program
            .load_byte(0)
            .calculate(BPF_AND, 0xf)
            .calculate(BPF_LSH, 2),
    };
    program.calculate_x(BPF_ADD);
    if at == OUTER {
        program.keep(INNER);
    }
    program.to_x();
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ICMP, TCP, UDP, arp, echo, from_to, ip, tcp, udp};
    use super::*;
    use crate::sys::bpf::passing::machine;
    use crate::sys::packet_socket::machine::run;

    /// Runs a program as the kernel does, on a frame of a kind of device; whether it is kept. Any
    /// read beyond the frame passes it over. At a tracepoint, where it is translated, it keeps the
    /// same, except that it sees but the head of a frame.
    fn keeps(program: &[Instruction], hardware: u32, ether_type: u32, frame: &[u8]) -> bool {
        let (kind, carried) = (hardware as u16, ether_type as u16);
        let kept = run(program, kind, carried, frame) == Some(true);
        let translated = machine::keeps(program, kind, carried, frame);
        let is_bundle = frame.len() > 2_000;
        assert!(
            kept == translated || (translated && is_bundle),
            "kept by a socket: {kept}, at a tracepoint: {translated}"
        );
        kept
    }

    const TUN: u32 = 0xfffe;
    const IPV4: u32 = 0x0800;

    fn wanted(ports: Option<Ports>) -> Vec<Instruction> {
        program(&Wanted {
            tunnel_ports: vec![9090],
            ports,
            len: 84,
            error_len: 576,
        })
        .unwrap()
    }

    #[test]
    fn answers_to_an_echo_alone_have_a_known_length() {
        let longest = |len, ports| {
            let wanted = Wanted {
                tunnel_ports: vec![9090],
                ports,
                len,
                error_len: 576,
            };
            Prefilter::of(&wanted).unwrap().longest
        };
        assert_eq!(longest(84, None), Some(576 + AROUND));
        assert_eq!(longest(9000, None), Some(9000 + AROUND));
        let (protocol, source, destination) = (UDP, 40000, 53);
        let ports = Ports {
            protocol,
            source,
            destination,
        };
        assert_eq!(longest(84, Some(ports)), None);
    }

    fn of_echo(frame: &[u8]) -> bool {
        keeps(&wanted(None), TUN, IPV4, frame)
    }

    fn tunnelled(packets: &[&[u8]]) -> Vec<u8> {
        ip(UDP, &udp(9090, 41459, &packets.concat()))
    }

    #[test]
    fn pings_are_kept_and_other_traffic_is_not() {
        let ping = ip(ICMP, &echo(8, 1, &[0; 56]));
        let bulk = ip(TCP, &[&tcp(40000, 5201, 1, 1, 16)[..], &[0; 1000]].concat());
        assert!(of_echo(&ping));
        assert!(!of_echo(&bulk));
        assert!(of_echo(&tunnelled(&[&ping])));
        assert!(!of_echo(&tunnelled(&[&bulk])));
        assert!(!of_echo(&ip(UDP, &udp(53, 5353, &ping))));
        let framed = [&[0; 14][..], &ping].concat();
        assert!(keeps(&wanted(None), 1, IPV4, &framed));
        assert!(!keeps(
            &wanted(None),
            1,
            IPV4,
            &[&[0; 14][..], &bulk].concat()
        ));
    }

    #[test]
    fn a_ping_behind_bulk_in_a_segmented_datagram_is_kept() {
        let ping = ip(ICMP, &echo(8, 1, &[0; 56]));
        let bulk = ip(TCP, &[0; 1000]);
        assert!(of_echo(&tunnelled(&[&bulk, &bulk, &bulk, &ping])));
        assert!(!of_echo(&tunnelled(&[&bulk, &bulk, &bulk])));
        assert!(!of_echo(&tunnelled(&[&bulk, &bulk, &bulk, &bulk[..500]])));
        // As long as the ping, which may then be anywhere.
        let short = ip(TCP, &[0; 64]);
        assert!(of_echo(&tunnelled(&[&short, &ping, &short])));
    }

    #[test]
    fn what_cannot_be_told_is_kept() {
        let mut fragment = ip(UDP, b"rest of something");
        fragment[7] = 0xb9;
        assert!(of_echo(&fragment));
        assert!(of_echo(&tunnelled(&[&fragment])));
        assert!(keeps(
            &wanted(None),
            1,
            0x0806,
            &arp(false, "10.0.0.1", "10.0.0.2")
        ));
        assert!(keeps(&wanted(None), TUN, 0x86dd, &[0x60; 40]));
        // A tunnelled frame, whose first byte is one of a hardware address.
        assert!(of_echo(&tunnelled(&[&[0x46; 60]])));
        for cut in 0..20 {
            assert!(!of_echo(&ip(TCP, b"")[..cut]));
        }
    }

    #[test]
    fn options_move_what_stands_behind_them() {
        let with_options = |packet: &[u8], count: u8| {
            let options = vec![1; 4 * usize::from(count)];
            let mut packet = [&packet[..20], &options, &packet[20..]].concat();
            packet[0] += count;
            packet
        };
        let ping = ip(ICMP, &echo(8, 1, &[0; 56]));
        let bulk = ip(TCP, &[0; 500]);
        for count in [1, 4, 10] {
            assert!(of_echo(&with_options(&ping, count)));
            assert!(!of_echo(&with_options(&bulk, count)));
            let other = ip(UDP, &udp(53, 5353, &ping));
            assert!(!of_echo(&with_options(&other, count)));
            assert!(of_echo(&with_options(&tunnelled(&[&ping]), count)));
        }
        assert!(!of_echo(&with_options(&tunnelled(&[&bulk]), 1)));
    }

    #[test]
    fn a_probes_ports_are_kept_even_when_one_is_rewritten() {
        let ports = Ports {
            protocol: TCP,
            source: 40000,
            destination: 23,
        };
        let of_tcp = |frame: &[u8]| keeps(&wanted(Some(ports)), TUN, IPV4, frame);
        let segment = |sport, dport| ip(TCP, &tcp(sport, dport, 1, 0, 2));
        assert!(of_tcp(&segment(40000, 23)));
        assert!(of_tcp(&segment(61000, 23)));
        assert!(of_tcp(&segment(2323, 40000)));
        assert!(!of_tcp(&segment(40001, 5201)));
        assert!(of_tcp(&tunnelled(&[&segment(23, 40000)])));
        assert!(!of_tcp(&tunnelled(&[&segment(5201, 40001)])));
        assert!(!of_tcp(&from_to(
            "10.0.0.1",
            "10.0.0.2",
            64,
            UDP,
            &udp(23, 40000, b"")
        )));
    }
}
