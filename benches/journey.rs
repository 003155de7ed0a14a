//! What probing costs a full tunnel: TCP from U to V in a lab of its own, alone and with a
//! `tunlab journey` that sends a probe every 5 ms, in turn.
//!
//! ```sh
//! cargo bench --bench journey                               # ten pairs of 20 s, seven minutes
//! cargo bench --bench journey -- --runs 4 --seconds 10
//! ```
//!
//! Pairs scatter by ten points on a shared machine: read the mean with its standard error. Needs
//! iperf3, and root or user namespaces.

use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const TUNLAB: &str = env!("CARGO_BIN_EXE_tunlab");

/// Between two probes, in milliseconds.
const INTERVAL: u32 = 5;

/// V's address.
const V: &str = "192.168.70.101";

/// A lab with its tunnel, which ends with this.
struct Lab {
    name: String,
}

impl Lab {
    fn up() -> Lab {
        let name = format!("bench{}", std::process::id());
        let mut up = Command::new(TUNLAB);
        up.args(["lab", "up", "--tunnel", "--lab", &name]);
        let up = up.stdout(Stdio::null()).status();
        assert!(up.is_ok_and(|up| up.success()), "a lab can be built");
        Lab { name }
    }

    fn on(&self, host: &str, command: &[&str]) -> Command {
        let mut on = Command::new(TUNLAB);
        on.args(["lab", "exec", "--lab", &self.name, host, "--"]);
        on.args(command).stdin(Stdio::null());
        on
    }

    /// Megabits a second of one transfer.
    fn transfer(&self, seconds: u32, probed: bool) -> f64 {
        let server = quiet(self.on("v", &["iperf3", "-s", "-1"]));
        std::thread::sleep(Duration::from_millis(400));
        let probes = probed.then(|| {
            let mut journey = Command::new(TUNLAB);
            journey.args(["journey", "--lab", &self.name, "u", "v", "-i"]);
            journey.arg(format!("{INTERVAL}ms"));
            journey.args(["-c", &(seconds * 1000 / INTERVAL).to_string()]);
            quiet(journey)
        });
        let client = ["iperf3", "-J", "-c", V, "-t", &seconds.to_string()];
        let report = self.on("u", &client).output().expect("iperf3 can be run");
        for mut child in probes.into_iter().chain([server]) {
            let _ = child.wait();
        }
        let report: Value = serde_json::from_slice(&report.stdout).expect("iperf3 prints JSON");
        let bits = report.pointer("/end/sum_received/bits_per_second");
        bits.and_then(Value::as_f64)
            .expect("iperf3 tells the speed")
            / 1e6
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let mut down = Command::new(TUNLAB);
        down.args(["lab", "down", "--lab", &self.name]);
        let _ = down.stdout(Stdio::null()).status();
    }
}

fn quiet(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("a command can be run")
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("the cost is measured by `cargo bench --bench journey`, never by a test");
        return;
    }
    let option = |name: &str, default: u32| {
        let at = arguments.iter().position(|argument| argument == name);
        let told = at.and_then(|at| arguments.get(at + 1)?.parse().ok());
        told.unwrap_or(default).max(1)
    };
    let (runs, seconds) = (option("--runs", 10), option("--seconds", 20));
    let lab = Lab::up();
    println!("| pair | alone, Mbit/s | probed, Mbit/s | cost |");
    println!("| ---: | ---: | ---: | ---: |");
    let mut costs = Vec::new();
    for run in 1..=runs {
        // Neither is always the first of its pair.
        let probed_first = run % 2 == 0;
        let first = lab.transfer(seconds, probed_first);
        let second = lab.transfer(seconds, !probed_first);
        let (alone, probed) = match probed_first {
            true => (second, first),
            false => (first, second),
        };
        let cost = 100.0 * (1.0 - probed / alone);
        println!("| {run} | {alone:.0} | {probed:.0} | {cost:.1} % |");
        costs.push(cost);
    }
    let count = f64::from(runs);
    let mean = costs.iter().sum::<f64>() / count;
    let spread: f64 = costs.iter().map(|cost| (cost - mean).powi(2)).sum();
    let error = (spread / (count - 1.0).max(1.0) / count).sqrt();
    println!("\nprobing every {INTERVAL} ms costs {mean:.1} %, give or take {error:.1}");
}
