//! Forged answers to IPv4 packets (task 2.d).
//!
//! 1. Only a whole IPv4 packet is answered.
//! 2. An echo request becomes an echo reply: same id, seq and data, right checksums.
//! 3. Anything else, or everything with [`Style::Verbatim`], keeps its payload untouched under a
//!    new IP header, as the course's sample program does.

use pnet_packet::icmp::{IcmpTypes, MutableIcmpPacket, echo_reply};
use pnet_packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
use pnet_packet::ipv4::{self, Ipv4Packet, MutableIpv4Packet};
use pnet_packet::{MutablePacket, icmp};
use std::net::Ipv4Addr;

/// Which source address an answer bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This one, whoever was asked.
    Forged(Ipv4Addr),
    /// The address that was asked, as an honest host would.
    Asked,
}

/// What becomes of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// An echo request is answered with an echo reply.
    Reply,
    /// The payload goes back untouched: an echo request stays a request.
    Verbatim,
}

/// A packet to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The bytes, from the IPv4 header on.
    pub bytes: Vec<u8>,
    /// Why the one who asked may not take it for an answer.
    pub caveat: Option<&'static str>,
}

/// Why a packet gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// IPv6, or not IP at all.
    #[error("only IPv4 packets are answered")]
    NotIpv4,
    /// The header's lengths do not fit the bytes.
    #[error("the IPv4 header's lengths do not fit the packet")]
    Malformed,
    /// One piece of a larger packet.
    #[error("a fragment is no whole packet")]
    Fragment,
    /// ICMP other than a question: answering an error could go on for ever (RFC 1122 3.2.2).
    #[error("an ICMP message that is no echo request gets no answer")]
    NoQuestion,
    /// A frame of a kind that is not to be answered.
    #[error("only ARP questions are answered; --echo answers pings, too")]
    NotAsked,
}

const HEADER: usize = 20;
const TTL: u8 = 64;

/// The answer to `packet`, which starts with its IPv4 header.
///
/// # Errors
/// [`Silence`] tells why there is none.
pub fn answer(packet: &[u8], source: Source, style: Style) -> Result<Answer, Silence> {
    let (ip, payload) = whole_ipv4(packet)?;
    let protocol = ip.get_next_level_protocol();
    let mut bytes = vec![0; HEADER + payload.len()];
    bytes[HEADER..].copy_from_slice(payload);

    let caveat = match (protocol, style) {
        (IpNextHeaderProtocols::Icmp, Style::Reply) => {
            turn_into_reply(&mut bytes[HEADER..])?;
            None
        }
        (IpNextHeaderProtocols::Icmp, Style::Verbatim) if is_request(payload) => Some(
            "still an echo request: ping waits for an echo reply (type 0), so it stays silent; the kernel counts it in Icmp.InEchos",
        ),
        (IpNextHeaderProtocols::Tcp | IpNextHeaderProtocols::Udp, _) => Some(
            "payload untouched: ports and checksum are those of the question, so no program takes it for an answer",
        ),
        _ => None,
    };
    let from = match source {
        Source::Forged(address) => address,
        Source::Asked => ip.get_destination(),
    };
    write_header(&mut bytes, protocol, from, ip.get_source());
    Ok(Answer { bytes, caveat })
}

/// The header and the payload it covers.
fn whole_ipv4(packet: &[u8]) -> Result<(Ipv4Packet<'_>, &[u8]), Silence> {
    if packet.first().is_none_or(|first| first >> 4 != 4) {
        return Err(Silence::NotIpv4);
    }
    let ip = Ipv4Packet::new(packet).ok_or(Silence::Malformed)?;
    let header = 4 * usize::from(ip.get_header_length());
    let total = usize::from(ip.get_total_length());
    let payload = packet.get(header..total).ok_or(Silence::Malformed)?;
    if header < HEADER {
        return Err(Silence::Malformed);
    }
    let more_fragments = ip.get_flags() & ipv4::Ipv4Flags::MoreFragments != 0;
    if more_fragments || ip.get_fragment_offset() != 0 {
        return Err(Silence::Fragment);
    }
    Ok((ip, payload))
}

