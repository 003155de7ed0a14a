//! `tunlab write-garbage`: write what is no IP packet, and show what the kernel makes of it
//! (task 2.d).

use super::Outcome;
use super::args::{DeviceArgs, PrivateArgs, When};
use super::failure::{Failure, print, status};
use super::station::{Station, Wanted};
use crate::capture::Mode;
use crate::garbage::{Attempt, Setting, Verdict, attempts, judge};
use crate::lab::counters::Counters;
use crate::sys::errno;
use clap::Args;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};
use nix::errno::Errno;
use std::net::{IpAddr, Ipv4Addr};
use std::thread::sleep;
use std::time::Duration;

/// How long a counter may take to move.
const PATIENCE: Duration = Duration::from_millis(5);

/// Columns of the table where no terminal tells.
const WIDTH: u16 = 100;

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

impl WriteGarbage {
    pub(super) fn run(&self, color: When) -> Outcome {
        let mode = if self.tap { Mode::Tap } else { Mode::Tun };
        let station = Station::open(&Wanted {
            mode,
            packet_information: self.packet_information,
            device: &self.device,
            private: &self.private,
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
            print(&table(&rows, color))?;
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

fn table(rows: &[(Attempt, Result<usize, Errno>, Verdict)], color: When) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["written", "bytes", "write()", "counters", "why"]);
    if table.width().is_none() {
        table.set_width(WIDTH);
    }
    if color.colours() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for (attempt, outcome, verdict) in rows {
        let (word, colour) = match outcome {
            Ok(_) => ("accepted".to_owned(), Color::Green),
            Err(errno) => (format!("{errno:?}"), Color::Red),
        };
        let counters: Vec<String> = verdict
            .counters
            .iter()
            .map(|(name, delta)| format!("{name} {delta:+}"))
            .collect();
        table.add_row([
            Cell::new(&attempt.what),
            Cell::new(hex(&attempt.bytes)),
            Cell::new(word).fg(colour).add_attribute(Attribute::Bold),
            Cell::new(counters.join("\n")),
            Cell::new(&verdict.why),
        ]);
    }
    format!("{table}\n")
}

/// The first bytes, and how many there are.
fn hex(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    match bytes.len() {
        0 => "none".to_owned(),
        1..=4 => shown.join(" "),
        length => format!("{} … ({length})", shown.join(" ")),
    }
}
