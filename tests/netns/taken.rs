//! Names and networks that are taken or wrong: exit code 2, and nothing changed.

use super::run::{Bench, needs};
use super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("taken::names_that_cannot_be", names),
    ("taken::addresses_that_cannot_be", addresses),
    ("taken::a_network_that_is_routed_already", network),
    ("taken::an_interface_of_another_kind", other_kind),
    ("taken::a_tap_where_a_tun_is_wanted", other_mode),
    ("taken::a_device_that_somebody_has_open", busy),
    ("taken::flags_that_exclude_each_other", flags),
    ("taken::an_unknown_interface", unknown_interface),
];

fn names(bench: &Bench) -> Result<(), Problem> {
    let table = [
        (
            "abcdefghijklmnopq",
            "has 17 characters, the kernel allows 15",
        ),
        ("a/b", "'/' cannot stand in a name"),
    ];
    for (name, why) in table {
        for line in ["read --name", "tap-dump --name"] {
            let ended = bench.tunlab(&format!("{line} {name} -- true"))?;
            ended
                .exits(2)?
                .says(&[&format!("name a device {name:?}"), why])?;
        }
    }
    Ok(())
}

fn addresses(bench: &Bench) -> Result<(), Problem> {
    let table = [
        ("--addr 192.168.53.99", "192.168.53.99", "/24"),
        ("--addr 192.168.53.99/33", "192.168.53.99/33", "32"),
        ("--addr 192.168.53/24", "192.168.53/24", "address"),
        ("--route 192.168.70.0", "192.168.70.0", "/"),
        (
            "--route 192.168.70.5/24",
            "192.168.70.5/24",
            "192.168.70.0/24",
        ),
        ("--mtu 10", "10", "68"),
    ];
    for (flag, what, next_step) in table {
        let ended = bench.tunlab(&format!("read {flag} -- true"))?;
        ended.exits(2)?.says(&[what, next_step])?;
    }
    Ok(())
}

fn network(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let routed = "192.168.53.0/24 is already routed: 192.168.53.0/24 dev wan0; \
                  choose another network, or use a private one: end the command with `-- CMD`\n";
    let wider = "192.168.53.0/24 is already routed: 192.168.0.0/16 via 10.0.0.1 dev wan0";
    let table = [
        ("ip addr add 192.168.53.1/24 dev wan0", "read", routed),
        (
            "ip addr add 10.0.0.2/24 dev wan0; ip route add 192.168.0.0/16 via 10.0.0.1",
            "spoof",
            wider,
        ),
        (
            "ip addr add 10.0.0.2/24 dev wan0",
            "tap-dump --route 10.0.0.0/25",
            "10.0.0.0/25 is already routed: 10.0.0.0/24 dev wan0",
        ),
    ];
    for (setup, command, why) in table {
        let ended = bench.script(&format!(
            "ip link add wan0 type veth peer name wan1
             ip link set wan0 up; ip link set wan1 up
             # The kernel tells of the cable a moment later (net/core/link_watch.c).
             for try in $(seq 300); do
               [ $(ip -br link | grep -c ' UP ') = 2 ] && break; sleep 0.01
             done
             {setup}
             ip route > $T/before; ip -br link | sort >> $T/before
             tunlab {command}; echo code $?
             ip route > $T/after; ip -br link | sort >> $T/after
             diff $T/before $T/after && echo unchanged
             tunlab {command} -q -- true; echo private $?"
        ))?;
        // The names are checked: a network of one's own has nothing that is in the way.
        ended
            .says(&[why])?
            .prints(&["code 2\n", "unchanged\n", "private 0\n"])?;
    }
    Ok(())
}

fn other_kind(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.script(
        "ip link add veth0 type veth peer name veth1
         for command in read tap-dump; do tunlab $command --name veth0; echo code $?; done
         ip -br link show dev veth0",
    )?;
    ended.says(&[
        "attach TUN device veth0, which is ",
        "attach TAP device veth0, which is ",
        "invalid argument (EINVAL); choose another --name\n",
    ])?;
    ended.prints(&["code 2\ncode 2\n", "veth0@veth1"])?;
    Ok(())
}

fn other_mode(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.script(
        "ip tuntap add dev tap7 mode tap && tunlab read --name tap7; echo code $?
         ip tuntap add dev tun7 mode tun && tunlab tap-dump --name tun7; echo code $?
         ip addr show dev tap7; ip link del tap7; ip link del tun7",
    )?;
    ended.says(&[
        "attach TUN device tap7, which is ",
        "attach TAP device tun7, which is ",
        "invalid argument (EINVAL); choose another --name\n",
    ])?;
    ended.prints(&["code 2\n"])?;
    if ended.stdout.contains("inet ") || ended.stdout.contains("code 0") {
        return wrong(ended.stdout.clone());
    }
    Ok(())
}

fn busy(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.script(
        "tunlab read --name yujie0 2> $T/err & pid=$!
         until_said 'Interface Name' $T/err; sleep 0.1
         ip addr show dev yujie0 > $T/before
         tunlab read --name yujie0; echo code $?
         tunlab read --name yujie0 --addr 10.1.1.1/24; echo code $?
         ip addr show dev yujie0 > $T/after
         diff $T/before $T/after && echo unchanged
         kill $pid; wait $pid; echo first $?",
    )?;
    ended.says(&[
        "attach TUN device yujie0: device or resource busy (EBUSY); \
         end the program that has it open, or choose another --name\n",
    ])?;
    ended.prints(&["code 2\ncode 2\n", "unchanged\n", "first 0\n"])?;
    Ok(())
}

fn flags(bench: &Bench) -> Result<(), Problem> {
    let table = [
        ("read -i lo -- true", "cannot be used with"),
        ("read nothing.pcap --name tun0", "device flags"),
        ("read nothing.pcap -- true", "-- CMD"),
        ("read -i lo --mtu 1400", "device flags"),
        (
            "read --no-config --addr 10.0.0.1/8 -- true",
            "cannot be used with",
        ),
        ("read --exit-from-cmd", "CMD"),
        ("read -c 0 -- true", "-c"),
        ("tap-dump --arp-reply 12345 -- true", "aa:bb:cc:dd:ee:ff"),
        ("spoof --src nobody -- true", "1.2.3.4"),
    ];
    for (line, why) in table {
        bench.tunlab(line)?.exits(2)?.says(&[why])?;
    }
    Ok(())
}

fn unknown_interface(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.script(
        "ip link add yujie0 type veth peer name other0; tunlab read -i yuije0; echo code $?",
    )?;
    ended
        .says(&["yuije0", "yujie0", "(ENODEV)"])?
        .prints(&["code 2\n"])?;
    Ok(())
}
