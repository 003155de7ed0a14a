//! Task 2.d, the garbage: what the kernel takes, and what is said about it.

use super::ended::Ended;
use super::run::Bench;
use super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("garbage::only_the_first_nibble_is_checked", nibbles),
    ("garbage::what_ip_finds_wrong", packets),
    ("garbage::words_from_a_to_o_are_taken", words),
    ("garbage::with_ipv6_on", with_ipv6),
    ("garbage::frames_on_a_tap", frames),
    ("garbage::packet_information", packet_information),
    ("garbage::a_device_that_is_down", down),
];

fn nibbles(bench: &Bench) -> Result<(), Problem> {
    let rows = Rows::of(&bench.tunlab("write-garbage -- sleep 9")?)?;
    for nibble in 0..16 {
        let what = format!("20 bytes, first nibble {nibble:x}");
        match nibble {
            4 => rows.row(
                &what,
                "accepted",
                "Ip.InHdrErrors +1",
                "no sense in the header",
            )?,
            6 => rows.row(&what, "accepted", "Ip6InDiscards +1", "IPv6 is off here")?,
            _ => rows.row(&what, "EINVAL", "tun0.rx_dropped +1", "must be 4 or 6")?,
        }
    }
    rows.row(
        "one byte, 0x45",
        "accepted",
        "Ip.InHdrErrors +1",
        "no sense in the header",
    )?;
    rows.row(
        "no bytes at all",
        "EINVAL",
        "tun0.rx_dropped +1",
        "no first byte",
    )
}

fn packets(bench: &Bench) -> Result<(), Problem> {
    let rows = Rows::of(&bench.tunlab("write-garbage -- sleep 9")?)?;
    rows.row(
        "a ping without its IP header",
        "EINVAL",
        "tun0.rx_dropped +1",
        "must be 4 or 6",
    )?;
    rows.row(
        "a whole ping",
        "accepted",
        "Icmp.InEchos +1",
        "answers the ping",
    )?;
    let wrong_sum = "Ip.InHdrErrors +1, IpExt.InCsumErrors +1";
    rows.row(
        "a ping with a wrong IP checksum",
        "accepted",
        wrong_sum,
        "checksum is wrong",
    )?;
    let truncated = "IpExt.InTruncatedPkts +1";
    rows.row(
        "a ping announcing 60,000 bytes",
        "accepted",
        truncated,
        "fewer bytes",
    )?;
    rows.row(
        "a ping from the host itself",
        "accepted",
        "none",
        "own address",
    )?;
    rows.row(
        "a ping from 127.0.0.1",
        "accepted",
        "none",
        "loopback address",
    )
}

/// 0x61 to 0x6f are `a` to `o`: the first nibble is IPv6's version.
fn words(bench: &Bench) -> Result<(), Problem> {
    let mut line = "write-garbage".to_owned();
    for letter in 'a'..='z' {
        line += &format!(" --data {letter}mnibus");
    }
    let rows = Rows::of(&bench.tunlab(&format!("{line} -- sleep 9"))?)?;
    for letter in 'a'..='z' {
        let what = format!(
            "the word \"{letter}mnibus\", first byte {:#04x}",
            letter as u32
        );
        if letter <= 'o' {
            rows.row(&what, "accepted", "Ip6InDiscards +1", "IPv6 is off here")?;
        } else {
            rows.row(&what, "EINVAL", "tun0.rx_dropped +1", "must be 4 or 6")?;
        }
    }
    Ok(())
}

fn with_ipv6(bench: &Bench) -> Result<(), Problem> {
    let rows = Rows::of(&bench.tunlab("write-garbage --ipv6 -- sleep 9")?)?;
    let no_sense = "IPv6 finds no sense in the header";
    rows.row(
        "20 bytes, first nibble 6",
        "accepted",
        "Ip6InHdrErrors +1",
        no_sense,
    )
}

