//! Packets on stdout and nothing else there: formats, selection, colour, remarks.

use super::run::{Ended, capture, captures, command, ended, on_terminal, tunlab};
use std::fs;

const FORMATS: [&str; 6] = ["show", "line", "json", "hex", "bits", "table"];

#[test]
fn every_fixture_in_every_format() {
    for (folder, capture) in captures() {
        for format in FORMATS {
            let remarks = if format == "line" { "always" } else { "never" };
            let run = tunlab(&["read", &capture, "-o", format, "--remarks", remarks]);
            let expected = Ended {
                code: Some(0),
                stdout: fs::read_to_string(folder.join(format!("{format}.txt"))).unwrap(),
                stderr: String::new(),
            };
            assert_eq!(run, expected, "{} as {format}", folder.display());
        }
        let explained = tunlab(&["read", &capture, "--explain", "--remarks", "always"]);
        let expected = fs::read_to_string(folder.join("explain.txt")).unwrap();
        assert_eq!(explained.stdout, expected, "{}", folder.display());
    }
}

#[test]
fn stdin_is_read_like_a_file() {
    let file = capture("dns");
    let named = tunlab(&["read", &file, "-o", "line"]);
    let input = fs::File::open(&file).unwrap();
    let piped = ended(command(&["read", "-", "-o", "line"]).stdin(input));
    assert_eq!(named, piped);
}

#[test]
fn colour_changed_words() {
    for (_, capture) in captures() {
        for format in FORMATS {
            let print = |color| {
                let more = ["--explain", "--remarks", "always", "--color", color];
                let args = [&["read", &capture, "-o", format], &more[..]].concat();
                tunlab(&args).stdout
            };
            let (plain, coloured) = (print("never"), print("always"));
            assert!(!plain.contains('\x1b'), "{capture} as {format}");
            assert_eq!(without_escapes(&coloured), plain, "{capture} as {format}");
        }
    }
    let coloured = tunlab(&["read", &capture("dns"), "--color", "always"]).stdout;
    assert!(coloured.contains("\x1b["), "no colour at all");
}

/// The text without its colours (ECMA-48 section 8.3.117).
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let file = capture("course-2c-read");
    let args = ["read", &file];
    assert!(on_terminal(&args, &[]).contains("\x1b["));
    assert!(!on_terminal(&args, &[("NO_COLOR", "1")]).contains('\x1b'));
    assert!(on_terminal(&args, &[("NO_COLOR", "")]).contains("\x1b["));
    assert!(!on_terminal(&args, &[("TERM", "dumb")]).contains('\x1b'));
    let asked = [&args[..], &["--color", "always"]].concat();
    assert!(on_terminal(&asked, &[("NO_COLOR", "1")]).contains("\x1b["));
    let plain = tunlab(&args).stdout;
    assert_eq!(on_terminal(&args, &[("TERM", "dumb")]), plain);
}

#[test]
fn remarks_stand_where_somebody_reads() {
    let file = odd_capture();
    let remarks = |text: &str| text.lines().filter(|line| line.starts_with("  ! ")).count();
    let print = |when| tunlab(&["read", &file, "--remarks", when]).stdout;
    assert!(remarks(&print("always")) > 0, "{}", print("always"));
    assert_eq!(remarks(&print("never")), 0);
    assert_eq!(print("auto"), print("never"));
    let seen = on_terminal(&["read", &file, "--color", "never"], &[]);
    assert_eq!(seen, print("always"));
}

/// A fixture about which there is something to say.
fn odd_capture() -> String {
    let odd = |folder: &std::path::Path| {
        let explained = fs::read_to_string(folder.join("explain.txt")).unwrap();
        explained.contains("\n  ! ")
    };
    let mut all = captures().into_iter();
    all.find(|(folder, _)| odd(folder)).unwrap().1
}

#[test]
fn quiet_prints_nothing() {
    let file = capture("dns");
    for more in [&[][..], &["--explain", "--remarks", "always"], &["-c", "1"]] {
        let args = [&["read", &file, "-q"], more].concat();
        let run = tunlab(&args);
        assert_eq!(
            (run.code, run.stdout + &run.stderr),
            (Some(0), String::new())
        );
    }
}

#[test]
fn count_and_skip_and_filter_choose() {
    let file = capture("dhcp");
    let all = tunlab(&["read", &file, "-o", "line"]).stdout;
    let lines: Vec<&str> = all.lines().collect();
    let chosen = |more: &[&str]| {
        let run = tunlab(&[&["read", &file, "-o", "line"], more].concat());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{more:?}");
        let printed: Vec<String> = run.stdout.lines().map(str::to_owned).collect();
        printed
    };
    assert_eq!(chosen(&["-c", "2"]), lines[..2]);
    assert_eq!(chosen(&["--skip", "2"]), lines[2..]);
    assert_eq!(chosen(&["--skip", "1", "-c", "2"]), lines[1..3]);
    assert_eq!(chosen(&["-f", "frame.number == 3"]), lines[2..3]);
    // The count is of the packets that match.
    let matching = chosen(&["-f", "frame.number >= 2", "-c", "1"]);
    assert_eq!(matching, lines[1..2]);
    assert!(chosen(&["--skip", "1000"]).is_empty());
    assert!(chosen(&["-f", "stp"]).is_empty());
}
