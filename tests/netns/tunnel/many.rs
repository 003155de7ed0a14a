//! Several clients of one server.

use super::super::run::Bench;
use super::super::{Problem, Test, wrong};
use super::hosts::{TUNNEL, on_hosts};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("tunnel::many_clients_at_once", many),
    ("tunnel::pins_shut_out_all_others", pins),
];

/// V is a client, too, and U reaches it through both tunnels; 100 more are played by a program.
fn many(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        &format!(
            "{TUNNEL}
             $V tunlab forward --server 192.168.70.1 --addr 192.168.53.98/24 -q 2> $T/v.err & w=$!
             until_said 'tunnel to' $T/v.err
             $V ping -q -c 1 -W 5 192.168.53.5 > /dev/null
             ping -c 2 -i 0.2 -W 5 192.168.53.98
             python3 $P/forge.py 10.0.2.8 10.0.2.11 clients 100
             ping -q -c 1 -W 5 192.168.70.101 > /dev/null && echo still pings
             finish $c $w $r; cat $T/server.err"
        ),
    )?;
    ended.exits(0)?.prints(&[
        // One hop: S forwards from one client to the other.
        "64 bytes from 192.168.53.98: icmp_seq=1 ttl=63 ",
        "100 clients, each with its own answer\n",
        "still pings\n",
        "dropped: not-ip 0, spoofed 0, oversize 0, refused 0, device-down 0\n",
    ])?;
    Ok(())
}

fn pins(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        "ip addr add 10.0.2.66/24 dev eth0
         $S tunlab forward --listen 0.0.0.0:9090 --peer 192.168.53.99/32=10.0.2.8 \
             2> $T/server.err > $T/server & r=$!
         until_said listening $T/server.err
         tunlab forward --server 10.0.2.11:9090 --route 192.168.70.0/24 -q 2> $T/client.err & c=$!
         until_said 'tunnel to' $T/client.err
         python3 $P/forge.py 10.0.2.66 10.0.2.11 packet 192.168.53.77 40
         python3 $P/forge.py 10.0.2.66 10.0.2.11 packet 192.168.53.99 40
         python3 $P/forge.py 10.0.2.8 10.0.2.11 packet 192.168.53.77 40
         ping -q -c 1 -W 5 192.168.70.101 > /dev/null && echo pings
         finish $c $r; cat $T/server.err; grep -c 192.168.53.77 $T/server",
    )?;
    ended.prints(&[
        "pings\n",
        " is no --peer (from now on only counted)\n",
        "sent a packet from 192.168.53.77, which no --peer gives to it",
        "dropped: not-ip 0, spoofed 1, oversize 0, refused 2, device-down 0\n0\n",
    ])?;
    if ended.stdout.contains("belongs to") {
        return wrong(ended.stdout.clone());
    }
    Ok(())
}
