//! Random headers of every shape that pnet knows. Getters that panic on hostile bytes are not
//! called.

use super::common::Random;
use pnet_packet::icmp::{destination_unreachable, echo_request, time_exceeded};
use pnet_packet::icmpv6::ndp;
use pnet_packet::{
    arp, dhcp, dns, ethernet, gre, icmpv6, ipv4, ipv6, sll, sll2, tcp, udp, vlan, vxlan,
};
use tunlab::model::{Layer, Value};
use tunlab::proto;

/// Fields as pnet reads them: our name and the value, written.
type Read = Vec<(&'static str, String)>;

/// A header that both know.
struct Law {
    protocol: &'static str,
    /// Bytes at the start that select the header's shape.
    start: &'static [u8],
    length: usize,
    pnet: fn(&[u8]) -> Read,
}

/// Pairs our names with what pnet's getters return.
macro_rules! read {
    ($view:expr, $($field:literal: $value:expr),* $(,)?) => {{
        let view = $view.expect("long enough");
        vec![$(($field, ($value)(&view).to_string())),*]
    }};
}

const LAWS: &[Law] = &[
    Law {
        protocol: "Ether",
        start: &[],
        length: 14,
        pnet: |bytes| {
            read!(ethernet::EthernetPacket::new(bytes),
                "dst": |v: &ethernet::EthernetPacket| v.get_destination(),
                "src": |v: &ethernet::EthernetPacket| v.get_source(),
                "type": |v: &ethernet::EthernetPacket| v.get_ethertype().0)
        },
    },
    Law {
        protocol: "Dot1Q",
        start: &[],
        length: 4,
        pnet: |bytes| {
            read!(vlan::VlanPacket::new(bytes),
                "prio": |v: &vlan::VlanPacket| v.get_priority_code_point().0,
                "dei": |v: &vlan::VlanPacket| v.get_drop_eligible_indicator(),
                "vlan": |v: &vlan::VlanPacket| v.get_vlan_identifier(),
                "type": |v: &vlan::VlanPacket| v.get_ethertype().0)
        },
    },
    Law {
        protocol: "CookedLinux",
        start: &[],
        length: 16,
        pnet: |bytes| {
            read!(sll::SLLPacket::new(bytes),
                "pkttype": |v: &sll::SLLPacket| v.get_packet_type(),
                "lladdrtype": |v: &sll::SLLPacket| v.get_link_layer_address_type(),
                "lladdrlen": |v: &sll::SLLPacket| v.get_link_layer_address_len(),
                "proto": |v: &sll::SLLPacket| v.get_protocol().0)
        },
    },
    Law {
        protocol: "CookedLinuxV2",
        start: &[],
        length: 20,
        pnet: |bytes| {
            read!(sll2::SLL2Packet::new(bytes),
                "proto": |v: &sll2::SLL2Packet| v.get_protocol_type().0,
                "reserved": |v: &sll2::SLL2Packet| v.get_reserved(),
                "ifindex": |v: &sll2::SLL2Packet| v.get_interface_index(),
                "lladdrtype": |v: &sll2::SLL2Packet| v.get_arphrd_type(),
                "pkttype": |v: &sll2::SLL2Packet| v.get_packet_type(),
                "lladdrlen": |v: &sll2::SLL2Packet| v.get_link_layer_address_length())
        },
    },
    Law {
        protocol: "ARP",
        // Between Ethernet and IPv4 addresses, the only ones that pnet has.
        start: &[0, 1, 8, 0, 6, 4],
        length: 28,
        pnet: |bytes| {
            read!(arp::ArpPacket::new(bytes),
                "hwtype": |v: &arp::ArpPacket| v.get_hardware_type().0,
                "ptype": |v: &arp::ArpPacket| v.get_protocol_type().0,
                "hwlen": |v: &arp::ArpPacket| v.get_hw_addr_len(),
                "plen": |v: &arp::ArpPacket| v.get_proto_addr_len(),
                "op": |v: &arp::ArpPacket| v.get_operation().0,
                "hwsrc": |v: &arp::ArpPacket| v.get_sender_hw_addr(),
                "psrc": |v: &arp::ArpPacket| v.get_sender_proto_addr(),
                "hwdst": |v: &arp::ArpPacket| v.get_target_hw_addr(),
                "pdst": |v: &arp::ArpPacket| v.get_target_proto_addr())
        },
    },
    Law {
        protocol: "IP",
        start: &[0x45],
        length: 20,
        pnet: |bytes| {
            read!(ipv4::Ipv4Packet::new(bytes),
                "version": |v: &ipv4::Ipv4Packet| v.get_version(),
                "ihl": |v: &ipv4::Ipv4Packet| v.get_header_length(),
                "tos": |v: &ipv4::Ipv4Packet| v.get_dscp() << 2 | v.get_ecn(),
                "len": |v: &ipv4::Ipv4Packet| v.get_total_length(),
                "id": |v: &ipv4::Ipv4Packet| v.get_identification(),
                "flags": |v: &ipv4::Ipv4Packet| v.get_flags(),
                "frag": |v: &ipv4::Ipv4Packet| v.get_fragment_offset(),
                "ttl": |v: &ipv4::Ipv4Packet| v.get_ttl(),
                "proto": |v: &ipv4::Ipv4Packet| v.get_next_level_protocol().0,
                "chksum": |v: &ipv4::Ipv4Packet| v.get_checksum(),
                "src": |v: &ipv4::Ipv4Packet| v.get_source(),
                "dst": |v: &ipv4::Ipv4Packet| v.get_destination())
        },
    },
    Law {
        protocol: "IPv6",
        start: &[],
        length: 40,
        pnet: |bytes| {
            read!(ipv6::Ipv6Packet::new(bytes),
                "version": |v: &ipv6::Ipv6Packet| v.get_version(),
                "tc": |v: &ipv6::Ipv6Packet| v.get_traffic_class(),
                "fl": |v: &ipv6::Ipv6Packet| v.get_flow_label(),
                "plen": |v: &ipv6::Ipv6Packet| v.get_payload_length(),
                "nh": |v: &ipv6::Ipv6Packet| v.get_next_header().0,
                "hlim": |v: &ipv6::Ipv6Packet| v.get_hop_limit(),
                "src": |v: &ipv6::Ipv6Packet| v.get_source(),
                "dst": |v: &ipv6::Ipv6Packet| v.get_destination())
        },
    },
    Law {
        protocol: "IPv6ExtHdrFragment",
        start: &[],
        length: 8,
        pnet: |bytes| {
            read!(ipv6::FragmentPacket::new(bytes),
                "nh": |v: &ipv6::FragmentPacket| v.get_next_header().0,
                "res1": |v: &ipv6::FragmentPacket| v.get_reserved(),
                "offset": |v: &ipv6::FragmentPacket| v.get_fragment_offset_with_flags() >> 3,
                "m": |v: &ipv6::FragmentPacket| u8::from(!v.is_last_fragment()),
                "id": |v: &ipv6::FragmentPacket| v.get_id())
        },
    },
    Law {
        protocol: "IPv6ExtHdrRouting",
        // Length 0 and an unassigned type.
        start: &[59, 0, 3],
        length: 8,
        pnet: |bytes| {
            read!(ipv6::RoutingPacket::new(bytes),
                "nh": |v: &ipv6::RoutingPacket| v.get_next_header().0,
                "len": |v: &ipv6::RoutingPacket| v.get_hdr_ext_len(),
                "type": |v: &ipv6::RoutingPacket| v.get_routing_type(),
                "segleft": |v: &ipv6::RoutingPacket| v.get_segments_left())
        },
    },
    Law {
        protocol: "GRE",
        // Neither key nor sequence number: pnet's getters of those panic.
        start: &[0, 0],
        length: 4,
        pnet: |bytes| {
            read!(gre::GrePacket::new(bytes),
                "chksum_present": |v: &gre::GrePacket| v.get_checksum_present(),
                "routing_present": |v: &gre::GrePacket| v.get_routing_present(),
                "key_present": |v: &gre::GrePacket| v.get_key_present(),
                "seqnum_present": |v: &gre::GrePacket| v.get_sequence_present(),
                "version": |v: &gre::GrePacket| v.get_version(),
                "proto": |v: &gre::GrePacket| v.get_protocol_type())
        },
    },
    Law {
        protocol: "VXLAN",
        start: &[0x08],
        length: 8,
        pnet: |bytes| {
            read!(vxlan::VxlanPacket::new(bytes),
                "flags": |v: &vxlan::VxlanPacket| v.get_flags(),
                "reserved1": |v: &vxlan::VxlanPacket| v.get_reserved1(),
                "vni": |v: &vxlan::VxlanPacket| v.get_vni(),
                "reserved2": |v: &vxlan::VxlanPacket| v.get_reserved2())
        },
    },
    Law {
        protocol: "UDP",
        start: &[],
        length: 8,
        pnet: |bytes| {
            read!(udp::UdpPacket::new(bytes),
                "sport": |v: &udp::UdpPacket| v.get_source(),
                "dport": |v: &udp::UdpPacket| v.get_destination(),
                "len": |v: &udp::UdpPacket| v.get_length(),
                "chksum": |v: &udp::UdpPacket| v.get_checksum())
        },
    },
    Law {
        protocol: "TCP",
        start: &[],
        length: 20,
        pnet: |bytes| {
            read!(tcp::TcpPacket::new(bytes),
                "sport": |v: &tcp::TcpPacket| v.get_source(),
                "dport": |v: &tcp::TcpPacket| v.get_destination(),
                "seq": |v: &tcp::TcpPacket| v.get_sequence(),
                "ack": |v: &tcp::TcpPacket| v.get_acknowledgement(),
                "dataofs": |v: &tcp::TcpPacket| v.get_data_offset(),
                // pnet counts the ninth flag, NS, among the reserved bits.
                "reserved": |v: &tcp::TcpPacket| v.get_reserved() >> 1,
                "flags": |v: &tcp::TcpPacket| {
                    u16::from(v.get_reserved() & 1) << 8 | u16::from(v.get_flags())
                },
                "window": |v: &tcp::TcpPacket| v.get_window(),
                "chksum": |v: &tcp::TcpPacket| v.get_checksum(),
                "urgptr": |v: &tcp::TcpPacket| v.get_urgent_ptr())
        },
    },
    Law {
        protocol: "ICMP",
        start: &[8],
        length: 8,
        pnet: |bytes| {
            read!(echo_request::EchoRequestPacket::new(bytes),
                "type": |v: &echo_request::EchoRequestPacket| v.get_icmp_type().0,
                "code": |v: &echo_request::EchoRequestPacket| v.get_icmp_code().0,
                "chksum": |v: &echo_request::EchoRequestPacket| v.get_checksum(),
                "id": |v: &echo_request::EchoRequestPacket| v.get_identifier(),
                "seq": |v: &echo_request::EchoRequestPacket| v.get_sequence_number())
        },
    },
    Law {
        protocol: "ICMP",
        start: &[3, 4],
        length: 8,
        pnet: |bytes| {
            read!(destination_unreachable::DestinationUnreachablePacket::new(bytes),
            "type": |v: &destination_unreachable::DestinationUnreachablePacket| {
                v.get_icmp_type().0
            },
            "chksum": |v: &destination_unreachable::DestinationUnreachablePacket| {
                v.get_checksum()
            },
            "nexthopmtu": |v: &destination_unreachable::DestinationUnreachablePacket| {
                v.get_next_hop_mtu()
            })
        },
    },
    Law {
        protocol: "ICMP",
        start: &[11],
        length: 8,
        pnet: |bytes| {
            read!(time_exceeded::TimeExceededPacket::new(bytes),
                "type": |v: &time_exceeded::TimeExceededPacket| v.get_icmp_type().0,
                "code": |v: &time_exceeded::TimeExceededPacket| v.get_icmp_code().0,
                "chksum": |v: &time_exceeded::TimeExceededPacket| v.get_checksum())
        },
    },
    Law {
        protocol: "ICMPv6EchoRequest",
        start: &[128],
        length: 8,
        pnet: |bytes| {
            read!(icmpv6::echo_request::EchoRequestPacket::new(bytes),
                "type": |v: &icmpv6::echo_request::EchoRequestPacket| v.get_icmpv6_type().0,
                "code": |v: &icmpv6::echo_request::EchoRequestPacket| v.get_icmpv6_code().0,
                "cksum": |v: &icmpv6::echo_request::EchoRequestPacket| v.get_checksum(),
                "id": |v: &icmpv6::echo_request::EchoRequestPacket| v.get_identifier(),
                "seq": |v: &icmpv6::echo_request::EchoRequestPacket| v.get_sequence_number())
        },
    },
    Law {
        protocol: "ICMPv6ND_RS",
        start: &[133],
        length: 8,
        pnet: |bytes| {
            read!(ndp::RouterSolicitPacket::new(bytes),
                "type": |v: &ndp::RouterSolicitPacket| v.get_icmpv6_type().0,
                "cksum": |v: &ndp::RouterSolicitPacket| v.get_checksum(),
                "res": |v: &ndp::RouterSolicitPacket| v.get_reserved())
        },
    },
    Law {
        protocol: "ICMPv6ND_RA",
        start: &[134],
        length: 16,
        pnet: |bytes| {
            read!(ndp::RouterAdvertPacket::new(bytes),
                "cksum": |v: &ndp::RouterAdvertPacket| v.get_checksum(),
                "chlim": |v: &ndp::RouterAdvertPacket| v.get_hop_limit(),
                "M": |v: &ndp::RouterAdvertPacket| v.get_flags() >> 7,
                "O": |v: &ndp::RouterAdvertPacket| v.get_flags() >> 6 & 1,
                "routerlifetime": |v: &ndp::RouterAdvertPacket| v.get_lifetime(),
                "reachabletime": |v: &ndp::RouterAdvertPacket| v.get_reachable_time(),
                "retranstimer": |v: &ndp::RouterAdvertPacket| v.get_retrans_time())
        },
    },
    Law {
        protocol: "ICMPv6ND_NS",
        start: &[135],
        length: 24,
        pnet: |bytes| {
            read!(ndp::NeighborSolicitPacket::new(bytes),
                "cksum": |v: &ndp::NeighborSolicitPacket| v.get_checksum(),
                "res": |v: &ndp::NeighborSolicitPacket| v.get_reserved(),
                "tgt": |v: &ndp::NeighborSolicitPacket| v.get_target_addr())
        },
    },
    Law {
        protocol: "ICMPv6ND_NA",
        start: &[136],
        length: 24,
        pnet: |bytes| {
            read!(ndp::NeighborAdvertPacket::new(bytes),
                "cksum": |v: &ndp::NeighborAdvertPacket| v.get_checksum(),
                "R": |v: &ndp::NeighborAdvertPacket| v.get_flags() >> 7,
                "S": |v: &ndp::NeighborAdvertPacket| v.get_flags() >> 6 & 1,
                "O": |v: &ndp::NeighborAdvertPacket| v.get_flags() >> 5 & 1,
                "tgt": |v: &ndp::NeighborAdvertPacket| v.get_target_addr())
        },
    },
    Law {
        protocol: "ICMPv6ND_Redirect",
        start: &[137],
        length: 40,
        pnet: |bytes| {
            read!(ndp::RedirectPacket::new(bytes),
                "cksum": |v: &ndp::RedirectPacket| v.get_checksum(),
                "res": |v: &ndp::RedirectPacket| v.get_reserved(),
                "tgt": |v: &ndp::RedirectPacket| v.get_target_addr(),
                "dst": |v: &ndp::RedirectPacket| v.get_dest_addr())
        },
    },
    Law {
        protocol: "DNS",
        start: &[],
        length: 12,
        pnet: |bytes| {
            // Only the header: pnet's getters of queries and answers panic.
            read!(dns::DnsPacket::new(bytes),
                "id": |v: &dns::DnsPacket| v.get_id(),
                "qr": |v: &dns::DnsPacket| v.get_is_response(),
                "aa": |v: &dns::DnsPacket| v.get_is_authoriative(),
                "tc": |v: &dns::DnsPacket| v.get_is_truncated(),
                "rd": |v: &dns::DnsPacket| v.get_is_recursion_desirable(),
                "ra": |v: &dns::DnsPacket| v.get_is_recursion_available(),
                "z": |v: &dns::DnsPacket| v.get_zero_reserved(),
                "ad": |v: &dns::DnsPacket| v.get_is_answer_authenticated(),
                "cd": |v: &dns::DnsPacket| v.get_is_non_authenticated_data(),
                "qdcount": |v: &dns::DnsPacket| v.get_query_count(),
                "ancount": |v: &dns::DnsPacket| v.get_response_count(),
                "nscount": |v: &dns::DnsPacket| v.get_authority_rr_count(),
                "arcount": |v: &dns::DnsPacket| v.get_additional_rr_count())
        },
    },
    Law {
        protocol: "BOOTP",
        start: &[1, 1, 6],
        length: 236,
        pnet: |bytes| {
            read!(dhcp::DhcpPacket::new(bytes),
                "op": |v: &dhcp::DhcpPacket| v.get_op().0,
                "htype": |v: &dhcp::DhcpPacket| v.get_htype().0,
                "hlen": |v: &dhcp::DhcpPacket| v.get_hlen(),
                "hops": |v: &dhcp::DhcpPacket| v.get_hops(),
                "xid": |v: &dhcp::DhcpPacket| v.get_xid(),
                "secs": |v: &dhcp::DhcpPacket| v.get_secs(),
                "flags": |v: &dhcp::DhcpPacket| v.get_flags(),
                "ciaddr": |v: &dhcp::DhcpPacket| v.get_ciaddr(),
                "yiaddr": |v: &dhcp::DhcpPacket| v.get_yiaddr(),
                "siaddr": |v: &dhcp::DhcpPacket| v.get_siaddr(),
                "giaddr": |v: &dhcp::DhcpPacket| v.get_giaddr())
        },
    },
];

#[test]
fn every_value_is_the_one_that_pnet_reads() {
    let mut random = Random::new(2026);
    for law in LAWS {
        for _ in 0..300 {
            let mut bytes = random.bytes(law.length);
            bytes[..law.start.len()].copy_from_slice(law.start);
            let layer = layer(law.protocol, &bytes);
            for (field, theirs) in (law.pnet)(&bytes) {
                let ours = written(&layer, field);
                assert_eq!(ours, theirs, "{}.{field} of {bytes:02x?}", law.protocol);
            }
        }
    }
}

fn layer<'a>(name: &str, bytes: &'a [u8]) -> Layer<'a> {
    let protocol = proto::by_name(name).unwrap_or_else(|| panic!("{name} is not registered"));
    Layer::first(protocol, bytes)
}

fn written(layer: &Layer, field: &str) -> String {
    match layer.get(field) {
        Some(Value::Uint(number)) => number.to_string(),
        Some(Value::Ipv4(address)) => address.to_string(),
        Some(Value::Ipv6(address)) => address.to_string(),
        Some(Value::Mac([a, b, c, d, e, f])) => {
            pnet::util::MacAddr::new(a, b, c, d, e, f).to_string()
        }
        Some(_) => "something else".to_owned(),
        None => "absent".to_owned(),
    }
}
