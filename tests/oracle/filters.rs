//! Filters select the packets that tshark's display filters select: each line of `filters.txt`
//! on the captures in `TUNLAB_CAPTURES/good` and on the fixtures.
//!
//! tshark is asked once a capture: a script registers every filter and prints what each selects.
//! A packet in which the two do not find the same headers one after the other is left out: it is
//! inside a protocol that tunlab does not have, or a header is cut off, of which scapy and tunlab
//! read nothing and tshark the fields that are there. The test of `line` is about those.

use super::peers::{self, ALONE, CHECKS, script};
use libtest_mimic::Failed;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use tunlab::model::Packet;
use tunlab::packet::dissect_captured;
use tunlab::packet::filter::{Facts, Filter};

/// Packets that must be judged, of a hundred.
const JUDGED: usize = 97;

/// One line of `filters.txt`.
struct Judged {
    text: &'static str,
    filter: Filter,
    /// How many packets may differ at most.
    allowed: usize,
}

/// What tshark says of one capture.
struct Said {
    /// The protocols of each packet.
    protocols: Vec<String>,
    /// The packets that each filter selects, from 1.
    selected: Vec<Vec<usize>>,
}

/// What a filter selected, over all captures.
#[derive(Default)]
struct Outcome {
    selected: usize,
    differences: Vec<String>,
}

pub(crate) fn select() -> Result<Result<(), Failed>, &'static String> {
    static SAID: LazyLock<Result<Vec<(PathBuf, Said)>, String>> = LazyLock::new(ask);
    SAID.as_ref().map(|said| compare(said))
}

fn filters() -> Vec<Judged> {
    lines()
        .map(|line| {
            let (text, difference) = line.split_once("##").unwrap_or((line, "0:"));
            let (allowed, _) = difference.split_once(':').expect("a number and a reason");
            let text = text.trim();
            Judged {
                text,
                filter: Filter::compile(text).unwrap_or_else(|error| panic!("{error}")),
                allowed: allowed.trim().parse().expect("a number"),
            }
        })
        .collect()
}

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("filters.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn compare(said: &[(PathBuf, Said)]) -> Result<(), Failed> {
    let filters = filters();
    let mut outcomes: Vec<Outcome> = filters.iter().map(|_| Outcome::default()).collect();
    let (mut all, mut judged) = (0, 0);
    for (capture, said) in said {
        let theirs: Vec<Vec<bool>> = said
            .selected
            .iter()
            .map(|selected| {
                let mut marks = vec![false; said.protocols.len() + 1];
                selected.iter().for_each(|number| marks[*number] = true);
                marks
            })
            .collect();
        let mut source = tunlab::capture::open(capture).map_err(|error| error.to_string())?;
        let mut started = None;
        while let Ok(Some(frame)) = source.next() {
            let packet = dissect_captured(frame.link, frame.bytes, frame.wire_len as usize);
            let number = frame.number as usize;
            let started = *started.get_or_insert(frame.time);
            all += 1;
            let protocols = said.protocols.get(number - 1).map_or("", String::as_str);
            if headers(&packet) != known(protocols) {
                continue;
            }
            judged += 1;
            let facts = Facts {
                number: frame.number,
                wire_len: frame.wire_len,
                time: frame.time.0,
                started: started.0,
                interface: frame.interface.and_then(|interface| interface.name),
            };
            for (index, judged) in filters.iter().enumerate() {
                let ours = judged.filter.selects(&packet, &facts);
                let outcome = &mut outcomes[index];
                outcome.selected += usize::from(ours);
                if ours != theirs[index][number] {
                    let who = if ours { "tunlab" } else { "tshark" };
                    let place = format!("{} packet {number}", capture.display());
                    let difference = format!("only {who} selects {place} ({protocols})");
                    outcome.differences.push(difference);
                }
            }
        }
    }
    println!("filters: {} on {judged} of {all} packets", filters.len());
    let mut wrong = Vec::new();
    if judged * 100 < all * JUDGED {
        wrong.push(format!("only {judged} of {all} packets can be judged"));
    }
    for (judged, outcome) in filters.iter().zip(&outcomes) {
        if outcome.selected == 0 {
            wrong.push(format!("{}: selects nothing", judged.text));
        }
        if outcome.differences.len() > judged.allowed {
            let count = outcome.differences.len();
            let first = outcome.differences[..count.min(5)].join("\n      ");
            wrong.push(format!("{}: {count}\n      {first}", judged.text));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n    ").into())
    }
}

/// Our layers' names in Wireshark.
static NAMES: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    BTreeMap::from([
        ("Ether", "eth"),
        ("Dot3", "eth"),
        ("Dot1Q", "vlan"),
        ("Dot1AD", "ieee8021ad"),
        ("CookedLinux", "sll"),
        ("CookedLinuxV2", "sll"),
        ("Loopback", "null"),
        ("LoopbackOpenBSD", "null"),
        ("LLC", "llc"),
        ("STP", "stp"),
        ("ARP", "arp"),
        ("IP", "ip"),
        ("IPv6", "ipv6"),
        ("IPv6ExtHdrHopByHop", "ipv6.hopopts"),
        ("IPv6ExtHdrDestOpt", "ipv6.dstopts"),
        ("IPv6ExtHdrFragment", "ipv6.fraghdr"),
        ("IPv6ExtHdrRouting", "ipv6.routing"),
        ("IPv6ExtHdrSegmentRouting", "ipv6.routing"),
        ("GRE", "gre"),
        ("GRE_PPTP", "gre"),
        ("VXLAN", "vxlan"),
        ("ICMP", "icmp"),
        ("UDP", "udp"),
        ("TCP", "tcp"),
        ("DNS", "dns"),
        ("BOOTP", "dhcp"),
        ("LLMNRQuery", "llmnr"),
        ("LLMNRResponse", "llmnr"),
        ("Telnet", "telnet"),
    ])
});

