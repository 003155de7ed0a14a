//! From a frame's layers to the [`IpPacket`] in it, or to the ARP message.

use super::ip_packet::{Body, Data, IcmpError, IpPacket, Piece};
use crate::model::{Layer, LinkType, Value};
use crate::packet::Dissector;
use crate::proto;
use std::net::IpAddr;

/// Reads frames, and knows which UDP ports are the tunnel's.
pub struct Reader {
    dissector: Dissector,
    tunnel_ports: Vec<u16>,
}

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An IP packet, whatever travels in it.
    Ip(IpPacket),
    /// A question or an answer about a neighbour.
    Arp(Arp),
    /// Anything else.
    Other,
}

/// A message about a neighbour on Ethernet: ARP's (RFC 826), in IPv6 neighbour discovery's (RFC 4861).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp {
    /// Whether it is the answer.
    pub reply: bool,
    /// The sender's hardware address.
    pub mac: [u8; 6],
    /// The sender's address.
    pub sender: IpAddr,
    /// The address that is asked for; of an answer, the asker's.
    pub target: IpAddr,
}

impl Arp {
    /// What such messages are called.
    pub fn protocol(&self) -> &'static str {
        match self.target {
            IpAddr::V4(_) => "ARP",
            IpAddr::V6(_) => "neighbour discovery",
        }
    }
}

impl Reader {
    /// Knows the tunnel's own port, and `port` beside it.
    pub fn new(port: Option<u16>) -> Reader {
        let known = proto::by_name("Tunnel").map_or(&[][..], |tunnel| tunnel.under);
        let tunnel_ports = known.iter().map(|under| under.value as u16);
        let mut tunnel_ports: Vec<u16> = tunnel_ports.chain(port).collect();
        tunnel_ports.sort_unstable();
        tunnel_ports.dedup();
        let dissector = Dissector::default();
        Reader {
            dissector: match port {
                Some(port) => dissector.tunnel_port(port),
                None => dissector,
            },
            tunnel_ports,
        }
    }

    /// The UDP ports whose payload is the tunnel's.
    pub fn tunnel_ports(&self) -> &[u16] {
        &self.tunnel_ports
    }

    /// The tables, with the tunnel's ports.
    pub fn dissector(&self) -> &Dissector {
        &self.dissector
    }

    /// What a frame carries. Never fails: what makes no sense is [`Content::Other`].
    pub fn content(&self, link: LinkType, bytes: &[u8]) -> Content {
        let packet = self.dissector.dissect(link, bytes);
        if let Some(about) = solicitation(&packet.layers) {
            return Content::Arp(about);
        }
        let within = Within {
            reader: self,
            bundles: true,
        };
        if let Some(packet) = within.packet(&packet.layers) {
            return Content::Ip(packet);
        }
        let arp = packet
            .layers
            .iter()
            .find(|layer| layer.protocol.name == "ARP");
        arp.and_then(self::arp).map_or(Content::Other, Content::Arp)
    }
}

fn arp(layer: &Layer) -> Option<Arp> {
    let mac = layer.header().get(8..14)?.try_into().ok()?;
    // Hardware 1, addresses of 6 bytes; protocol 0x0800, addresses of 4.
    if (layer.u32(0), layer.u16(4)) != (0x0001_0800, 0x0604) {
        return None;
    }
    let (Value::Ipv4(sender), Value::Ipv4(target)) = (layer.ipv4(14), layer.ipv4(24)) else {
        return None;
    };
    Some(Arp {
        reply: layer.u16(6) == 2,
        mac,
        sender: sender.into(),
        target: target.into(),
    })
}

