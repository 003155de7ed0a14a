//! The packet that is asked about: what it is, and how it is known again among what was seen, thrown
//! away and traced.

use std::cell::OnceCell;
use std::net::IpAddr;

use super::evidence::{Company, Dropped, Glimpse, Leg, Rule, Trace};
use crate::capture::Direction;
use crate::journey::{
    self, Body, Content, Hop, Identity, IpPacket, Journey, Probe, ProbeKind, Reader, Seed,
};
use crate::model::LinkType;
use crate::sys::bpf::KernelDrop;
use crate::sys::nftables::{Step, Verdict};
use crate::sys::packet_socket::machine::run;
use crate::sys::packet_socket::program::Instruction;

/// How the packet is known.
#[derive(Clone, Copy)]
pub struct Mark<'m> {
    /// What it looks like when it is sent.
    pub seed: &'m Seed,
    /// What reads packets, and knows the tunnel's ports.
    pub reader: &'m Reader,
}

/// The packet that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Whom it is for.
    pub to: IpAddr,
    /// Its length in bytes, IP header included.
    pub length: u32,
    /// What it carries; nothing for what no probe is.
    pub kind: Option<ProbeKind>,
    /// What was under way with it.
    pub company: Company,
}

impl Subject {
    /// A probe.
    pub fn probe(probe: &Probe, company: Company) -> Subject {
        Subject {
            to: probe.to,
            length: probe.size.into(),
            kind: Some(probe.kind),
            company,
        }
    }

    /// Somebody else's packet, as it was seen first; nothing where it was not.
    pub fn seen(journey: &Journey) -> Option<Subject> {
        let packet = &journey.path.hops.first()?.packet;
        Some(Subject {
            to: packet.dst,
            length: packet.len,
            kind: match packet.body {
                Body::Echo { .. } => Some(ProbeKind::Icmp),
                Body::Tcp { dport, .. } => Some(ProbeKind::Tcp(dport)),
                Body::Udp { dport, .. } => Some(ProbeKind::Udp(dport)),
                Body::Error(_) | Body::Other(_) => None,
            },
            company: Company::Anyone,
        })
    }
}

/// A packet that was thrown away, and what it is, once somebody has asked.
#[derive(Debug)]
pub(super) struct Thrown {
    pub(super) drop: KernelDrop,
    /// Few are asked about, and a place for it takes less in a box.
    content: OnceCell<Box<Content>>,
}

impl Thrown {
    pub(super) fn new(drop: KernelDrop) -> Thrown {
        let content = OnceCell::new();
        Thrown { drop, content }
    }

    fn content(&self, reader: &Reader) -> &Content {
        let read = || Box::new(reader.content(LinkType::RAW, &self.drop.bytes));
        self.content.get_or_init(read)
    }
}

/// Whether it is TCP's "nobody listens here".
pub(super) fn is_reset(hop: &Hop) -> bool {
    const RST: u8 = 4; // RFC 9293 section 3.1
    match hop.packet.body {
        Body::Tcp { flags, .. } => hop.leg == journey::Leg::Answer && flags & RST != 0,
        _ => false,
    }
}

/// A hop as a glimpse.
pub(super) fn glimpse(hop: &Hop) -> Option<Glimpse> {
    let leg = match hop.leg {
        journey::Leg::Request => Leg::Request,
        journey::Leg::Answer => Leg::Answer,
        journey::Leg::Error => Leg::Error,
        journey::Leg::Redirect => return None,
    };
    Some(Glimpse {
        host: hop.host.to_string(),
        dev: hop.device.to_string(),
        out: hop.direction == Direction::Out,
        leg,
        src: hop.packet.src,
        dst: hop.packet.dst,
        ttl: hop.packet.ttl,
        outer: hop.outer.map(|outer| (outer.src, outer.dst)),
        length: hop.packet.len,
        piece: hop.packet.piece,
        outer_piece: hop.outer_piece,
    })
}