/// The headers that tunlab found.
fn headers(packet: &Packet) -> Vec<&'static str> {
    let layers = packet.layers.iter().filter(|layer| !layer.protocol.opaque);
    layers
        .filter_map(|layer| match layer.protocol.name {
            name if name.starts_with("ICMPv6") => Some("icmpv6"),
            name if name.starts_with("IGMP") => Some("igmp"),
            name => NAMES.get(name).copied(),
        })
        .collect()
}

/// The headers that tshark found, those that tunlab does not have left out.
fn known(protocols: &str) -> Vec<&str> {
    let ours =
        |name: &&str| NAMES.values().any(|ours| ours == name) || matches!(*name, "icmpv6" | "igmp");
    // Multicast DNS is DNS on another port.
    let protocols = protocols.split(':').map(|name| match name {
        "mdns" => "dns",
        name => name,
    });
    let mut names: Vec<&str> = protocols.filter(ours).collect();
    // tshark names IGMP and its version, both alike.
    names.dedup_by(|this, before| this == before && *this == "igmp");
    names
}

/// Asks tshark about every capture, several at a time.
fn ask() -> Result<Vec<(PathBuf, Said)>, String> {
    peers::needs_tshark()?;
    let mut captures = super::common::files(&super::common::captures()?.join("good"))?;
    captures.extend(
        super::common::fixtures()
            .into_iter()
            .map(|folder| folder.join("capture.pcap")),
    );
    let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filters");
    let filters: Vec<&str> = filters().iter().map(|judged| judged.text).collect();
    std::fs::write(&list, filters.join("\n") + "\n").map_err(|error| error.to_string())?;
    let said = Mutex::new(HashMap::new());
    let left = Mutex::new(captures.iter());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    loop {
                        let Some(capture) = left.lock().unwrap().next() else {
                            return Ok(());
                        };
                        let answer = tshark(capture, &list, filters.len())?;
                        said.lock().unwrap().insert(capture, answer);
                    }
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap())
    })?;
    let mut said = said.into_inner().unwrap();
    let said = captures
        .iter()
        .filter_map(|capture| Some((capture.clone(), said.remove(capture)?)));
    Ok(said.collect())
}

fn tshark(capture: &Path, list: &Path, filters: usize) -> Result<Said, String> {
    let lua = script("tshark_filters.lua");
    let mut command = Command::new("tshark");
    command.args(["-q", "-n"]);
    for option in ALONE.iter().chain(CHECKS) {
        command.args(["-o", option]);
    }
    command
        .arg("-X")
        .arg(format!("lua_script:{}", lua.display()))
        .arg("-r")
        .arg(capture)
        .env("FILTERS", list);
    // tshark ends with an error at damage; the packets before it count.
    let output = command
        .output()
        .map_err(|error| format!("tshark: {error}"))?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    if let Some(invalid) = complaints.lines().find(|line| line.contains("is invalid")) {
        return Err(format!("tshark: {invalid}"));
    }
    let mut said = Said {
        protocols: Vec::new(),
        selected: vec![Vec::new(); filters],
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split(' ');
        let (Some(filter), Some(packet)) = (words.next(), words.next()) else {
            return Err(format!("tshark: {line}"));
        };
        let number = |word: &str| word.parse::<usize>().map_err(|_| format!("tshark: {line}"));
        match number(filter)? {
            0 => said
                .protocols
                .push(words.next().unwrap_or_default().to_owned()),
            filter => said.selected[filter - 1].push(number(packet)?),
        }
    }
    Ok(said)
}
