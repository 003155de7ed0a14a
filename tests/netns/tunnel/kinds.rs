//! The tunnels of the course's tasks: only printed, one way, frames, IPv6.

use super::super::ended::counter;
use super::super::run::Bench;
use super::super::{Problem, Test, wrong};
use super::hosts::on_hosts;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("tunnel::print_only", print_only),
    ("tunnel::one_way", one_way),
    ("tunnel::frames", frames),
    ("tunnel::ipv6_inside_and_outside", ipv6),
    ("tunnel::lines_appear_at_once", at_once),
];

/// Task 3: the server prints, and no device is needed.
fn print_only(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        "$S tunlab forward --listen 0.0.0.0:9090 --print-only > $T/server 2> $T/server.err & r=$!
         until_said listening $T/server.err
         tunlab forward --server 10.0.2.11:9090 --one-way > $T/client 2> $T/client.err & c=$!
         until_said 'tunnel to' $T/client.err
         ping -q -c 2 -i 0.2 -W 0.2 192.168.53.1
         python3 $P/forge.py 10.0.2.8 10.0.2.11 text hello
         until_said 'no IP packet' $T/server.err
         $S ip -br link; finish $c $r; cat $T/client $T/server $T/server.err",
    )?;
    ended.exits(0)?.prints(&[
        "2 packets transmitted, 0 received",
        "From tun    ==>: 192.168.53.99 --> 192.168.53.1\n\
         From tun    ==>: 192.168.53.99 --> 192.168.53.1\n\
         10.0.2.8:",
        " --> 0.0.0.0:9090\n Inside: 192.168.53.99 --> 192.168.53.1\n10.0.2.8:",
        "dropped: not-ip 1, spoofed 0, oversize 0, refused 0, device-down 0\n",
    ])?;
    if ended.stdout.contains("tun0") {
        return wrong(format!("there is a device:\n{}", ended.stdout));
    }
    Ok(())
}

/// Task 4: requests reach V, and its replies stay on the server.
fn one_way(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        "$S tunlab forward --listen 0.0.0.0:9090 --one-way > $T/server 2> $T/server.err & r=$!
         until_said listening $T/server.err
         tunlab forward --server 10.0.2.11:9090 --one-way --route 192.168.70.0/24 \
             > $T/client 2> $T/client.err & c=$!
         until_said 'tunnel to' $T/client.err
         ping -q -c 2 -i 0.2 -W 0.2 192.168.70.101
         $V cat /proc/net/snmp
         finish $c $r; cat $T/client; echo server; cat $T/server $T/server.err",
    )?;
    let request = "192.168.53.99 --> 192.168.70.101";
    ended.exits(0)?.prints(&[
        "2 packets transmitted, 0 received",
        &format!("From tun    ==>: {request}\nFrom tun    ==>: {request}\nserver\n"),
        &format!("From socket <==: {request}\nFrom socket <==: {request}\nInterface Name"),
        "0 packets (0 bytes) sent into the tunnel, 2 packets (168 bytes) received",
    ])?;
    let echoes = counter(&ended.stdout, "Icmp", "InEchos", 0)?;
    let replies = counter(&ended.stdout, "Icmp", "OutEchoReps", 0)?;
    if (echoes, replies) != (2, 2) {
        return wrong(format!("V heard {echoes} echoes and answered {replies}"));
    }
    Ok(())
}

