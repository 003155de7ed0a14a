//! A hundred labs at once, each with its tunnel.

use super::{TUNLAB, tunlab};
use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

const LABS: usize = 100;

pub(crate) fn stand() {
    let started = Instant::now();
    for lab in 0..LABS {
        tunlab(&format!("lab up --tunnel --lab n{lab}"));
    }
    println!(
        "{LABS} labs with tunnels stand after {:.1} s",
        started.elapsed().as_secs_f64()
    );
    let pinged = (0..LABS).filter(|lab| ping(*lab)).count();
    let (processes, kilobytes) = memory();
    println!(
        "{pinged} of {LABS} ping through their own tunnel; {processes} processes, \
         {:.2} MB PSS a lab",
        kilobytes as f64 / 1024.0 / LABS as f64
    );
    for lab in 0..LABS {
        tunlab(&format!("lab down --lab n{lab}"));
    }
    assert_eq!(pinged, LABS);
}

fn ping(lab: usize) -> bool {
    let line = format!("lab exec --lab n{lab} u -- ping -q -c 1 -W 2 192.168.70.101");
    let status = Command::new(TUNLAB)
        .args(line.split(' '))
        .stdout(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// How many processes there are in this PID namespace but for our own, and their proportional set
/// size in kilobytes: shared pages count in equal parts for those who share them.
fn memory() -> (usize, u64) {
    let own = std::process::id().to_string();
    let entries = fs::read_dir("/proc").expect("there is a /proc").flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_other = |name: &String| name.bytes().all(|one| one.is_ascii_digit()) && *name != own;
    let sizes: Vec<u64> = names.filter(is_other).filter_map(|pid| pss(&pid)).collect();
    (sizes.len(), sizes.iter().sum())
}

fn pss(pid: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
