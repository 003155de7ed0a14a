//! No bytes make tunlab panic, hang, or write what a terminal would obey.
//!
//! 1. Every fixture, cut at every length, in every format.
//! 2. Every fixture, changed with fixed seeds, as every link type, in every format.
//! 3. Every damaged capture in `TUNLAB_CAPTURES/hostile`, file format included.
//! 4. Filters with something put into them at random: compiled or explained, and asked of the
//!    fixtures.

mod common;

use common::{LINKS, Printers, Random, captures, files, fixtures, samples};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::path::Path;
use std::time::{Duration, Instant};
use tunlab::packet::dissect;
use tunlab::packet::filter::{Facts, Filter};

/// Far more than any packet needs, even unoptimised on a busy machine.
const LONGEST: Duration = Duration::from_secs(2);

/// Changed copies of each fixture's packet.
const MUTANTS: u64 = 150;

fn main() {
    let trials = vec![
        Trial::test("every_fixture_cut_at_every_length", cut),
        Trial::test("every_fixture_changed_as_every_link_type", changed),
        Trial::test("random_bytes_as_every_link_type", random),
        Trial::test("every_fixture_file_changed", changed_files),
        Trial::ignorable_test("every_damaged_capture", damaged),
        Trial::test("changed_filters_on_changed_fixtures", filters),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn cut() -> Result<(), Failed> {
    let mut printers = Printers::new();
    for sample in samples() {
        timed(&sample.name, || {
            for length in 0..=sample.bytes.len() {
                // A copy of its own, so that reading beyond the end cannot find the rest.
                printers.try_all(sample.link, &sample.bytes[..length]);
            }
            sample.bytes.len() as u32 + 1
        })?;
    }
    Ok(())
}

fn changed() -> Result<(), Failed> {
    let mut printers = Printers::new();
    for sample in samples() {
        timed(&sample.name, || {
            for seed in 0..MUTANTS {
                let mut random = Random::new(seed + 1);
                let mut bytes = sample.bytes.clone();
                for _ in 0..=random.below(8) {
                    random.mutate(&mut bytes);
                }
                printers.try_all(sample.link, &bytes);
                printers.try_all(LINKS[random.below(LINKS.len())], &bytes);
            }
            2 * MUTANTS as u32
        })?;
    }
    Ok(())
}

fn random() -> Result<(), Failed> {
    let mut printers = Printers::new();
    let mut random = Random::new(2600);
    for link in LINKS {
        for _ in 0..200 {
            let length = random.below(160);
            let bytes = random.bytes(length);
            printers.try_all(link, &bytes);
        }
    }
    Ok(())
}

/// Reads changed capture files of every form to their end or their damage.
fn changed_files() -> Result<(), Failed> {
    let mut printers = Printers::new();
    for folder in fixtures() {
        let capture = folder.join("capture.pcap");
        changed_file(&std::fs::read(&capture)?, &mut printers)?;
        for form in ["hostile.pcapng", "hostile.pcap.gz"] {
            let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(form);
            let mut source = tunlab::capture::open(&capture)?;
            let mut sink = tunlab::capture::create(&copy)?;
            while let Some(frame) = source.next()? {
                sink.write(&frame)?;
            }
            sink.finish()?;
            changed_file(&std::fs::read(&copy)?, &mut printers)?;
        }
    }
    Ok(())
}

fn changed_file(whole: &[u8], printers: &mut Printers) -> Result<(), Failed> {
    for seed in 0..MUTANTS {
        let mut random = Random::new(seed + 1);
        let mut bytes = whole.to_vec();
        for _ in 0..=random.below(4) {
            random.mutate(&mut bytes);
        }
        let source = tunlab::capture::from_reader("test".into(), std::io::Cursor::new(bytes));
        read(source, printers)?;
    }
    Ok(())
}

fn damaged() -> Result<Completion, Failed> {
    let folder = match captures() {
        Ok(folder) => folder.join("hostile"),
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };
    let mut printers = Printers::new();
    for file in files(&folder)? {
        let started = Instant::now();
        read(tunlab::capture::open(&file), &mut printers)
            .map_err(|why| format!("{}: {why}", file.display()))?;
        if started.elapsed() > 30 * LONGEST {
            return Err(format!("{}: took {:?}", file.display(), started.elapsed()).into());
        }
    }
    Ok(Completion::Completed)
}

/// What is put anywhere into filters that make sense.
const PIECES: &[&str] = &[
    "ip",
    "tcp",
    "dns.qry.name",
    "ip.src",
    "ip.addr",
    "tcp.port",
    "eth.src",
    "frame",
    "data.data",
    "tcp.options.mss_val",
    "dhcp.hw.mac_addr",
    "dns.resp.name",
    "frame.time_relative",
    "ip.ttl",
    "len(",
    "count(",
    "lower(",
    "upper(",
    "(",
    ")",
    "!",
    "not ",
    "any ",
    "all ",
    " && ",
    " || ",
    " xor ",
    " == ",
    " != ",
    " === ",
    " !== ",
    " < ",
    " >= ",
    " contains ",
    " matches ",
    " in {",
    " not in {",
    "}",
    "..",
    ", ",
    " & ",
    "[0:3]",
    "[-1]",
    "[1-2,0]",
    "[9999999999:]",
    "[:",
    "8",
    "0x10",
    "-1",
    "1.5",
    "10.0.0.1",
    "10.0.0.0/8",
    "fe80::/10",
    "00:0c:29",
    "ff:ff:ff:ff:ff:ff",
    "\"a\"",
    "\"[\"",
    "\"(a|b)*\"",
    "r\"\\.\"",
    "\"",
    "\\",
    "\u{e9}",
    "\u{4e2d}",
    "\n",
    "\u{202e}",
    "",
    "=",
    "^^",
    "{",
    ":",
    "/",
    "'a'",
];

fn filters() -> Result<(), Failed> {
    let mut random = Random::new(1969);
    let lines: Vec<&str> = include_str!("oracle/filters.txt")
        .lines()
        .map(|line| line.split("##").next().unwrap_or_default())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let mut compiled = Vec::new();
    for _ in 0..600 {
        let mut text = lines[random.below(lines.len())].to_owned();
        for _ in 0..random.below(3) {
            let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = ends.get(random.below(ends.len().max(1))).copied();
            text.insert_str(at.unwrap_or(0), PIECES[random.below(PIECES.len())]);
        }
        match Filter::compile(&text) {
            Ok(filter) => compiled.push((text, filter)),
            Err(error) => {
                let whole = error.at <= text.len() && text.is_char_boundary(error.at);
                let lines = error.to_string();
                if !whole || error.message.is_empty() || !lines.contains('^') {
                    return Err(format!("{text:?}: {error:?}").into());
                }
            }
        }
    }
    if compiled.len() < 100 {
        return Err(format!("only {} filters make sense", compiled.len()).into());
    }
    let samples = samples();
    for (text, filter) in &compiled {
        timed(text, || {
            for _ in 0..10 {
                let sample = &samples[random.below(samples.len())];
                let mut bytes = sample.bytes.clone();
                random.mutate(&mut bytes);
                let facts = Facts {
                    number: 1,
                    wire_len: bytes.len() as u32,
                    time: 0,
                    started: 0,
                    interface: None,
                };
                filter.selects(&dissect(sample.link, &bytes), &facts);
            }
            10
        })?;
    }
    Ok(())
}

type Opened = Result<Box<dyn tunlab::capture::Source>, tunlab::capture::CaptureError>;

/// Prints all packets up to the end or the first error, whose words must be fit to print.
fn read(source: Opened, printers: &mut Printers) -> Result<(), String> {
    let mut source = match source {
        Ok(source) => source,
        Err(error) => return words(&error),
    };
    loop {
        match source.next() {
            Ok(Some(frame)) => printers.try_all(frame.link, frame.bytes),
            Ok(None) => return Ok(()),
            Err(error) => return words(&error),
        }
    }
}

fn words(error: &dyn std::error::Error) -> Result<(), String> {
    let words = error.to_string();
    common::fit("error", false, words.as_bytes())?;
    if words.is_empty() {
        return Err("an error without words".into());
    }
    Ok(())
}

/// Runs `work`, which prints so many packets; none may take too long.
fn timed(name: &str, work: impl FnOnce() -> u32) -> Result<(), Failed> {
    let started = Instant::now();
    let packets = work();
    let each = started.elapsed() / packets.max(1);
    if each > LONGEST {
        return Err(format!("{name}: {each:?} a packet").into());
    }
    Ok(())
}
