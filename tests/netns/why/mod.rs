//! `tunlab why`: each drop is made in a lab with plain commands, and must be found with its host,
//! device, cause and cure, by every witness that can see it; the cure is run, and the packet
//! arrives.

pub(crate) mod devices;
pub(crate) mod healthy;
pub(crate) mod law;
pub(crate) mod outside;
pub(crate) mod privileges;
pub(crate) mod programs;
pub(crate) mod routing;
pub(crate) mod spoiled;
pub(crate) mod undone;

use super::run::{Bench, needs};
use super::{Problem, wrong};
use serde_json::Value;
use std::fs;
use tunlab::causes::{Stage, find};

/// A drop, and what must be said about it.
pub(crate) struct Case {
    /// Its name, and mostly its cause's.
    pub(crate) name: &'static str,
    /// Plain commands that make it; `$u`, `$s` and `$v` before a command run it on a host.
    pub(crate) broken: &'static [&'static str],
    /// The cause.
    pub(crate) cause: &'static str,
    /// The host that drops.
    pub(crate) host: &'static str,
    /// The device concerned.
    pub(crate) dev: Option<&'static str>,
    /// The kernel's own reason and function, where there is a packet.
    pub(crate) reason: Option<(&'static str, &'static str)>,
    /// Witnesses that cannot see it.
    pub(crate) blind: &'static [&'static str],
    /// The cure: commands, each with the host it is for.
    pub(crate) cures: &'static [(&'static str, &'static str)],
    /// What is to be done behind the cures until all is well.
    pub(crate) after: &'static str,
    /// What the cure says when it is a program that goes on running.
    pub(crate) runs_on: Option<&'static str>,
    /// Witnesses that see it, and cannot tell the cure.
    pub(crate) silent: &'static [&'static str],
    /// Witnesses that see it, and cannot tell it from another cause, which they name, too.
    pub(crate) divided: &'static [&'static str],
    /// What else must be done to have things as they were.
    pub(crate) mended: &'static str,
    /// What is done before each question.
    pub(crate) between: &'static str,
    /// The destination, a host or an address.
    pub(crate) to: &'static str,
    /// What is typed besides it.
    pub(crate) options: &'static str,
}

/// A case that states nothing else.
pub(crate) const CASE: Case = Case {
    name: "",
    broken: &[],
    cause: "",
    host: "s",
    dev: Some("tun0"),
    reason: None,
    blind: &[],
    cures: &[],
    after: "",
    runs_on: None,
    silent: &[],
    divided: &[],
    mended: "",
    between: ":",
    to: "v",
    options: "",
};

/// The lab with its tunnel.
pub(crate) const UP: &str = "tunlab lab up --tunnel || exit";

/// IPv6 inside of the tunnel, over IPv4 outside.
pub(crate) const WITH_IPV6: &str = "tunlab lab up --tunnel --ipv6 || exit
    for on in u s v; do tunlab lab exec $on -- sysctl -qw net.ipv6.conf.all.forwarding=1; done
    $u ip addr add fd00:53::99/64 dev tun0 nodad; $u ip route add fd00:70::/64 dev tun0
    $s ip addr add fd00:53::5/64 dev tun0 nodad; $s ip addr add fd00:70::1/64 dev eth1 nodad
    $v ip addr add fd00:70::65/64 dev eth0 nodad; $v ip route add default via fd00:70::1
    until $u ping -6 -c 1 -W 1 fd00:70::65 > /dev/null; do sleep 0.1; done";

/// Declares a module's tests, each a name, what is done first, and its cases.
macro_rules! tests {
    ($($name:literal: $prologue:expr, $cases:expr;)*) => {
        pub(crate) const TESTS: &[(&str, Test)] =
            &[$(($name, |bench| play(bench, $cases, $prologue))),*];

        pub(crate) const CASES: &[&[Case]] = &[$($cases),*];
    };
}
use tests;

/// Every witness, and all that can be had together.
pub(crate) const WITNESSES: [&str; 4] = ["all", "counters", "nft", "kernel"];

