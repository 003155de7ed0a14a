//! What a tunnel must live through: each packet counted, each reason said once.

use super::super::ended::{Ended, counter};
use super::super::run::Bench;
use super::super::{Problem, Test, wrong};
use super::hosts::{TUNNEL, on_hosts};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("tunnel::survives_100_000_spoofed_sources", flood),
    ("tunnel::follows_a_client_to_its_new_port", restart),
    ("tunnel::survives_what_is_no_packet", not_ip),
    ("tunnel::survives_a_source_that_another_holds", held),
    ("tunnel::survives_an_oversize_packet", oversize),
    ("tunnel::survives_a_closed_port", closed_port),
    ("tunnel::survives_a_client_that_is_gone", client_gone),
    (
        "tunnel::survives_a_device_that_goes_down_and_up",
        down_and_up,
    ),
    ("tunnel::ends_when_its_device_is_deleted", deleted),
    ("tunnel::does_not_send_itself_round_in_circles", circle),
];

const PING: &str = "ping -q -c 1 -W 5 192.168.70.101 > /dev/null && echo still pings";

/// Runs `script` with a tunnel, pings, ends both; their words on stderr are on stdout.
fn with_tunnel(bench: &Bench, script: &str) -> Result<Ended, Problem> {
    let ended = on_hosts(
        bench,
        &format!("{TUNNEL}{PING}\n{script}\n{PING}\nfinish $c $r; cat $T/client.err $T/server.err"),
    )?;
    ended.exits(0)?;
    let pings = ended.stdout.matches("still pings\n").count();
    if pings < 2 {
        return wrong(format!(
            "the tunnel does not work any more:\n{}",
            ended.stdout
        ));
    }
    Ok(ended)
}

/// Stdout must hold this exactly once.
fn once(ended: &Ended, words: &str) -> Result<(), Problem> {
    match ended.stdout.matches(words).count() {
        1 => Ok(()),
        count => wrong(format!(
            "{words:?} is said {count} times:\n{}",
            ended.stdout
        )),
    }
}

fn not_ip(bench: &Bench) -> Result<(), Problem> {
    let ended = with_tunnel(
        bench,
        "for word in hello 'a longer text, of more bytes than a header has' HELLO; do
             python3 $P/forge.py 10.0.2.8 10.0.2.11 text \"$word\"
         done",
    )?;
    once(&ended, "sent 5 bytes that are no IP packet")?;
    once(
        &ended,
        "dropped: not-ip 3, spoofed 0, oversize 0, refused 0, device-down 0\n",
    )
}

fn held(bench: &Bench) -> Result<(), Problem> {
    let ended = with_tunnel(
        bench,
        "ip addr add 10.0.2.66/24 dev eth0
         for try in 1 2; do python3 $P/forge.py 10.0.2.66 10.0.2.11 packet 192.168.53.99 40; done
         python3 $P/forge.py 10.0.2.66 10.0.2.11 packet 192.168.53.5 40
         python3 $P/forge.py 10.0.2.66 10.0.2.11 packet 127.0.0.1 40
         python3 $P/forge.py 10.0.2.66 10.0.2.11 packet 224.0.0.9 40",
    )?;
    once(
        &ended,
        "a packet from 192.168.53.99, which belongs to 10.0.2.8 ",
    )?;
    once(
        &ended,
        "a packet from 192.168.53.5, which is this host's own ",
    )?;
    once(
        &ended,
        "dropped: not-ip 0, spoofed 5, oversize 0, refused 0, device-down 0\n",
    )
}

fn oversize(bench: &Bench) -> Result<(), Problem> {
    let ended = with_tunnel(
        bench,
        "for length in 1472 1473 9000; do
             python3 $P/forge.py 10.0.2.8 10.0.2.11 packet 192.168.53.98 $length
         done
         $S ip link set dev tun0 mtu 1000; sleep 1.1
         python3 $P/forge.py 10.0.2.8 10.0.2.11 packet 192.168.53.98 1001",
    )?;
    once(&ended, "a packet of 1473 bytes; the device takes 1472 ")?;
    // The kernel answers the one that fits; whoever forged it may have gone, and refuse that.
    once(&ended, "dropped: not-ip 0, spoofed 0, oversize 3, refused ")
}

/// The client is there before its server.
fn closed_port(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        &format!(
            "tunlab forward --server 10.0.2.11 --route 192.168.70.0/24 -q 2> $T/client.err & c=$!
             until_said 'tunnel to' $T/client.err
             ping -q -c 3 -i 0.2 -W 0.2 192.168.70.101
             $S tunlab forward --listen 0.0.0.0 -q 2> $T/server.err & r=$!
             until_said listening $T/server.err
             {PING}
             finish $c $r; cat $T/client.err"
        ),
    )?;
    ended.exits(0)?.prints(&[
        "still pings\n",
        "refused 3, device-down 0\n",
        "4 packets (336 bytes) sent into the tunnel, 1 packet (84 bytes) received from it",
    ])?;
    once(
        &ended,
        "10.0.2.11:9090 takes no datagrams: connection refused (ECONNREFUSED)",
    )
}

