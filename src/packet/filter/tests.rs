//! What filters select, and what is said of those that cannot be read.

use super::*;
use crate::model::LinkType;
use crate::packet::dissect;

/// The echo request of task 2.c.
fn selects(filter: &str) -> bool {
    let file = include_bytes!("../../../fixtures/course-2c-read/capture.pcap");
    let packet = dissect(LinkType::RAW, &file[40..]);
    let filter = Filter::compile(filter).unwrap_or_else(|error| panic!("{error}"));
    let facts = Facts {
        number: 1,
        wire_len: 84,
        time: 1_700_000_000_500_000_000,
        started: 1_700_000_000_000_000_000,
        interface: None,
    };
    filter.selects(&packet, &facts)
}

#[test]
fn comparisons() {
    for filter in [
        "icmp",
        "ip && icmp",
        "not arp",
        "icmp.type == 8",
        "icmp.type==8 and ip.ttl >= 64",
        "ip.src == 192.168.53.99",
        "ip.src == 192.168.53.0/24",
        "ip.src != 192.168.53.1",
        "ip.src != ip.dst",
        "ip.ttl in {1, 60..70}",
        "ip.src in {10.0.0.0/8, 192.168.53.99}",
        "ip.id == 0xa4e3",
        "ip.flags.df == 1",
        "ip.flags == 2",
        "ip.chksum == 43536",
        "icmp.type & 8",
        "icmp.payload contains 95:93:69",
        "icmp.payload contains \"4567\"",
        "frame contains \"#$%\"",
        "ip[0] == 45",
        "ip[8:2] == 40:01",
        "ip[-2:] == 36:37",
        "ip.src[0:2] == c0:a8",
        "len(icmp.payload) == 56",
        "frame.len == 84",
        "frame.number == 1",
        "ip.src > 192.168.53.98",
        "(arp || icmp) && !tcp",
        "icmp.checksum.status == \"Good\"",
        "ip.checksum.status == 1",
        "icmp.payload matches \"^.{8}\\x08\\x09\"",
    ] {
        assert!(selects(filter), "{filter}");
    }
    for filter in [
        "arp",
        "!icmp",
        "icmp.type == 0",
        "ip.src == 10.0.0.0/8",
        "ip.src != 192.168.53.0/24",
        "tcp.dport != 23",
        "icmp xor ip",
        "ip.ttl in {1, 2}",
        "icmp.type & 7",
        "frame contains \"telnet\"",
    ] {
        assert!(!selects(filter), "{filter}");
    }
}

#[test]
fn functions_and_quantifiers() {
    for filter in [
        "any ip.addr == 192.168.53.1",
        "all ip.addr == 192.168.53.0/24",
        "ip.addr === 192.168.53.0/24",
        "ip.addr !== 192.168.53.1",
        "ip.addr ~= 192.168.53.1",
        "count(ip.addr) == 2",
        "len(ip) == 84",
        "len(ip.src[0:3]) == 3",
        "ip.src[0,2-3,-1] == c0:35:63:63",
        "ip[0] & 0xf0 == 0x40",
        "ip.ttl not in {1..63}",
        "icmp ^^ arp xor tcp",
        "ip.proto == icmp",
        "icmp.type == echo-request",
        "ip.src == \"192.168.53.99\"",
        "ip.src == ip[12:4]",
        "icmp.payload contains r\"567\"",
        "ip.src in {192.168.53.1..192.168.53.200}",
        "ip[0] == :45",
        "frame.time_relative == 0.5",
        "frame.time_epoch == 1700000000.5",
        "ip.ttl#1 == 64",
        "ip.src#-1 == 192.168.53.99",
        "ip.src#[1-2][0:2] == c0:a8",
        "ip.ttl == 0b1000000",
        "ip[0] == 'E' && ip[2] != ' '",
        "icmp.payload contains 95:93 && ip[0] != '='",
        "ip[20] == '\\x08'",
        "IP.SRC == 192.168.53.99",
    ] {
        assert!(selects(filter), "{filter}");
    }
    for filter in [
        "all ip.addr == 192.168.53.99",
        "ip.addr === 192.168.53.99",
        "ip.addr != 192.168.53.1",
        "ip.addr !== 192.168.53.0/24",
        "all tcp.port == 23",
        "count(tcp.port)",
        "ip.src[3:2]",
        "ip.ttl#2",
        "frame#2",
        "ip.src[9]",
        "ip.proto == tcp",
        "ip.src not in {192.168.53.0/24}",
        "frame.interface_name",
    ] {
        assert!(!selects(filter), "{filter}");
    }
}

