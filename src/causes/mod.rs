//! Why the kernel refuses or drops a packet, as data: what it checks and where, which counter
//! tells, what cures it. Whoever explains a loss takes the words from here, so that they are
//! written once.

/// One way in which a packet is lost.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its name, as in `rp_filter`.
    pub name: &'static str,
    /// What happens, in a sentence a student understands; may hold `{places}`.
    pub sentence: &'static str,
    /// The function of the kernel that checks it.
    pub function: &'static str,
    /// The counters that rise with it, most telling first; a `{dev}` stands for the device.
    pub counters: &'static [&'static str],
    /// The command that changes it, empty if there is none; may hold `{places}`.
    pub cure: &'static str,
}

impl Cause {
    /// The sentence with its places filled in.
    pub fn sentence(&self, places: &[(&str, &str)]) -> String {
        fill(self.sentence, places)
    }

    /// The cure with its places filled in, if there is one.
    pub fn cure(&self, places: &[(&str, &str)]) -> Option<String> {
        (!self.cure.is_empty()).then(|| fill(self.cure, places))
    }
}

fn fill(template: &str, places: &[(&str, &str)]) -> String {
    places
        .iter()
        .fold(template.to_owned(), |text, (place, value)| {
            text.replace(&format!("{{{place}}}"), value)
        })
}

/// The reverse path filter, strict (RFC 3704 section 2.2).
pub static RP_FILTER: Cause = Cause {
    name: "rp_filter",
    sentence: "the reverse path filter drops what arrives on {dev} from {src}: the route back to {src} does not lead through {dev}",
    function: "fib_validate_source",
    counters: &["TcpExt.IPReversePathFilter"],
    cure: "sysctl -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.{dev}.rp_filter=0",
};

/// The reverse path filter, loose (RFC 3704 section 2.4): any route back will do.
pub static RP_FILTER_LOOSE: Cause = Cause {
    name: "rp_filter_loose",
    sentence: "the loose reverse path filter drops what arrives on {dev} from {src}: there is no route to {src} at all",
    function: "fib_validate_source",
    counters: &["TcpExt.IPReversePathFilter"],
    cure: "ip route add {src}/32 dev {dev}",
};

/// A first nibble that is neither 4 nor 6.
pub static NOT_IP: Cause = Cause {
    name: "not_ip",
    sentence: "a TUN device looks at the first four bits and at nothing else: they must be 4 or 6, the versions of IP",
    function: "tun_get_user",
    counters: &["{dev}.rx_dropped"],
    cure: "",
};

/// A write of no bytes.
pub static EMPTY: Cause = Cause {
    name: "empty",
    sentence: "there is no first byte to look at",
    function: "tun_get_user",
    counters: &["{dev}.rx_dropped"],
    cure: "",
};

/// Packet information cut short.
pub static NO_PACKET_INFORMATION: Cause = Cause {
    name: "no_packet_information",
    sentence: "with packet information four bytes (flags, EtherType) come before the packet: there are fewer",
    function: "tun_get_user",
    counters: &[],
    cure: "",
};

/// A frame without a whole Ethernet header.
pub static SHORT_FRAME: Cause = Cause {
    name: "short_frame",
    sentence: "a TAP device wants a whole Ethernet header, 14 bytes, and looks at nothing else",
    function: "tun_get_user",
    counters: &[],
    cure: "",
};

/// A write while the device is down.
pub static DEVICE_DOWN: Cause = Cause {
    name: "device_down",
    sentence: "{dev} is down, and takes nothing until it is up",
    function: "tun_get_user",
    counters: &["{dev}.rx_dropped"],
    cure: "ip link set dev {dev} up",
};

/// A wrong IPv4 header checksum.
pub static IP_CHECKSUM: Cause = Cause {
    name: "ip_checksum",
    sentence: "the device takes it; IP finds that the header's checksum is wrong and drops it",
    function: "ip_rcv_core",
    counters: &["IpExt.InCsumErrors", "Ip.InHdrErrors"],
    cure: "",
};

