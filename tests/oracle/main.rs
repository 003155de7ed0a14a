//! The peers judge: scapy 2.8.0 the text of `show`, tshark 4.0 the columns of `line`, the values
//! of `json` and the remarks on checksums; over the captures in `TUNLAB_CAPTURES/good` and over
//! captures generated from fixed seeds.
//!
//! Without the captures or a peer the tests are ignored with the reason; with
//! `TUNLAB_REQUIRE_ORACLE=1` that is a failure. `TUNLAB_DIFFERENCES=20` prints as many
//! differences of each protocol.

#[path = "../common/mod.rs"]
mod common;
mod differences;
mod filters;
mod line;
mod ours;
mod peers;
mod tally;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use ours::{OURS, Printed};
use peers::{CAPTURES, SCAPY, SCAPY_VALUES, Said, TSHARK};
use serde_json::Value;
use std::collections::HashSet;
use tally::{Packet, Tally};
use tunlab::proto;

fn main() {
    let trials = vec![
        Trial::ignorable_test("show_is_scapys", || judged(show)),
        Trial::ignorable_test("line_is_tsharks", || judged(line::line)),
        Trial::ignorable_test("json_values_are_tsharks", || judged(values)),
        Trial::ignorable_test("json_values_are_scapys", || judged(scapy_values)),
        Trial::ignorable_test("checksum_remarks_are_tsharks_verdict", || judged(checksums)),
        Trial::ignorable_test("filters_select_as_tshark", || judged(filters::select)),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// Runs a comparison; what is missing makes it ignored, or failed where it is required.
fn judged(
    compare: fn() -> Result<Result<(), Failed>, &'static String>,
) -> Result<Completion, Failed> {
    match compare() {
        Ok(result) => result.map(|()| Completion::Completed),
        Err(missing) if std::env::var_os("TUNLAB_REQUIRE_ORACLE").is_some() => Err(missing.into()),
        Err(missing) => Ok(Completion::ignored_with(missing)),
    }
}

type Compared = Result<Result<(), Failed>, &'static String>;

/// Calls `each` with every packet: where it is, what tunlab prints, what the peer says.
fn every<P>(
    peer: &'static [Vec<P>],
    mut each: impl FnMut(Packet, &'static Printed, &'static P),
) -> Result<(), &'static String> {
    let captures = CAPTURES.as_ref()?;
    let ours = OURS.as_ref()?;
    for ((capture, ours), theirs) in captures.iter().zip(ours).zip(peer) {
        for (index, (printed, said)) in ours.iter().zip(theirs).enumerate() {
            each(
                Packet {
                    capture,
                    number: index + 1,
                },
                printed,
                said,
            );
        }
    }
    Ok(())
}

/// `show`, where scapy needs only layers that tunlab has.
fn show() -> Compared {
    let titles: HashSet<&str> = proto::all()
        .flat_map(|protocol| [Some(protocol.title), protocol.quoted_title])
        .flatten()
        .collect();
    let mut tally = Tally::new("show");
    every(SCAPY.as_ref()?, |packet, ours, theirs| {
        let theirs_has = |title: &&str| titles.contains(title);
        let needed = ours::titles(theirs);
        if theirs.starts_with("!!!") || needed.is_empty() || !needed.iter().all(theirs_has) {
            return;
        }
        if ours.further {
            return;
        }
        let same = ours.show.trim_end_matches('\n') == theirs.trim_end_matches('\n');
        if !same && let Some(why) = differences::of_show(ours) {
            tally.excepted(why);
            return;
        }
        for title in needed.iter().collect::<HashSet<_>>() {
            tally.count(title, same);
        }
        tally.count("all", same);
        if !same {
            tally.differs(packet, tally::first_difference(theirs, &ours.show));
        }
    })?;
    Ok(tally.verdict(|title| match title {
        "all" => 99.0,
        "ARP" => 100.0,
        title if title.starts_with("ICMP") || title.starts_with("MLD") => 100.0,
        _ => 98.0,
    }))
}

/// The values of `json`, field by field.
fn values() -> Compared {
    let mut tally = Tally::new("json");
    every(TSHARK.as_ref()?, |packet, ours, theirs| {
        for (field, layer, name, read) in differences::VALUES {
            let Some(said) = theirs.get(field) else {
                continue;
            };
            let said = said.iter().filter(|said| differences::is_own(field, said));
            for (said, value) in said.zip(ours.values(layer, name)) {
                let (said, value) = (read(said), ours::plain(&value));
                // Addresses of a link that is no Ethernet are bytes, which have no colons.
                let same = said == value || said.replace(':', "") == value;
                tally.count(layer, same);
                tally.count("all", same);
                if !same {
                    tally.differs(packet, format!("{field} {said}, {layer}.{name} {value}"));
                }
            }
        }
    })?;
    Ok(tally.verdict(|_| 99.9))
}

/// The values of `json` against scapy's, every field of the layers that both have.
fn scapy_values() -> Compared {
    let mut tally = Tally::new("json, scapy");
    every(SCAPY_VALUES.as_ref()?, |packet, ours, theirs| {
        for layer in ["ARP", "IP", "IPv6", "ICMP", "TCP", "UDP"] {
            let named = |layers: &'static [Value]| {
                layers
                    .iter()
                    .filter(move |candidate| candidate["name"] == layer)
            };
            for (layer_of_ours, theirs) in named(ours.layers()).zip(named(theirs)) {
                let Some(fields) = theirs["fields"].as_object() else {
                    continue;
                };
                for (name, said) in fields {
                    let value = ours::bare(&layer_of_ours["fields"][name]);
                    let same = *said == value;
                    let why = differences::of_show(ours)
                        .or_else(|| differences::of_option(&layer_of_ours["fields"], name));
                    if !same && let Some(why) = why {
                        tally.excepted(why);
                        continue;
                    }
                    tally.count(layer, same);
                    tally.count("all", same);
                    if !same {
                        tally.differs(packet, format!("{layer}.{name}: {said}, ours {value}"));
                    }
                }
            }
        }
    })?;
    Ok(tally.verdict(|_| 99.9))
}

/// Which checksums are wrong.
fn checksums() -> Compared {
    let mut tally = Tally::new("checksums");
    every(TSHARK.as_ref()?, |packet, ours, theirs| {
        for (field, layer, name) in differences::CHECKSUMS {
            let said = theirs.get(field).map_or(&[][..], Vec::as_slice);
            if said.is_empty() {
                continue;
            }
            let bad = said.iter().filter(|status| *status == "0").count();
            let remarks = ours.wrong_checksums(layer, name);
            let same = bad == remarks;
            if !same && let Some(why) = differences::of_checksums(ours, layer, name, said.len()) {
                tally.excepted(why);
                continue;
            }
            tally.count(layer, same);
            if !same {
                tally.differs(
                    packet,
                    format!("{field} {said:?}, {remarks} remarks on {layer}"),
                );
            }
        }
    })?;
    Ok(tally.verdict(|_| 100.0))
}

fn first(said: &Said, field: &str) -> String {
    said.get(field)
        .and_then(|values| values.first())
        .cloned()
        .unwrap_or_default()
}
