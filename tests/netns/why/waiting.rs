//! What takes time to show: neighbours, queues, connections.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("why::a_neighbour_that_does_not_answer", neighbour),
    ("why::a_queue_that_nobody_empties", queue_full),
    ("why::a_connection_that_sends_again", retransmitting),
    ("why::a_connection_without_a_route", persisting),
];

/// A lab whose tunnel's ends can be stopped: their numbers are in `$T/u.pid` and `$T/s.pid`.
const UP: &str = r#"
tunlab lab up || exit
u="tunlab lab exec u --"; s="tunlab lab exec s --"; v="tunlab lab exec v --"
end() { host=$1; shift; tunlab lab exec $host -- sh -c 'echo $$ > $0; exec tunlab forward "$@"' \
    $T/$host.pid "$@" > /dev/null 2> $T/$host.err & until_said "$said" $T/$host.err; }
said='listening on'; end s --listen 0.0.0.0:9090
said='tunnel to'; end u --server 10.0.2.11:9090 --route 192.168.70.0/24
why() { tunlab why v -o json; echo $?; }
"#;

/// Says a letter to V's port 23 every half second.
const TALKER: &str = r#"$u python3 -c "
import socket, time
talk = socket.create_connection(('192.168.70.101', 23))
print('connected', flush=True)
for turn in range(14):
    time.sleep(0.5)
    talk.send(b'x')
" > $T/talk & until_said connected $T/talk
"#;

/// Task 7's wrong route: V asks its own cable for U.
fn neighbour(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.lab(&format!(
        "{UP} $v ip route add 192.168.53.0/24 dev eth0
         tunlab why v --fix; echo $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        "neighbour on v, eth0",
        "route replace 192.168.53.0/24 via 192.168.70.1 dev eth0\n",
        "nothing was dropped",
        "\n0\n",
    ])?;
    Ok(())
}

fn queue_full(bench: &Bench) -> Result<(), Problem> {
    needs(&["python3"])?;
    let ended = bench.lab(&format!(
        "{UP} $u kill -STOP $(cat $T/u.pid)
         $u python3 -c \"
import socket
many = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for turn in range(600):
    many.sendto(b'x', ('192.168.70.101', 9))
\"
         why; $u kill -CONT $(cat $T/u.pid); sleep 0.3; why; tunlab lab down"
    ))?;
    let found = r#"{"verdict":"dropped","host":"u","to":"192.168.70.101","causes":[{"cause":"queue_full","host":"u","dev":"tun0""#;
    ended
        .exits(0)?
        .prints(&[found, "\n1\n", r#"{"verdict":"healthy""#])?;
    if bench.user.is_root() {
        ended.prints(&[r#""reason":"FULL_RING","function":"tun_net_xmit""#])?;
    }
    Ok(())
}

fn retransmitting(bench: &Bench) -> Result<(), Problem> {
    needs(&["python3"])?;
    let ended = bench.lab(&format!(
        "{UP} {TALKER} $s kill -STOP $(cat $T/s.pid); sleep 3.5; why
         $s kill -CONT $(cat $T/s.pid); tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        r#""cause":"tcp_retransmitting","host":"u""#,
        "timer:(on",
        "\n1\n",
    ])?;
    Ok(())
}

fn persisting(bench: &Bench) -> Result<(), Problem> {
    needs(&["python3", "ip"])?;
    let ended = bench.lab(&format!(
        "{UP} {TALKER} $u ip link set dev tun0 down; sleep 3.5; why
         tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        r#"{"verdict":"no-packet","host":"u","to":"192.168.70.101","causes":[{"cause":"device_down_send""#,
        r#""cause":"tcp_persisting","host":"u""#,
        "timer:(persist",
    ])?;
    Ok(())
}
