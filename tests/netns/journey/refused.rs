//! What cannot be followed, and how that is said.

use super::super::run::Bench;
use super::super::{Problem, Test, wrong};
use super::UP;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("journey::without_a_lab", no_lab),
    ("journey::what_makes_no_sense_is_bad_usage", nonsense),
];

fn no_lab(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab("tunlab journey u v; echo code $?; tunlab journey --lab other v")?;
    ended.exits(2)?.prints(&["code 2"])?.says(&["not up"])?;
    Ok(())
}

fn nonsense(bench: &Bench) -> Result<(), Problem> {
    let cases = [
        ("", "DEST"),
        ("u x", "x: no such host in this lab; it has u, s, v"),
        ("w v", "w: no such host in this lab"),
        ("u 192.168.70.300", "no such host"),
        ("u v s", "unexpected"),
        ("--size 27 v", "the headers alone have 28 bytes"),
        ("--size 70000 v", "70000"),
        ("--tcp 0 v", "--tcp"),
        ("--tcp 23 --udp 9 v", "cannot be used with"),
        ("--tcp 23 --size 100 v", "cannot be used with"),
        ("--ttl 256 v", "--ttl"),
        ("--watch dogs v", "sockets"),
        (
            "--watch tracepoints --attach icmp",
            "probes of at most 64986 bytes; use --watch sockets",
        ),
        (
            "--watch devices --attach icmp",
            "--watch devices is for probes of at most 64986 bytes; use --watch sockets",
        ),
        (
            "--watch tracepoints --size 65000 v",
            "probes of at most 64986 bytes; use --watch sockets",
        ),
        ("-c 0 v", "-c"),
        ("-W 0 v", "write 10ms or more"),
        ("-i soon v", "write a time such as 5ms"),
        ("-o png v", "ladder"),
        ("--attach tcp.prot", "tcp.port"),
        ("--attach icmp u v", "at most the host that sends it"),
        ("--attach icmp --ttl 3", "cannot be used with"),
        ("-w /no/such/folder/x v", "no such file"),
    ];
    let mut script = UP.to_owned();
    for (args, _) in cases {
        script += &format!("tunlab journey {args} > /dev/null; echo \"code $?\" >&2\n");
    }
    let ended = bench.lab(&(script + "tunlab lab down"))?;
    ended.exits(0)?;
    let mut said: Vec<&str> = ended.stderr.split_inclusive("code 2\n").collect();
    said.retain(|part| !part.trim().is_empty());
    if said.len() != cases.len() {
        return wrong(format!(
            "{} of {} are bad usage: {}",
            said.len(),
            cases.len(),
            ended.stderr
        ));
    }
    for ((args, words), said) in cases.iter().zip(said) {
        if !said.contains(words) {
            return wrong(format!("{args}: {said}"));
        }
    }
    Ok(())
}
