//! Files that are no captures, captures that are damaged, and outputs that nobody takes.

use super::run::{Scratch, capture, captures, command, ended, tunlab};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn what_is_no_capture_is_bad_input() {
    let empty = Scratch::new("empty", b"");
    let text = Scratch::new("text", b"this is no capture at all, but a long enough text");
    for (path, words) in [
        (
            "/nonexistent",
            "open capture /nonexistent: no such file or directory (ENOENT)",
        ),
        ("/", "is a directory (EISDIR)"),
        (empty.path(), "the file is empty"),
        (text.path(), "neither pcap nor pcapng"),
    ] {
        let ended = tunlab(&["read", path]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{path}");
        assert!(ended.stderr.starts_with("tunlab: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
}

#[test]
fn before_the_damage_everything_is_printed() {
    let whole = fs::read(capture("dhcp")).unwrap();
    let all = tunlab(&["read", "-o", "line", &capture("dhcp")]).stdout;
    let lines: Vec<&str> = all.lines().collect();
    // Cut within the last record.
    let cut = Scratch::new("cut.pcap", &whole[..whole.len() - 3]);
    let read = tunlab(&["read", "-o", "line", cut.path()]);
    assert_eq!(read.code, Some(2));
    assert_eq!(
        read.stdout.lines().collect::<Vec<_>>(),
        lines[..lines.len() - 1]
    );
    let offset = record_starts(&whole).last().copied().unwrap();
    let said = &read.stderr;
    assert!(said.contains(cut.path()), "{said}");
    assert!(
        said.contains(&format!("damaged at byte {offset}:")),
        "not {offset}: {said}"
    );
}

/// Where the records of a classic capture start (little-endian, as fixtures are).
fn record_starts(file: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = 24;
    while at + 16 <= file.len() {
        starts.push(at);
        let length: [u8; 4] = file[at + 8..at + 12].try_into().unwrap();
        at += 16 + u32::from_le_bytes(length) as usize;
    }
    starts
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let (_, file) = captures().pop().unwrap();
    for args in [
        &["read", "--line-buffered", "-o", "line", &file][..],
        &["read", "-o", "show", "--explain", &file],
        &["read", "-w", "-", &file],
        &["proto"],
        &["proto", "--json"],
        &[],
    ] {
        let mut child = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_pipe_closed_after_a_line_ends_it_quietly() {
    // More than a pipe holds, so that the end is noticed.
    let once = fs::read(capture("dhcp")).unwrap();
    let (header, records) = once.split_at(24);
    let many = [header, &records.repeat(200)].concat();
    let file = Scratch::new("many.pcap", &many);
    let mut child = command(&["read", "--explain", file.path()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(line, "###[ Ethernet ]###\n");
    assert_eq!((output.status.code(), &*stderr), (Some(0), ""));
}

#[test]
fn a_full_disk_is_a_refusal() {
    let file = capture("dhcp");
    for args in [&["read", &file][..], &["proto"], &["proto", "ip"], &[]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let run = ended(command(args).stdout(full));
        let words = "tunlab: write to stdout: no space left on device (ENOSPC); free some space, or write elsewhere\n";
        assert_eq!(
            (run.code, run.stderr.as_str()),
            (Some(3), words),
            "{args:?}"
        );
    }
}
