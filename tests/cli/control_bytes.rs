//! No control byte of a file, a name or an argument reaches the terminal raw.

use super::run::{Ended, Scratch, captures, tunlab};

const NASTY: &str = "a\x1b[31mb\x07c\u{9b}d";

fn clean(args: &[&str], ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        let raw = text
            .chars()
            .find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert_eq!(raw, None, "{args:?}: {text:?}");
    }
}

#[test]
fn an_escape_sequence_in_what_was_typed() {
    for args in [
        &["read", NASTY][..],
        &["read", "-f", NASTY, NASTY],
        &["read", "-o", NASTY],
        &["read", "--name", NASTY, "--", "true"],
        &["read", "--addr", NASTY, "--", "true"],
        &["proto", NASTY],
        &[NASTY],
    ] {
        let ended = tunlab(args);
        assert_eq!(ended.code, Some(2), "{args:?}");
        assert!(!ended.stderr.is_empty());
        clean(args, &ended);
    }
}

#[test]
fn a_damaged_file_with_an_escape_sequence_in_its_name() {
    let file = Scratch::new(NASTY, b"no capture, whatever its name may be");
    let args = ["read", file.path()];
    let ended = tunlab(&args);
    assert_eq!(ended.code, Some(2));
    clean(&args, &ended);
}

#[test]
fn packets() {
    for (_, capture) in captures() {
        for format in ["show", "line", "json", "hex", "bits", "table"] {
            let args = [
                "read",
                &capture,
                "-o",
                format,
                "--explain",
                "--remarks",
                "always",
            ];
            clean(&args, &tunlab(&args));
        }
    }
}
