//! Each task is sabotaged, one step changed; the demonstration must fail at the right expectation
//! and give the right hint.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::{cases, failures, folder, task_file};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("tasks::sabotage::one_to_two", |bench| {
        each(bench, ONE_TO_TWO)
    }),
    ("tasks::sabotage::three_to_five", |bench| {
        each(bench, THREE_TO_FIVE)
    }),
    ("tasks::sabotage::six_and_seven", |bench| {
        each(bench, SIX_AND_SEVEN)
    }),
    ("tasks::sabotage::eight_and_nine", |bench| {
        each(bench, EIGHT_AND_NINE)
    }),
    (
        "tasks::sabotage::a_server_that_sends_to_v_9090",
        sends_to_v_9090,
    ),
];

/// A change to a task's steps, and what must come of it.
struct Sabotage {
    task: &'static str,
    case: &'static str,
    /// Texts in `task.toml`, and what replaces the first of each in the case.
    change: &'static [(&'static str, &'static str)],
    /// The expectation that fails.
    fails: &'static str,
    /// A part of its hint.
    hint: &'static str,
}

const ONE_TO_TWO: &[Sabotage] = &[
    // Wrong route: U has a way to V.
    Sabotage {
        task: "1-network-setup",
        case: "without a default route",
        change: &[(
            "name = \"near\"",
            "do.run = \"u# ip route add default via 10.0.2.11\"\n[[case.step]]\nname = \"near\"",
        )],
        fails: "ping says that the network is unreachable",
        hint: "the requests left U",
    },
    Sabotage {
        task: "2a-name",
        case: "tun",
        change: &[("tun%d --no-config", "tun%d --no-config --persist")],
        fails: "the device goes with the program",
        hint: "persistent",
    },
    Sabotage {
        task: "2b-configure",
        case: "step by step",
        change: &[("ip link set dev tun0 up", "ip link set dev tun0 down")],
        fails: "up makes the route",
        hint: "is the device up",
    },
    Sabotage {
        task: "2c-read",
        case: "two pings",
        change: &[(
            "--name tun0 -o line",
            "--name tun0 --route 192.168.70.0/24 -o line",
        )],
        fails: "a ping of V never reaches the device",
        hint: "U has a route to V",
    },
    // The reply is forged as a request: the first wrong conclusion of the report.
    Sabotage {
        task: "2d-spoof",
        case: "reply, filter off",
        change: &[("--src 1.2.3.4 --name", "--src 1.2.3.4 --verbatim --name")],
        fails: "each request is answered by a reply from 1.2.3.4",
        hint: "echo request (type 8), not a reply",
    },
    // Nothing is forged at all.
    Sabotage {
        task: "2d-spoof",
        case: "reply, filter off",
        change: &[("tunlab spoof --src 1.2.3.4", "tunlab read")],
        fails: "each request is answered by a reply from 1.2.3.4",
        hint: "does tunlab spoof run?",
    },
    // The filter is off already.
    Sabotage {
        task: "2d-spoof",
        case: "reply, filter strict",
        change: &[("rp_filter=1", "rp_filter=0")],
        fails: "the strict filter drops every reply",
        hint: "rp_filter is off",
    },
    Sabotage {
        task: "2d-garbage",
        case: "TUN",
        change: &[("name = \"TUN\"", "name = \"TUN\"\nipv6 = true")],
        fails: "IPv6, being off, drops what begins with 6",
        hint: "ipv6_off",
    },
];

const SLEEP: (&str, &str) = (
    "{ command = \"s# tunlab forward --listen 0.0.0.0:9090",
    "{ command = \"s# sleep 60\" } #",
);

