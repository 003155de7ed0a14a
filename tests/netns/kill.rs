//! SIGKILL of tunlab at any moment leaves no process, no namespace and no device.

use super::processes::{all_processes, is_of_a_run};
use super::run::{Bench, needs};
use super::user::Start;
use super::{Problem, Test, wrong};
use nix::sys::signal::{Signal, kill};
use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const TESTS: &[(&str, Test)] = &[("kill::at_any_moment_leaves_nothing", at_any_moment)];

const MOMENTS: u64 = 50;

/// Longer than the start takes, so that some of the moments are in the middle of the run.
const SPREAD: Duration = Duration::from_millis(120);

fn at_any_moment(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let mut random: u64 = 0x5eed;
    for moment in 0..MOMENTS {
        // Knuth's MMIX: the moments are the same in every run.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let after = SPREAD.mul_f64((random >> 40) as f64 / (1 << 24) as f64);
        let command = ["spoof -q", "tap-dump -q --ipv6", "read -q"][(moment % 3) as usize];
        let script = "sleep 30 & setsid sleep 30 & ping -q -i 0.2 192.168.53.1";
        let running = bench.start(Start::Plain, &format!("{command} -- sh -c"), &[script])?;
        let started = Instant::now();
        let mut namespaces = BTreeSet::new();
        while started.elapsed() < after {
            namespaces.extend(running.processes().into_iter().filter_map(network_of));
            sleep(Duration::from_millis(2));
        }
        namespaces.extend(running.processes().into_iter().filter_map(network_of));
        let _ = kill(running.pid(), Signal::SIGKILL);
        let killed = Instant::now();
        // Fails when a process of the run is still there after a second.
        running.wait()?;
        namespaces.remove(&own_network());
        loop {
            let left = held(&namespaces);
            if left.is_empty() {
                break;
            }
            if killed.elapsed() > Duration::from_secs(1) {
                return wrong(format!("killed after {after:?}: {left:?} are left"));
            }
            sleep(Duration::from_millis(5));
        }
    }
    Ok(())
}

/// Those of `namespaces` that a process or a mount still holds. Numbers are used again at once, so
/// processes of other runs do not count; those of this run are known to be gone.
fn held(namespaces: &BTreeSet<String>) -> BTreeSet<String> {
    let strangers = all_processes().filter(|&pid| !is_of_a_run(pid));
    let alive: BTreeSet<String> = strangers.filter_map(network_of).collect();
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mounted = |namespace: &String| mounts.contains(namespace.as_str());
    let is_held = |namespace: &&String| alive.contains(*namespace) || mounted(namespace);
    namespaces.iter().filter(is_held).cloned().collect()
}

/// The network namespace of a process: `net:[4026531840]`. A zombie has none.
fn network_of(pid: nix::unistd::Pid) -> Option<String> {
    let link = fs::read_link(format!("/proc/{pid}/ns/net")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

fn own_network() -> String {
    network_of(nix::unistd::getpid()).unwrap_or_default()
}
