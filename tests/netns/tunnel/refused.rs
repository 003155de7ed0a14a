//! Tunnels that cannot be, on this network.

use super::super::run::Bench;
use super::super::{Problem, Test};
use super::hosts::on_hosts;

pub(crate) const TESTS: &[(&str, Test)] = &[("tunnel::refusals_leave_nothing_behind", refusals)];

fn refusals(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        "tunlab forward --listen 0.0.0.0:9090 -q 2> $T/first.err & r=$!
         until_said listening $T/first.err
         ip -br link | sort > $T/before
         for line in '--listen 0.0.0.0:9090 --name other0' '--listen 1.2.3.4:9090' \
             '--server 10.9.9.9' '--server 10.0.2.11 --addr 10.0.2.200/24' \
             '--server 10.0.2.11 --name eth0 --addr 192.168.54.9/24'; do
             tunlab forward $line; echo code $?
         done
         ip -br link | sort | diff $T/before - && echo unchanged
         TUNLAB_LAB=seed1 timeout -s INT 0.5 tunlab forward --listen 0.0.0.0:9091 \
             --addr 192.168.54.5/24 > $T/lab 2>&1
         finish $r; cat $T/lab",
    )?;
    ended.says(&[
        "listen on 0.0.0.0:9090: address already in use (EADDRINUSE); end the program",
        "listen on 1.2.3.4:9090: cannot assign requested address (EADDRNOTAVAIL); use an address",
        "connect to 10.9.9.9:9090: network is unreachable (ENETUNREACH); add a route",
        "10.0.2.0/24 is already routed: 10.0.2.0/24 dev eth0; choose another network\n",
        "attach TUN device eth0",
    ])?;
    ended.prints(&[
        "code 2\ncode 2\ncode 3\ncode 2\ncode 2\nunchanged\n",
        // In a lab nobody needs the warning.
        "Interface Name: tun1\nlistening on 0.0.0.0:9091\n",
    ])?;
    Ok(())
}
