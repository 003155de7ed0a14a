//! How the command line deals with files: what it refuses, what it says, what is left behind.

use super::packets::{Kept, mixed, new_path, of_link, read, write};
use super::peers::tunlab;
use super::{Outcome, Test, common, same, wrong};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};
use tunlab::model::LinkType;

pub(crate) const TESTS: &[Test] = &[
    ("a_second_link_type_is_refused_by_name", second_link_type),
    ("a_full_disk_is_named_with_its_errno", full_disk),
    ("a_file_that_cannot_be_created", not_created),
    ("the_file_that_is_read_is_not_overwritten", same_file),
    ("a_mistake_emptied_the_file_of_w", mistakes),
    ("a_stream_is_all_that_goes_to_stdout", stream),
    ("a_capture_without_packets_stays_one", empty),
    ("printing_and_keeping_at_once", printing),
    ("a_file_of_microseconds_was_kept_in_nanoseconds", precision),
];

/// Runs tunlab; its exit code, stdout and stderr.
fn ends(command: &mut Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    (
        status.code(),
        String::from_utf8_lossy(&stdout).into_owned(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

/// Fails unless the run ended with this code and these words on stderr.
fn refused(command: &mut Command, code: i32, words: &[&str]) -> Outcome {
    let (ended, _, stderr) = ends(command);
    let missing = words.iter().find(|word| !stderr.contains(**word));
    match missing {
        None if ended == Some(code) => Ok(()),
        _ => wrong(format!(
            "{command:?}: exit {ended:?}, stderr {stderr}; wanted {code}, {words:?}"
        )),
    }
}

fn reading(file: &Path, write: &Path) -> Command {
    let mut command = tunlab();
    command.arg("read").arg(file).arg("-w").arg(write);
    command
}

fn second_link_type() -> Outcome {
    let packets = mixed();
    let links = [packets[0].link, packets[1].link];
    assert_ne!(links[0], links[1]);
    let file = write(&packets, ".pcapng")?;
    for form in [".pcap", ".pcap.gz"] {
        let out = new_path(form);
        let mut command = reading(&file, &out);
        let words = [
            "packet 2 is of link type RAW (101)",
            "before it of ETHERNET (1)",
            "-w FILE.pcapng",
        ];
        refused(command.args(["-o", "line"]), 2, &words)?;
        let (_, stdout, _) = ends(&mut command);
        assert_eq!(stdout.lines().count(), 1, "what came before is printed");
        let before = Kept {
            interface: None,
            direction: None,
            ..packets[0].clone()
        };
        same(form, &[before], &read(&out)?)?;
    }
    Ok(())
}

fn full_disk() -> Outcome {
    let file = write(&of_link(LinkType::RAW), ".pcapng")?;
    for form in [".pcap", ".pcapng", ".pcap.gz"] {
        let full = new_path(form);
        symlink("/dev/full", &full).unwrap();
        let words = [
            &format!("write capture {}: ", full.display()),
            "no space left on device (ENOSPC); free some space",
        ];
        refused(reading(&file, &full).arg("-q"), 3, &words)?;
    }
    let mut command = tunlab();
    command.arg("read").arg(&file);
    command.stdout(File::options().write(true).open("/dev/full").unwrap());
    refused(
        &mut command,
        3,
        &["write to stdout: no space left on device (ENOSPC)"],
    )
}

fn not_created() -> Outcome {
    let file = write(&of_link(LinkType::RAW), ".pcapng")?;
    let table = [
        (
            "/nonexistent/a.pcap",
            2,
            "no such file or directory (ENOENT)",
        ),
        ("/", 2, "is a directory (EISDIR)"),
        // The kernel's files are not for root to make, either.
        ("/sys/a.pcap", 3, "create capture /sys/a.pcap: "),
    ];
    for (path, code, words) in table {
        let create = format!("create capture {path}: ");
        refused(
            &mut reading(&file, Path::new(path)),
            code,
            &[&create, words],
        )?;
    }
    Ok(())
}

fn same_file() -> Outcome {
    let packets = of_link(LinkType::RAW);
    let file = write(&packets, ".pcapng")?;
    let (link, twin) = (new_path("-link.pcapng"), new_path("-twin.pcap"));
    symlink(&file, &link).unwrap();
    fs::hard_link(&file, &twin).unwrap();
    let words = ["this is the file that is read"];
    for other in [&file, &link, &twin] {
        refused(&mut reading(&file, other), 2, &words)?;
        let mut command = reading(Path::new("-"), other);
        refused(command.stdin(File::open(&file).unwrap()), 2, &words)?;
    }
    let mut command = reading(&file, Path::new("-"));
    let append = File::options().append(true).open(&file).unwrap();
    refused(command.stdout(append), 2, &words)?;
    same("what is left", &packets, &read(&file)?)?;
    // A device is no such file.
    let null = Path::new("/dev/null");
    refused(&mut reading(null, null), 2, &["the file is empty"])
}

fn mistakes() -> Outcome {
    let packets = of_link(LinkType::RAW);
    let (file, precious) = (write(&packets, ".pcapng")?, write(&packets, ".pcapng")?);
    let mut command = reading(&file, &precious);
    refused(command.args(["-f", "ipp.src"]), 2, &["ipp.src"])?;
    let mut command = reading(&common::fixtures()[0].join("show.txt"), &precious);
    refused(&mut command, 2, &["neither pcap nor pcapng"])?;
    let mut command = reading(Path::new("/nonexistent"), &precious);
    refused(&mut command, 2, &["open capture /nonexistent: "])?;
    same("what is left", &packets, &read(&precious)?)
}

fn stream() -> Outcome {
    let packets = mixed();
    let file = write(&packets, ".pcapng")?;
    let out = new_path("-out.pcapng");
    // Neither a format nor remarks come between.
    let mut command = reading(&file, Path::new("-"));
    command.args(["-o", "show", "--explain", "--remarks", "always"]);
    command.stdout(File::create(&out).unwrap());
    refused(&mut command, 0, &[])?;
    same("-w -", &packets, &read(&out)?)
}

fn empty() -> Outcome {
    for form in [".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz"] {
        let (file, out) = (write(&[], form)?, new_path(form));
        refused(&mut reading(&file, &out), 0, &[])?;
        same(form, &[], &read(&out)?)?;
    }
    Ok(())
}

fn printing() -> Outcome {
    let packets = of_link(LinkType::RAW);
    let (file, out) = (write(&packets, ".pcapng")?, new_path(".pcap"));
    let mut command = reading(&file, &out);
    let (code, stdout, stderr) = ends(command.args(["-o", "line"]));
    if (code, stdout.lines().count(), stderr.as_str()) != (Some(0), packets.len(), "") {
        return wrong(format!("exit {code:?}, stdout {stdout}, stderr {stderr}"));
    }
    same("-w beside -o line", &packets, &read(&out)?)
}

fn precision() -> Outcome {
    const MICROSECONDS: [u8; 4] = [0xd4, 0xc3, 0xb2, 0xa1];
    const NANOSECONDS: [u8; 4] = [0x4d, 0x3c, 0xb2, 0xa1];
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tcp/capture.pcap");
    let packets = read(&fixture)?;
    let sources = [
        (fixture, MICROSECONDS),
        (write(&packets, ".pcap")?, NANOSECONDS),
        (write(&packets, ".pcapng")?, NANOSECONDS),
    ];
    for (source, magic) in sources {
        let kept = new_path(".pcap");
        for threads in ["1", "2"] {
            let mut command = reading(&source, &kept);
            refused(command.args(["-o", "line", "--threads", threads]), 0, &[])?;
            same("the magic", &magic, &fs::read(&kept).unwrap()[..4])?;
            same("packets kept", &packets, &read(&kept)?)?;
        }
    }
    Ok(())
}
