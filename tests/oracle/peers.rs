//! scapy and tshark, asked once for all captures: what is there, and what they say.

use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// Every capture: the generated ones first, then those in `TUNLAB_CAPTURES/good`.
pub(crate) static CAPTURES: LazyLock<Result<Vec<PathBuf>, String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated");
    run(Command::new("python3").arg(script("generate")).arg(&folder))?;
    let mut captures = super::common::files(&folder)?;
    captures.extend(super::common::files(
        &super::common::captures()?.join("good"),
    )?);
    Ok(captures)
});

/// scapy's `show()` of every packet of every capture.
pub(crate) static SCAPY: LazyLock<Result<Vec<Vec<String>>, String>> = LazyLock::new(|| {
    let version = run(Command::new("python3")
        .arg(script("scapy_show.py"))
        .arg("--version"))?;
    if version.trim() != "2.8.0" {
        return Err(format!("scapy 2.8.0 is needed, {} is here", version.trim()));
    }
    let captures = CAPTURES.as_ref()?;
    let said = run(Command::new("python3")
        .arg(script("scapy_show.py"))
        .args(captures))?;
    let mut shown = vec![Vec::new(); captures.len()];
    let mut current: Option<(usize, String)> = None;
    let mut keep = |packet: Option<(usize, String)>| {
        if let Some((place, text)) = packet {
            shown[place].push(text);
        }
    };
    for line in said.split_inclusive('\n') {
        if let Some(header) = line.strip_prefix("=== ") {
            keep(current.take());
            let place = header
                .split(' ')
                .next()
                .and_then(|place| place.parse().ok());
            current = Some((place.ok_or("a separator without a place")?, String::new()));
        } else if let Some((_, text)) = &mut current {
            text.push_str(line);
        }
    }
    keep(current);
    Ok(shown)
});

/// The values that scapy reads in every packet of every capture: its layers, as JSON.
pub(crate) static SCAPY_VALUES: LazyLock<Result<Vec<Vec<Vec<Value>>>, String>> =
    LazyLock::new(|| {
        let captures = CAPTURES.as_ref()?;
        let said = run(Command::new("python3")
            .arg(script("scapy_values.py"))
            .args(captures))?;
        let mut values = vec![Vec::new(); captures.len()];
        for line in said.lines() {
            let (place, layers) = line.split_once(' ').ok_or("a line without a place")?;
            let place: usize = place.parse().map_err(|_| "a place that is no number")?;
            let layers = serde_json::from_str(layers).map_err(|error| error.to_string())?;
            values[place].push(layers);
        }
        Ok(values)
    });

/// What tshark says of a packet: the values of each field, `FIELDS` and columns by name.
pub(crate) type Said = HashMap<&'static str, Vec<String>>;

/// tshark's answers for every packet of every capture.
pub(crate) static TSHARK: LazyLock<Result<Vec<Vec<Said>>, String>> = LazyLock::new(|| {
    needs_tshark()?;
    every(CAPTURES.as_ref()?, |capture| {
        tshark(capture, CHECKS, FIELDS)
    })
});

/// Asks about every capture, several at a time.
pub(crate) fn every<T: Send>(
    captures: &[PathBuf],
    ask: impl Fn(&Path) -> Result<T, String> + Sync,
) -> Result<Vec<T>, String> {
    let answers: Vec<Mutex<Option<T>>> = captures.iter().map(|_| Mutex::new(None)).collect();
    let next = Mutex::new(0..captures.len());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = || -> Result<(), String> {
            loop {
                let Some(place) = next.lock().unwrap().next() else {
                    return Ok(());
                };
                *answers[place].lock().unwrap() = Some(ask(&captures[place])?);
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap())
    })?;
    let answers = answers.into_iter();
    Ok(answers
        .filter_map(|answer| answer.into_inner().unwrap())
        .collect())
}

pub(crate) fn needs_tshark() -> Result<(), String> {
    let version = run(Command::new("tshark").arg("--version"))?;
    if version.starts_with("TShark (Wireshark) 4.0.") {
        return Ok(());
    }
    let first = version.lines().next().unwrap_or_default();
    Err(format!("tshark 4.0 is needed, {first} is here"))
}