fn frames(bench: &Bench) -> Result<(), Problem> {
    let rows = Rows::of(&bench.tunlab("write-garbage --tap -- sleep 9")?)?;
    let short = "whole Ethernet header, 14 bytes";
    rows.row("no bytes at all", "EINVAL", "none", short)?;
    rows.row("one byte, 0x45", "EINVAL", "none", short)?;
    rows.row("13 bytes: one less than a header", "EINVAL", "none", short)?;
    let header = "14 bytes: a header only";
    rows.row(
        header,
        "accepted",
        "Ip.InHdrErrors +1",
        "no sense in the header",
    )?;
    let unknown = "a frame of EtherType 0x88b5";
    rows.row(
        unknown,
        "accepted",
        "tap0.rx_dropped +1",
        "nobody on this host handles",
    )?;
    rows.row(
        "a ping for another MAC",
        "accepted",
        "none",
        "another hardware address",
    )?;
    rows.row(
        "a whole ping in a frame",
        "accepted",
        "Icmp.InEchos +1",
        "answers the ping",
    )
}

fn packet_information(bench: &Bench) -> Result<(), Problem> {
    for flag in ["--packet-information", "--pi"] {
        let rows = Rows::of(&bench.tunlab(&format!("write-garbage {flag} -- sleep 9"))?)?;
        let few = "there are fewer";
        rows.row("three bytes of packet information", "EINVAL", "none", few)?;
        rows.row("no bytes at all", "EINVAL", "none", few)?;
        let missing = "a ping, no packet information";
        rows.row(
            missing,
            "accepted",
            "tun0.rx_dropped +1",
            "nobody on this host handles",
        )?;
        // The device believes the EtherType and does not look at the packet.
        let nibble = "20 bytes, first nibble 7";
        rows.row(
            nibble,
            "accepted",
            "Ip.InHdrErrors +1",
            "no sense in the header",
        )?;
        rows.row(
            "a whole ping",
            "accepted",
            "Icmp.InEchos +1",
            "answers the ping",
        )?;
    }
    Ok(())
}

fn down(bench: &Bench) -> Result<(), Problem> {
    let rows = Rows::of(&bench.tunlab("write-garbage --no-config -- sleep 9")?)?;
    rows.row("a whole ping", "EIO", "tun0.rx_dropped +1", "tun0 is down")?;
    rows.row(
        "20 bytes, first nibble 7",
        "EINVAL",
        "tun0.rx_dropped +1",
        "must be 4 or 6",
    )?;
    let tap = Rows::of(&bench.tunlab("write-garbage --no-config --tap -- sleep 9")?)?;
    tap.row(
        "a whole ping in a frame",
        "EIO",
        "tap0.rx_dropped +1",
        "tap0 is down",
    )
}

/// The table that write-garbage prints, and the reasons below it.
struct Rows {
    /// What, first bytes, errno, number of the reason, counters.
    rows: Vec<Vec<String>>,
    /// Each with its number in brackets, on one line.
    reasons: Vec<String>,
}

impl Rows {
    fn of(ended: &Ended) -> Result<Rows, Problem> {
        ended.exits(0)?.says(&[" writes accepted by "])?;
        let Some((table, reasons)) = ended.stdout.split_once("\n\n") else {
            return wrong(format!("no reasons below the table:\n{}", ended.stdout));
        };
        let cells = |line: &str| -> Vec<String> {
            let cells = line.split("  ").map(|cell| cell.trim().to_owned());
            cells.filter(|cell| !cell.is_empty()).collect()
        };
        let reasons = reasons.split("\n [");
        Ok(Rows {
            rows: table.lines().map(cells).collect(),
            reasons: reasons
                .map(|reason| reason.trim_start_matches([' ', '[']))
                .map(|reason| reason.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect(),
        })
    }

    /// The row of this attempt must say this, and its reason hold these words.
    fn row(&self, what: &str, outcome: &str, counters: &str, why: &str) -> Result<(), Problem> {
        let Some(row) = self.rows.iter().find(|row| row[0] == what) else {
            return wrong(format!("no row {what:?} in {:#?}", self.rows));
        };
        let [_, _, got, number, moved] = &row[..] else {
            return wrong(format!("no five cells: {row:?}"));
        };
        let number = format!("{}]", number.trim_matches(['[', ']']));
        let reason = self
            .reasons
            .iter()
            .find(|reason| reason.starts_with(&number));
        let reason = reason.map_or("", String::as_str);
        if got != outcome || !moved.starts_with(counters) || !reason.contains(why) {
            return wrong(format!(
                "{row:?}: {reason}\nexpected {outcome}, {counters}, {why}"
            ));
        }
        Ok(())
    }
}
