//! From what the kernel said and counted to the cause: a pure function.

use super::{Attempt, Setting};
use crate::capture::Mode;
use crate::causes::{self, Cause};
use nix::errno::Errno;
use std::net::Ipv4Addr;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The cause, when the packet got lost; nothing when it arrived.
    pub cause: Option<&'static Cause>,
    /// Why, in a sentence.
    pub why: String,
    /// The counters that tell, with how much they moved.
    pub counters: Vec<(String, i64)>,
}

/// Explains the outcome of writing `attempt` to the device called `dev`: what write(2) said, and
/// which counters `moved`.
pub fn judge(
    attempt: &Attempt,
    setting: &Setting,
    dev: &str,
    outcome: Result<usize, Errno>,
    moved: &[(String, i64)],
) -> Verdict {
    let counters = telling(moved, dev);
    let rose = |name: &str| {
        let name = name.replace("{dev}", dev);
        moved
            .iter()
            .any(|(counter, delta)| *counter == name && *delta > 0)
    };
    let cause = match outcome {
        Err(errno) => refusal(attempt, setting, errno),
        Ok(_) if rose("Icmp.InEchos") => None,
        Ok(_) => match witnessed(setting, rose) {
            Some(cause) => Some(cause),
            None => uncounted(attempt, setting),
        },
    };
    let why = match (cause, outcome) {
        (Some(cause), Ok(_)) => format!(
            "the device takes it; {}",
            clause(cause, attempt, setting, dev)
        ),
        (Some(cause), Err(_)) => clause(cause, attempt, setting, dev),
        (None, Ok(_)) if rose("Icmp.InEchos") => {
            "a whole packet: the kernel takes it and answers the ping".to_owned()
        }
        (None, Ok(_)) => "the device takes it; no counter tells what became of it".to_owned(),
        (None, Err(_)) => "for a reason tunlab does not know".to_owned(),
    };
    Verdict {
        cause,
        why,
        counters,
    }
}

fn clause(cause: &Cause, attempt: &Attempt, setting: &Setting, dev: &str) -> String {
    let source = source(attempt, setting).map_or_else(String::new, |source| source.to_string());
    cause.clause(&[("dev", dev), ("src", &source)])
}

/// What write(2) refuses: `tun_get_user()` in the kernel's `drivers/net/tun.c`.
fn refusal(attempt: &Attempt, setting: &Setting, errno: Errno) -> Option<&'static Cause> {
    let length = attempt.bytes.len();
    match (errno, setting.mode) {
        (Errno::EIO, _) => Some(&causes::DEVICE_DOWN),
        (Errno::EINVAL, Mode::Tap) if length < 14 => Some(&causes::SHORT_FRAME),
        (Errno::EINVAL, Mode::Tun) if setting.packet_information && length < 4 => {
            Some(&causes::NO_PACKET_INFORMATION)
        }
        (Errno::EINVAL, Mode::Tun) if length == 0 => Some(&causes::EMPTY),
        (Errno::EINVAL, Mode::Tun) => Some(&causes::NOT_IP),
        _ => None,
    }
}

/// The cause whose counter has risen; the more telling ones are asked first.
fn witnessed(setting: &Setting, rose: impl Fn(&str) -> bool) -> Option<&'static Cause> {
    let candidates = [
        &causes::IP_CHECKSUM,
        &causes::IP_TRUNCATED,
        &causes::IP_HEADER,
        &causes::IPV6_OFF,
        &causes::IPV6_HEADER,
        &causes::RP_FILTER,
    ];
    let found = candidates
        .into_iter()
        .find(|cause| cause.counters.first().is_some_and(|name| rose(name)));
    let unclaimed = setting.mode == Mode::Tap || setting.packet_information;
    found.or_else(|| (unclaimed && rose("{dev}.rx_dropped")).then_some(&causes::UNKNOWN_PROTOCOL))
}

/// What the kernel counts nowhere, told by what was written.
fn uncounted(attempt: &Attempt, setting: &Setting) -> Option<&'static Cause> {
    if setting.mode == Mode::Tap {
        let foreign = attempt.bytes.get(..6) != Some(&setting.mac[..]);
        return foreign.then_some(&causes::OTHER_HOST);
    }
    let source = source(attempt, setting)?;
    if source == setting.own {
        Some(&causes::LOCAL_SOURCE)
    } else {
        source.is_loopback().then_some(&causes::LOCALNET)
    }
}

