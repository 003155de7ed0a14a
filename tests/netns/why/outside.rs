//! `tunlab why` where there is no lab: about this machine alone, and nothing is run.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use serde_json::Value;

pub(crate) const TESTS: &[(&str, Test)] = &[("why::outside_of_a_lab", outside)];

fn outside(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.script(
        "export XDG_RUNTIME_DIR=$T
         why() { tunlab why $1 -o json; echo $?; }
         ip link set dev lo up
         why 127.0.0.1
         why 192.168.70.101
         ip tuntap add dev tun0 mode tun
         ip addr add 192.168.53.99/24 dev tun0; ip link set dev tun0 up
         why 192.168.53.5
         ip route add blackhole 192.168.70.0/24
         why 192.168.70.101
         tunlab why 192.168.70.101 --fix 2>&1; echo $?
         tunlab why u 192.168.70.101 2>&1; echo $?",
    )?;
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let [
        healthy,
        "0",
        no_route,
        "1",
        no_reader,
        "1",
        blackhole,
        "1",
        fix,
        "3",
        host,
        "2",
    ] = lines[..]
    else {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    };
    for (line, verdict, cause) in [
        (healthy, "healthy", None),
        (no_route, "no-packet", Some("no_route")),
        (no_reader, "dropped", Some("no_reader")),
        (blackhole, "no-packet", Some("blackhole")),
    ] {
        let answer: Value =
            serde_json::from_str(line).map_err(|why| Problem::Wrong(why.to_string()))?;
        let found = answer["causes"][0]["cause"].as_str();
        if answer["verdict"] != verdict || found != cause || answer["host"] != "here" {
            return wrong(format!("not {verdict}, {cause:?}: {line}"));
        }
    }
    let last = r#""cures":["ip route del blackhole 192.168.70.0/24"]"#;
    if !blackhole.contains(last) {
        return wrong(blackhole);
    }
    if !fix.contains("no lab is up, so nothing is run") || !host.contains("there is no host u") {
        return wrong(format!("{fix}\n{host}"));
    }
    Ok(())
}