/// For a shell script: `$u`, `$s`, `$v`, and `ask NAME OPTIONS`, which prints a line a witness.
const TOOLS: &str = r#"
u="tunlab lab exec u --"; s="tunlab lab exec s --"; v="tunlab lab exec v --"
after() { :; }
why() {
    label=$1; shift
    between > /dev/null 2>&1
    printf '%s ' "$label"
    tunlab why "$@" -o json 2> $T/err || [ $? = 1 ] || cat $T/err
}
ask() {
    why all "$@"
    for witness in $weaker; do why $witness "$@" --evidence $witness; done
}
# Follows the packet to its end.
follow() {
    between > /dev/null 2>&1
    printf 'journey '
    tunlab journey u "$@" -o json 2> $T/err || [ $? = 1 ] || cat $T/err
}
# Runs the cures of the first cause; a program that goes on running has said $runs_on then.
cure() {
    between > /dev/null 2>&1
    printf 'cured '
    tunlab why "$@" -o json > $T/json
    grep -o '"cures":\[[^]]*\]' $T/json | head -1 |
        sed 's/^"cures":\["//; s/"\]$//; s/","/\n/g' > $T/cures
    if [ -n "$runs_on" ]; then
        sh -e $T/cures > $T/run 2>&1 & until_said "$runs_on" $T/run
    else
        sh -e $T/cures > $T/out 2>&1 || cat $T/out
    fi
    after > /dev/null 2>&1
    between > /dev/null 2>&1
    tunlab why "$@" -o json 2>&1
}
"#;

/// Plays cases one after the other in one lab with its tunnel.
pub(crate) fn play(bench: &Bench, cases: &[Case], prologue: &str) -> Result<(), Problem> {
    needs(&["ip", "sysctl", "nft", "tc", "ping", "python3"])?;
    let folder = bench.file("peers");
    let peer = include_str!("../peers/mangler.py");
    fs::create_dir(&folder)
        .and_then(|()| fs::write(folder.join("mangler.py"), peer))
        .map_err(|error| Problem::Wrong(error.to_string()))?;
    // An ordinary user has no kernel's word (healthy::kernel_for_root).
    let weaker = match bench.user.is_root() {
        true => "counters nft kernel",
        false => "counters nft",
    };
    let folder = folder.display();
    let mut script = format!("P={folder}; weaker='{weaker}'\n{TOOLS}{prologue}\n");
    for case in cases {
        let Case {
            name,
            broken,
            mended,
            to,
            options,
            between,
            after,
            ..
        } = case;
        let broken = broken.join("\n");
        let runs_on = case.runs_on.unwrap_or_default();
        script += &format!(
            "echo \"## {name}\"\n{broken}\nbetween() {{ {between}; }}\nafter() {{ :; {after}\n}}\n\
             runs_on='{runs_on}'\nask {to} {options}\nfollow {to} {options}\n"
        );
        if !case.cures.is_empty() {
            script += &format!("cure {to} {options}\n");
        }
        script += &format!("{mended}\nprintf 'mended '; tunlab why {to} -o json\n");
    }
    script += "tunlab lab down\n";
    let ended = bench.lab(&script)?;
    for case in cases {
        let start = format!("## {}\n", case.name);
        let Some((_, rest)) = ended.stdout.split_once(&start) else {
            return wrong(format!("{}: {}{}", case.name, ended.stdout, ended.stderr));
        };
        let part = rest.split("## ").next().unwrap_or_default();
        case.judge(bench, part).map_err(|why| {
            Problem::Wrong(format!("{}: {why}\n{part}{}", case.name, ended.stderr))
        })?;
    }
    Ok(())
}

impl Case {
    fn judge(&self, bench: &Bench, said: &str) -> Result<(), String> {
        for witness in WITNESSES {
            if witness == "kernel" && !bench.user.is_root() {
                continue;
            }
            let answer = answer(said, witness)?;
            let kernel_only = self.blind.contains(&"counters") && self.blind.contains(&"nft");
            let blind = match witness {
                "all" if !bench.user.is_root() => kernel_only,
                witness => self.blind.contains(&witness),
            };
            let divided = match witness {
                "all" if !bench.user.is_root() => self.divided.contains(&"counters"),
                witness => self.divided.contains(&witness),
            };
            if blind {
                self.leaves_it_open(&answer)
            } else if divided {
                self.is_among(&answer)
            } else {
                let told = !self.silent.contains(&witness);
                self.is_found(&answer, told, bench)
            }
            .map_err(|why| format!("by {witness}: {why}"))?;
        }
        if bench.user.is_root() {
            self.has_reason(&answer(said, "kernel")?)?;
            if let Some((_, function)) = self.reason {
                let all = answer(said, "all")?;
                if all["causes"][0]["basis"] != "observed" {
                    return Err(format!("{function} was observed, and is not said to be"));
                }
            }
        }
        self.ends_a_journey(bench, &answer(said, "journey")?)?;
        // What was not found was not cured either.
        let found = answer(said, "all")?["verdict"] != "unknown";
        for label in ["cured", "mended"] {
            let expected = label == "mended" || !self.cures.is_empty() && found;
            if expected && answer(said, label)?["verdict"] != "healthy" {
                return Err(format!("not {label}"));
            }
        }
        Ok(())
    }