const THREE_TO_FIVE: &[Sabotage] = &[
    Sabotage {
        task: "3-send-through-tunnel",
        case: "a server that prints",
        change: &[SLEEP],
        fails: "the server prints both pairs of addresses",
        hint: "start the server",
    },
    Sabotage {
        task: "3-send-through-tunnel",
        case: "a server that prints",
        change: &[("192.168.70.0/24 dev tun0", "192.168.70.0/24 via 10.0.2.11")],
        fails: "after the route V's requests are inside datagrams",
        hint: "the requests leave U bare",
    },
    Sabotage {
        task: "4-vpn-server",
        case: "one way",
        change: &[SLEEP],
        fails: "the requests reach V, bare",
        hint: "start the server",
    },
    Sabotage {
        task: "4-vpn-server",
        case: "one way",
        change: &[(
            "name = \"ping\"",
            "do.run = \"s# sysctl -w net.ipv4.ip_forward=0\"\n[[case.step]]\nname = \"ping\"",
        )],
        fails: "the requests reach V, bare",
        hint: "ip_forward=1",
    },
    Sabotage {
        task: "5-both-directions",
        case: "ping",
        change: &[SLEEP],
        fails: "a request goes through the tunnel to V",
        hint: "start the server",
    },
    Sabotage {
        task: "5-both-directions",
        case: "ping",
        change: &[("11:9090 --route 192.168.70.0/24", "11:9090")],
        fails: "a request goes through the tunnel to V",
        hint: "give the client --route",
    },
    // Traffic that bypasses the tunnel, and is answered.
    Sabotage {
        task: "5-both-directions",
        case: "ping",
        change: &[
            ("11:9090 --route 192.168.70.0/24", "11:9090"),
            (
                "name = \"ping\"\nsay",
                "do.run = \"u# ip route add 192.168.70.0/24 via 10.0.2.11\"\n[[case.step]]\nname = \"ping\"\nsay",
            ),
        ],
        fails: "no bare packet for V is on the wire between U and S",
        hint: "round the tunnel",
    },
    // Answers do not come back.
    Sabotage {
        task: "5-both-directions",
        case: "ping",
        change: &[("--listen 0.0.0.0:9090", "--listen 0.0.0.0:9090 --one-way")],
        fails: "every reply reaches U with ttl 63",
        hint: "the server must read it",
    },
];

const SIX_AND_SEVEN: &[Sabotage] = &[
    // The tunnel does not break: what is shown must be this connection's trouble, no other's.
    Sabotage {
        task: "6-tunnel-breaking",
        case: "server killed",
        change: &[
            ("do.kill = \"server\"", "do.pause = 0.1"),
            ("do.pause = 10", "do.pause = 1"),
        ],
        fails: "with the server dead, TCP sends again and again",
        hint: "the tunnel was not broken",
    },
    Sabotage {
        task: "6-tunnel-breaking",
        case: "persistent device",
        change: &[
            (" --persist --name tun0", " --name tun0"),
            ("do.pause = 10", "do.pause = 1"),
        ],
        fails: "the device stays, with its address",
        hint: "give the client --persist",
    },
    Sabotage {
        task: "7-routing-on-v",
        case: "a route by the router",
        change: &[(
            "v# ip route add 192.168.53.0/24 via 192.168.70.1",
            "v# ip route add 192.168.53.0/24 dev eth0",
        )],
        fails: "V answers, and the replies reach U through the tunnel",
        hint: "names the device, not the router",
    },
    Sabotage {
        task: "7-routing-on-v",
        case: "a route by the router",
        change: &[(
            "do.run = \"v# ip route add 192.168.53.0/24 via 192.168.70.1\"",
            "do.pause = 0.1",
        )],
        fails: "V answers, and the replies reach U through the tunnel",
        hint: "V has no way back",
    },
    Sabotage {
        task: "7-routing-on-v",
        case: "no route",
        change: &[(
            "do.run = \"v# ip route del default via 192.168.70.1\"",
            "do.pause = 0.1",
        )],
        fails: "V sends no reply",
        hint: "it should have none",
    },
];

