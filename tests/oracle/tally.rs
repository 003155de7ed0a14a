//! Figures a protocol, and the differences behind them.

use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Where a packet is.
#[derive(Clone, Copy)]
pub(crate) struct Packet<'c> {
    pub(crate) capture: &'c Path,
    pub(crate) number: usize,
}

pub(crate) struct Tally {
    what: &'static str,
    /// Compared and equal, by protocol.
    counts: BTreeMap<String, (u64, u64)>,
    differences: Vec<String>,
    /// Differences on purpose: how many for which reason.
    excepted: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(crate) fn new(what: &'static str) -> Tally {
        Tally {
            what,
            counts: BTreeMap::new(),
            differences: Vec::new(),
            excepted: BTreeMap::new(),
        }
    }

    pub(crate) fn count(&mut self, protocol: &str, same: bool) {
        let entry = self.counts.entry(protocol.to_owned()).or_default();
        entry.0 += 1;
        entry.1 += u64::from(same);
    }

    pub(crate) fn differs(&mut self, packet: Packet, how: String) {
        let name = packet
            .capture
            .file_name()
            .unwrap_or_default()
            .to_string_lossy();
        self.differences
            .push(format!("{name} {}: {how}", packet.number));
    }

    pub(crate) fn excepted(&mut self, why: &'static str) {
        *self.excepted.entry(why).or_default() += 1;
    }

    /// Prints the figures; fails when one is below its limit in per cent, or nothing was compared.
    pub(crate) fn verdict(self, limit: impl Fn(&str) -> f64) -> Result<(), Failed> {
        let mut figures = format!("{}: protocol, compared, equal\n", self.what);
        let mut low = String::new();
        for (protocol, (compared, equal)) in &self.counts {
            let share = 100.0 * *equal as f64 / *compared as f64;
            if share < limit(protocol) {
                write!(low, " {protocol}").unwrap();
            }
            writeln!(figures, "  {protocol:<60} {compared:>7} {share:>7.2}%").unwrap();
        }
        for (why, packets) in &self.excepted {
            writeln!(figures, "  {packets} different on purpose: {why}").unwrap();
        }
        let most = std::env::var("TUNLAB_DIFFERENCES").ok();
        let most = most.and_then(|most| most.parse().ok()).unwrap_or(10);
        for difference in self.differences.iter().take(most) {
            writeln!(figures, "    {difference}").unwrap();
        }
        eprintln!("{figures}");
        if self.counts.is_empty() {
            return Err("nothing was compared".into());
        }
        if low.is_empty() {
            return Ok(());
        }
        Err(format!("too many differences:{low}").into())
    }
}

/// The first line that differs, and the layer it belongs to.
pub(crate) fn first_difference(theirs: &str, ours: &str) -> String {
    let mut title = "";
    let mut ours = ours.trim_end_matches('\n').lines();
    for their in theirs.trim_end_matches('\n').lines() {
        if their.contains("###[ ") {
            title = their.trim();
        }
        let our = ours.next().unwrap_or("nothing");
        if their != our {
            return format!("{title}\n      theirs: {their}\n      ours:   {our}");
        }
    }
    format!(
        "{title}\n      ours goes on: {}",
        ours.next().unwrap_or_default()
    )
}
