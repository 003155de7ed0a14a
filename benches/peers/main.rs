//! tunlab beside tcpdump, tshark and scapy, as whole processes in one run.
//!
//! ```sh
//! cargo bench --bench peers                  # everything: about eight minutes
//! cargo bench --bench peers -- show 'tcpdump -X' --packets 200000 --runs 3
//! ```
//!
//! 1. Captures of a million packets are made, no two packets alike.
//! 2. A case's two programs run in turn, so that what else the machine does hits both.
//! 3. A program's whole run counts, from start to end. scapy, which would take minutes, gets the
//!    capture's first packets only, and the time it takes for one packet, its start, is taken off.
//! 4. Medians are compared.

mod captures;
mod cases;
mod measure;
mod packets;

use captures::Captures;
use cases::{CASES, Case, Peer};
use comfy_table::{CellAlignment, Table, presets};
use measure::Usage;
use std::process::{Command, Stdio};

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == measure::FLAG).is_some() {
        return measure::as_parent(arguments);
    }
    let Some(wanted) = Wanted::of(arguments) else {
        println!("times are compared by `cargo bench --bench peers`, never by a test");
        return;
    };
    let captures = Captures::new().expect("a folder for captures can be made");
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(HEADER);
    for case in CASES.iter().filter(|case| wanted.wants(case)) {
        eprintln!("{}", describe(case));
        if !installed(case.theirs) {
            eprintln!("  not installed: left out");
            continue;
        }
        table.add_row(row(case, &compare(case, &captures, &wanted)));
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    println!("{table}");
    println!(
        "{} packets, medians of {} runs; * of a part of them; M is a million packets a second",
        wanted.packets, wanted.runs
    );
    if wanted.words.is_empty() && installed(Peer::Tcpdump("-nn")) {
        start(&captures);
    }
}

/// From start to end on a capture of one packet: medians of many runs, for each is short.
fn start(captures: &Captures) {
    const RUNS: usize = 51;
    let file = captures.file(captures::Traffic::Icmp, 1);
    let file = file.to_string_lossy();
    let programs = [Peer::Tunlab("-o show"), Peer::Tcpdump("-nn -v")];
    let mut runs = [Vec::new(), Vec::new()];
    for _ in 0..RUNS {
        for (peer, runs) in programs.iter().zip(&mut runs) {
            runs.push(measure::run(&peer.command(&file), false));
        }
    }
    let of = |of: fn(&Usage) -> f64| runs.each_ref().map(|runs| 1e3 * median(runs, of));
    let ([ours, theirs], [our_cpu, their_cpu]) = (of(|usage| usage.wall), of(|usage| usage.cpu));
    println!(
        "one packet from start to end: {ours:.2} ms (CPU {our_cpu:.2}), tcpdump -nn -v \
         {theirs:.2} ms (CPU {their_cpu:.2}); {:.2} of its time, 0.5 wanted",
        ours / theirs
    );
}

const HEADER: [&str; 9] = [
    "capture",
    "tunlab",
    "beside",
    "tunlab, M",
    "other, M",
    "times",
    "by CPU",
    "wanted",
    "peak, MB",
];

/// What was asked on the command line.
struct Wanted {
    words: Vec<String>,
    packets: u64,
    runs: usize,
}

impl Wanted {
    /// Nothing when this is no benchmark but a test run.
    fn of(mut arguments: impl Iterator<Item = String>) -> Option<Wanted> {
        let mut wanted = Wanted {
            words: Vec::new(),
            packets: 1_000_000,
            runs: 5,
        };
        let mut is_bench = false;
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let number = arguments.next().and_then(|text| text.parse().ok());
                number.expect("a number follows")
            };
            match argument.as_str() {
                "--bench" => is_bench = true,
                "--packets" => wanted.packets = number(),
                "--runs" => wanted.runs = number() as usize,
                _ => wanted.words.push(argument),
            }
        }
        is_bench.then_some(wanted)
    }

    fn wants(&self, case: &Case) -> bool {
        let shown = describe(case);
        self.words.is_empty() || self.words.iter().any(|word| shown.contains(word.as_str()))
    }
}

fn describe(case: &Case) -> String {
    let (traffic, pipe) = (case.traffic.name(), if case.piped { ", piped" } else { "" });
    format!(
        "{traffic}: {} beside {}{pipe}",
        case.ours,
        case.theirs.shown()
    )
}

fn installed(peer: Peer) -> bool {
    let mut command = Command::new(peer.program());
    match peer {
        Peer::Scapy(_) => command.args(["-c", "import scapy"]),
        _ => command.arg("--version"),
    };
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Packets a second on the clock and of processor time, and the most memory.
struct Speed {
    wall: f64,
    cpu: f64,
    peak: u64,
}

fn compare(case: &Case, captures: &Captures, wanted: &Wanted) -> [Speed; 2] {
    let mut both = [Peer::Tunlab(case.ours), case.theirs].map(|peer| {
        let count = (wanted.packets as f64 * peer.share()).ceil() as u64;
        let command = |count| {
            let file = captures.file(case.traffic, count);
            peer.command(&file.to_string_lossy())
        };
        Program {
            count,
            whole: command(count),
            start: (peer.share() < 1.0).then(|| command(1)),
            runs: Vec::new(),
            starts: Vec::new(),
        }
    });
    for round in 0..=wanted.runs {
        for program in &mut both {
            let whole = measure::run(&program.whole, case.piped);
            let start = program.start.as_ref();
            let start = start.map(|start| measure::run(start, case.piped));
            // The first round only warms the file cache.
            if round > 0 {
                program.runs.push(whole);
                program.starts.extend(start);
            }
        }
    }
    both.map(|program| program.speed())
}

/// A program that is compared, and what its runs took.
struct Program {
    /// Packets it is given.
    count: u64,
    whole: Vec<String>,
    /// The same with a single packet, when it is given a part of the packets only.
    start: Option<Vec<String>>,
    runs: Vec<Usage>,
    starts: Vec<Usage>,
}

impl Program {
    fn speed(&self) -> Speed {
        let per_second = |of: fn(&Usage) -> f64| {
            let took = median(&self.runs, of) - median(&self.starts, of);
            self.count as f64 / took.max(1e-9)
        };
        Speed {
            wall: per_second(|usage| usage.wall),
            cpu: per_second(|usage| usage.cpu),
            peak: median(&self.runs, |usage| usage.peak as f64) as u64,
        }
    }
}

/// The median; 0 of nothing.
fn median(usages: &[Usage], of: fn(&Usage) -> f64) -> f64 {
    let mut values: Vec<f64> = usages.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn row(case: &Case, [ours, theirs]: &[Speed; 2]) -> [String; 9] {
    let part = if case.theirs.share() < 1.0 { "*" } else { "" };
    let pipe = if case.piped { " (piped)" } else { "" };
    [
        case.traffic.name().to_owned(),
        format!("`{}`{pipe}", case.ours),
        format!("`{}`{part}", case.theirs.shown()),
        format!("{:.2}", ours.wall / 1e6),
        format!("{:.4}", theirs.wall / 1e6),
        format!("{:.1}", ours.wall / theirs.wall),
        format!("{:.1}", ours.cpu / theirs.cpu),
        format!("{}", case.target),
        format!("{:.0}", ours.peak as f64 / 1024.0),
    ]
}