fn client_gone(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        &format!(
            "{TUNNEL}{PING}
             kill -9 $c; wait $c
             $V ping -q -c 3 -i 0.2 -W 0.2 192.168.53.99
             tunlab forward --server 10.0.2.11 --route 192.168.70.0/24 -q 2> $T/again.err & c=$!
             until_said 'tunnel to' $T/again.err
             {PING}
             finish $c $r; cat $T/server.err"
        ),
    )?;
    ended
        .exits(0)?
        .prints(&["still pings\n", "refused 3, device-down 0\n"])?;
    once(
        &ended,
        "takes no datagrams: connection refused (ECONNREFUSED)",
    )
}

fn down_and_up(bench: &Bench) -> Result<(), Problem> {
    let ended = with_tunnel(
        bench,
        "$S ip link set dev tun0 down
         ping -q -c 3 -i 0.2 -W 0.2 192.168.70.101
         $S ip link set dev tun0 up",
    )?;
    once(&ended, "the device takes no packets: I/O error (EIO)")?;
    once(
        &ended,
        "dropped: not-ip 0, spoofed 0, oversize 0, refused 0, device-down 3\n",
    )
}

fn deleted(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        &format!(
            "{TUNNEL}ip link del dev tun0; wait $c; echo client $?
             $S ip link del dev tun0; wait $r; echo server $?
             $S tunlab forward --listen 0.0.0.0:9090 --one-way 2> $T/one-way.err & r=$!
             until_said listening $T/one-way.err
             $S ip link del dev tun0; wait $r; echo one way $?
             kill $s $v; cat $T/client.err"
        ),
    )?;
    ended.prints(&[
        "client 3\nserver 3\none way 3\n",
        "\ndropped: not-ip 0, ",
        "tunlab: read from tun0: ",
        "(EBADFD); the device was deleted",
    ])?;
    Ok(())
}

/// The way to the server leads into the tunnel: without a check each datagram would be sent again,
/// a header longer.
fn circle(bench: &Bench) -> Result<(), Problem> {
    let ended = with_tunnel(
        bench,
        "ip route add 10.0.2.11/32 dev tun0
         ping -q -c 2 -i 0.2 -W 0.2 192.168.70.101
         ip route del 10.0.2.11/32 dev tun0",
    )?;
    once(
        &ended,
        "the way to 10.0.2.11:9090 leads into the tunnel itself",
    )?;
    ended.prints(&["dropped: not-ip 0, spoofed 0, oversize 0, refused 2, device-down 0\n"])?;
    Ok(())
}

/// The first ping after the restart is answered, and all of it takes less than a second.
fn restart(bench: &Bench) -> Result<(), Problem> {
    let ended = with_tunnel(
        bench,
        "for round in 1 2 3; do
             kill -9 $c; wait $c
             start=$(date +%s%3N)
             tunlab forward --server 10.0.2.11:9090 --route 192.168.70.0/24 -q 2> $T/client.err & c=$!
             until_said 'tunnel to' $T/client.err
             ping -q -c 1 -W 5 192.168.70.101 > /dev/null && echo followed after $(($(date +%s%3N) - start)) ms
         done",
    )?;
    let mut times = Vec::new();
    for line in ended
        .stdout
        .lines()
        .filter(|line| line.starts_with("followed"))
    {
        times.push(number(line, "after ", 0)?);
    }
    times.sort_unstable();
    match times[..] {
        [_, middle, _] if middle < 1000 => {}
        _ => return wrong(format!("followed after {times:?} ms:\n{}", ended.stdout)),
    }
    ended.prints(&["spoofed 0, oversize 0, refused 0, "])?;
    Ok(())
}

/// What the kernel lost for want of room in the socket, it counts itself; all the rest is counted
/// by the server.
fn flood(bench: &Bench) -> Result<(), Problem> {
    let ended = with_tunnel(
        bench,
        "ip addr add 10.0.2.66/24 dev eth0
         grep VmRSS /proc/$r/status
         python3 $P/forge.py 10.0.2.66 10.0.2.11 flood 100000
         grep VmRSS /proc/$r/status
         $S cat /proc/net/snmp",
    )?;
    once(&ended, "and 1024 inner addresses are known already")?;
    let rss: Vec<i64> = ended
        .stdout
        .lines()
        .filter_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        })
        .collect();
    match rss[..] {
        [before, after] if after - before < 512 => {}
        _ => return wrong(format!("memory in kB before and after: {rss:?}")),
    }
    let lost = counter(&ended.stdout, "Udp", "RcvbufErrors", 0)?;
    let spoofed = number(&ended.stdout, "spoofed ", 1)?;
    let received = number(&ended.stdout, "into the tunnel, ", 1)?;
    // Two pings are received beside the first of the flood, for which there was room.
    let expected = 100_000 + 2;
    if spoofed + received + lost != expected || received > 1024 + 1 {
        return wrong(format!(
            "{spoofed} spoofed, {received} received, {lost} lost in the socket; not {expected}"
        ));
    }
    if spoofed < 50_000 {
        return wrong(format!("only {spoofed} were counted, {lost} lost before"));
    }
    Ok(())
}

/// The number behind `words`, at its occurrence `which`.
fn number(text: &str, words: &str, which: usize) -> Result<u64, Problem> {
    let behind = text.split(words).nth(which + 1).unwrap_or_default();
    let digits = behind.split(|c: char| !c.is_ascii_digit()).next();
    match digits.unwrap_or_default().parse() {
        Ok(number) => Ok(number),
        Err(_) => wrong(format!("no number behind {words:?}:\n{text}")),
    }
}
