//! What can be typed after `tunlab journey`.

use crate::cli::failure::Failure;
use crate::cli::number;
use crate::cli::places::{DEFAULT_DEST, DEFAULT_HOST};
use crate::journey::{PING_SIZE, Probe, ProbeKind, SOON, SYN_SIZE};
use crate::lab::LabName;
use crate::packet::filter::Filter;
use clap::{Args, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args)]
pub(in crate::cli) struct Journey {
    /// The host that sends [default: u], and whom to: an address, or another host [with --demo: v]
    #[arg(value_name = "[HOST] DEST", num_args = 1..=2,
          required_unless_present_any = ["attach", "demo"])]
    places: Vec<String>,

    /// Which lab, where several stand side by side
    #[arg(long, value_name = "NAME")]
    pub(super) lab: Option<LabName>,

    /// Build a lab with its tunnel for the occasion, and end it afterwards
    #[arg(long, conflicts_with_all = ["lab", "attach"])]
    pub(super) demo: bool,

    /// Send a TCP SYN to PORT instead of a ping
    #[arg(long, value_name = "PORT", value_parser = number::whole::<u16>(number::PORTS))]
    tcp: Option<u16>,

    /// Send a UDP datagram to PORT instead of a ping
    #[arg(long, value_name = "PORT", conflicts_with = "tcp",
          value_parser = number::whole::<u16>(number::PORTS))]
    udp: Option<u16>,

    /// Its TTL [default: the host's own]
    #[arg(long, value_name = "N", value_parser = number::whole::<u8>(1..=255))]
    ttl: Option<u8>,

    /// Its length in bytes, with the IP header [default: 84, as ping's]
    #[arg(long, value_name = "N", conflicts_with = "tcp",
          value_parser = number::whole::<u16>(0..=65_535))]
    size: Option<u16>,

    /// Send nothing; follow the next packet of somebody else that FILTER selects
    #[arg(long, value_name = "FILTER", conflicts_with_all = ["tcp", "udp", "ttl", "size", "count"])]
    attach: Option<String>,

    /// Follow N packets, and show every way that they took once
    #[arg(short, long, value_name = "N", default_value_t = 1, hide_default_value = true,
          value_parser = number::whole::<u16>(1..=65_535))]
    pub(super) count: u16,

    /// Between two packets: 5ms, 0.2s or seconds
    #[arg(short, value_name = "TIME", default_value = "0.2", value_parser = time)]
    pub(super) interval: Duration,

    /// How long after it was last seen a packet counts as lost: 300ms, 2s or seconds
    /// [default: 1; with --tcp 1.5, so that it is sent again]
    #[arg(short = 'W', value_name = "TIME", value_parser = patience)]
    wait: Option<Duration>,

    /// How packets are seen [default: several of ours at tracepoints where that is allowed, a long
    /// row at devices, else by sockets]
    #[arg(long, value_name = "WAY")]
    pub(super) watch: Option<WatchArg>,

    /// How the path is printed [default: ladder on a terminal, else list]
    #[arg(short = 'o', long = "output", value_name = "FORMAT")]
    pub(super) format: Option<FormatArg>,

    /// Also keep the path's frames in a capture file, each host's devices named: u.tun0
    #[arg(short, value_name = "FILE")]
    pub(super) write: Option<PathBuf>,

    /// A further UDP port whose payload is the tunnel's; 9090 is one anyway; with --demo, the tunnel's own
    #[arg(long, value_name = "PORT", value_parser = number::whole::<u16>(number::PORTS))]
    pub(super) tunnel_port: Option<u16>,
}

/// `-o`'s values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// The hosts as columns, time going down
    Ladder,
    /// A hop a line, and what changed
    List,
    /// One JSON object a packet
    Json,
}

/// `--watch`'s values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum WatchArg {
    /// By a packet socket on every host
    Sockets,
    /// By programs in the kernel, which slow other traffic down less; takes root
    Tracepoints,
    /// By the same at the devices that there are now, which slows it down least, but takes half a
    /// second to begin and end; Linux 6.6
    Devices,
}

impl WatchArg {
    /// What the user calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            WatchArg::Sockets => "sockets",
            WatchArg::Tracepoints => "tracepoints",
            WatchArg::Devices => "devices",
        }
    }
}

/// How long a packet may be out of sight before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(1);
/// Linux sends a SYN again after a second (`TCP_TIMEOUT_INIT`).
const PATIENCE_TCP: Duration = Duration::from_millis(1_500);

impl Journey {
    /// HOST and DEST; of one word, DEST, but with `--attach` HOST.
    pub(super) fn host_and_dest(&self) -> Result<(Option<&str>, Option<&str>), Failure> {
        let places: Vec<&str> = self.places.iter().map(String::as_str).collect();
        match (&places[..], &self.attach) {
            ([], Some(_)) => Ok((None, None)),
            ([], None) => Ok((None, Some(DEFAULT_DEST))),
            ([host], Some(_)) => Ok((Some(host), None)),
            ([dest], None) => Ok((None, Some(dest))),
            ([host, dest], None) => Ok((Some(host), Some(dest))),
            _ => Err(Failure::usage(
                "--attach follows a packet wherever it goes; give at most the host that sends it",
            )),
        }
    }