/// A total length beyond the data.
pub static IP_TRUNCATED: Cause = Cause {
    name: "ip_truncated",
    sentence: "the device takes it; IP finds fewer bytes than the header announces and drops it",
    function: "ip_rcv_core",
    counters: &["IpExt.InTruncatedPkts"],
    cure: "",
};

/// A header that makes no sense.
pub static IP_HEADER: Cause = Cause {
    name: "ip_header",
    sentence: "the device takes it as IPv4; IP finds no sense in the header and drops it",
    function: "ip_rcv_core",
    counters: &["Ip.InHdrErrors"],
    cure: "",
};

/// IPv6 arriving where it is switched off.
pub static IPV6_OFF: Cause = Cause {
    name: "ipv6_off",
    sentence: "the device takes it as IPv6; IPv6 is off here and drops it",
    function: "ip6_rcv_core",
    counters: &["Ip6InDiscards"],
    cure: "sysctl -w net.ipv6.conf.{dev}.disable_ipv6=0",
};

/// An IPv6 header that makes no sense.
pub static IPV6_HEADER: Cause = Cause {
    name: "ipv6_header",
    sentence: "the device takes it as IPv6; IPv6 finds no sense in the header and drops it",
    function: "ip6_rcv_core",
    counters: &["Ip6InHdrErrors", "Ip6InTruncatedPkts"],
    cure: "",
};

/// A source address that is the host's own.
pub static LOCAL_SOURCE: Cause = Cause {
    name: "local_source",
    sentence: "the device takes it; routing drops what comes from outside with the host's own address as its source, and counts it nowhere",
    function: "fib_validate_source",
    counters: &[],
    cure: "",
};

/// A loopback address from outside.
pub static LOOPBACK_SOURCE: Cause = Cause {
    name: "loopback_source",
    sentence: "the device takes it; routing drops what comes from outside with a loopback address, and counts it nowhere",
    function: "ip_route_input_slow",
    counters: &[],
    cure: "",
};

/// A frame for another station.
pub static OTHER_HOST: Cause = Cause {
    name: "other_host",
    sentence: "the device takes it; the frame is for another hardware address, so the host ignores it and counts it nowhere",
    function: "ip_rcv_core",
    counters: &[],
    cure: "",
};

/// A frame or packet of a protocol that nobody here handles.
pub static UNKNOWN_PROTOCOL: Cause = Cause {
    name: "unknown_protocol",
    sentence: "the device takes it; nobody on this host handles its EtherType, so it is dropped",
    function: "__netif_receive_skb_core",
    counters: &["{dev}.rx_dropped"],
    cure: "",
};

/// Every cause that tunlab knows.
pub static ALL: &[&Cause] = &[
    &RP_FILTER,
    &RP_FILTER_LOOSE,
    &NOT_IP,
    &EMPTY,
    &NO_PACKET_INFORMATION,
    &SHORT_FRAME,
    &DEVICE_DOWN,
    &IP_CHECKSUM,
    &IP_TRUNCATED,
    &IP_HEADER,
    &IPV6_OFF,
    &IPV6_HEADER,
    &LOCAL_SOURCE,
    &LOOPBACK_SOURCE,
    &OTHER_HOST,
    &UNKNOWN_PROTOCOL,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, cause) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != cause.name));
        }
    }

    #[test]
    fn places_are_filled_in() {
        let places = [("dev", "tun0"), ("src", "1.2.3.4")];
        assert_eq!(
            RP_FILTER_LOOSE.cure(&places).unwrap(),
            "ip route add 1.2.3.4/32 dev tun0"
        );
        assert!(
            RP_FILTER
                .sentence(&places)
                .starts_with("the reverse path filter drops what arrives on tun0 from 1.2.3.4")
        );
        assert_eq!(NOT_IP.cure(&places), None);
    }
}
