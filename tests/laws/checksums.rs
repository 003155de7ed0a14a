//! What pnet builds, checksums included.

use super::common::Random;
use pnet_packet::Packet as _;
use pnet_packet::{icmp, icmpv6, ip, ipv4, ipv6, tcp, udp};
use std::net::{Ipv4Addr, Ipv6Addr};
use tunlab::model::{Level, LinkType, Remarks};
use tunlab::packet::dissect;

#[test]
fn checksums_that_pnet_computes_get_no_remark_and_changed_ones_do() {
    let mut random = Random::new(1071);
    for round in 0..200 {
        for bytes in [
            udp4(&mut random),
            tcp6(&mut random),
            echo4(&mut random),
            echo6(&mut random),
        ] {
            assert_eq!(errors(&bytes), 0, "round {round}: {bytes:02x?}");
            let mut changed = bytes.clone();
            *changed.last_mut().unwrap() ^= 1 << random.below(8);
            assert_eq!(errors(&changed), 1, "round {round}: {changed:02x?}");
        }
    }
}

/// Remarks of level error on a packet.
fn errors(bytes: &[u8]) -> usize {
    let packet = dissect(LinkType::RAW, bytes);
    let mut count = 0;
    for (index, layer) in packet.layers.iter().enumerate() {
        let mut sink = |remark: tunlab::model::Remark| {
            count += usize::from(remark.level == Level::Error);
        };
        (layer.protocol.check)(
            &packet,
            index,
            &mut Remarks::new(layer.protocol.name, &mut sink),
        );
    }
    count
}

const SRC4: Ipv4Addr = Ipv4Addr::new(192, 168, 53, 99);
const DST4: Ipv4Addr = Ipv4Addr::new(192, 168, 53, 1);
const SRC6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const DST6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

fn ip4(protocol: ip::IpNextHeaderProtocol, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 20];
    let mut header = ipv4::MutableIpv4Packet::new(&mut bytes).unwrap();
    header.set_version(4);
    header.set_header_length(5);
    header.set_total_length(20 + payload.len() as u16);
    header.set_ttl(64);
    header.set_next_level_protocol(protocol);
    header.set_source(SRC4);
    header.set_destination(DST4);
    header.set_checksum(ipv4::checksum(&header.to_immutable()));
    bytes.extend_from_slice(payload);
    bytes
}

fn ip6(protocol: ip::IpNextHeaderProtocol, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 40];
    let mut header = ipv6::MutableIpv6Packet::new(&mut bytes).unwrap();
    header.set_version(6);
    header.set_payload_length(payload.len() as u16);
    header.set_next_header(protocol);
    header.set_hop_limit(255);
    header.set_source(SRC6);
    header.set_destination(DST6);
    bytes.extend_from_slice(payload);
    bytes
}

fn udp4(random: &mut Random) -> Vec<u8> {
    let length = 9 + random.below(40);
    let mut bytes = random.bytes(length);
    let mut header = udp::MutableUdpPacket::new(&mut bytes).unwrap();
    // A port that nobody rides on.
    header.set_destination(50_000);
    header.set_source(50_001);
    header.set_length(length as u16);
    header.set_checksum(0);
    header.set_checksum(udp::ipv4_checksum(&header.to_immutable(), &SRC4, &DST4));
    ip4(ip::IpNextHeaderProtocols::Udp, &bytes)
}

fn tcp6(random: &mut Random) -> Vec<u8> {
    let length = 21 + random.below(40);
    let mut bytes = random.bytes(length);
    let mut header = tcp::MutableTcpPacket::new(&mut bytes).unwrap();
    header.set_destination(50_000);
    header.set_source(50_001);
    header.set_data_offset(5);
    header.set_checksum(0);
    header.set_checksum(tcp::ipv6_checksum(&header.to_immutable(), &SRC6, &DST6));
    ip6(ip::IpNextHeaderProtocols::Tcp, &bytes)
}

fn echo4(random: &mut Random) -> Vec<u8> {
    let length = 9 + random.below(40);
    let mut bytes = random.bytes(length);
    let mut header = icmp::MutableIcmpPacket::new(&mut bytes).unwrap();
    header.set_icmp_type(icmp::IcmpTypes::EchoRequest);
    header.set_icmp_code(icmp::IcmpCode(0));
    header.set_checksum(0);
    header.set_checksum(icmp::checksum(&header.to_immutable()));
    ip4(ip::IpNextHeaderProtocols::Icmp, &bytes)
}

fn echo6(random: &mut Random) -> Vec<u8> {
    let length = 9 + random.below(40);
    let mut bytes = random.bytes(length);
    let mut header = icmpv6::MutableIcmpv6Packet::new(&mut bytes).unwrap();
    header.set_icmpv6_type(icmpv6::Icmpv6Types::EchoRequest);
    header.set_icmpv6_code(icmpv6::Icmpv6Code(0));
    header.set_checksum(0);
    header.set_checksum(icmpv6::checksum(&header.to_immutable(), &SRC6, &DST6));
    assert_eq!(header.packet().len(), length);
    ip6(ip::IpNextHeaderProtocols::Icmpv6, &bytes)
}
