//! What may be typed, and what is answered when it may not.

use super::run::{capture, tunlab};

const COMMANDS: [&str; 8] = [
    "read",
    "spoof",
    "write-garbage",
    "tap-dump",
    "forward",
    "proto",
    "ping",
    "doctor",
];

#[test]
fn alone_it_greets_with_five_commands() {
    let ended = tunlab(&[]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let lines = ended.stdout.lines();
    assert_eq!(
        lines.filter(|line| line.starts_with("  tunlab ")).count(),
        5
    );
    assert!(ended.stdout.contains("tunlab doctor"));
    let widest = ended.stdout.lines().map(str::len).max();
    assert!(widest <= Some(80), "wider than a terminal: {widest:?}");
}

#[test]
fn every_command_has_help() {
    let all = tunlab(&["--help"]);
    assert_eq!((all.code, all.stderr.as_str()), (Some(0), ""));
    assert!(all.stdout.contains("Exit codes: 0 done, 1 "));
    for command in COMMANDS {
        assert!(all.stdout.contains(&format!("\n  {command} ")), "{command}");
        let help = tunlab(&[command, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
        let usage = format!("Usage: tunlab {command}");
        assert!(help.stdout.contains(&usage), "{}", help.stdout);
    }
}

#[test]
fn help_of_a_command_did_not_describe_a_group_of_its_arguments() {
    let all = tunlab(&["--help"]).stdout;
    for command in COMMANDS {
        let help = tunlab(&[command, "--help"]).stdout;
        let about = help.lines().next().unwrap_or_default();
        let listed = all.lines().find_map(|line| {
            let about = line.trim().strip_prefix(command)?;
            about.strip_prefix(' ').map(str::trim)
        });
        // An alias is listed behind it.
        assert!(
            listed.is_some_and(|listed| listed.starts_with(about)),
            "{command}: {about}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_bad_usage() {
    let file = capture("course-2c-read");
    let table: [(&[&str], &[&str]); 17] = [
        (&["reed"], &["unrecognized subcommand 'reed'", "'read'"]),
        (
            &["read", "-o", "xml", &file],
            &["'xml'", "show, line, json"],
        ),
        (&["read", "-c", "0", &file], &["'0'"]),
        (&["read", "--no-such-flag"], &["--no-such-flag"]),
        (
            &["read", "--name", "waytoolongforaname", "--", "true"],
            &["has 18 characters, the kernel allows 15"],
        ),
        (
            &["spoof", "--name", "a/b", "--", "true"],
            &["'/' cannot stand in a name"],
        ),
        (
            &["read", "--addr", "10.0.0.1", "--", "true"],
            &["no prefix length; write 10.0.0.1/24"],
        ),
        (
            &["read", "--mtu", "1", "--", "true"],
            &["a whole number from 68 to 65535"],
        ),
        (
            &["read", "--no-config", "--mtu", "900", "--", "true"],
            &["cannot be used with"],
        ),
        (
            &["read", "-i", "lo", "--", "true"],
            &["cannot be used with"],
        ),
        (&["read", "-i", "lo", &file], &["cannot be used with"]),
        (
            &["read", &file, "--mtu", "900"],
            &["a FILE is read as it is: the device flags do not go with it"],
        ),
        (
            &["read", &file, "--", "true"],
            &["a FILE and `-- CMD` exclude each other"],
        ),
        (&["read", &file, "--exit-from-cmd"], &["CMD"]),
        (
            &["spoof", "--src", "x", "--", "true"],
            &["write an IPv4 address such as 1.2.3.4, or `same`"],
        ),
        (
            &["tap-dump", "--arp-reply", "zz", "--", "true"],
            &["write a hardware address such as aa:bb:cc:dd:ee:ff"],
        ),
        (
            &["tap-dump", "--arp-reply", "ff:ff:ff:ff:ff:ff", "--", "true"],
            &["an even first byte"],
        ),
    ];
    for (args, words) in table {
        let ended = tunlab(args);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{args:?}"
        );
        for word in words {
            let said = &ended.stderr;
            assert!(said.contains(word), "{args:?} lacks {word:?}: {said}");
        }
    }
}

#[test]
fn a_wrong_number_was_an_invalid_digit_found_in_a_string() {
    let table: [(&[&str], &str); 5] = [
        (&["read", "-c", "x"], ", at least 1"),
        (&["read", "--skip", "-1"], ", at least 0"),
        (&["read", "--threads", "99"], " from 1 to 16"),
        (&["journey", "u", "v", "--ttl", "300"], " from 1 to 255"),
        (&["journey", "u", "v", "--tcp", "0"], " from 1 to 65535"),
    ];
    for (args, range) in table {
        let ended = tunlab(args);
        assert_eq!(ended.code, Some(2), "{args:?}");
        let line = ended.stderr.lines().next().unwrap();
        let typed = args.last().unwrap();
        assert!(
            line.starts_with(&format!("error: invalid value '{typed}'")),
            "{line}"
        );
        assert!(
            line.ends_with(&format!(": write a whole number{range}")),
            "{line}"
        );
    }
}

#[test]
fn a_wrong_filter_shows_the_spot() {
    let file = capture("course-2c-read");
    let ended = tunlab(&["read", &file, "-f", "icmp && ip.sr == 1.2.3.4"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    let expected = "\
tunlab: filter: nothing is called ip.sr; did you mean ip.src?
  icmp && ip.sr == 1.2.3.4
          ^^^^^
";
    assert_eq!(ended.stderr, expected);
}
