//! Tasks 2.a and 2.b: the device's name, what it is before it is configured, and what configuring
//! it does.

use super::run::{Bench, needs};
use super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("create::names_and_a_device_that_is_down", names),
    ("create::a_tap_is_an_ethernet_device", tap),
    ("create::gone_when_closed", gone_when_closed),
    ("create::persistent_stays_and_is_attached", persistent),
    (
        "create::connected_route_after_address_and_up",
        connected_route,
    ),
    ("create::configured_as_typed", configured_as_typed),
    ("create::verbose_shows_commands_that_work", verbose_commands),
];

fn names(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let table = [
        ("", "tun0"),
        ("--name tun%d", "tun0"),
        ("--name yujie", "yujie0"),
        ("--name yujie%d", "yujie0"),
        ("--name yujie7", "yujie7"),
        ("--name abcdefghijklmn0", "abcdefghijklmn0"),
    ];
    for (typed, name) in table {
        let line = format!("read -q --no-config {typed} -- ip addr show dev {name}");
        let ended = bench.tunlab(&line)?;
        ended.exits(0)?.says(&[
            &format!("Interface Name: {name}\n"),
            &format!(" {name}: <POINTOPOINT,MULTICAST,NOARP> mtu 1500 "),
            "state DOWN",
            "link/none",
            "ip exited with code 0",
        ])?;
        ended.says_not(&["inet", "UP"])?;
    }
    Ok(())
}

fn tap(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.tunlab("tap-dump -q --name yujie -- ip addr show dev yujie0")?;
    ended.exits(0)?.says(&[
        "Interface Name: yujie0\n",
        "link/ether",
        "inet 192.168.53.99/24 ",
        "UP",
    ])?;
    Ok(())
}

fn gone_when_closed(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.script(
        "tunlab read --no-config 2> $T/err & pid=$!
         until_said 'Interface Name' $T/err
         ip link show dev tun0 > /dev/null && echo there
         kill $pid; wait $pid; echo code $?
         ip link show dev tun0 || echo gone",
    )?;
    ended.exits(0)?.prints(&["there\n", "code 0\n", "gone\n"])?;
    Ok(())
}

fn persistent(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.script(
        "tunlab read --persist --name yujie0 2> $T/err & pid=$!
         until_said 'Interface Name' $T/err
         kill $pid; wait $pid
         ip addr show dev yujie0
         tunlab read -v --name yujie0 2> $T/err & pid=$!
         until_said 'Interface Name: yujie0' $T/err
         kill $pid; wait $pid
         echo again; ip addr show dev yujie0
         cat $T/err",
    )?;
    ended.exits(0)?;
    let Some((before, after)) = ended.stdout.split_once("again\n") else {
        return wrong(ended.stdout.clone());
    };
    let configured = "inet 192.168.53.99/24 ";
    if !before.contains(configured) || !after.contains(configured) {
        return wrong(ended.stdout.clone());
    }
    if after.contains("# ip") {
        return wrong(format!("an attached device is configured anew: {after}"));
    }
    Ok(())
}

fn connected_route(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let script = "step() { echo \"$1: $(ip route show dev tun0)\"; }
        step created
        ip addr add 192.168.53.99/24 dev tun0; step addressed
        ip link set dev tun0 up; step up";
    let ended = bench.tunlab_with("read -q --no-config -- sh -c", &[script])?;
    ended.exits(0)?.says(&[
        "created: \n",
        "addressed: \n",
        "up: 192.168.53.0/24 proto kernel scope link src 192.168.53.99",
    ])?;
    Ok(())
}

fn configured_as_typed(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let line = "read -q --name a --addr 10.1.2.3/30 --route 10.9.0.0/16 --route 10.8.0.0/16 \
                --mtu 1400 -- sh -c";
    let ended = bench.tunlab_with(line, &["ip addr show dev a0; ip route"])?;
    ended.exits(0)?.says(&[
        "mtu 1400",
        "inet 10.1.2.3/30 ",
        "10.1.2.0/30 dev a0 proto kernel",
        "10.9.0.0/16 dev a0",
        "10.8.0.0/16 dev a0",
    ])?;
    Ok(())
}

/// The commands that `-v` shows are run in a second fresh network, and lead to the same.
fn verbose_commands(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.script(
        "tunlab read -v --route 192.168.70.0/24 2> $T/err & pid=$!
         until_said 'Interface Name' $T/err; sleep 0.1
         ip route > $T/one; ip -br addr show dev tun0 | grep -o '192.*/24' >> $T/one
         kill $pid; wait $pid
         sed -n 's/^# //p' $T/err > $T/commands; cat $T/commands
         sh -e $T/commands || exit 1
         ip route | sed 's/ linkdown//' > $T/two
         ip -br addr show dev tun0 | grep -o '192.*/24' >> $T/two
         ip link del dev tun0
         diff $T/one $T/two && echo the same",
    )?;
    ended.exits(0)?.prints(&[
        "ip tuntap add dev tun0 mode tun\n",
        "ip addr add 192.168.53.99/24 dev tun0\n",
        "ip link set dev tun0 up\n",
        "the same",
    ])?;
    let private = bench.tunlab("read -v -q -- true")?;
    private.exits(0)?.says(&[
        "# unshare ",
        "# sysctl -qw net.ipv4.conf.all.rp_filter=0",
        "# ip link set dev lo up",
        "# ip tuntap add dev tun0 mode tun",
    ])?;
    Ok(())
}
