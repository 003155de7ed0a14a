//! `tunlab why` where there is no lab: about this machine alone, and nothing is run by it.
//!
//! ```text
//!   here eth0 10.9.0.1 ──── 10.9.0.2 eth0 there 192.168.70.101
//!        eth1 10.9.1.1 ──── 10.9.1.2 eth1
//! ```

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::answer;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("why::outside_of_a_lab", outside),
    ("why::ipv6_was_unknown_outside_of_a_lab", ipv6),
    ("why::port_0_was_asked_for", port),
    ("why::this_machine_s_own_part", own_part),
    ("why::this_machine_s_own_part_in_the_answer", answers),
];

/// Something wrong on this machine, and what is said about it.
struct Fault {
    /// Its name.
    name: &'static str,
    /// Plain commands that make it; `$there` before one runs it at the other end.
    broken: &'static str,
    to: &'static str,
    verdict: &'static str,
    cause: &'static str,
    dev: Option<&'static str>,
    /// The cure, which the test runs.
    cures: &'static [&'static str],
    /// What is to be done behind it until all is well; nothing if that cannot be.
    after: Option<&'static str>,
    mended: &'static str,
}

const FAULT: Fault = Fault {
    name: "",
    broken: "",
    to: "192.168.70.101",
    verdict: "dropped",
    cause: "",
    dev: Some("eth0"),
    cures: &[],
    after: Some(":"),
    mended: ":",
};

/// Two machines in networks of their own; `try NAME DEST` says what is found, runs the cures, does
/// what is to be done behind them (`after`), and asks again.
const MACHINES: &str = r#"
unshare -n sh -c 'echo $$ > $0; exec sleep 60' $T/there &
until [ -s $T/there ]; do sleep 0.01; done
there="nsenter -t $(cat $T/there) -n"
trap 'kill $(cat $T/there)' EXIT
ip link set lo up; $there ip link set lo up
for n in 0 1; do
    ip link add eth$n type veth peer name eth$n netns $(cat $T/there)
    ip addr add 10.9.$n.1/24 dev eth$n; ip link set eth$n up
    $there ip addr add 10.9.$n.2/24 dev eth$n; $there ip link set eth$n up
done
# A setting of one namespace is not that of the other.
for on in '' "$there"; do
    $on sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0 \
        net.ipv4.conf.eth1.rp_filter=0 net.ipv4.ip_forward=0
done
$there ip addr add 192.168.70.101/32 dev lo
ip route add 192.168.70.0/24 via 10.9.0.2
settled() { for turn in $(seq 300); do ip -br link show dev eth0 | grep -q ' UP ' && return
    sleep 0.01; done; }
why() { label=$1; shift; printf '%s ' "$label"; tunlab why "$@" -o json 2>&1; }
try() {
    why $1.found $2 | tee $T/found
    grep -o '"cures":\[[^]]*\]' $T/found | head -1 |
        sed 's/^"cures":\["//; s/"\]$//; s/","/\n/g' | grep -v '"cures":\[\]' > $T/cures
    sh -e $T/cures > $T/out 2>&1 || cat $T/out
    after; settled; why $1.cured $2
}
why sound 192.168.70.101
"#;