    /// The command that finds out more about a probe of this kind; none where there is no such
    /// probe, or no lab any more.
    pub(super) fn why(&self) -> Option<String> {
        if self.demo {
            return None;
        }
        let (host, Some(dest)) = self.host_and_dest().ok()? else {
            return None;
        };
        let host = host.unwrap_or(DEFAULT_HOST);
        let probe = match self.kind() {
            ProbeKind::Tcp(port) => format!(" --tcp {port}"),
            ProbeKind::Udp(port) => format!(" --udp {port}"),
            ProbeKind::Icmp => String::new(),
        };
        let lab = self.lab.as_ref();
        let lab = lab.map_or(String::new(), |name| format!(" --lab {name}"));
        Some(format!("tunlab why {host} {dest}{probe}{lab}"))
    }

    /// The compiled filter of `--attach`.
    pub(super) fn filter(&self) -> Result<Option<Filter>, Failure> {
        Ok(self.attach.as_deref().map(Filter::compile).transpose()?)
    }

    /// How what is sent travels.
    pub(super) fn kind(&self) -> ProbeKind {
        match (self.tcp, self.udp) {
            (Some(port), _) => ProbeKind::Tcp(port),
            (None, Some(port)) => ProbeKind::Udp(port),
            (None, None) => ProbeKind::Icmp,
        }
    }

    /// Its length in bytes, with the IP header.
    pub(super) fn size(&self) -> u16 {
        match self.kind() {
            ProbeKind::Tcp(_) => SYN_SIZE,
            ProbeKind::Icmp | ProbeKind::Udp(_) => self.size.unwrap_or(PING_SIZE),
        }
    }

    /// What is sent.
    pub(super) fn probe(&self, to: IpAddr) -> Result<Probe, Failure> {
        let (kind, size) = (self.kind(), self.size());
        let shortest = Probe::shortest(to);
        if size < shortest {
            return Err(Failure::usage(format!(
                "--size {size}: the headers alone have {shortest} bytes"
            )));
        }
        let ttl = self.ttl;
        Ok(Probe {
            to,
            kind,
            ttl,
            size,
        })
    }

    /// How long a packet may be out of sight.
    pub(super) fn patience(&self) -> Duration {
        let default = if self.tcp.is_some() {
            PATIENCE_TCP
        } else {
            PATIENCE
        };
        self.wait.unwrap_or(default)
    }
}

/// `5ms`, `0.2s`, `0.2`; at most an hour.
fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1e-3),
        (None, Some(number)) => (number, 1.0),
        (None, None) => (text, 1.0),
    };
    let wrong = "write a time such as 5ms, 0.2s or 2";
    let number: f64 = number.parse().map_err(|_| wrong)?;
    match Duration::try_from_secs_f64(number * unit) {
        Ok(time) if time <= Duration::from_secs(3600) => Ok(time),
        _ => Err(wrong.to_owned()),
    }
}

/// The same, but not so short that each packet would count as lost.
fn patience(text: &str) -> Result<Duration, String> {
    match time(text)? {
        short if short < SOON => Err(format!(
            "no packet is back so soon; write {}ms or more, such as 300ms or 2",
            SOON.as_millis()
        )),
        enough => Ok(enough),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(time("5ms"), Ok(Duration::from_millis(5)));
        assert_eq!(time("0.2s"), Ok(Duration::from_millis(200)));
        assert_eq!(time("3"), Ok(Duration::from_secs(3)));
        for wrong in ["", "ms", "-1", "1h", "nan", "inf", "1e99", "3601"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wait_of_nothing_took_each_packet_for_lost() {
        for wrong in ["0", "0ms", "0.0s", "9ms"] {
            assert!(
                patience(wrong).is_err_and(|words| words.contains("10ms")),
                "{wrong}"
            );
        }
        assert_eq!(patience("10ms"), Ok(Duration::from_millis(10)));
    }

    fn typed(line: &str) -> Journey {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            journey: Journey,
        }
        <Line as clap::Parser>::parse_from(line.split(' ')).journey
    }

    #[test]
    fn what_tells_more_was_left_to_be_guessed() {
        for (line, why) in [
            ("journey v", Some("tunlab why u v")),
            (
                "journey s 10.0.2.8 --tcp 81",
                Some("tunlab why s 10.0.2.8 --tcp 81"),
            ),
            (
                "journey u v --udp 9 --lab a",
                Some("tunlab why u v --udp 9 --lab a"),
            ),
            ("journey --demo", None),
            ("journey --attach icmp u", None),
        ] {
            assert_eq!(typed(line).why().as_deref(), why, "{line}");
        }
    }
}