/// The source address of a packet written to a TUN device, if it is long enough to have one.
fn source(attempt: &Attempt, setting: &Setting) -> Option<Ipv4Addr> {
    let start = match (setting.mode, setting.packet_information) {
        (Mode::Tap, _) => return None,
        (Mode::Tun, true) => 4,
        (Mode::Tun, false) => 0,
    };
    let source = attempt.bytes.get(start + 12..start + 16)?;
    Some(Ipv4Addr::from(<[u8; 4]>::try_from(source).ok()?))
}

/// Leaves out the counters that move with every packet.
fn telling(moved: &[(String, i64)], dev: &str) -> Vec<(String, i64)> {
    let ours = format!("{dev}.");
    moved
        .iter()
        .filter(|(name, _)| match name.strip_prefix(&ours) {
            Some(counter) => counter == "rx_dropped" || counter == "rx_errors",
            None => !TRAFFIC.iter().any(|part| name.contains(part)),
        })
        .cloned()
        .collect()
}

/// Parts of names of counters that count all traffic, and of other devices' and ICMP's details.
const TRAFFIC: [&str; 8] = [
    "Octets",
    "Pkts6",
    "ECTPkts",
    "InReceives",
    "OutRequests",
    "OutTransmits",
    "IcmpMsg",
    ".tx_",
];

#[cfg(test)]
mod tests {
    use super::*;

    const TUN: Setting = Setting {
        mode: Mode::Tun,
        packet_information: false,
        own: Ipv4Addr::new(192, 168, 53, 99),
        mac: [0; 6],
    };

    fn verdict(bytes: &[u8], outcome: Result<usize, Errno>, moved: &[&str]) -> Verdict {
        let attempt = Attempt {
            what: String::new(),
            bytes: bytes.to_vec(),
        };
        let moved: Vec<_> = moved.iter().map(|name| ((*name).to_owned(), 1)).collect();
        judge(&attempt, &TUN, "tun0", outcome, &moved)
    }

    #[test]
    fn refusals_name_what_was_looked_at() {
        let verdict = verdict(&[0x70; 20], Err(Errno::EINVAL), &["tun0.rx_dropped"]);
        assert!(
            verdict.why.contains("they must be 4 or 6"),
            "{}",
            verdict.why
        );
        assert_eq!(verdict.counters, [("tun0.rx_dropped".to_owned(), 1)]);
    }

    #[test]
    fn counters_tell_the_cause() {
        let cause = |moved: &[&str]| verdict(&[0x45], Ok(1), moved).cause.unwrap().name;
        assert_eq!(
            cause(&["Ip.InHdrErrors", "IpExt.InCsumErrors"]),
            "ip_checksum"
        );
        assert_eq!(cause(&["Ip.InHdrErrors"]), "ip_header");
        assert_eq!(cause(&["IpExt.InTruncatedPkts"]), "ip_truncated");
        assert_eq!(cause(&["Ip6InDiscards"]), "ipv6_off");
    }

    #[test]
    fn what_no_counter_tells_is_told_by_the_source() {
        let mut packet = [0x45; 20];
        packet[12..16].copy_from_slice(&[192, 168, 53, 99]);
        assert_eq!(
            verdict(&packet, Ok(20), &[]).cause.unwrap().name,
            "local_source"
        );
        packet[12..16].copy_from_slice(&[127, 0, 0, 1]);
        assert_eq!(
            verdict(&packet, Ok(20), &[]).cause.unwrap().name,
            "localnet"
        );
        packet[12] = 9;
        assert_eq!(verdict(&packet, Ok(20), &[]).cause, None);
    }

    #[test]
    fn a_packet_that_arrives_has_no_cause() {
        let verdict = verdict(&[0x45; 84], Ok(84), &["Icmp.InEchos", "Icmp.OutEchoReps"]);
        assert_eq!(verdict.cause, None);
        assert!(verdict.why.contains("answers the ping"));
    }
}
