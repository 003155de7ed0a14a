//! Answers on Ethernet (task 9): to ARP's who-has, and to a ping that then follows.

use super::ip::{self, Answer, Silence, Source, Style};
use pnet::util::MacAddr;
use pnet_packet::Packet;
use pnet_packet::arp::{ArpHardwareTypes, ArpOperations, ArpPacket, MutableArpPacket};
use pnet_packet::ethernet::{EtherTypes, EthernetPacket, MutableEthernetPacket};

const ETHERNET: usize = 14;
const ARP: usize = 28;

/// The is-at that makes the one who asks believe that any address is at `mac` (RFC 826).
/// Nothing for frames that are no question about an IPv4 address.
pub fn is_at(frame: &[u8], mac: [u8; 6]) -> Option<Vec<u8>> {
    let ethernet = EthernetPacket::new(frame)?;
    if ethernet.get_ethertype() != EtherTypes::Arp {
        return None;
    }
    let question = ArpPacket::new(ethernet.payload())?;
    let about_ipv4 = question.get_hardware_type() == ArpHardwareTypes::Ethernet
        && question.get_protocol_type() == EtherTypes::Ipv4
        && (question.get_hw_addr_len(), question.get_proto_addr_len()) == (6, 4);
    // Who asks for its own address only announces it (RFC 5227).
    let announcement = question.get_sender_proto_addr() == question.get_target_proto_addr();
    if question.get_operation() != ArpOperations::Request || !about_ipv4 || announcement {
        return None;
    }

    let mac = MacAddr::from(mac);
    let mut bytes = vec![0; ETHERNET + ARP];
    let mut answer = MutableArpPacket::new(&mut bytes[ETHERNET..])?;
    answer.set_hardware_type(ArpHardwareTypes::Ethernet);
    answer.set_protocol_type(EtherTypes::Ipv4);
    answer.set_hw_addr_len(6);
    answer.set_proto_addr_len(4);
    answer.set_operation(ArpOperations::Reply);
    answer.set_sender_hw_addr(mac);
    answer.set_sender_proto_addr(question.get_target_proto_addr());
    answer.set_target_hw_addr(question.get_sender_hw_addr());
    answer.set_target_proto_addr(question.get_sender_proto_addr());
    write_header(
        &mut bytes,
        mac,
        question.get_sender_hw_addr(),
        EtherTypes::Arp.0,
    )?;
    Some(bytes)
}

/// The echo reply to a ping that came in a frame, from the address that was pinged.
///
/// # Errors
/// [`Silence`] tells why there is none.
pub fn echo_reply(frame: &[u8]) -> Result<Answer, Silence> {
    let ethernet = EthernetPacket::new(frame).ok_or(Silence::Malformed)?;
    if ethernet.get_ethertype() != EtherTypes::Ipv4 {
        return Err(Silence::NotIpv4);
    }
    let reply = ip::answer(ethernet.payload(), Source::Asked, Style::Reply)?;
    let mut bytes = vec![0; ETHERNET];
    bytes.extend_from_slice(&reply.bytes);
    let (from, to) = (ethernet.get_destination(), ethernet.get_source());
    write_header(&mut bytes, from, to, EtherTypes::Ipv4.0).ok_or(Silence::Malformed)?;
    Ok(Answer { bytes, ..reply })
}

fn write_header(bytes: &mut [u8], from: MacAddr, to: MacAddr, ethertype: u16) -> Option<()> {
    let mut ethernet = MutableEthernetPacket::new(bytes)?;
    ethernet.set_source(from);
    ethernet.set_destination(to);
    ethernet.set_ethertype(pnet_packet::ethernet::EtherType(ethertype));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

    fn who_has(sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
        let mut frame = vec![0xff; 6];
        frame.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1]);
        frame.extend([2, 0, 0, 0, 0, 1]);
        frame.extend(sender);
        frame.extend([0; 6]);
        frame.extend(target);
        frame
    }

    #[test]
    fn who_has_is_answered() {
        let answer = is_at(&who_has([192, 168, 53, 99], [192, 168, 53, 1]), MAC).unwrap();
        assert_eq!(answer[..6], [2, 0, 0, 0, 0, 1]);
        assert_eq!(answer[6..12], MAC);
        assert_eq!(answer[20..22], [0, 2], "is-at");
        assert_eq!(answer[22..28], MAC);
        assert_eq!(answer[28..32], [192, 168, 53, 1]);
        assert_eq!(answer[38..42], [192, 168, 53, 99]);
    }

    #[test]
    fn announcements_and_answers_are_not() {
        assert_eq!(is_at(&who_has([10, 0, 0, 1], [10, 0, 0, 1]), MAC), None);
        let answer = is_at(&who_has([10, 0, 0, 1], [10, 0, 0, 2]), MAC).unwrap();
        assert_eq!(is_at(&answer, MAC), None);
        for length in 0..42 {
            assert_eq!(is_at(&who_has([1; 4], [2; 4])[..length], MAC), None);
        }
    }

    #[test]
    fn a_ping_in_a_frame_is_answered_to_where_it_came_from() {
        let ping = &include_bytes!("../../fixtures/course-2c-read/capture.pcap")[40..];
        let mut frame = [&MAC[..], &[2, 0, 0, 0, 0, 1], &[8, 0]].concat();
        frame.extend_from_slice(ping);
        let reply = echo_reply(&frame).unwrap().bytes;
        assert_eq!(reply[..6], [2, 0, 0, 0, 0, 1]);
        assert_eq!(reply[6..12], MAC);
        assert_eq!(reply[26..30], [192, 168, 53, 1]);
        assert_eq!(reply[34], 0);
        assert_eq!(echo_reply(&[0; 13]), Err(Silence::Malformed));
    }
}
