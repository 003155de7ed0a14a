//! How fast the tunnel is beside a course-style one in Python: TCP from U to S through either, in
//! turn, in network namespaces of their own.
//!
//! ```sh
//! cargo bench --bench tunnel                 # under a minute
//! cargo bench --bench tunnel -- --runs 1
//! ```
//!
//! Medians are compared. Needs iperf3, ip and python3, and root or user namespaces.

use serde_json::Value;
use std::process::{Command, Stdio};

const HOSTS: &str = include_str!("../tests/netns/tunnel/hosts.sh");

/// Seconds of each transfer.
const SECONDS: u32 = 3;

/// One tunnel after the other; each iperf3 prints JSON, and a line ends each.
const SCRIPT: &str = r#"
wait_for() { for try in $(seq 500); do grep -qs "$2" "$T/$1" && return; sleep 0.01; done; cat $T/$1 >&2; exit 1; }
measure() {
    $S iperf3 -s -1 --forceflush -B 192.168.53.5 > $T/iperf & i=$!
    for try in $(seq 200); do grep -qs listening $T/iperf && break; sleep 0.01; done
    iperf3 -J -c 192.168.53.5 -t $LONG | tr -d '\n'; echo
    { kill $c $r $i; wait $c $r $i; } 2> /dev/null
    rm -f $T/*
}
for run in $(seq $RUNS); do
    $S "$TUNLAB" forward -q --listen 0.0.0.0:9090 2> $T/server & r=$!
    wait_for server listening
    "$TUNLAB" forward -q --server 10.0.2.11:9090 2> $T/client & c=$!
    wait_for client 'tunnel to'
    measure
    $S python3 "$PEERS/server.py" 192.168.53.5/24 > /dev/null 2> $T/server & r=$!
    wait_for server 'Interface Name'
    python3 "$PEERS/client.py" 10.0.2.11 192.168.53.99/24 > /dev/null 2> $T/client & c=$!
    wait_for client 'Interface Name'
    measure
done
kill $s $v
"#;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("speeds are compared by `cargo bench --bench tunnel`, never by a test");
        return;
    }
    let runs = arguments.iter().position(|argument| argument == "--runs");
    let runs = runs.and_then(|at| arguments.get(at + 1)?.parse().ok());
    let speeds = measure(runs.unwrap_or(3));
    // tunlab and Python take turns.
    let of = |first| median(speeds.iter().skip(first).step_by(2).copied().collect());
    let (ours, theirs) = (of(0), of(1));
    println!("| tunnel | Mbit/s of TCP, U to S |");
    println!("| --- | ---: |");
    println!("| `tunlab forward` at both ends | {ours:.0} |");
    println!("| course-style Python at both ends | {theirs:.0} |");
    println!(
        "\n{:.1} times as fast; medians of {} runs",
        ours / theirs,
        speeds.len() / 2
    );
}

/// Megabits a second of each transfer, in turn.
fn measure(runs: u32) -> Vec<f64> {
    let folder = std::env::temp_dir().join(format!("tunlab-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for files can be made");
    let mut namespaces = vec!["--net"];
    if !nix::unistd::geteuid().is_root() {
        namespaces.extend(["--user", "--map-root-user"]);
    }
    let output = Command::new("unshare")
        .args(namespaces)
        .args(["sh", "-c", &format!("{HOSTS}{SCRIPT}")])
        .env("T", &folder)
        .env("LIFE", (20 + runs * 4 * SECONDS).to_string())
        .env("RUNS", runs.to_string())
        .env("LONG", SECONDS.to_string())
        .env("TUNLAB", env!("CARGO_BIN_EXE_tunlab"))
        .env(
            "PEERS",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/netns/peers"),
        )
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("unshare can be run");
    let _ = std::fs::remove_dir_all(&folder);
    let text = String::from_utf8_lossy(&output.stdout);
    let speeds: Vec<f64> = text.lines().map(speed).collect();
    assert_eq!(
        speeds.len(),
        2 * runs as usize,
        "not every transfer was made"
    );
    speeds
}

fn speed(line: &str) -> f64 {
    let report: Value = serde_json::from_str(line).expect("iperf3 prints JSON");
    let bits = report.pointer("/end/sum_received/bits_per_second");
    bits.and_then(Value::as_f64)
        .expect("iperf3 tells the speed")
        / 1e6
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
