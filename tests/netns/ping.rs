//! The built-in ping: where no other is installed, and by itself.

use super::run::Bench;
use super::{Problem, Test, missing};
use std::path::Path;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("ping::built_in_where_none_is_installed", built_in),
    ("ping::loopback", loopback),
    ("ping::no_answer_is_exit_code_1", no_answer),
    ("ping::errors_in_the_words_of_ping", errors),
];

fn built_in(bench: &Bench) -> Result<(), Problem> {
    if Path::new("/usr/sbin/ping").exists() || Path::new("/sbin/ping").exists() {
        return missing("a ping is in /sbin, which is always searched");
    }
    // With a PATH of one empty folder, tunlab has to be named in full.
    let program = bench.program();
    let ended = bench.script(&format!(
        "PATH=$T {} spoof -q --src 1.2.3.4 -- ping -c 2 -i 0.2 -W 1 192.168.53.1",
        program.display()
    ))?;
    ended.exits(0)?.says(&[
        "no ping is installed: this is tunlab's own\n",
        "PING 192.168.53.1 (192.168.53.1) 56(84) bytes of data.\n",
        "64 bytes from 1.2.3.4: icmp_seq=1 ttl=64 time=",
        " ms (DIFFERENT ADDRESS!)\n",
        "2 packets transmitted, 2 received, 0% packet loss",
        "rtt min/avg/max/mdev = ",
        "ping exited with code 0\n",
    ])?;
    Ok(())
}

fn loopback(bench: &Bench) -> Result<(), Problem> {
    for (flag, address) in [("", "127.0.0.1"), ("--ipv6", "::1")] {
        let line = format!("read -q {flag} -- tunlab ping -c 2 -i 0.1 -W 1 {address}");
        let ended = bench.tunlab(&line)?;
        ended.exits(0)?.says(&[
            &format!("64 bytes from {address}: icmp_seq=1 ttl=64 time="),
            "2 packets transmitted, 2 received, 0% packet loss",
            "tunlab exited with code 0\n",
        ])?;
        ended.says_not(&["DUP", "BAD", "DIFFERENT"])?;
    }
    Ok(())
}

fn no_answer(bench: &Bench) -> Result<(), Problem> {
    let line = "read -q --exit-from-cmd -- tunlab ping -c 1 -W 0.3 192.168.53.1";
    let ended = bench.tunlab(line)?;
    ended
        .exits(1)?
        .says(&["1 packets transmitted, 0 received, 100% packet loss"])?;
    Ok(())
}

fn errors(bench: &Bench) -> Result<(), Problem> {
    let line = "tap-dump -q -- tunlab ping -c 1 -W 4 192.168.53.1";
    let ended = bench.tunlab(line)?;
    ended.exits(0)?.says(&[
        "From 192.168.53.99 icmp_seq=1 Destination Host Unreachable\n",
        "1 packets transmitted, 0 received, +1 errors, 100% packet loss",
    ])?;
    let line = "read -q --exit-from-cmd -- tunlab ping -c 1 -W 1 10.9.8.7";
    let unreachable = bench.tunlab(line)?;
    unreachable
        .exits(3)?
        .says(&["10.9.8.7", "network is unreachable (ENETUNREACH)"])?;
    Ok(())
}