/// What a packet that was thrown away is to the journey. Before anything was seen of the packet,
/// the first one that fits the seed is it.
pub(super) fn recognise(
    thrown: &Thrown,
    mark: Mark,
    identity: &mut Option<Identity>,
) -> Option<Dropped> {
    let Content::Ip(packet) = thrown.content(mark.reader) else {
        return None;
    };
    recognise_packet(packet, mark, identity)
}

fn recognise_packet(
    packet: &IpPacket,
    mark: Mark,
    identity: &mut Option<Identity>,
) -> Option<Dropped> {
    if identity.is_none() {
        *identity = mark.seed.find(packet).cloned().map(Identity::new);
    }
    let found = identity.as_ref()?.clone().recognise(packet)?;
    let leg = match found.leg {
        journey::Leg::Request => Leg::Request,
        journey::Leg::Answer => Leg::Answer,
        journey::Leg::Error | journey::Leg::Redirect => Leg::Error,
    };
    Some(Dropped {
        leg,
        src: found.packet.src,
        dst: found.packet.dst,
        ttl: found.packet.ttl,
        outer: found.outer.map(|outer| (outer.src, outer.dst)),
    })
}

/// Whether it can be the packet that `filter` is for. What is no plain IPv4 header, or was thrown
/// away as a program wrote it, may be anything.
pub(super) fn may_be(drop: &KernelDrop, filter: &[Instruction]) -> bool {
    /// The device's header, if any, is not among the bytes: ARPHRD_NONE.
    const NO_HEADER: u16 = 0xfffe;
    const HEADER: u16 = 20;
    let length = u16::from_be_bytes([drop.bytes[2], drop.bytes[3]]);
    let is_plain = drop.protocol == 0x0800 && drop.bytes[0] == 0x45 && length >= HEADER;
    // What lies behind the first bytes is not known.
    !is_plain
        || is_of_writer(drop)
        || run(filter, NO_HEADER, drop.protocol, &drop.bytes).unwrap_or(true)
}

/// Whether it was refused as a program wrote it to a TUN device.
pub(super) fn is_of_writer(drop: &KernelDrop) -> bool {
    &*drop.function == "tun_get_user"
}

/// Whether it is announced as IP, or as nothing yet, and cannot be read as that.
pub(super) fn is_garbled(thrown: &Thrown, mark: Mark) -> bool {
    let drop = &thrown.drop;
    match drop.protocol {
        0 | 0x0800 => !matches!(thrown.content(mark.reader), Content::Ip(_)),
        // Any first nibble of 6 makes a packet of a TUN device IPv6: a header that announces more
        // than there is was none (RFC 8200 section 3).
        0x86dd => drop.bytes.get(4..6).is_some_and(|length| {
            let payload = u16::from_be_bytes([length[0], length[1]]);
            40 + u32::from(payload) > drop.length
        }),
        _ => false,
    }
}

/// The packet's ways through a host's firewall: of itself, and of the datagrams around it.
pub(super) fn traces_of(host: &str, steps: &[Step], mark: Mark, seen: &[Glimpse]) -> Vec<Trace> {
    let mut traces: Vec<(u32, Trace)> = Vec::new();
    let mut identity = None;
    for step in steps {
        let known = traces.iter().position(|(id, _)| *id == step.id);
        let at = match (known, step.addresses()) {
            (Some(at), _) => at,
            (None, Some((src, dst))) if is_traced(step, mark, seen, &mut identity) => {
                let trace = Trace {
                    host: host.to_owned(),
                    hook: String::new(),
                    oif: None,
                    dropped_by: None,
                    src,
                    dst,
                };
                traces.push((step.id, trace));
                traces.len() - 1
            }
            _ => continue,
        };
        let trace = &mut traces[at].1;
        if let Some(hook) = step.hook() {
            trace.hook = hook.to_owned();
        }
        trace.oif = step.oif.or(trace.oif);
        if step.verdict == Verdict::Drop {
            trace.dropped_by = Some(Rule {
                family: step.family.to_owned(),
                table: step.table.clone(),
                chain: step.chain.clone(),
                handle: step.rule,
                text: None,
            });
        }
    }
    traces.into_iter().map(|(_, trace)| trace).collect()
}

