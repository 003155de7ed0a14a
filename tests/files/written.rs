//! What tunlab writes, read by others and by tunlab itself.

use super::packets::{Kept, mixed, new_path, of_link, read, write};
use super::peers::{ROW, hex, row, run, scapy, tcpdump, tshark, tunlab, words};
use super::{Outcome, Test, same};
use tunlab::capture::Direction;
use tunlab::model::LinkType;

pub(crate) const TESTS: &[Test] = &[
    ("reads_back_in_every_form", reads_back),
    (
        "tshark_reads_interfaces_and_directions",
        tshark_reads_pcapng,
    ),
    ("tshark_reads_every_form", tshark_reads),
    ("tcpdump_reads_both_formats", tcpdump_reads),
    ("scapy_reads_both_formats", scapy_reads),
    ("gunzip_unpacks_it", gunzip),
    ("tshark_reads_the_stream", tshark_reads_stream),
    ("interfaces_of_the_input_are_kept", interfaces_kept),
    ("editcap_reads_it_again", editcap_reads),
];

const FORMS: [&str; 4] = [".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz"];

fn reads_back() -> Outcome {
    let raw = of_link(LinkType::RAW);
    assert!(raw.len() > 20, "the fixtures give packets");
    for form in FORMS {
        same(form, &raw, &read(&write(&raw, form)?)?)?;
    }
    let mixed = mixed();
    for form in [".pcapng", ".pcapng.gz"] {
        same(form, &mixed, &read(&write(&mixed, form)?)?)?;
    }
    Ok(())
}

fn tshark_reads_pcapng() -> Outcome {
    let packets = mixed();
    let fields = [
        "frame.time_epoch",
        "frame.cap_len",
        "frame.len",
        "frame.interface_name",
        "frame.packet_flags_direction",
        "frame.encap_type",
    ];
    let said = tshark(&write(&packets, ".pcapng")?, &fields)?;
    let expected: Vec<Vec<String>> = packets
        .iter()
        .map(|kept| {
            let (time, bytes, length) = kept.row();
            let direction = match kept.direction {
                None => "",
                Some(Direction::In) => "0x00000001",
                Some(Direction::Out) => "0x00000002",
            };
            // The numbers of wiretap/wtap.h.
            let encapsulation = match kept.link {
                1 => "1",
                101 => "7",
                _ => "25",
            };
            vec![
                time,
                bytes.to_string(),
                length.to_string(),
                kept.interface.clone().unwrap_or("unknown".to_owned()),
                direction.to_owned(),
                encapsulation.to_owned(),
            ]
        })
        .collect();
    same("tshark", &expected, &said)
}

fn tshark_reads() -> Outcome {
    let packets = of_link(LinkType::ETHERNET);
    let expected: Vec<_> = packets.iter().map(Kept::row).collect();
    for form in FORMS {
        let said = tshark(&write(&packets, form)?, &ROW)?;
        let said: Vec<_> = said.iter().map(|line| row(line)).collect();
        same(form, &expected, &said)?;
    }
    Ok(())
}

fn tcpdump_reads() -> Outcome {
    for link in [LinkType::RAW, LinkType::ETHERNET, LinkType(113)] {
        let packets = of_link(link);
        let expected: Vec<_> = packets
            .iter()
            .map(|kept| (kept.time(), hex(&kept.bytes)))
            .collect();
        for form in [".pcap", ".pcapng"] {
            same(form, &expected, &tcpdump(&write(&packets, form)?)?)?;
        }
    }
    Ok(())
}

fn scapy_reads() -> Outcome {
    let without_link = |kept: &Kept| Kept {
        link: 0,
        ..kept.clone()
    };
    let mixed = mixed();
    let said = scapy(&write(&mixed, ".pcapng")?)?;
    let expected: Vec<_> = mixed.iter().map(without_link).collect();
    same("pcapng", &expected, &said)?;

    let raw = of_link(LinkType::RAW);
    let expected: Vec<_> = raw.iter().map(without_link).collect();
    for form in [".pcap", ".pcap.gz"] {
        same(form, &expected, &scapy(&write(&raw, form)?)?)?;
    }
    Ok(())
}

fn gunzip() -> Outcome {
    let packets = of_link(LinkType::RAW);
    let packed = write(&packets, ".pcap.gz")?;
    run(words("gzip -dkf").arg(&packed))?;
    same("gunzip", &packets, &read(&packed.with_extension(""))?)
}

/// As Wireshark's `-k -i -` does, whose dumpcap is under tshark, too.
fn tshark_reads_stream() -> Outcome {
    let packets = mixed();
    let file = write(&packets, ".pcapng")?;
    run(&mut words("dumpcap --version"))?;
    let line = format!(
        "'{}' read '{}' -w - | tshark -n -i - -T fields -e frame.time_epoch -e frame.cap_len \
         -e frame.len",
        tunlab().get_program().display(),
        file.display()
    );
    let said = run(words("sh -c").arg(line))?;
    let said: Vec<_> = said
        .lines()
        .map(|line| row(&line.split('\t').map(str::to_owned).collect::<Vec<_>>()))
        .collect();
    let expected: Vec<_> = packets.iter().map(Kept::row).collect();
    same("tshark -i -", &expected, &said)
}

/// Names, link types, snap lengths and their order.
fn interfaces_kept() -> Outcome {
    let one = write(&of_link(LinkType::ETHERNET), ".pcap")?;
    let two = write(&of_link(LinkType::RAW), ".pcap")?;
    let (short, merged, ours) = (
        new_path("-96.pcapng"),
        new_path("-merged.pcapng"),
        new_path("-ours.pcapng"),
    );
    run(words("editcap -s 96 -F pcapng").arg(&one).arg(&short))?;
    run(words("mergecap -I none -w").args([&merged, &short, &two]))?;
    run(tunlab()
        .args(["read", "-q"])
        .arg(&merged)
        .arg("-w")
        .arg(&ours))?;
    let fields = [
        "frame.time_epoch",
        "frame.cap_len",
        "frame.len",
        "frame.interface_id",
        "frame.interface_name",
        "frame.encap_type",
    ];
    let mut before = tshark(&merged, &fields)?;
    let after = tshark(&ours, &fields)?;
    // Interfaces are described as their first packets come.
    let first = before.first().map(|line| line[3].clone());
    if first.as_deref() == Some("1") {
        for line in &mut before {
            line[3] = if line[3] == "1" { "0" } else { "1" }.to_owned();
        }
    }
    same("interfaces", &before, &after)
}

fn editcap_reads() -> Outcome {
    let packets = mixed();
    let (ours, theirs) = (write(&packets, ".pcapng")?, new_path("-editcap.pcapng"));
    run(words("editcap -F pcapng").arg(&ours).arg(&theirs))?;
    same("editcap", &packets, &read(&theirs)?)
}
