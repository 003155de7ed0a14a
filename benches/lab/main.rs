//! How long a lab takes to stand, beside mininet in one run; and a hundred labs at once: each one's
//! ping through its own tunnel, and the memory of all their processes.
//!
//! ```sh
//! cargo bench --bench lab                # both, as root; about two minutes with mininet
//! cargo bench --bench lab -- up --runs 5
//! cargo bench --bench lab -- hundred
//! ```
//!
//! 1. The bench starts itself anew in mount, network and PID namespaces of its own, with an empty
//!    `/run`: nothing of what is built shows on the machine, and nothing stays.
//! 2. `tunlab lab up` and mininet's smallest network run in turn, so that what else the machine
//!    does hits both. Medians are compared.

mod hundred;
mod up;

use std::process::{Command, exit};

/// Given to the run inside of the namespaces.
const INSIDE: &str = "--inside";

/// The program that is measured.
const TUNLAB: &str = env!("CARGO_BIN_EXE_tunlab");

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|one| one == "--bench") {
        println!("times are compared by `cargo bench --bench lab`, never by a test");
        return;
    }
    if !arguments.iter().any(|one| one == INSIDE) {
        exit(go_inside(&arguments));
    }
    let wants = |part: &str| {
        let named = |one: &String| one == "up" || one == "hundred";
        !arguments.iter().any(named) || arguments.iter().any(|one| one == part)
    };
    let runs = arguments.iter().position(|one| one == "--runs");
    let runs = runs.and_then(|place| arguments.get(place + 1)?.parse().ok());
    if wants("up") {
        up::compare(runs.unwrap_or(15));
    }
    if wants("hundred") {
        hundred::stand();
    }
}

/// Runs this program again where it can disturb nobody.
fn go_inside(arguments: &[String]) -> i32 {
    let this = std::env::current_exe().expect("a running program has a path");
    let status = Command::new("unshare")
        .args([
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ])
        .args([
            "sh",
            "-c",
            "mount -t tmpfs none /run && ip link set lo up; exec \"$@\"",
            "sh",
        ])
        .arg(this)
        .args(arguments)
        .arg(INSIDE)
        .status();
    match status {
        Ok(status) => status.code().unwrap_or(1),
        Err(error) => {
            eprintln!("unshare: {error}");
            1
        }
    }
}

/// Runs tunlab to its end; it must succeed.
fn tunlab(line: &str) {
    let status = Command::new(TUNLAB).args(line.split(' ')).status();
    assert!(status.is_ok_and(|status| status.success()), "tunlab {line}");
}

/// The middle one, or the mean of the middle two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        (values[half - 1] + values[half]) / 2.0
    }
}