fn own_part(bench: &Bench) -> Result<(), Problem> {
    let faults = [
        Fault {
            name: "no_route",
            broken: "ip route del 192.168.70.0/24",
            verdict: "no-packet",
            cause: "no_route",
            dev: None,
            // Where it leads nobody here knows.
            after: Some("ip route add 192.168.70.0/24 via 10.9.0.2"),
            ..FAULT
        },
        Fault {
            name: "no_source_address",
            broken: "ip addr del 10.9.0.1/24 dev eth0",
            verdict: "no-packet",
            cause: "no_route",
            dev: None,
            after: Some(
                "ip addr add 10.9.0.1/24 dev eth0; ip route add 192.168.70.0/24 via 10.9.0.2",
            ),
            ..FAULT
        },
        Fault {
            name: "device_state",
            broken: "ip link set dev eth0 down",
            verdict: "no-packet",
            cause: "device_down_send",
            cures: &["ip link set dev eth0 up"],
            after: Some("ip route add 192.168.70.0/24 via 10.9.0.2"),
            ..FAULT
        },
        Fault {
            name: "device_state_of_its_own_network",
            broken: "ip link set dev eth0 down",
            to: "10.9.0.2",
            verdict: "no-packet",
            cause: "device_down_send",
            cures: &["ip link set dev eth0 up"],
            mended: "ip route add 192.168.70.0/24 via 10.9.0.2",
            ..FAULT
        },
        Fault {
            name: "neighbour",
            to: "10.9.0.77",
            cause: "neighbour",
            after: Some("$there ip addr add 10.9.0.77/24 dev eth0; ip neigh flush dev eth0"),
            mended: "$there ip addr del 10.9.0.77/24 dev eth0",
            ..FAULT
        },
        Fault {
            name: "mtu",
            broken: "ip link set dev eth0 mtu 70",
            cause: "too_big",
            cures: &["ip link set dev eth0 mtu 1500"],
            ..FAULT
        },
        Fault {
            name: "firewall",
            broken: "nft add table ip wall
                nft add chain ip wall out '{ type filter hook output priority 0; }'
                nft add rule ip wall out icmp type echo-request counter drop",
            cause: "nft_drop",
            dev: None,
            cures: &["nft delete rule ip wall out handle 2"],
            mended: "nft delete table ip wall",
            ..FAULT
        },
    ];
    play(bench, &faults)
}

/// What comes back dies on this machine, after its device has let it in.
fn answers(bench: &Bench) -> Result<(), Problem> {
    let faults = [
        Fault {
            // It was seen coming in, and taken for delivered.
            name: "firewall_for_the_answer",
            broken: "nft add table ip wall
                nft add chain ip wall in '{ type filter hook input priority 0; policy drop; }'",
            cause: "nft_drop",
            cures: &["nft chain ip wall in '{ policy accept; }'"],
            mended: "nft delete table ip wall",
            ..FAULT
        },
        Fault {
            name: "rp_filter",
            broken: "set -- $(ip -br link show dev eth1)
                $there ip neigh replace 10.9.1.1 dev eth1 lladdr $3
                $there ip route add 10.9.0.1/32 via 10.9.1.1 dev eth1
                sysctl -qw net.ipv4.conf.all.rp_filter=1",
            cause: "rp_filter",
            dev: Some("eth1"),
            cures: &[
                "sysctl -w net.ipv4.conf.all.rp_filter=0",
                "sysctl -w net.ipv4.conf.eth1.rp_filter=0",
            ],
            mended: "$there ip route del 10.9.0.1/32",
            ..FAULT
        },
        Fault {
            // The other end sends it back.
            name: "forwarding",
            broken: "$there ip addr del 192.168.70.101/32 dev lo
                $there ip route add 192.168.70.0/24 via 10.9.0.1
                $there sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.eth0.send_redirects=0
                sysctl -qw net.ipv4.conf.all.accept_local=1",
            cause: "ip_forward",
            cures: &["sysctl -w net.ipv4.ip_forward=1"],
            after: None,
            ..FAULT
        },
        Fault {
            name: "source_address_that_is_its_own",
            broken: "sysctl -qw net.ipv4.conf.all.accept_local=0",
            cause: "local_source",
            after: None,
            ..FAULT
        },
    ];
    play(bench, &faults)
}

