//! Why the kernel refuses or drops a packet, as data: what it checks and where, which witnesses
//! tell, what cures it. Whoever explains a loss takes the words from here, so that they are
//! written once.
//!
//! - [`device`]: devices and the programs behind them
//! - [`header`]: what IP finds wrong in a packet by itself
//! - [`route`]: routing, on the sender, on a router, on the receiver
//! - [`transport`]: ICMP, UDP, TCP
//! - [`words`]: the texts, in `causes/en`
//! - [`page`]: all of it as a page
//!
//! A new cause is a static here, a line in [`ALL`] and a file of words.

mod cause;
pub mod device;
pub mod header;
pub mod page;
pub mod route;
pub mod transport;
pub mod words;

pub use cause::{Cause, Cure, Fit, Reason, Stage};
pub use device::*;
pub use header::*;
pub use route::*;
pub use transport::*;
pub use words::{HEADINGS, Words};

/// A cause, its words taken from the file of its name.
macro_rules! entry {
    ($name:literal, { $($fact:ident: $value:expr),* $(,)? }) => {
        $crate::causes::Cause {
            $($fact: $value,)*
            text: include_str!(concat!("../../causes/en/", $name, ".md")),
            ..$crate::causes::NOTHING_KNOWN.named($name)
        }
    };
}
use entry;

/// What a cause has that states nothing else.
const NOTHING_KNOWN: Cause = Cause {
    name: "",
    function: "",
    file: "",
    stage: Stage::Waiting,
    counters: &[],
    reasons: &[],
    lookup: &[],
    cures: &[],
    example: &[],
    advice: "",
    tasks: &[],
    text: "",
};

impl Cause {
    const fn named(self, name: &'static str) -> Cause {
        Cause { name, ..self }
    }
}

/// A reason with the function that gives it.
const fn reason(name: &'static str, function: &'static str) -> Reason {
    Reason { name, function }
}

/// The cause of this name.
pub fn find(name: &str) -> Option<&'static Cause> {
    ALL.iter().copied().find(|cause| cause.name == name)
}

