//! Membership reports of IGMP version 3 (RFC 9776): records of what a host wants of each group.

use super::igmp::{CHKSUM, RESERVED, TYPE3, addresses_end, count, list, message, no_flag, on_ip, sources};
use crate::model::{Field, Flag, FlagSet, Kind, Layer, Names, Packet, Protocol, Text, Value, Width};
use std::net::Ipv4Addr;

pub(super) static PROTOCOLS: &[&Protocol] = &[&REPORT3, &RECORD];

/// Bytes of a report before its records.
const REPORT: usize = 8;

/// Bytes of a record without sources.
const SHORTEST: usize = 8;

static REPORT_FLAGS: FlagSet = FlagSet {
    flags: &[
        no_flag("bit_0"), no_flag("bit_1"), no_flag("bit_2"), no_flag("bit_3"),
        no_flag("bit_4"), no_flag("bit_5"), no_flag("bit_6"), no_flag("bit_7"),
        no_flag("bit_8"), no_flag("bit_9"), no_flag("bit_10"), no_flag("bit_11"),
        no_flag("bit_12"), no_flag("bit_13"), no_flag("bit_14"),
        Flag { mark: "extended", meaning: "extensions follow" },
    ],
    joiner: "+",
};

static REPORT3: Protocol = message("IGMPv3_MR", "IGMPv3 Membership Report")
    .column("IGMPv3")
    .reference("RFC 9776")
    .about("A host says which multicast groups it listens to, and from which sources.")
    .under(&[on_ip::<0x22, REPORT>()])
    .header_from(REPORT, |bytes| {
        let mut end = REPORT;
        for _ in 0..count(bytes, 6) {
            match bytes.get(end..) {
                Some(rest) if !rest.is_empty() => end += record_length(rest),
                _ => break,
            }
        }
        end
    })
    .fields(&[
        TYPE3,
        RESERVED,
        CHKSUM,
        Field::flags("flags", 16, &REPORT_FLAGS).doc("Whether extensions follow (RFC 9279)."),
        Field::uint("numgrp", 16)
            .aliases(&["igmp.num_grp_recs"])
            .doc("How many records follow (RFC 9776)."),
        Field::of("records", Width::Rest, Kind::Packets(|_, _, bytes| {
            if bytes.len() < addresses_end(bytes, SHORTEST, 2) {
                return Some((super::raw(), bytes.len()));
            }
            Some((&RECORD, record_length(bytes)))
        }))
        .doc("One record a group (RFC 9776)."),
    ])
    .info(report)
    .cut(1, |packet, index, text| !changes(&packet.layers[index], text));

fn record_length(record: &[u8]) -> usize {
    let auxiliary = 4 * usize::from(*record.get(1).unwrap_or(&0));
    SHORTEST + 4 * usize::from(count(record, 2)) + auxiliary
}

static CHANGES: Names = Names(&[
    (1, "Mode Is Include"),
    (2, "Mode Is Exclude"),
    (3, "Change To Include Mode"),
    (4, "Change To Exclude Mode"),
    (5, "Allow New Sources"),
    (6, "Block Old Sources"),
]);

static RECORD: Protocol = Protocol::new("IGMPv3_MR_Group", "IGMPv3 Group Record")
    .reference("RFC 9776")
    .about("What a host wants of one multicast group.")
    .header_rest(SHORTEST)
    .fields(&[
        Field::uint("rtype", 8)
            .aliases(&["igmp.record_type"])
            .names(&CHANGES)
            .doc("State or change of the listening (RFC 9776).")
            .says(says_change),
        Field::uint("auxdlen", 8)
            .aliases(&["igmp.aux_data_len"])
            .doc("Words of 4 bytes of auxiliary data; none is defined (RFC 9776)."),
        Field::uint("numsrc", 16)
            .aliases(&["igmp.num_src"])
            .doc("How many sources follow (RFC 9776)."),
        Field::ipv4("maddr")
            .aliases(&["igmp.maddr"])
            .doc("The group (RFC 9776)."),
        Field::of("srcaddrs", Width::From(|record| 4 * usize::from(record.u16(2))), Kind::Ipv4List)
            .aliases(&["igmp.saddr"])
            .doc("The sources that the host wants, or does not want (RFC 9776)."),
    ])
    .opaque();

fn says_change(_: &Layer, change: Value, text: &mut Text) {
    let meaning = match change.number() {
        1 => "listens to the sources given only",
        2 => "listens to all sources but those given",
        3 => "from now on listens to the sources given only; to none, when none is given: it leaves",
        4 => "from now on listens to all sources but those given: it joins",
        5 => "listens to these sources, too",
        6 => "no longer listens to these sources",
        _ => return,
    };
    text.str(meaning);
}

/// `Join group 239.1.2.3 for any sources`, record after record.
fn report(packet: &Packet, index: usize, text: &mut Text) {
    if !changes(&packet.layers[index], text) {
        text.str(packet.ran_out(index));
    }
}

/// Whether all the records are there.
fn changes(report: &Layer, text: &mut Text) -> bool {
    text.str("Membership Report");
    if report.u16(6) == 0 {
        text.str(" - General query");
    }
    let mut rest = report.header().get(REPORT..).unwrap_or_default();
    for _ in 0..report.u16(6) {
        if rest.len() < SHORTEST || !change(rest, text) {
            return false;
        }
        rest = rest.get(record_length(rest)..).unwrap_or_default();
    }
    true
}

/// What a record says; whether all its sources are there.
fn change(record: &[u8], text: &mut Text) -> bool {
    let group = Ipv4Addr::new(record[4], record[5], record[6], record[7]);
    let (kind, count, addresses) = (record[0], count(record, 2), &record[SHORTEST..]);
    let several = count > 1;
    text.str(" / ");
    match kind {
        1 | 3 if count == 0 => _ = text.str("Leave group ").ipv4(group),
        2 | 4 if count == 0 => _ = text.str("Join group ").ipv4(group).str(" for any sources"),
        1 | 3 => {
            text.str("Join group ").ipv4(group);
            text.str(if several { " for sources in {" } else { " for source {" });
            return list(count, addresses, text);
        }
        2 | 4 => {
            text.str("Join group ").ipv4(group);
            text.str(if several { ", for sources not in {" } else { ", for source not {" });
            return list(count, addresses, text);
        }
        5 | 6 => {
            text.str("Group ").ipv4(group).str(", ");
            return match (kind, count) {
                (5, 0) => {
                    text.str("ALLOW_NEW_SOURCES but no source specified (?)");
                    true
                }
                (_, 0) => {
                    text.str("BLOCK_OLD_SOURCES but no source specified (?)");
                    true
                }
                (5, _) => sources("new source", count, addresses, text),
                _ => sources("block source", count, addresses, text),
            };
        }
        _ => {
            text.str("Group ").ipv4(group).str(", unknown record type (?)");
            return sources(", source", count, addresses, text);
        }
    }
    true
}