/// Fields that tshark is asked for.
pub(crate) const FIELDS: &[&str] = &[
    "frame.protocols",
    "_ws.col.Protocol",
    "ip.version",
    "ip.hdr_len",
    "ip.dsfield",
    "ip.len",
    "ip.id",
    "ip.flags",
    "ip.frag_offset",
    "ip.ttl",
    "ip.proto",
    "ip.checksum",
    "ip.src",
    "ip.dst",
    "ip.checksum.status",
    "ipv6.version",
    "ipv6.tclass",
    "ipv6.flow",
    "ipv6.plen",
    "ipv6.nxt",
    "ipv6.hlim",
    "ipv6.src",
    "ipv6.dst",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.hdr_len",
    "tcp.flags",
    "tcp.window_size_value",
    "tcp.checksum",
    "tcp.urgent_pointer",
    "tcp.checksum.status",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "udp.checksum",
    "udp.checksum.status",
    "icmp.type",
    "icmp.code",
    "icmp.checksum",
    "icmp.ident",
    "icmp.seq",
    "icmp.checksum.status",
    "icmpv6.checksum.status",
    "arp.hw.type",
    "arp.proto.type",
    "arp.hw.size",
    "arp.proto.size",
    "arp.opcode",
    "arp.src.hw_mac",
    "arp.src.proto_ipv4",
    "arp.dst.hw_mac",
    "arp.dst.proto_ipv4",
    // Last, because names in it may hold any character.
    "_ws.col.Info",
];

/// Separators that no other field holds.
const BETWEEN_FIELDS: char = '\x1f';
const BETWEEN_VALUES: char = '\x1e';

/// The options of `line`, which leave packets alone.
pub(crate) const ALONE: &[&str] = &[
    "tcp.relative_sequence_numbers:FALSE",
    "tcp.analyze_sequence_numbers:FALSE",
    "tcp.desegment_tcp_streams:FALSE",
    "ip.defragment:FALSE",
    "ipv6.defragment:FALSE",
];

/// Options for a verdict on checksums.
pub(crate) const CHECKS: &[&str] = &[
    "ip.check_checksum:TRUE",
    "tcp.check_checksum:TRUE",
    "udp.check_checksum:TRUE",
];

/// What tshark says of every packet, with these `options` besides those of `line`.
pub(crate) fn tshark(
    capture: &Path,
    options: &[&str],
    fields: &'static [&'static str],
) -> Result<Vec<Said>, String> {
    let mut command = Command::new("tshark");
    command
        .args(["-n", "-T", "fields", "-E", "occurrence=a", "-r"])
        .arg(capture);
    command.arg("-E").arg(format!("separator={BETWEEN_FIELDS}"));
    command
        .arg("-E")
        .arg(format!("aggregator={BETWEEN_VALUES}"));
    for option in ALONE.iter().chain(options) {
        command.args(["-o", option]);
    }
    for field in fields {
        command.args(["-e", field]);
    }
    // tshark ends with an error at damage; the packets before it count.
    let output = command
        .output()
        .map_err(|error| format!("tshark: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let said = |line| said(line, fields);
    Ok(text.split_terminator('\n').map(said).collect())
}

fn said(line: &str, fields: &'static [&'static str]) -> Said {
    let values = |text: &str| -> Vec<String> {
        let values = text.split(BETWEEN_VALUES).map(str::to_owned);
        values.filter(|value| !value.is_empty()).collect()
    };
    let (columns, last) = (fields.len(), |text: &str| vec![text.to_owned()]);
    let parts = line.splitn(columns, BETWEEN_FIELDS).enumerate();
    let read = parts.map(|(index, text)| match index + 1 == columns {
        true => last(text),
        false => values(text),
    });
    fields.iter().copied().zip(read).collect()
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/oracle")
        .join(name)
}

pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let last = why.lines().last().unwrap_or_default();
        return Err(format!("{program}: {}: {last}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