fn play(bench: &Bench, faults: &[Fault]) -> Result<(), Problem> {
    needs(&["ip", "nft", "sysctl", "nsenter"])?;
    let mut script = MACHINES.to_owned();
    for fault in faults {
        let (name, to) = (fault.name, fault.to);
        let (broken, mended) = (fault.broken, fault.mended);
        let after = fault.after.unwrap_or(":");
        script += &format!("{broken}\nafter() {{ {after}\n}}\ntry {name} {to}\n{mended}\n");
    }
    let ended = bench.script(&script)?;
    let said = &ended.stdout;
    let judged = (|| {
        if answer(said, "sound")?["verdict"] != "healthy" {
            return Err("it was not sound before".to_owned());
        }
        faults.iter().try_for_each(|fault| fault.judge(said))
    })();
    judged.map_err(|why| Problem::Wrong(format!("{why}\n{said}{}", ended.stderr)))
}

impl Fault {
    fn judge(&self, said: &str) -> Result<(), String> {
        let answers = answer(said, &format!("{}.found", self.name))?;
        let found = &answers["causes"][0];
        let right = answers["verdict"] == self.verdict
            && found["cause"] == self.cause
            && found["host"] == "here"
            && found["dev"] == serde_json::Value::from(self.dev)
            && found["cures"] == serde_json::Value::from(self.cures);
        if !right {
            return Err(format!("{}: not {}: {answers}", self.name, self.cause));
        }
        let cured = answer(said, &format!("{}.cured", self.name))?;
        match self.after.is_none() || cured["verdict"] == "healthy" {
            true => Ok(()),
            false => Err(format!("{}: not cured: {cured}", self.name)),
        }
    }
}

fn ipv6(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.script(
        "ip link set dev lo up
         printf 'here '; tunlab why ::1 -o json
         printf 'nowhere '; tunlab why fd70::101 -o json; true",
    )?;
    ended.exits(0)?;
    let [here, nowhere] = ["here", "nowhere"].map(|label| answer(&ended.stdout, label));
    let (here, nowhere) = (
        here.map_err(Problem::Wrong)?,
        nowhere.map_err(Problem::Wrong)?,
    );
    match here["verdict"] == "healthy" && nowhere["causes"][0]["cause"] == "no_route" {
        true => Ok(()),
        false => wrong(format!("{here} {nowhere}")),
    }
}

/// Nothing can be sent there; that the packet died was said of it.
fn port(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.script(
        "for kind in tcp udp; do tunlab why --$kind 0 127.0.0.1; echo code $?; done; true",
    )?;
    ended.exits(0)?.says(&["--tcp", "--udp"])?;
    match ended.stdout == "code 2\ncode 2\n" {
        true => Ok(()),
        false => wrong(ended.stdout),
    }
}

fn outside(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.script(
        "why() { printf '%s ' $1; tunlab why $2 -o json; echo \"$1.code $?\"; }
         ip link set dev lo up
         why healthy 127.0.0.1
         ip tuntap add dev tun0 mode tun
         ip addr add 192.168.53.99/24 dev tun0; ip link set dev tun0 up
         why no_reader 192.168.53.5
         ip route add blackhole 192.168.70.0/24
         why blackhole 192.168.70.101
         tunlab why 192.168.70.101 --fix 2>&1; echo fix.code $?
         tunlab why u 192.168.70.101 2>&1; echo host.code $?",
    )?;
    for (label, verdict, cause) in [
        ("healthy", "healthy", None),
        ("no_reader", "dropped", Some("no_reader")),
        ("blackhole", "no-packet", Some("blackhole")),
    ] {
        let said = answer(&ended.stdout, label).map_err(Problem::Wrong)?;
        let found = said["causes"][0]["cause"].as_str();
        if said["verdict"] != verdict || found != cause || said["host"] != "here" {
            return wrong(format!("not {verdict}, {cause:?}: {said}"));
        }
    }
    ended.prints(&[
        "healthy.code 0\n",
        "no_reader.code 1\n",
        "blackhole.code 1\n",
        r#""cures":["ip route del blackhole 192.168.70.0/24"]"#,
        "no lab is up, so nothing is run",
        "fix.code 3\n",
        "there is no host u",
        "host.code 2\n",
    ])?;
    Ok(())
}
