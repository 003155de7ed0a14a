//! `-f`, `--skip` and `-c` on the commands that answer: they choose among what is read, and only
//! that is answered; an answer is never left out.

use super::ended::{Ended, Packet};
use super::run::{Bench, needs};
use super::{Problem, Test, wrong};
use serde_json::json;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("selection::passed_over_is_not_answered", passed_over),
    ("selection::the_filter_hid_the_answers", answers_shown),
    ("selection::skipped_is_not_answered", skipped),
    ("selection::answers_do_not_count", count),
    ("selection::answers_are_kept_with_w", kept),
    ("selection::of_frames", frames),
];

const PING: &str = "ping -c 2 -i 0.2 -W 1 192.168.53.1";

/// The packets must be this echo request and its answer.
fn exchange(ended: &Ended, seq: u16) -> Result<Vec<Packet>, Problem> {
    let packets = ended.packets_are(2)?;
    let expected = [("out", 8, "192.168.53.99"), ("in", 0, "1.2.3.4")];
    for (packet, (dir, kind, src)) in packets.iter().zip(expected) {
        packet.holds(&[
            ("/dir", json!(dir)),
            ("/src", json!(src)),
            ("/layers/1/fields/type", json!(kind)),
            ("/layers/1/fields/seq", json!(seq)),
        ])?;
    }
    Ok(packets)
}

fn passed_over(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let line = format!("spoof -o json -f icmp.seq==2 -- {PING}");
    let ended = bench.tunlab(&line)?;
    ended.exits(0)?.says(&[
        "2 packets transmitted, 1 received",
        "2 packets read from tun0, 1 of them selected, 1 written to it\n",
    ])?;
    let packets = exchange(&ended, 2)?;
    // Numbers count what was on the device.
    packets[0].holds(&[("/n", json!(2))])?;
    packets[1].holds(&[("/n", json!(3))])?;
    if ended.stderr.matches("read from tun0\n").count() != 1 {
        return wrong(format!(
            "a packet passed over is announced:\n{}",
            ended.stderr
        ));
    }
    Ok(())
}

fn answers_shown(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let line = "spoof -o json -f icmp.type==8 -- ping -c 1 -W 1 192.168.53.1";
    let ended = bench.tunlab(line)?;
    ended.exits(0)?.says(&[
        "1 packets transmitted, 1 received",
        "1 packet read from tun0, 1 written to it\n",
    ])?;
    exchange(&ended, 1)?;
    Ok(())
}

fn skipped(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.tunlab(&format!("spoof -o json --skip 1 -- {PING}"))?;
    ended
        .exits(0)?
        .says(&["2 packets transmitted, 1 received"])?;
    exchange(&ended, 2)?;
    Ok(())
}

fn count(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let line = "spoof -o json -c 1 -f icmp.seq>=2 -- ping -i 0.2 192.168.53.1";
    let ended = bench.tunlab(line)?;
    ended
        .exits(0)?
        .says(&["1 of them selected, 1 written to it\n"])?;
    exchange(&ended, 2)?;
    Ok(())
}

fn kept(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let file = bench.file("kept.pcapng");
    let file = file.display();
    let line = format!("spoof -q -f icmp.seq==2 -w {file} -- {PING}");
    bench.tunlab(&line)?.exits(0)?;
    let ended = bench.tunlab(&format!("read {file} -o json"))?;
    exchange(ended.exits(0)?, 2)?;
    Ok(())
}

fn frames(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let answers = "--arp-reply aa:bb:cc:dd:ee:ff --echo";
    let line = format!("tap-dump {answers} -o json -f arp -- {PING}");
    let ended = bench.tunlab(&line)?;
    ended.exits(0)?.says(&[
        "2 packets transmitted, 0 received",
        "3 packets read from tap0, 1 of them selected, 1 written to it\n",
    ])?;
    let [question, answer] = &ended.packets_are(2)?[..] else {
        return wrong("there are two");
    };
    question.holds(&[("/dir", json!("out")), ("/layers/1/fields/op", json!(1))])?;
    answer.holds(&[("/dir", json!("in")), ("/layers/1/fields/op", json!(2))])?;
    Ok(())
}