/// Every cause that tunlab knows, in the order in which a packet can meet them.
pub static ALL: &[&Cause] = &[
    &NO_ROUTE,
    &BLACKHOLE,
    &DEVICE_DOWN_SEND,
    &NO_READER,
    &NO_CARRIER,
    &QUEUE_FULL,
    &QDISC,
    &NEIGHBOUR,
    &UDP_PORT_CLOSED,
    &TUNNEL_SILENT,
    &NOT_IP,
    &EMPTY,
    &NO_PACKET_INFORMATION,
    &SHORT_FRAME,
    &DEVICE_DOWN,
    &OTHER_HOST,
    &UNKNOWN_PROTOCOL,
    &IP_CHECKSUM,
    &IP_TRUNCATED,
    &IP_HEADER,
    &IPV6_OFF,
    &IPV6_HEADER,
    &LOCALNET,
    &LOCAL_SOURCE,
    &RP_FILTER,
    &RP_FILTER_LOOSE,
    &IP_FORWARD,
    &NO_ROUTE_FORWARDING,
    &TTL,
    &ROUTING_LOOP,
    &BOUNCED,
    &TOO_BIG,
    &NFT_DROP,
    &UDP_CHECKSUM,
    &SOCKET_FULL,
    &TCP_CHECKSUM,
    &TCP_PORT_CLOSED,
    &ECHO_IGNORED,
    &TCP_RETRANSMITTING,
    &TCP_PERSISTING,
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = ALL.iter().map(|cause| cause.name).collect();
        assert_eq!(names.len(), ALL.len());
    }

    /// A file that nobody includes, or a static that nobody lists, is a cause nobody finds.
    #[test]
    fn every_file_of_words_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/causes/en");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(find(name.strip_suffix(".md").unwrap()).is_some(), "{name}");
        }
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), ALL.len());
    }

    #[test]
    fn every_page_is_whole() {
        for cause in ALL {
            let words = cause.words();
            assert!(!words.title.is_empty(), "{}", cause.name);
            assert!(words.sentence.ends_with('.'), "{}", cause.name);
            assert!(!words.sentence.contains('\n'), "{}", cause.name);
            let headings: Vec<_> = words.sections.iter().map(|(heading, _)| *heading).collect();
            assert_eq!(headings, HEADINGS, "{}", cause.name);
            for (heading, text) in words.sections {
                assert!(!text.trim().is_empty(), "{}: {heading}", cause.name);
                let longest = text.lines().map(str::len).max();
                assert!(longest <= Some(80), "{}: {heading}", cause.name);
            }
            assert!(
                !cause.function.is_empty() && !cause.tasks.is_empty(),
                "{}",
                cause.name
            );
        }
    }

    /// A template may only have places that a diagnosis can fill.
    #[test]
    fn only_known_places() {
        let known = [
            "dev", "src", "dst", "net", "to", "add", "port", "mtu", "key", "program", "addr",
            "rule", "rules", "pref",
        ];
        for cause in ALL {
            let example = |place: &str| cause.example.iter().any(|(name, _)| *name == place);
            let commands = cause.cures.iter().flat_map(|cure| cure.commands);
            for template in commands.chain([&cause.words().sentence]) {
                for rest in template.split('{').skip(1) {
                    let place = rest.split('}').next().unwrap_or_default();
                    assert!(known.contains(&place), "{}: {place}", cause.name);
                    assert!(example(place), "{} has no example for {place}", cause.name);
                }
            }
        }
    }

    #[test]
    fn places_are_filled_in() {
        let places = [("dev", "tun0"), ("src", "1.2.3.4")];
        assert_eq!(
            RP_FILTER_LOOSE.cure(&places).unwrap(),
            ["ip route add 1.2.3.4/32 dev tun0"]
        );
        assert!(
            RP_FILTER
                .clause(&places)
                .starts_with("the reverse path filter drops what arrives on tun0 from 1.2.3.4")
        );
        assert_eq!(NOT_IP.cure(&places), None);
    }

    /// The route back is the better cure, and needs to know the network.
    #[test]
    fn the_best_cure_that_can_be_filled_in() {
        let few = [("dev", "tun0"), ("src", "192.168.30.99")];
        let sysctl = RP_FILTER.cure(&few).unwrap();
        assert_eq!(
            sysctl,
            [
                "sysctl -w net.ipv4.conf.all.rp_filter=0",
                "sysctl -w net.ipv4.conf.tun0.rp_filter=0"
            ]
        );
        let all = [
            few[0],
            few[1],
            ("add", "add"),
            ("net", "192.168.30.0/24"),
            ("to", "dev tun0"),
        ];
        let route = RP_FILTER.cure(&all).unwrap();
        assert_eq!(route, ["ip route add 192.168.30.0/24 dev tun0"]);
    }

    #[test]
    fn reasons_go_with_functions() {
        assert_eq!(TTL.fits(Some("IP_INHDR"), "ip_forward"), Fit::Both);
        assert_eq!(TTL.fits(Some("IP_INHDR"), "ip_rcv_core"), Fit::Reason);
        assert_eq!(IP_HEADER.fits(Some("IP_INHDR"), "ip_rcv_core"), Fit::Both);
        assert_eq!(
            NFT_DROP.fits(Some("NETFILTER_DROP"), "ipt_do_table"),
            Fit::Reason
        );
        // Linux 5.15 gives none, and 6.8 sometimes none in particular.
        assert_eq!(TTL.fits(None, "ip_forward"), Fit::Function);
        assert_eq!(TTL.fits(Some("NOT_SPECIFIED"), "ip_forward"), Fit::Function);
        assert_eq!(TTL.fits(Some("IP_CSUM"), "ip_forward"), Fit::None);
    }
}