#[test]
fn a_flag_alone_asks_whether_it_is_there() {
    assert!(selects("ip.flags.mf"));
    assert!(!selects("ip.flags.mf == 1"));
    assert!(!selects("ip.flags & 1"));
    assert!(selects("ip.flags & 2"));
}

#[test]
fn text_of_an_address_was_its_bytes() {
    for filter in [
        "ip.src_host contains \"168.53.\"",
        "ip.host matches \"^192\\\\.\"",
        "ip.dst_host == \"192.168.53.1\"",
        "len(ip.src_host) == 13",
    ] {
        assert!(selects(filter), "{filter}");
    }
    for filter in [
        "ip.src_host contains \"10.\"",
        "ipv6.host contains \"fe80\"",
    ] {
        assert!(!selects(filter), "{filter}");
    }
}

#[test]
fn numbers_that_no_packet_can_hold_were_accepted() {
    for (filter, at, words) in [
        ("tcp.port == 70000", 12, "the largest number here is 65535"),
        ("tcp.port in {80, 70000}", 17, "65535"),
        ("tcp.port in {1..70000}", 16, "65535"),
        ("tcp.flags.syn == 2", 17, "the largest number here is 1"),
        ("ip.hdr_len > 256", 13, "255"),
        ("dns.flags == 0x10000", 13, "65535"),
        ("tcp.options.mss_val == 65536", 23, "65535"),
        ("tcp[99999999999]", 3, "[start:length]"),
        ("ip.src#99999999999", 7, "#2 for the second"),
        ("ip.src eq ip", 10, "cannot be compared"),
        ("eth == eth.src", 7, "cannot be compared"),
        ("ip.host == ip.src", 11, "cannot be compared"),
    ] {
        let error = Filter::compile(filter).map(|_| ()).unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    for filter in [
        "tcp.port == 65535",
        "ip.hdr_len == 60",
        "frame contains ip.src",
    ] {
        assert!(Filter::compile(filter).is_ok(), "{filter}");
    }
}

#[test]
fn what_wireshark_calls_values_was_no_number() {
    for filter in [
        "ip.flags.df == \"Set\"",
        "ip.flags.df == set && ip.flags.mf == \"Not set\"",
        "ip.flags.df == \"True\"",
        "ip.flags.mf in {\"Not set\"}",
        "ip.proto == \"ICMP\"",
        "icmp.type == \"echo-request\"",
    ] {
        assert!(selects(filter), "{filter}");
    }
    for filter in [
        "arp.opcode == request",
        "arp.opcode == \"reply\"",
        "dns.flags.rcode == \"No such name\"",
        "dhcp.option.dhcp == Discover",
    ] {
        assert!(Filter::compile(filter).is_ok(), "{filter}");
    }
}

#[test]
fn names_of_wiresharks_for_what_is_known_were_refused() {
    for name in [
        "dns.rr.udp_payload_size",
        "dns.opt.code",
        "dns.qry.name.len",
        "dns.count.labels",
        "tcp.options.sack.count",
        "tcp.options.wscale.multiplier",
        "icmpv6.nd.ra.flag",
        "icmpv6.opt.src_linkaddr",
        "icmpv6.opt.target_linkaddr",
        "ip.opt.type",
        "ipv6.opt.type",
        "igmp.version",
        "stp.flags.tc",
        "vxlan.flag_i",
        "gre.flags_and_version",
        "sll.ltype",
        "bootp.ip.your",
        "BOOTP.option.dhcp",
        "eth.src.oui",
        "eth.dst.oui",
        "eth.addr.oui",
    ] {
        assert!(Filter::compile(name).is_ok(), "{name}");
    }
    assert!(Filter::compile("bootp.nonsense").is_err());
}

#[test]
fn an_empty_list_was_there() {
    assert!(!selects("ip.options"));
    assert!(selects("ip"));
}

#[test]
fn the_length_of_a_segment_was_what_the_capture_kept() {
    // Ethernet, IPv4 and TCP with 100 bytes of data, of which the capture kept ten.
    let mut bytes = [0; 64];
    bytes[12] = 8;
    bytes[14] = 0x45;
    bytes[17] = 140;
    bytes[23] = 6;
    bytes[46] = 0x50;
    let packet = crate::packet::dissect_captured(LinkType::ETHERNET, &bytes, 154);
    let filter = Filter::compile("tcp.len == 100").unwrap_or_else(|error| panic!("{error}"));
    let facts = Facts {
        number: 1,
        wire_len: 154,
        time: 0,
        started: 0,
        interface: None,
    };
    assert!(filter.selects(&packet, &facts));
}

#[test]
fn errors_point_at_the_place() {
    for (filter, at, words) in [
        ("icmp.typ == 8", 0, "did you mean icmp.type?"),
        ("ip.sr == 10.0.0.1", 0, "did you mean ip.src?"),
        ("arp || tpc.port == 23", 7, "did you mean tcp.port?"),
        ("udp.prot == 53", 0, "did you mean udp.port?"),
        ("xxxxxxxxxxxxxxxxx", 0, "tunlab proto"),
        ("icmp.type == ", 13, "ends"),
        ("icmp.type == 8 && (ip", 21, "`)`"),
        ("ip)", 2, "expected"),
        ("((ip)", 5, "`)`"),
        ("ip.src == 300.1.1.1", 10, "300.1.1.1"),
        ("ip.src == 10.0.0.0/33", 10, "10.0.0.0/33 is no IPv4"),
        ("ip.src == 10.0.0/8", 10, "is no IPv4"),
        ("ipv6.src == fe80::/129", 12, "is no IPv6"),
        ("ip.src == hello", 10, "hello is no IPv4"),
        ("ip.src == \"hello\"", 10, "hello is no IPv4"),
        ("eth.src == 00:11:22", 11, "hardware address"),
        ("ip.ttl == 256x", 10, "256x is no number"),
        ("ip.src == tcp.port", 10, "cannot be compared"),
        ("ip.src == ipv6.src", 10, "cannot be compared"),
        ("ip.ttl contains 4", 0, "is a number"),
        ("any tcp.port matches \"8\"", 4, "is a number"),
        ("ip.ttl[0] == 4", 6, "no bytes to cut"),
        ("ip[0][0] == 4", 5, "no bytes to cut"),
        ("ip.src & 1", 7, "no bits"),
        ("ip.src#", 7, "#2 for the second"),
        ("ip.src#x == 1", 7, "#2 for the second"),
        ("len(ip)#2", 8, "behind a name"),
        ("ip.ttl == 'ab'", 10, "is no number"),
        ("tcp.stream == 0", 0, "depends on other packets"),
        ("ip.src[x] == 1", 6, "[start:length]"),
        ("ip.src[0", 6, "`]` is missing"),
        ("lower(ip.src) == a", 0, "does not go"),
        ("len(ip.ttl) == 1", 0, "does not go"),
        ("len(ip == 1", 7, "`)`"),
        ("icmp.type == 8 ip", 15, "expected"),
        ("ip.ttl = 64", 7, "write `==`"),
        ("all ip.addr", 11, "a comparison"),
        ("ip.ttl in 5", 10, "`{`"),
        ("ip.ttl in {}", 11, "nothing"),
        ("ip.ttl in {5", 12, "ends"),
        ("ip.ttl == \"x", 10, "quote"),
        ("frame matches \"(\"", 14, "not a regular expression"),
        ("frame matches r\"[z-a]\"", 14, "not a regular expression"),
        (
            "frame matches \"a{999999}{999999}\"",
            14,
            "not a regular expression",
        ),
        ("", 0, "empty"),
        ("  ", 0, "empty"),
    ] {
        let error = Filter::compile(filter).map(|_| ()).unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn the_syntax_of_tcpdump_was_not_recognized() {
    for (filter, at, written) in [
        ("host 1.2.3.4", 0, "`ip.addr == 1.2.3.4`"),
        ("port 80", 0, "`tcp.port == 80 || udp.port == 80`"),
        ("tcp port 80", 0, "`tcp.port == 80`"),
        ("icmp and src net 10.0.0.0/8", 9, "`ip.src == 10.0.0.0/8`"),
        ("not dst host fe80::1", 4, "`ipv6.dst == fe80::1`"),
        ("src 1.2.3.4", 0, "`ip.src == 1.2.3.4`"),
        ("udp dst port 53", 0, "`udp.dstport == 53`"),
        (
            "portrange 1-9",
            0,
            "`tcp.port in {1..9} || udp.port in {1..9}`",
        ),
        (
            "ether host 02:00:00:00:00:01",
            0,
            "`eth.addr == 02:00:00:00:00:01`",
        ),
    ] {
        let error = Filter::compile(filter).map(|_| ()).unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.message.contains(written), "{error}");
        let written = written.trim_matches('`');
        assert!(Filter::compile(written).is_ok(), "{written}");
    }
}

#[test]
fn names_of_what_is_not_here_were_answered_with_others() {
    for (filter, words) in [
        (
            "http",
            "does not decode http; find its packets by `tcp.port == 80`",
        ),
        ("tls.handshake", "does not decode tls"),
        ("NTP", "`udp.port == 123`"),
        ("frame.time > 3", "frame.time_epoch"),
        (
            "frame.protocols contains \"dns\"",
            "each protocol by its name",
        ),
        ("eth.padding", "called padding"),
        ("_ws.col.info", "about Wireshark"),
        ("frame.time_delta", "depends on other packets"),
        ("ip.src = 1.2.3.4", "write `==` to compare"),
        ("ip.src=1.2.3.4", "write `==` to compare"),
        ("(ip.ttl = 4)", "write `==` to compare"),
    ] {
        let error = Filter::compile(filter).map(|_| ()).unwrap_err();
        assert!(error.message.contains(words), "{error}");
    }
    for filter in super::unknown::filters() {
        assert!(Filter::compile(filter).is_ok(), "{filter}");
    }
}

#[test]
fn wide_characters_keep_the_caret_in_place() {
    // Two columns each, one for é although it has two bytes, none for the accent of e + ´.
    for (filter, columns) in [
        ("frame contains \"中文\" && x.y.z", 15 + 6 + 4),
        ("frame contains \"é\" && x.y.z", 15 + 3 + 4),
        ("frame contains \"e\u{301}\" && x.y.z", 15 + 3 + 4),
        ("frame\tcontains \"\u{7}\" && x.y.z", 15 + 3 + 4),
    ] {
        let error = Filter::compile(filter).map(|_| ()).unwrap_err().to_string();
        let caret = error.lines().last().unwrap();
        assert_eq!(caret, format!("  {:columns$}^^^^^", ""), "{error}");
        assert!(!error.replace('\n', "").contains(char::is_control));
    }
}

#[test]
fn a_chain_of_any_length_is_no_recursion() {
    let chain = vec!["icmp"; 5_000];
    assert!(selects(&chain.join(" && ")));
    assert!(selects(&chain.join(" || ")));
    assert!(!selects(&chain.join(" ^^ ")));
}

#[test]
fn any_text_compiles_or_explains() {
    let pieces = [
        "ip", ".", "src", "==", "(", ")", "{", "..", "\"", "8", "&", "[", "]", "/", "!", "é", ":",
    ];
    let mut state = 7u32;
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..state % 9 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text += pieces[(state >> 16) as usize % pieces.len()];
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if let Err(error) = Filter::compile(&text) {
            assert!(error.at <= text.len());
            let _ = error.to_string();
        }
    }
    let deep = "(".repeat(100_000);
    assert!(Filter::compile(&deep).is_err());
}