fn is_request(message: &[u8]) -> bool {
    message.first() == Some(&IcmpTypes::EchoRequest.0)
}

/// RFC 792: the type changes, id, seq and data stay, the checksum is computed anew.
fn turn_into_reply(message: &mut [u8]) -> Result<(), Silence> {
    if !is_request(message) {
        return Err(Silence::NoQuestion);
    }
    let mut reply = echo_reply::MutableEchoReplyPacket::new(message).ok_or(Silence::Malformed)?;
    reply.set_icmp_type(IcmpTypes::EchoReply);
    let mut message = MutableIcmpPacket::new(reply.packet_mut()).ok_or(Silence::Malformed)?;
    let sum = icmp::checksum(&message.to_immutable());
    message.set_checksum(sum);
    Ok(())
}

fn write_header(bytes: &mut [u8], protocol: IpNextHeaderProtocol, from: Ipv4Addr, to: Ipv4Addr) {
    let total = bytes.len() as u16; // at most as long as the question, whose length fits
    if let Some(mut ip) = MutableIpv4Packet::new(bytes) {
        ip.set_version(4);
        ip.set_header_length((HEADER / 4) as u8);
        ip.set_total_length(total);
        ip.set_identification(1);
        ip.set_ttl(TTL);
        ip.set_next_level_protocol(protocol);
        ip.set_source(from);
        ip.set_destination(to);
        let sum = ipv4::checksum(&ip.to_immutable());
        ip.set_checksum(sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORGED: Source = Source::Forged(Ipv4Addr::new(1, 2, 3, 4));

    /// The packet of task 2.d.
    fn request() -> Vec<u8> {
        let file = include_bytes!("../../fixtures/course-2d-spoof/capture.pcap");
        file[40..].to_vec()
    }

    #[test]
    fn an_echo_request_becomes_its_reply() {
        let question = request();
        let reply = answer(&question, FORGED, Style::Reply).unwrap();
        let bytes = &reply.bytes;
        assert_eq!(bytes.len(), 84);
        assert_eq!(bytes[12..20], [1, 2, 3, 4, 192, 168, 53, 99]);
        assert_eq!(pnet_packet::util::checksum(&bytes[..20], 100), 0);
        assert_eq!(bytes[20], 0, "echo reply");
        assert_eq!(pnet_packet::util::checksum(&bytes[20..], 100), 0);
        assert_eq!(bytes[24..], question[24..], "id, seq and data");
        assert_eq!(reply.caveat, None);
    }

    #[test]
    fn verbatim_stays_a_request() {
        let question = request();
        let copy = answer(&question, FORGED, Style::Verbatim).unwrap();
        assert_eq!(copy.bytes[20..], question[20..]);
        assert!(copy.caveat.unwrap().contains("ping waits"));
    }

    #[test]
    fn same_answers_as_the_one_who_was_asked() {
        let reply = answer(&request(), Source::Asked, Style::Reply).unwrap();
        assert_eq!(reply.bytes[12..16], [192, 168, 53, 1]);
    }

    #[test]
    fn what_gets_no_answer() {
        let silent = |change: fn(&mut Vec<u8>)| {
            let mut question = request();
            change(&mut question);
            answer(&question, FORGED, Style::Reply).unwrap_err()
        };
        assert_eq!(silent(|q| q.clear()), Silence::NotIpv4);
        assert_eq!(silent(|q| q[0] = 0x65), Silence::NotIpv4);
        assert_eq!(silent(|q| q[0] = 0x44), Silence::Malformed);
        assert_eq!(silent(|q| q.truncate(83)), Silence::Malformed);
        assert_eq!(silent(|q| q[6] = 0x20), Silence::Fragment);
        assert_eq!(silent(|q| q[20] = 3), Silence::NoQuestion);
        assert_eq!(
            silent(|q| {
                q[3] = 21;
                q.truncate(21);
            }),
            Silence::Malformed
        );
    }
}