/// Whether a traced packet is ours. Of a datagram of the tunnel too little is shown to see what is
/// in it: its length is right, for others are not traced; and its ports are the tunnel's, or its
/// addresses those of one that was seen.
fn is_traced(step: &Step, mark: Mark, seen: &[Glimpse], identity: &mut Option<Identity>) -> bool {
    let Content::Ip(packet) = mark.reader.content(LinkType::RAW, &step.bytes) else {
        return false;
    };
    let ends = (packet.src, packet.dst);
    let outers = seen.iter().filter_map(|glimpse| glimpse.outer);
    let mut outers = outers.map(|(from, to)| (from.ip(), to.ip()));
    // One that is dropped where it is sent was never seen.
    let ports = mark.reader.tunnel_ports();
    let tunnel = match packet.body {
        Body::Udp { sport, dport, .. } => ports.contains(&sport) || ports.contains(&dport),
        _ => false,
    };
    let plain = recognise_packet(&packet, mark, identity);
    plain.is_some_and(|found| found.leg != Leg::Error)
        || tunnel
        || outers.any(|outer| outer == ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::{Prefilter, Wanted};

    /// An IPv4 packet that was thrown away by `function`.
    fn drop(protocol: u8, payload: &[u8], function: &str) -> KernelDrop {
        let mut bytes = [0; 160];
        let length = (20 + payload.len() as u16).to_be_bytes();
        bytes[..4].copy_from_slice(&[0x45, 0, length[0], length[1]]);
        bytes[8..10].copy_from_slice(&[64, protocol]);
        let held = payload.len().min(140);
        bytes[20..20 + held].copy_from_slice(&payload[..held]);
        KernelDrop {
            inode: 1,
            dev: "eth0".into(),
            reason: None,
            function: function.into(),
            length: 20 + payload.len() as u32,
            protocol: 0x0800,
            bytes,
            time: 0,
        }
    }

    fn of_echo(drop: &KernelDrop) -> bool {
        let wanted = Wanted {
            error_len: 576,
            tunnel_ports: vec![9090],
            ports: None,
            len: 84,
        };
        may_be(drop, &Prefilter::of(&wanted).unwrap().program)
    }

    /// A datagram of the tunnel that carries packets.
    fn tunnelled(packets: &[&KernelDrop]) -> Vec<u8> {
        let inside: Vec<u8> = packets
            .iter()
            .flat_map(|packet| packet.bytes[..packet.length as usize].to_vec())
            .collect();
        let length = (8 + inside.len() as u16).to_be_bytes();
        let ports = [0x23, 0x82, 0xa1, 0xf3, length[0], length[1], 0, 0];
        [&ports[..], &inside].concat()
    }

    const ICMP: u8 = 1;
    const TCP: u8 = 6;
    const UDP: u8 = 17;

    #[test]
    fn a_flood_of_others_thrown_away_leaves_room_for_the_probe() {
        let (ping, bulk) = (drop(ICMP, &[8; 64], "f"), drop(TCP, &[0; 100], "f"));
        assert!(of_echo(&ping));
        assert!(!of_echo(&bulk));
        assert!(of_echo(&drop(UDP, &tunnelled(&[&ping]), "f")));
        assert!(!of_echo(&drop(UDP, &tunnelled(&[&bulk]), "f")));
    }

    #[test]
    fn what_was_thrown_away_and_cannot_be_read_may_be_the_probe() {
        let bulk = drop(TCP, &[0; 100], "tun_get_user");
        assert!(of_echo(&bulk));
        let mut garbled = drop(TCP, &[0; 100], "ip_rcv_core");
        garbled.bytes[0] = 0x15;
        assert!(of_echo(&garbled));
        let mut short = drop(TCP, &[], "ip_rcv_core");
        short.bytes[3] = 19;
        assert!(of_echo(&short));
        // The last packet of a bundle lies behind the bytes that are known.
        let bulk = drop(TCP, &[0; 100], "f");
        assert!(of_echo(&drop(UDP, &tunnelled(&[&bulk, &bulk, &bulk]), "f")));
    }
}
