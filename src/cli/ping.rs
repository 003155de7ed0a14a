//! `tunlab ping`: a small ping for machines without one, in the words of the usual one.
//!
//! 1. Send an echo request, then listen until the next one is due.
//! 2. After the last, listen until every answer is there or `-W` has passed.
//! 3. Print the statistics; without a single answer the exit code is 1.

use super::Outcome;
use super::args::When;
use super::commands::Runs;
use super::failure::{Failure, print};
use super::number;
use crate::proto::ping_words::error_words;
use crate::sys::icmp_socket::{Arrival, Heard, IcmpSocket};
use crate::sys::signals::Signals;
use clap::Args;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pnet_packet::util::checksum;
use std::fmt::Write;
use std::net::{IpAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(super) struct Ping {
    /// Address or name to ping
    destination: String,

    /// Stop after N requests
    #[arg(short, value_name = "N", value_parser = number::whole::<u16>(1..=65_535))]
    count: Option<u16>,

    /// Seconds between two requests
    #[arg(short, value_name = "SECONDS", default_value = "1", value_parser = seconds)]
    interval: Duration,

    /// Seconds to wait for the last answers
    #[arg(short = 'W', value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    wait: Duration,

    /// Bytes of data in a request
    #[arg(short, value_name = "BYTES", default_value_t = 56, value_parser = number::whole::<u16>(0..=65_507))]
    size: u16,

    /// Time to live of the requests
    #[arg(short, value_name = "TTL", value_parser = number::whole::<u8>(1..=255))]
    ttl: Option<u8>,

    /// Print the statistics only
    #[arg(short)]
    quiet: bool,

    /// Print numbers, no names: this ping never does otherwise
    #[arg(short)]
    n: bool,

    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write seconds such as 0.5")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Bytes at the start of the data that hold the time of sending.
const STAMP: usize = 16;

const ICMP_HEADER: usize = 8;

impl Runs for Ping {
    fn run(self, _color: When) -> Outcome {
        let signals = Signals::take_over()?;
        let to = resolve(&self.destination)?;
        let socket = IcmpSocket::open(to)?;
        if let Some(ttl) = self.ttl {
            socket.set_ttl(ttl)?;
        }
        let own = std::process::id() as u16;
        let mut run = Run {
            to,
            identifier: socket.identifier().unwrap_or(own),
            socket,
            signals,
            quiet: self.quiet,
            sent: Vec::new(),
            times: Vec::new(),
            errors: 0,
            buffer: vec![0; usize::from(u16::MAX)],
        };
        let total = 8 + self.size + if to.is_ipv6() { 40 } else { 20 };
        let size = self.size;
        print(&format!(
            "PING {} ({to}) {size}({total}) bytes of data.\n",
            self.destination
        ))?;
        let started = Instant::now();
        let last = self.count.unwrap_or(u16::MAX);
        for sequence in 1..=last {
            run.send(sequence, self.size)?;
            let patience = if sequence == last {
                self.wait
            } else {
                self.interval
            };
            if !run.listen(Instant::now() + patience, sequence == last)? {
                break;
            }
        }
        run.statistics(&self.destination, started.elapsed())
    }
}

fn resolve(name: &str) -> Result<IpAddr, Failure> {
    let found = (name, 0).to_socket_addrs();
    let address = found.ok().and_then(|mut addresses| addresses.next());
    address.map(|address| address.ip()).ok_or_else(|| {
        Failure::usage(format!(
            "look up {name}: no such address or name; give an address, or a name in /etc/hosts"
        ))
    })
}

/// One run's state.
struct Run {
    to: IpAddr,
    identifier: u16,
    socket: IcmpSocket,
    signals: Signals,
    quiet: bool,
    /// When each request was sent, and whether it has been answered.
    sent: Vec<(SystemTime, bool)>,
    /// Round trip times in seconds.
    times: Vec<f64>,
    errors: u32,
    buffer: Vec<u8>,
}

impl Run {
    fn send(&mut self, sequence: u16, size: u16) -> Result<(), Failure> {
        let now = SystemTime::now();
        let request = self.request(sequence, size, now);
        self.sent.push((now, false));
        Ok(self.socket.send(&request, self.to)?)
    }

    /// An echo request: identifier, number, time of sending, then counting bytes.
    fn request(&self, sequence: u16, size: u16, now: SystemTime) -> Vec<u8> {
        let kind = if self.to.is_ipv6() { 128 } else { 8 };
        let mut message = vec![kind, 0, 0, 0];
        message.extend(self.identifier.to_be_bytes());
        message.extend(sequence.to_be_bytes());
        message.extend((0..size).map(|index| index as u8));
        let since = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        if let Some(stamp) = message.get_mut(ICMP_HEADER..ICMP_HEADER + STAMP) {
            stamp[..8].copy_from_slice(&since.as_secs().to_le_bytes());
            stamp[8..].copy_from_slice(&u64::from(since.subsec_micros()).to_le_bytes());
        }
        if !self.to.is_ipv6() {
            // The kernel computes ICMPv6's, which covers the addresses.
            let sum = checksum(&message, 1);
            message[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        message
    }

    /// Listens until `deadline`, or until all is answered if `last`; false after a signal.
    fn listen(&mut self, deadline: Instant, last: bool) -> Result<bool, Failure> {
        loop {
            if last && self.sent.iter().all(|(_, answered)| *answered) {
                return Ok(true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(true);
            }
            // Rounded up: a poll that ends a fraction early would spin.
            let millis = left.as_millis().saturating_add(1);
            let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
            let mut ready = [
                PollFd::new(self.socket.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
            ];
            let _ = poll(&mut ready, timeout);
            if self.signals.next()?.is_some() {
                return Ok(false);
            }
            while let Some(arrival) = self.socket.receive(&mut self.buffer, Duration::ZERO)? {
                self.hear(&arrival)?;
            }
        }
    }

    fn hear(&mut self, arrival: &Arrival) -> Result<(), Failure> {
        let reply = if self.to.is_ipv6() { 129 } else { 0 };
        let (len, kind) = match arrival.what {
            Heard::Message { len } => (len, reply),
            Heard::Error { len, .. } => (len, if self.to.is_ipv6() { 128 } else { 8 }),
        };
        let message = &self.buffer[..len.min(self.buffer.len())];
        let [first, _, _, _, id1, id2, seq1, seq2, ..] = *message else {
            return Ok(());
        };
        let sequence = u16::from_be_bytes([seq1, seq2]);
        let index = usize::from(sequence.wrapping_sub(1));
        let ours = u16::from_be_bytes([id1, id2]) == self.identifier;
        // Everything else is another program's, or our own question seen on loopback.
        let Some((sent, answered)) = self.sent.get_mut(index).filter(|_| ours && first == kind)
        else {
            return Ok(());
        };
        if let Heard::Error { kind, code, .. } = arrival.what {
            self.errors += 1;
            *answered = true;
            let what = error_words(self.to.is_ipv6(), kind, code);
            let from = arrival.from;
            return self.print(&format!("From {from} icmp_seq={sequence} {what}\n"));
        }
        let time = arrival.at.duration_since(*sent).unwrap_or_default();
        let again = std::mem::replace(answered, true);
        let sum_is_wrong = !self.to.is_ipv6() && checksum(message, usize::MAX) != 0;
        let mut line = format!("{len} bytes from {}: icmp_seq={sequence}", arrival.from);
        if let Some(ttl) = arrival.ttl {
            let _ = write!(line, " ttl={ttl}");
        }
        let _ = write!(line, " time={} ms", milliseconds(time));
        for (said, words) in [
            (again, " (DUP!)"),
            (sum_is_wrong, " (BAD CHECKSUM!)"),
            (arrival.from != self.to, " (DIFFERENT ADDRESS!)"),
        ] {
            line += if said { words } else { "" };
        }
        if !again {
            self.times.push(time.as_secs_f64());
        }
        self.print(&(line + "\n"))
    }

    fn print(&self, line: &str) -> Result<(), Failure> {
        if self.quiet { Ok(()) } else { print(line) }
    }

    fn statistics(&self, name: &str, elapsed: Duration) -> Outcome {
        let (sent, received) = (self.sent.len(), self.times.len());
        let lost = 100 * (sent - received.min(sent)) / sent.max(1);
        let mut text = format!("\n--- {name} ping statistics ---\n");
        let _ = write!(text, "{sent} packets transmitted, {received} received, ");
        if self.errors > 0 {
            let _ = write!(text, "+{} errors, ", self.errors);
        }
        let _ = writeln!(text, "{lost}% packet loss, time {}ms", elapsed.as_millis());
        if received > 0 {
            let milliseconds: Vec<f64> = self.times.iter().map(|time| time * 1e3).collect();
            let count = received as f64;
            let mean = milliseconds.iter().sum::<f64>() / count;
            let square = milliseconds.iter().map(|time| time * time).sum::<f64>() / count;
            let min = milliseconds.iter().copied().fold(f64::INFINITY, f64::min);
            let max = milliseconds.iter().copied().fold(0.0, f64::max);
            let deviation = (square - mean * mean).max(0.0).sqrt();
            let _ = writeln!(
                text,
                "rtt min/avg/max/mdev = {min:.3}/{mean:.3}/{max:.3}/{deviation:.3} ms"
            );
        }
        print(&text)?;
        Ok(ExitCode::from(u8::from(received == 0)))
    }
}

/// Three digits that count, as ping prints them.
fn milliseconds(time: Duration) -> String {
    let value = time.as_secs_f64() * 1e3;
    match value {
        ..1.0 => format!("{value:.3}"),
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_that_count() {
        assert_eq!(milliseconds(Duration::from_micros(123)), "0.123");
        assert_eq!(milliseconds(Duration::from_micros(1234)), "1.23");
        assert_eq!(milliseconds(Duration::from_micros(12_345)), "12.3");
        assert_eq!(milliseconds(Duration::from_millis(1234)), "1234");
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(seconds("0.2"), Ok(Duration::from_millis(200)));
        assert!(seconds("-1").is_err());
        assert!(seconds("soon").is_err());
    }
}
