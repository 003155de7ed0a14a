//! What `--fix` says of taking a cure back is true: run in reverse, it leaves everything as it was.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] =
    &[("why::cures_taken_back_leave_all_as_it_was", taken_back)];

/// Ways to lose a packet, each with a line that must be different while it is cured.
const FAULTS: [&str; 7] = [
    "$s ip route add 192.168.53.99/32 via 10.0.2.8; $u sysctl -qw net.ipv4.conf.all.rp_filter=1",
    "$u ip route add 192.168.70.101/32 via 10.0.2.99 metric 7",
    "$u ip route replace 192.168.70.0/24 via 10.0.2.99 src 10.0.2.8",
    "$s ip rule add pref 90 from 192.168.53.0/24 iif tun0 prohibit",
    "$v ip route add blackhole 192.168.53.0/24 metric 5",
    "$s ip neigh replace 192.168.70.101 lladdr 02:00:00:00:00:99 dev eth1",
    "$s ip link set dev eth1 mtu 80",
];

/// How the hosts are set up, as far as cures change it.
const SET_UP: &str = r#"
set_up() {
    for host in u s v; do
        echo "$host:"
        tunlab lab exec $host -- sh -c '
            ip route show table all | grep -v "^broadcast\|^local\|^multicast\|^anycast"
            ip rule; ip neigh show nud permanent; ip -o link | sed "s/ qlen.*//; s/state.*//"
            sysctl net.ipv4.conf.all.rp_filter net.ipv4.ip_forward'
    done
}
"#;

fn taken_back(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let faults = FAULTS.map(|fault| {
        format!(
            "{fault}
             set_up > $T/before
             tunlab why u v --fix > $T/said 2> $T/undo || cat $T/said
             set_up > $T/cured
             cmp -s $T/before $T/cured && echo unchanged
             grep -o 'to undo it: .*' $T/undo | sed 's/to undo it: //' | tac > $T/back
             sh -e $T/back || cat $T/back
             set_up > $T/after
             diff $T/before $T/after && echo same
             tunlab lab down; tunlab lab up --tunnel"
        )
    });
    let ended = bench.lab(&format!(
        "{SET_UP}
         u=\"tunlab lab exec u --\"; s=\"tunlab lab exec s --\"; v=\"tunlab lab exec v --\"
         tunlab lab up --tunnel || exit
         {}
         tunlab lab down",
        faults.join("\n")
    ))?;
    let said: Vec<&str> = ended.stdout.lines().collect();
    let same = said.iter().filter(|line| **line == "same").count();
    if same != FAULTS.len() || ended.stdout.contains("unchanged") {
        return wrong(format!("{same} are as before: {}", ended.stdout));
    }
    Ok(())
}
