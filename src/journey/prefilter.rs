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
}

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

/// The program for a socket of whole frames (SOCK_RAW); nothing when it would be too long, as with
/// dozens of tunnel ports.
pub fn program(wanted: &Wanted) -> Option<Vec<Instruction>> {
    let mut program = Program::default();
    let (accept, ipv4) = (program.label(), program.label());
    start(&mut program, accept, ipv4);
    program.place(ipv4);
    let tunnel = program.label();
    outer(&mut program, wanted, accept, tunnel);
    program.place(tunnel);
    inner(&mut program, wanted, accept);
    program.place(accept).accept();
    program.finish()
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
fn outer(program: &mut Program, wanted: &Wanted, accept: Label, tunnel: Label) {
    let udp = program.label();
    judge(program, wanted, OUTER, accept);
    program.recall_x(OUTER).load_byte(9);
    program.if_equal(UDP, udp).reject();
    program.place(udp);
    to_transport(program, OUTER);
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
    judge(program, wanted, INNER, accept);
    // The last one starts at a multiple of their length.
    program
        .recall_x(FIRST)
        .recall(CARRIED)
        .calculate(BPF_SUB, 1);
    program.calculate_x(BPF_DIV).calculate_x(BPF_MUL);
    program.recall_x(INNER).calculate_x(BPF_ADD).keep(INNER);
    program.place(single);
    judge(program, wanted, INNER, accept);
    program.reject();
}

/// Accepts the IPv4 packet that starts where memory says, if it can be the probe's.
fn judge(program: &mut Program, wanted: &Wanted, at: u32, accept: Label) {
    let next = program.label();
    program.recall_x(at);
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
fn to_transport(program: &mut Program, at: u32) {
    program.recall_x(at).load_byte(0);
    program.calculate(BPF_AND, 0xf).calculate(BPF_LSH, 2);
    program.calculate_x(BPF_ADD);
    if at == OUTER {
        program.keep(INNER);
    }
    program.to_x();
}
