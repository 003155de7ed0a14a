//! Damaged files through the command line: everything before the damage, then where it is.

use super::packets::{mixed, new_path, of_link, read, write};
use super::peers::{run, tunlab, words};
use super::{Outcome, Test, same, wrong};
use std::fs;
use std::path::Path;
use std::process::Command;
use tunlab::model::LinkType;

pub(crate) const TESTS: &[Test] = &[
    ("gzip_cut_short", gzip_cut),
    ("gzip_that_makes_no_sense", gzip_changed),
    ("a_capture_cut_short_within_gzip", cut_within_gzip),
    ("a_block_that_claims_a_gigabyte", gigabyte),
];

/// Reads the file into another; gives how many packets were kept and what was said. The packets
/// must be the first of `packets`.
fn kept(file: &Path, packets: &[super::packets::Kept]) -> Result<(usize, String), super::Problem> {
    let out = new_path("-kept.pcapng");
    let mut command = tunlab();
    command.arg("read").arg("-q").arg(file).arg("-w").arg(&out);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(2) {
        return wrong(format!("{}: {}: {stderr}", file.display(), output.status));
    }
    let found = read(&out)?;
    same(&stderr, &packets[..found.len().min(packets.len())], &found)?;
    Ok((found.len(), stderr))
}

fn gzip_cut() -> Outcome {
    let packets = mixed();
    let packed = fs::read(write(&packets, ".pcapng.gz")?).unwrap();
    let mut most = 0;
    for tenth in 1..=9 {
        let length = packed.len() * tenth / 10;
        let cut = new_path("-cut.pcapng.gz");
        fs::write(&cut, &packed[..length]).unwrap();
        let (count, said) = kept(&cut, &packets)?;
        let why = format!(
            "read capture {}: gzip damaged at byte {length}: it is cut short; to keep the sound \
             packets: tunlab read -q",
            cut.display()
        );
        if !said.contains(&why) || count < most {
            return wrong(format!("{count} packets of {length} bytes: {said}"));
        }
        most = count;
    }
    if most < packets.len() / 2 {
        return wrong(format!(
            "{most} packets in nine tenths of {}",
            packets.len()
        ));
    }
    Ok(())
}

fn gzip_changed() -> Outcome {
    let packets = mixed();
    let mut packed = fs::read(write(&packets, ".pcapng.gz")?).unwrap();
    let last = packed.len() - 6;
    packed[last] ^= 1;
    let changed = new_path("-changed.pcapng.gz");
    fs::write(&changed, &packed).unwrap();
    let (count, said) = kept(&changed, &packets)?;
    if count != packets.len() || !said.contains("checksum of what was unpacked is wrong") {
        return wrong(format!("{count} packets: {said}"));
    }
    Ok(())
}

fn cut_within_gzip() -> Outcome {
    let packets = of_link(LinkType::RAW);
    let whole = fs::read(write(&packets, ".pcap")?).unwrap();
    let cut = new_path("-cut.pcap");
    fs::write(&cut, &whole[..whole.len() - 1]).unwrap();
    run(words("gzip -f").arg(&cut))?;
    let (count, said) = kept(&cut.with_extension("pcap.gz"), &packets)?;
    let last = 16 + packets[packets.len() - 1].bytes.len();
    let offset = whole.len() - last;
    if count != packets.len() - 1 || !said.contains(&format!("byte {offset} unpacked: the record"))
    {
        return wrong(format!("{count} packets: {said}"));
    }
    Ok(())
}

/// Of a kind with packets, and of a kind that is gone past; both within 32 MB.
fn gigabyte() -> Outcome {
    const LENGTH: u32 = 1 << 30;
    let packets = mixed();
    let whole = fs::read(write(&packets, ".pcapng")?).unwrap();
    for (kind, why) in [
        (6_u32, "more than any packet needs"),
        (99, "the file ends before"),
    ] {
        let claim = [kind.to_le_bytes(), LENGTH.to_le_bytes()].concat();
        let file = new_path("-claim.pcapng");
        fs::write(&file, [&whole[..], &claim, &[0; 100]].concat()).unwrap();
        let line = format!(
            "ulimit -d {}; '{}' read '{}' -q",
            super::streams::MEMORY,
            tunlab().get_program().display(),
            file.display()
        );
        let output = Command::new("sh").arg("-c").arg(line).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let offset = whole.len();
        let expected = format!("at byte {offset}: the block claims {LENGTH} bytes, {why}");
        if output.status.code() != Some(2) || !stderr.contains(&expected) {
            return wrong(format!("{}: {stderr}", output.status));
        }
        let (count, _) = kept(&file, &packets)?;
        assert_eq!(count, packets.len());
    }
    Ok(())
}
