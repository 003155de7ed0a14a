//! What others write, read by tunlab; and tunlab as an editcap beside theirs.

use super::packets::{Kept, mixed, new_path, of_link, read, write};
use super::peers::{run, scapy_writes, tunlab, words};
use super::{Outcome, Test, same};
use tunlab::model::LinkType;

pub(crate) const TESTS: &[Test] = &[
    ("tshark_writes_every_pcap", tshark_writes),
    ("tshark_and_gzip", gzip),
    ("tcpdump_writes", tcpdump_writes),
    ("scapy_writes", scapy_wrote),
    ("mergecap_joins_link_types", mergecap),
    ("cat_joins_sections", sections),
    ("editcap_cuts_and_shifts", editcap),
    ("skip_count_and_filter_are_an_editcap", selection),
];

fn tshark_writes() -> Outcome {
    let packets = of_link(LinkType::RAW);
    let file = write(&packets, ".pcapng")?;
    for (format, nanoseconds) in [
        ("pcap", false),
        ("modpcap", false),
        ("nsecpcap", true),
        ("pcapng", true),
    ] {
        let theirs = new_path(&format!("-{format}"));
        let mut command = words("tshark -n -F");
        run(command
            .arg(format)
            .arg("-r")
            .arg(&file)
            .arg("-w")
            .arg(&theirs))?;
        let expected: Vec<_> = packets
            .iter()
            .map(|kept| match nanoseconds {
                true => kept.clone(),
                false => kept.to_microseconds(),
            })
            .collect();
        same(format, &expected, &read(&theirs)?)?;
    }
    Ok(())
}

fn gzip() -> Outcome {
    let packets = mixed();
    let (file, theirs) = (write(&packets, ".pcapng")?, new_path("-theirs.pcapng"));
    run(words("tshark -F pcapng -r")
        .arg(&file)
        .arg("-w")
        .arg(&theirs))?;
    run(words("gzip -kf").arg(&theirs))?;
    let packed = theirs.with_extension("pcapng.gz");
    same("gzip", &packets, &read(&packed)?)?;
    // The same from standard input.
    let line = format!(
        "'{}' read - -q -w - < '{}'",
        tunlab().get_program().display(),
        packed.display()
    );
    let unpacked = new_path("-unpacked.pcapng");
    run(words("sh -c").arg(format!("{line} > '{}'", unpacked.display())))?;
    same("gzip on stdin", &packets, &read(&unpacked)?)
}

fn tcpdump_writes() -> Outcome {
    let packets = of_link(LinkType::ETHERNET);
    let file = write(&packets, ".pcap")?;
    for precision in ["micro", "nano"] {
        let theirs = new_path("-tcpdump.pcap");
        let mut command = words("tcpdump -nn -r");
        command.arg(&file).arg("-w").arg(&theirs);
        run(command.arg(format!("--time-stamp-precision={precision}")))?;
        let expected: Vec<_> = packets
            .iter()
            .map(|kept| match precision {
                "nano" => kept.clone(),
                _ => kept.to_microseconds(),
            })
            .collect();
        same(precision, &expected, &read(&theirs)?)?;
    }
    Ok(())
}

fn scapy_wrote() -> Outcome {
    let packets: Vec<Kept> = of_link(LinkType::ETHERNET)
        .into_iter()
        .map(|kept| Kept {
            // scapy writes the length of what it has.
            length: kept.bytes.len() as u32,
            ..kept
        })
        .collect();
    let folder = new_path("-scapy");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).map_err(|error| super::Problem::Wrong(error.to_string()))?;
    scapy_writes(&packets, &folder)?;
    for (name, nanoseconds) in [
        ("little.pcap", false),
        ("big.pcap", false),
        ("little-nano.pcap", true),
        ("big-nano.pcap", true),
        ("packed.pcap", false),
        ("new.pcapng", false),
    ] {
        let expected: Vec<_> = packets
            .iter()
            .map(|kept| match nanoseconds {
                true => kept.clone(),
                false => kept.to_microseconds(),
            })
            .collect();
        same(name, &expected, &read(&folder.join(name))?)?;
    }
    Ok(())
}

fn mergecap() -> Outcome {
    let links = [LinkType::RAW, LinkType::ETHERNET, LinkType(113)];
    let mut expected = Vec::new();
    let mut command = words("mergecap -a -w");
    let merged = new_path("-merged.pcapng");
    command.arg(&merged);
    for link in links {
        let packets = of_link(link);
        command.arg(write(&packets, ".pcap")?);
        expected.extend(packets);
    }
    run(&mut command)?;
    same("mergecap", &expected, &read(&merged)?)
}

/// Files joined by cat(1): several sections, each with interfaces of its own.
fn sections() -> Outcome {
    let (one, two) = (mixed(), of_link(LinkType::RAW));
    let joined = new_path("-joined.pcapng");
    let files = [write(&one, ".pcapng")?, write(&two, ".pcapng")?];
    let bytes = files.map(|file| std::fs::read(file).unwrap()).concat();
    std::fs::write(&joined, bytes).unwrap();
    same("sections", &[one, two].concat(), &read(&joined)?)
}

fn editcap() -> Outcome {
    let packets = of_link(LinkType::ETHERNET);
    let (file, theirs) = (write(&packets, ".pcap")?, new_path("-cut.pcapng"));
    run(words("editcap -s 40 -t 3600.5").arg(&file).arg(&theirs))?;
    let expected: Vec<_> = packets
        .iter()
        .map(|kept| Kept {
            time: kept.time + 3_600_500_000_000,
            bytes: kept.bytes[..kept.bytes.len().min(40)].to_vec(),
            ..kept.clone()
        })
        .collect();
    same("editcap -s -t", &expected, &read(&theirs)?)
}

fn selection() -> Outcome {
    let file = write(&mixed(), ".pcapng")?;
    let (ours, theirs, matching) = (
        new_path("-ours.pcapng"),
        new_path("-theirs.pcapng"),
        new_path("-matching.pcapng"),
    );
    let mut command = tunlab();
    command.arg("read").arg(&file).arg("-w").arg(&ours);
    run(command.args(["-q", "--skip", "5", "-c", "20"]))?;
    run(words("editcap -r").arg(&file).arg(&theirs).arg("6-25"))?;
    same("--skip -c", &read(&theirs)?, &read(&ours)?)?;

    let filter = "icmp || arp";
    let mut command = tunlab();
    command.arg("read").arg(&file).arg("-w").arg(&ours);
    run(command.args(["-q", "--skip", "2", "-c", "3", "-f", filter]))?;
    let mut command = words("tshark -n -r");
    command.arg(&file).arg("-w").arg(&matching);
    run(command.args(["-Y", &format!("({filter}) && frame.number > 2")]))?;
    run(words("editcap -r").arg(&matching).arg(&theirs).arg("1-3"))?;
    let (theirs, ours) = (read(&theirs)?, read(&ours)?);
    assert_eq!(theirs.len(), 3, "the filter matches in the fixtures");
    same("--skip -f -c", &theirs, &ours)
}