/// A neighbour solicitation or advertisement (RFC 4861 sections 4.3 and 4.4). Who asks whether an
/// address is free has none yet, and sends nothing to it.
fn solicitation(layers: &[Layer]) -> Option<Arp> {
    let [ether, ip, message, options @ ..] = layers else {
        return None;
    };
    if (ether.protocol.name, ip.protocol.name) != ("Ether", "IPv6") {
        return None;
    }
    let reply = match message.protocol.name {
        "ICMPv6ND_NS" => false,
        "ICMPv6ND_NA" => true,
        _ => return None,
    };
    let Value::Ipv6(target) = message.ipv6(8) else {
        return None;
    };
    let (src, dst) = addresses(ip)?;
    if src.is_unspecified() {
        return None;
    }
    // Type 1 is who asks, type 2 who is asked for; an answer to one asker may leave it out.
    let of_link = |option: &&Layer| option.protocol.name.ends_with("LLAddr");
    let option = options.iter().find(of_link);
    let mac = option.and_then(|option| option.header().get(2..8));
    let mac = mac.or_else(|| ether.header().get(6..12))?.try_into().ok()?;
    let target = IpAddr::V6(target);
    let (sender, target) = if reply { (target, dst) } else { (src, target) };
    Some(Arp {
        reply,
        mac,
        sender,
        target,
    })
}

/// Where the reading takes place.
#[derive(Clone, Copy)]
struct Within<'r> {
    reader: &'r Reader,
    /// Whether a datagram may be several: not within one that was, so that hostile bytes cannot
    /// nest them without end.
    bundles: bool,
}

impl Within<'_> {
    /// Within what was dissected once more.
    fn last(self) -> Self {
        Within {
            bundles: false,
            ..self
        }
    }

    /// Reads the first IP header among the layers, and what follows.
    fn packet(self, layers: &[Layer]) -> Option<IpPacket> {
        let is_ip = |layer: &Layer| matches!(layer.protocol.name, "IP" | "IPv6");
        let at = layers.iter().position(is_ip)?;
        let (ip, above) = (&layers[at], &layers[at + 1..]);
        // Not without end: the tunnel's layer takes no such header for a packet.
        if let Some(bytes) = with_a_whole_header(ip) {
            let packet = self.reader.dissector.dissect(LinkType::RAW, &bytes);
            return self.last().packet(&packet.layers);
        }
        let mut packet = header(ip)?;
        let above = extensions(&mut packet, above);
        packet.body = self.body(&packet, ip, above);
        Some(packet)
    }

    fn body(self, packet: &IpPacket, ip: &Layer, layers: &[Layer]) -> Body {
        let other = || Body::Other(Data::of(ip.payload()));
        let [layer, above @ ..] = layers else {
            return other();
        };
        // A later fragment starts in the middle of the upper layer.
        if packet.piece.is_some_and(|piece| piece.offset > 0) {
            return other();
        }
        let data = Data::of(layer.payload());
        match (layer.protocol.name, layer.u8(0)) {
            ("ICMP", kind @ (0 | 8)) => Body::Echo {
                reply: kind == 0,
                id: layer.u16(4),
                seq: layer.u16(6),
                data,
            },
            ("ICMPv6EchoRequest" | "ICMPv6EchoReply", kind) => Body::Echo {
                reply: kind == 129,
                id: layer.u16(4),
                seq: layer.u16(6),
                data,
            },
            ("ICMP", _) => self.error(layer, above, false).unwrap_or_else(other),
            (name, _) if name.starts_with("ICMPv6") => {
                self.error(layer, above, true).unwrap_or_else(other)
            }
            ("UDP", _) => Body::Udp {
                sport: layer.u16(0),
                dport: layer.u16(2),
                data,
                inside: self.inside(layer, above),
            },
            ("TCP", _) => Body::Tcp {
                sport: layer.u16(0),
                dport: layer.u16(2),
                seq: layer.u32(4),
                ack: layer.u32(8),
                flags: layer.u8(13),
                data,
            },
            _ => other(),
        }
    }

    /// A message that quotes a packet is an error, or a redirect.
    fn error(self, icmp: &Layer, above: &[Layer], v6: bool) -> Option<Body> {
        let about = self.packet(above)?;
        let redirect = !v6 && icmp.u8(0) == super::ip_packet::REDIRECT;
        let gateway = match icmp.ipv4(4) {
            Value::Ipv4(address) if redirect => Some(address.into()),
            _ => None,
        };
        Some(Body::Error(Box::new(IcmpError {
            v6,
            kind: icmp.u8(0),
            code: icmp.u8(1),
            gateway,
            about,
        })))
    }

    /// The packets in a datagram of the tunnel.
    fn inside(self, udp: &Layer, above: &[Layer]) -> Vec<IpPacket> {
        match above {
            [tunnel, carried @ ..] if tunnel.protocol.name == "Tunnel" => {
                self.packet(carried).into_iter().collect()
            }
            _ => self.bundle(udp),
        }
    }

    /// The packets in a datagram that is still to be segmented (UDP GSO, Linux 4.18): the sender
    /// hands several of the same length down as one, the last may be shorter, and virtual devices
    /// pass that on uncut. The capture does not tell the length; the first packet's own header
    /// does.
    fn bundle(self, udp: &Layer) -> Vec<IpPacket> {
        let (payload, ports) = (udp.payload(), [udp.u16(0), udp.u16(2)]);
        let known = &self.reader.tunnel_ports;
        if !self.bundles || !ports.iter().any(|port| known.contains(port)) {
            return Vec::new();
        }
        let within = self.last();
        let read = |segment| {
            let packet = self.reader.dissector.dissect(LinkType::RAW, segment);
            within.packet(&packet.layers)
        };
        let size = read(payload).map_or(0, |first| first.len as usize);
        if size < SHORTEST || size >= payload.len() {
            return Vec::new();
        }
        payload.chunks(size).filter_map(read).collect()
    }
}

