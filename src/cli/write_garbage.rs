//! `tunlab write-garbage`: write what is no IP packet, and show what the kernel makes of it
//! (task 2.d).

use super::Outcome;
use super::args::{DeviceArgs, PrivateArgs, When};
use super::commands::Runs;
use super::failure::{Failure, print, status};
use super::station::{Defaults, Station, Wanted};
use crate::capture::Mode;
use crate::garbage::{Attempt, Setting, Verdict, attempts, judge};
use crate::lab::counters::Counters;
use crate::sys::errno;
use clap::Args;
use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use nix::errno::Errno;
use std::net::{IpAddr, Ipv4Addr};
use std::thread::sleep;
use std::time::Duration;

/// How long a counter may take to move.
const PATIENCE: Duration = Duration::from_millis(5);

/// Columns of the explanations below the table.
const WIDTH: usize = 80;

#[derive(Args)]
pub(super) struct WriteGarbage {
    /// Write to a TAP device instead of a TUN
    #[arg(long)]
    tap: bool,

    /// Put packet information (flags, EtherType) before each packet
    #[arg(long, visible_alias = "pi", conflicts_with = "tap")]
    packet_information: bool,

    /// A word to write, may be repeated [default: hello, tunnel]
    #[arg(long, value_name = "TEXT")]
    data: Vec<String>,

    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    private: PrivateArgs,
}

impl Runs for WriteGarbage {
    fn run(self, color: When) -> Outcome {
        let mode = if self.tap { Mode::Tap } else { Mode::Tun };
        let station = Station::open(&Wanted {
            mode,
            packet_information: self.packet_information,
            device: &self.device,
            private: Some(&self.private),
            defaults: Defaults::course(),
        })?;
        let link = station.netlink.link(station.device.name())?;
        let setting = Setting {
            mode,
            packet_information: self.packet_information,
            own: match station.addr.map(|addr| addr.address()) {
                Some(IpAddr::V4(own)) => own,
                _ => Ipv4Addr::new(192, 168, 53, 99),
            },
            mac: link.mac.unwrap_or_default(),
        };
        let code = station.run_work(&self.private, || {
            let mut rows = Vec::new();
            for attempt in attempts(&setting, &self.data) {
                let (outcome, verdict) = try_out(&station, &setting, &attempt)?;
                rows.push((attempt, outcome, verdict));
            }
            print(&format!("{}\n", table(&rows, color)))?;
            let taken = rows
                .iter()
                .filter(|(_, outcome, _)| outcome.is_ok())
                .count();
            status(&format!(
                "{taken} of {} writes accepted by {}",
                rows.len(),
                station.device.name()
            ));
            Ok(())
        })?;
        station.close()?;
        Ok(code)
    }
}

/// Writes the attempt, and reads the counters before and after.
fn try_out(
    station: &Station,
    setting: &Setting,
    attempt: &Attempt,
) -> Result<(Result<usize, Errno>, Verdict), Failure> {
    let before = read_counters()?;
    let written = station.device.send(&attempt.bytes);
    let outcome = written.map_err(|error| errno::of(&error));
    let dev = station.device.name();
    let mut verdict = judge_now(&before, attempt, setting, dev, outcome)?;
    if verdict.counters.is_empty() {
        // The packet may still wait for the CPU's next softirq.
        sleep(PATIENCE);
        verdict = judge_now(&before, attempt, setting, dev, outcome)?;
    }
    Ok((outcome, verdict))
}

fn judge_now(
    before: &Counters,
    attempt: &Attempt,
    setting: &Setting,
    dev: &str,
    outcome: Result<usize, Errno>,
) -> Result<Verdict, Failure> {
    let moved = before.moved(&read_counters()?);
    Ok(judge(attempt, setting, dev, outcome, &moved))
}

fn read_counters() -> Result<Counters, Failure> {
    Counters::read().map_err(|error| {
        let why = errno::text(errno::of(&error));
        Failure::refused(format!("read /proc/net/snmp: {why}"), None)
    })
}

/// A row an attempt, and below it each reason once: most attempts share theirs.
fn table(rows: &[(Attempt, Result<usize, Errno>, Verdict)], color: When) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["written", "bytes", "write()", "why", "counters"]);
    if color.colours() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let mut reasons: Vec<&Verdict> = Vec::new();
    for (attempt, outcome, verdict) in rows {
        let known = reasons.iter().position(|reason| reason.why == verdict.why);
        let number = known.unwrap_or_else(|| {
            reasons.push(verdict);
            reasons.len() - 1
        });
        let (word, colour) = match outcome {
            Ok(_) => ("accepted".to_owned(), Color::Green),
            Err(errno) => (format!("{errno:?}"), Color::Red),
        };
        table.add_row([
            Cell::new(&attempt.what),
            Cell::new(hex(&attempt.bytes)),
            Cell::new(word).fg(colour),
            Cell::new(format!("[{}]", number + 1)),
            Cell::new(counters(verdict)),
        ]);
    }
    let mut text = table.trim_fmt();
    text.push('\n');
    for (number, reason) in reasons.iter().enumerate() {
        let why = &reason.why;
        let seen_by = match reason.cause {
            Some(cause) => format!(" ({}())", cause.function),
            None => String::new(),
        };
        text += &wrapped(&format!("[{}]", number + 1), &format!("{why}{seen_by}"));
    }
    text
}

/// The most telling counters; the rest repeats them.
fn counters(verdict: &Verdict) -> String {
    let cells: Vec<String> = verdict
        .counters
        .iter()
        .take(2)
        .map(|(name, delta)| format!("{name} {delta:+}"))
        .collect();
    match cells.len() {
        0 => "none".to_owned(),
        _ => cells.join(", "),
    }
}

/// `label` and the words of `text` behind it, in lines of at most [`WIDTH`] columns.
fn wrapped(label: &str, text: &str) -> String {
    let mut lines = format!("\n {label:<4}");
    let mut column = lines.len() - 1;
    for word in text.split(' ') {
        if column + 1 + word.len() > WIDTH {
            lines += "\n     ";
            column = 5;
        }
        lines += " ";
        lines += word;
        column += 1 + word.len();
    }
    lines
}

/// The first bytes, and how many there are.
fn hex(bytes: &[u8]) -> String {
    let first: Vec<String> = bytes
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match bytes.len() {
        0 => "none".to_owned(),
        1..=4 => first.join(" "),
        length => format!("{} … ({length})", first.join(" ")),
    }
}