    fn is_found(&self, answer: &Value, told: bool, bench: &Bench) -> Result<(), String> {
        let found = &answer["causes"][0];
        let dev = self.dev.map_or(Value::Null, Value::from);
        if (&found["cause"], &found["host"], &found["dev"])
            != (&self.cause.into(), &self.host.into(), &dev)
        {
            return Err(format!("not {} on {}, {dev}", self.cause, self.host));
        }
        if !told {
            return Ok(());
        }
        let expected: Vec<Value> = self
            .cures
            .iter()
            .map(|cure| full(cure, bench).into())
            .collect();
        if found["cures"] != Value::Array(expected.clone()) {
            return Err(format!("the cures are not {expected:?}"));
        }
        Ok(())
    }

    fn is_among(&self, answer: &Value) -> Result<(), String> {
        let causes = answer["causes"].as_array().into_iter().flatten();
        let mut places = causes.map(|found| (&found["cause"], &found["host"]));
        match places.any(|place| place == (&self.cause.into(), &self.host.into())) {
            true => Ok(()),
            false => Err(format!("{} on {} is not among them", self.cause, self.host)),
        }
    }

    fn leaves_it_open(&self, answer: &Value) -> Result<(), String> {
        let candidates = answer["candidates"].as_array();
        let among = candidates.is_some_and(|all| all.contains(&self.cause.into()));
        match answer["verdict"] == "unknown" && among {
            true => Ok(()),
            false => Err(format!(
                "it cannot be seen, yet {} is no candidate",
                self.cause
            )),
        }
    }

    /// A journey that ends there says the same.
    fn ends_a_journey(&self, bench: &Bench, journey: &Value) -> Result<(), String> {
        // A reset is an answer, a connection that waits loses nothing; and a journey traces no
        // firewall.
        let lost = find(self.cause).is_some_and(|cause| cause.stage != Stage::Waiting);
        let answered = self.cause == "tcp_port_closed" || journey["answered"] == true || !lost;
        let weak = [self.blind, self.divided].concat();
        let blind = !bench.user.is_root() && weak.contains(&"counters");
        let drop = &journey["drop"];
        if answered
            || blind
            || (&drop["cause"], &drop["host"]) == (&self.cause.into(), &self.host.into())
        {
            return Ok(());
        }
        Err(format!("a journey does not end in {}: {drop}", self.cause))
    }

    fn has_reason(&self, answer: &Value) -> Result<(), String> {
        let Some((reason, function)) = self.reason else {
            return Ok(());
        };
        let found = &answer["causes"][0];
        match found["reason"] == reason && found["function"] == function {
            true => Ok(()),
            false => Err(format!("the kernel's word is not {reason} by {function}")),
        }
    }
}

/// A cure as it is printed: for a shell on the machine.
fn full((host, command): &(&str, &str), bench: &Bench) -> String {
    match command.strip_prefix("ip ") {
        Some(rest) if bench.user.is_root() => format!("ip -n tunlab-{host} {rest}"),
        None if bench.user.is_root() && !command.starts_with("tunlab ") => {
            format!("ip netns exec tunlab-{host} {command}")
        }
        _ => format!("tunlab lab exec {host} -- {command}"),
    }
}

fn answer(said: &str, label: &str) -> Result<Value, String> {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix(label)?.strip_prefix(' '));
    let line = line.ok_or_else(|| format!("nothing is said as {label}"))?;
    serde_json::from_str(line).map_err(|error| format!("{label}: {error}"))
}