fn frames(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        "$S tunlab forward --tap --listen 0.0.0.0:9090 > $T/server 2> $T/server.err & r=$!
         until_said listening $T/server.err
         tunlab forward --tap --server 10.0.2.11:9090 -v > $T/client 2> $T/client.err & c=$!
         until_said 'tunnel to' $T/client.err
         ping -c 2 -i 0.2 -W 5 192.168.53.5
         ping -q -c 1 -W 5 -s 1430 -M do 192.168.53.5 && echo longest
         cat /proc/net/snmp
         python3 $P/forge.py 10.0.2.8 10.0.2.11 text hello
         until_said 'no Ethernet frame' $T/server.err
         finish $c $r; cat $T/client $T/client.err $T/server.err",
    )?;
    ended.exits(0)?.prints(&[
        "64 bytes from 192.168.53.5: icmp_seq=1 ttl=64 ",
        "longest\n",
        " --> ff:ff:ff:ff:ff:ff\nFrom socket <==: ",
        "# ip tuntap add dev tap0 mode tap\n# ip link set dev tap0 mtu 1458\n",
        "dropped: not-ip 1, spoofed 0, oversize 0, refused 0, device-down 0\n",
    ])?;
    if counter(&ended.stdout, "Ip", "FragCreates", 0)? != 0 {
        return wrong("a frame is fragmented outside");
    }
    Ok(())
}

fn ipv6(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        "for on in \"\" \"$S\" \"$V\"; do
             $on sh -c 'cd /proc/sys/net/ipv6/conf
                 for setting in */accept_dad */disable_ipv6; do echo 0 > $setting; done'
         done
         $S sysctl -qw net.ipv6.conf.all.forwarding=1
         ip addr add fd02::8/64 dev eth0 nodad
         $S ip addr add fd02::11/64 dev eth0 nodad
         $S ip addr add fd70::1/64 dev eth1 nodad
         $V ip addr add fd70::101/64 dev eth0 nodad
         $V ip route add default via fd70::1
         $S tunlab forward --listen [::]:9090 --addr fd53::5/64 > $T/server 2> $T/server.err & r=$!
         until_said listening $T/server.err
         for server in [fd02::11] 10.0.2.11:9090; do
             tunlab forward --server $server --addr fd53::99/64 --route fd70::/64 -v \
                 > $T/client 2> $T/client.err & c=$!
             until_said 'tunnel to' $T/client.err
             ping -6 -c 2 -i 0.2 -W 5 fd70::101
             grep mtu $T/client.err; grep fd53 $T/client
             kill $c; wait $c
         done
         finish $r; cat $T/server.err",
    )?;
    ended.exits(0)?.prints(&[
        "64 bytes from fd70::101: icmp_seq=1 ttl=63 ",
        "# ip link set dev tun0 mtu 1452\n",
        "# ip link set dev tun0 mtu 1472\n",
        "From tun    ==>: fd53::99 --> fd70::101\nFrom socket <==: fd70::101 --> fd53::99\n",
        "listening on [::]:9090\n",
    ])?;
    // Over IPv6 the inner address is held by fd02::8, so for 60 s 10.0.2.8 may not have it.
    ended.prints(&[
        "10.0.2.8:",
        " sent a packet from fd53::99, which belongs to fd02::8 ",
        "dropped: not-ip 0, spoofed 2, oversize 0, ",
    ])?;
    Ok(())
}

/// Whoever reads along in a pipe sees a packet when it passes, not when a block is full.
fn at_once(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        "tunlab forward --server 10.0.2.11:9090 2> $T/client.err > $T/client & c=$!
         until_said 'tunnel to' $T/client.err
         ping -q -c 1 -W 0.2 192.168.53.1
         until_said 192.168.53.1 $T/client && echo seen
         kill $c; wait $c; echo code $?
         { tunlab forward --server 10.0.2.11:9090 2> $T/pipe.err; echo code $? > $T/code; } | head -1 &
         until_said 'tunnel to' $T/pipe.err
         ping -q -c 4 -i 0.2 -W 0.2 192.168.53.1
         until_said code $T/code; kill $s $v; cat $T/code $T/pipe.err",
    )?;
    ended.exits(0)?.prints(&[
        "seen\ncode 0\n",
        "From tun    ==>: 192.168.53.99 --> 192.168.53.1\n",
        "code 0\nInterface Name: tun0\n",
    ])?;
    if ended.stdout.contains("panicked") || ended.stdout.contains("tunlab: ") {
        return wrong(format!("a closed pipe is no trouble:\n{}", ended.stdout));
    }
    Ok(())
}
