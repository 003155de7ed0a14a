//! tunlab at one end, a course-style program in Python at the other.

use super::super::run::Bench;
use super::super::{Problem, Test, wrong};
use super::hosts::{TUNNEL, on_hosts};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("tunnel::python_client", python_client),
    ("tunnel::python_server", python_server),
    ("tunnel::both_ends", both_ends),
];

/// Ping, then ten million bytes each way, between U and V.
const JUDGE: &str = r#"
ping -c 3 -i 0.2 -W 5 192.168.70.101 && echo pinged
head -c 10000000 /dev/urandom > $T/there
head -c 10000000 /dev/urandom > $T/back
$V python3 $P/transfer.py serve 7000 $T/got.there $T/back > $T/serve & t=$!
until_said listening $T/serve
python3 $P/transfer.py call 192.168.70.101 7000 $T/there $T/got.back
wait $t
cmp $T/there $T/got.there && cmp $T/back $T/got.back && echo identical
"#;

fn python_server(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        &format!(
            "$S python3 $P/server.py 192.168.53.5/24 2> $T/server.err & r=$!
             until_said 'Interface Name' $T/server.err
             tunlab forward --server 10.0.2.11:9090 --route 192.168.70.0/24 \
                 > $T/client 2> $T/client.err & c=$!
             until_said 'tunnel to' $T/client.err
             {JUDGE}
             finish $c $r; head -2 $T/client; cat $T/client.err"
        ),
    )?;
    ended.exits(0)?.prints(&[
        "64 bytes from 192.168.70.101: icmp_seq=1 ttl=63 ",
        "pinged\n",
        "identical\n",
        "From tun    ==>: 192.168.53.99 --> 192.168.70.101\n\
         From socket <==: 192.168.70.101 --> 192.168.53.99\n\
         Interface Name: tun0\ntunnel to 10.0.2.11:9090\n",
        "\ndropped: not-ip 0, spoofed 0, oversize 0, refused 0, device-down 0\n",
    ])?;
    Ok(())
}

fn python_client(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        &format!(
            "$S tunlab forward --listen 0.0.0.0:9090 > $T/server 2> $T/server.err & r=$!
             until_said listening $T/server.err
             python3 $P/client.py 10.0.2.11 192.168.53.99/24 192.168.70.0/24 \
                 > /dev/null 2> $T/client.err & c=$!
             until_said 'Interface Name' $T/client.err
             {JUDGE}
             finish $c $r; head -2 $T/server; cat $T/server.err"
        ),
    )?;
    ended.exits(0)?.prints(&[
        "64 bytes from 192.168.70.101: icmp_seq=1 ttl=63 ",
        "pinged\n",
        "identical\n",
        "From socket <==: 192.168.53.99 --> 192.168.70.101\n\
         From tun    ==>: 192.168.70.101 --> 192.168.53.99\n\
         Interface Name: tun0\nwarning: this tunnel is neither encrypted nor authenticated",
        "\nlistening on 0.0.0.0:9090\n",
        "\ndropped: not-ip 0, spoofed 0, oversize 0, refused 0, device-down 0\n",
    ])?;
    Ok(())
}

/// Nothing fragments outside: the default MTU leaves room for what the tunnel adds.
fn both_ends(bench: &Bench) -> Result<(), Problem> {
    let ended = on_hosts(
        bench,
        &format!(
            "{TUNNEL}{JUDGE}
             ping -c 1 -W 5 -s 1444 -M do 192.168.70.101 && echo longest
             kill -USR1 $r; until_said dropped $T/server.err; echo asked; cat $T/server.err
             finish $c $r; echo ended; cat $T/server.err
             cat /proc/net/snmp"
        ),
    )?;
    ended
        .exits(0)?
        .prints(&["pinged\n", "identical\n", "longest\n"])?;
    let fragments = super::super::ended::counter(&ended.stdout, "Ip", "FragCreates", 0)?;
    if fragments != 0 {
        return wrong(format!("{fragments} fragments outside"));
    }
    // Asked with SIGUSR1 it goes on, and says the same again at the end.
    let summaries = ended
        .stdout
        .matches("\ndropped: not-ip 0, spoofed 0, ")
        .count();
    let at_the_end = ended.stdout.split("ended\n").nth(1).unwrap_or_default();
    let last = at_the_end
        .lines()
        .take_while(|line| !line.starts_with("Ip:"))
        .last();
    if summaries != 3 || last.is_none_or(|line| !line.starts_with("dropped: ")) {
        return wrong(format!(
            "the summaries are not as promised:\n{}",
            ended.stdout
        ));
    }
    Ok(())
}