/// Bytes of the shortest IP packet (RFC 791).
const SHORTEST: usize = 20;

/// The packet of an IPv4 header that claims to be shorter than any can be, with one of twenty
/// bytes: what it carried before it was spoiled is behind that.
fn with_a_whole_header(ip: &Layer) -> Option<Vec<u8>> {
    let claimed = 4 * usize::from(ip.u8(0) & 0xf);
    if ip.protocol.name != "IP" || claimed >= SHORTEST {
        return None;
    }
    let mut bytes = ip.bytes().to_vec();
    *bytes.first_mut()? = 0x45;
    Some(bytes)
}

/// An IP header without what it carries.
fn header(ip: &Layer) -> Option<IpPacket> {
    let (src, dst) = addresses(ip)?;
    let v4 = ip.protocol.name == "IP";
    let (offset, more) = (8 * u32::from(ip.u16(6) & 0x1fff), ip.u16(6) & 0x2000 != 0);
    let piece = Piece {
        offset,
        len: ip.payload().len() as u32,
        more,
    };
    Some(IpPacket {
        src,
        dst,
        ttl: ip.u8(if v4 { 8 } else { 7 }),
        id: if v4 { ip.u16(4).into() } else { 0 },
        len: if v4 {
            ip.u16(2).into()
        } else {
            u32::from(ip.u16(4)) + 40
        },
        protocol: ip.u8(if v4 { 9 } else { 6 }),
        piece: (v4 && (offset > 0 || more)).then_some(piece),
        body: Body::Other(Data::default()),
    })
}

fn addresses(ip: &Layer) -> Option<(IpAddr, IpAddr)> {
    let address = |value| match value {
        Value::Ipv4(address) => Some(IpAddr::V4(address)),
        Value::Ipv6(address) => Some(IpAddr::V6(address)),
        _ => None,
    };
    let (src, dst) = ip.protocol.endpoints?(ip);
    Some((address(src)?, address(dst)?))
}