const EIGHT_AND_NINE: &[Sabotage] = &[
    // Cured already.
    Sabotage {
        task: "8-tun-address",
        case: "rp_filter 1",
        change: &[(
            "name = \"filter\"",
            "do.run = \"s# ip route add 192.168.30.0/24 dev tun0\"\n[[case.step]]\nname = \"filter\"",
        )],
        fails: "S's filter drops every request",
        hint: "cured already",
    },
    Sabotage {
        task: "8-tun-address",
        case: "rp_filter 1",
        change: &[("rp_filter=1", "rp_filter=0")],
        fails: "S's filter drops every request",
        hint: "rp_filter on S is off",
    },
    // The packets of task 5: the fourth wrong conclusion of the report.
    Sabotage {
        task: "8-tun-address",
        case: "cured",
        change: &[("11:9090 --addr 192.168.30.99/24", "11:9090")],
        fails: "U's pings from 192.168.30.99 are answered through the tunnel",
        hint: "packets of task 5",
    },
    Sabotage {
        task: "8-tun-address",
        case: "cured",
        change: &[(
            "do.run = \"s# ip route add 192.168.30.0/24 dev tun0\"",
            "do.pause = 0.1",
        )],
        fails: "U's pings from 192.168.30.99 are answered through the tunnel",
        hint: "S's filter drops the requests",
    },
    // The sites are joined beside the tunnel.
    Sabotage {
        task: "8-site-to-site",
        case: "with the tunnel",
        change: &[
            ("10.9.0.11:9090 --route 192.168.60.0/24", "10.9.0.11:9090"),
            (
                "name = \"ping\"",
                "do.run = \"c# ip route add 192.168.60.0/24 via 10.9.0.11\"\n[[case.step]]\nname = \"ping\"",
            ),
        ],
        fails: "U's requests reach V through the tunnel",
        hint: "cross the middle bare",
    },
    Sabotage {
        task: "9-tap",
        case: "nobody answers",
        change: &[("--name tap0", "--name tap0 --arp-reply aa:bb:cc:dd:ee:ff")],
        fails: "U itself says that the host is unreachable",
        hint: "somebody answers",
    },
    // ARP is not answered: the fifth wrong conclusion of the report.
    Sabotage {
        task: "9-arp-reply",
        case: "arping",
        change: &[(" --arp-reply aa:bb:cc:dd:ee:ff", "")],
        fails: "each question is answered with the forged address",
        hint: "give tap-dump --arp-reply",
    },
    Sabotage {
        task: "9-arp-reply",
        case: "ARP and echo",
        change: &[(" --echo", "")],
        fails: "each request is answered by the program",
        hint: "give tap-dump --echo",
    },
];

fn each(bench: &Bench, all: &[Sabotage]) -> Result<(), Problem> {
    for one in all {
        one.must_be_found(bench, &one.changed()?)?;
    }
    Ok(())
}

/// A server that passes on by UDP what it receives.
const FORWARDER: &str = "\
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 9090))
while True:
    s.sendto(s.recv(2048), ('192.168.70.101', 9090))
";

/// The second wrong conclusion of the report: V's port unreachable is taken for success.
fn sends_to_v_9090(bench: &Bench) -> Result<(), Problem> {
    needs(&["python3"])?;
    let program = bench.file("forwarder.py");
    if let Err(error) = std::fs::write(&program, FORWARDER) {
        return wrong(error.to_string());
    }
    let one = Sabotage {
        task: "4-vpn-server",
        case: "one way",
        change: &[SLEEP],
        fails: "the requests reach V, bare",
        hint: "V's port unreachable is no success",
    };
    let task = one.changed()?;
    let task = task.replace("sleep 60", &format!("python3 {}", program.display()));
    one.must_be_found(bench, &task)
}

impl Sabotage {
    /// The task with the change in the case, or in what all cases begin with.
    fn changed(&self) -> Result<String, Problem> {
        let mut text = task_file(self.task);
        for (from, to) in self.change {
            let case = format!("[[case]]\nname = \"{}\"", self.case);
            let Some(start) = text.find(&case) else {
                return wrong(format!("{}: no case {}", self.task, self.case));
            };
            let rest = &text[start + 1..];
            let end = rest
                .find("[[case]]")
                .map_or(text.len(), |end| end + start + 1);
            let in_case = text[start..end].find(from).map(|place| place + start);
            let Some(place) = in_case.or_else(|| text.find(from)) else {
                return wrong(format!(
                    "{}: {from:?} is not there to be changed",
                    self.task
                ));
            };
            text.replace_range(place..place + from.len(), to);
        }
        Ok(text)
    }

    fn must_be_found(&self, bench: &Bench, task: &str) -> Result<(), Problem> {
        let folder = folder(bench, self.task, task, "# Sabotaged\n")?;
        let folder = folder.display().to_string();
        let line = format!("task demo {} --quick -o json", self.task);
        let ended = bench.tunlab_with(&line, &["--case", self.case, "--tasks", &folder])?;
        ended.exits(1)?;
        let found = cases(&ended)?.first().map(failures).unwrap_or_default();
        let right = |one: &&String| one.starts_with(self.fails) && one.contains(self.hint);
        if found.iter().find(right).is_none() {
            return wrong(format!(
                "{} ({}), {:?}: {:?} with {:?} is not among the failures: {found:#?}",
                self.task, self.case, self.change, self.fails, self.hint
            ));
        }
        Ok(())
    }
}