/// Steps over IPv6's extension headers; what is left is what the packet carries.
fn extensions<'l, 'a>(packet: &mut IpPacket, mut layers: &'l [Layer<'a>]) -> &'l [Layer<'a>] {
    while let [header, above @ ..] = layers
        && header.protocol.name.starts_with("IPv6Ext")
    {
        packet.protocol = header.u8(0);
        if header.protocol.name == "IPv6ExtHdrFragment" {
            packet.id = header.u32(4);
            let piece = Piece {
                offset: (header.u16(2) & 0xfff8).into(),
                len: header.payload().len() as u32,
                more: header.u16(2) & 1 != 0,
            };
            packet.piece = (piece.offset > 0 || piece.more).then_some(piece);
        }
        layers = above;
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ICMP, TCP, UDP, echo, ip, udp};
    use super::*;

    fn read(bytes: &[u8]) -> IpPacket {
        match Reader::new(None).content(LinkType::RAW, bytes) {
            Content::Ip(packet) => packet,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_a_spoiled_header_carried_was_taken_for_its_options() {
        let whole = ip(ICMP, &echo(8, 5, b"abc"));
        let mut spoiled = whole.clone();
        spoiled[0] = 0x44;
        assert_eq!(read(&spoiled), read(&whole));
    }

    #[test]
    fn a_packet_in_the_tunnel_is_found_inside() {
        let inner = ip(ICMP, &echo(8, 5, b"abc"));
        let outer = read(&ip(UDP, &udp(41459, 9090, &inner)));
        assert_eq!(outer.inside(), [read(&inner)]);
        let Body::Echo { id, seq, .. } = outer.inside()[0].body else {
            panic!("no echo");
        };
        assert_eq!((id, seq), (0x1234, 5));
    }

    #[test]
    fn a_segmented_datagram_carries_several_packets() {
        let data = [b'x'; 200];
        let (one, last) = (ip(TCP, &data), ip(ICMP, &echo(8, 9, b"")));
        let payload = [&one[..], &one, &last].concat();
        let outer = read(&ip(UDP, &udp(9090, 41459, &payload)));
        assert_eq!(outer.inside().len(), 3);
        assert_eq!(outer.inside()[2], read(&last));
        let elsewhere = read(&ip(UDP, &udp(9091, 41459, &payload)));
        assert_eq!(elsewhere.inside(), []);
        let told = Reader::new(Some(9091));
        let Content::Ip(packet) =
            told.content(LinkType::RAW, &ip(UDP, &udp(9091, 41459, &payload)))
        else {
            panic!("no packet");
        };
        assert_eq!(packet.inside().len(), 3);
    }

    #[test]
    fn segments_within_segments_end() {
        // Each datagram holds another and a byte more, as deep as 64 KB allow.
        let mut packet = ip(ICMP, &echo(8, 1, b""));
        while packet.len() < 60_000 {
            packet.push(0);
            packet = ip(UDP, &udp(9090, 9090, &packet));
        }
        let inside = read(&packet);
        assert_eq!(inside.inside().len(), 1);
        assert_eq!(inside.inside()[0].inside(), []);
    }

    #[test]
    fn an_error_quotes_its_packet_even_inside_the_tunnel() {
        let inner = ip(ICMP, &echo(8, 5, b"abc"));
        let outer = ip(UDP, &udp(41459, 9090, &inner));
        let error = read(&ip(ICMP, &[&[3, 3, 0, 0, 0, 0, 0, 0], &outer[..]].concat()));
        let Body::Error(error) = error.body else {
            panic!("no error");
        };
        assert_eq!((error.kind, error.code), (3, 3));
        assert_eq!(error.about.inside(), [read(&inner)]);
    }

    #[test]
    fn a_later_fragment_has_no_ports() {
        let mut fragment = ip(UDP, &udp(1, 9090, b"12345678"));
        fragment[6..8].copy_from_slice(&[0x20, 185]);
        let piece = Piece {
            offset: 1480,
            len: 16,
            more: true,
        };
        let packet = read(&fragment);
        assert_eq!(packet.piece, Some(piece));
        assert!(matches!(packet.body, Body::Other(_)));
    }
}
