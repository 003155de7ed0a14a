//! The word of other kernels on the same losses: Linux 5.15 gives the function alone, 6.1 and 6.8
//! number their reasons differently and lack some. Each loss is told as each kernel would tell it,
//! by the number that it has there.

use super::diagnosis::Basis;
use super::evidence::{Drop, Dropped, Evidence, Leg};
use super::losses::{self, Loss};
use super::{Diagnosis, Verdict, diagnose};
use crate::causes::{self, Fit};
use crate::sys::bpf::reasons::kernels::{RELEASES, reasons};

/// What a kernel says: the number of its reason, and the function.
type Word = (u32, &'static str);

/// A cause, and the words of Linux 5.15, 6.1 and 6.8.
const WORDS: [(&str, [Word; 3]); 32] = {
    const NONE: u32 = 0;
    const QDISC: [Word; 3] = [
        (NONE, "kfree_skb_list"),
        (45, "kfree_skb_list_reason"),
        (52, "__dev_queue_xmit"),
    ];
    /// The same function on all of them.
    const fn by(function: &'static str, old: u32, new: u32) -> [Word; 3] {
        [(NONE, function), (old, function), (new, function)]
    }
    [
        ("rp_filter", by("ip_rcv_finish_core", 11, 12)),
        ("rp_filter_loose", by("ip_rcv_finish_core", 11, 12)),
        // Neither has IP_LOCAL_SOURCE or IP_LOCALNET: both are NOT_SPECIFIED there.
        ("local_source", by("ip_rcv_finish_core", 1, 2)),
        ("localnet", by("ip_rcv_finish_core", 1, 2)),
        ("ip_forward", by("ip_error", 62, 69)),
        ("no_route_forwarding", by("ip_error", 63, 70)),
        ("device_down_send", by("ip_error", 63, 70)),
        ("blackhole", by("ip_error", 1, 2)),
        ("ttl", by("ip_forward", 10, 11)),
        ("routing_loop", by("ip_forward", 10, 11)),
        ("too_big", by("ip_forward", 64, 71)),
        (
            "nft_drop",
            [
                (NONE, "nf_hook_slow"),
                (7, "nf_hook_slow"),
                (8, "nft_do_chain"),
            ],
        ),
        ("ip_checksum", by("ip_rcv_core", 9, 10)),
        ("ip_truncated", by("ip_rcv_core", 3, 4)),
        ("ip_header", by("ip_rcv_core", 10, 11)),
        ("other_host", by("ip_rcv_core", 8, 9)),
        ("ipv6_off", by("ip6_rcv_core", 39, 46)),
        ("ipv6_header", by("ip6_rcv_core", 10, 11)),
        ("unknown_protocol", by("__netif_receive_skb_core", 49, 56)),
        ("udp_port_closed", by("__udp4_lib_rcv", 2, 3)),
        ("udp_checksum", by("__udp4_lib_rcv", 6, 7)),
        ("socket_full", by("udp_queue_rcv_one_skb", 15, 16)),
        ("tcp_port_closed", by("tcp_v4_rcv", 2, 3)),
        ("tcp_checksum", by("tcp_v4_rcv", 4, 5)),
        ("neighbour", by("neigh_invalidate", 41, 48)),
        ("device_down", by("tun_get_user", 54, 61)),
        ("not_ip", by("tun_get_user", 1, 2)),
        ("empty", by("tun_get_user", 1, 2)),
        ("queue_full", by("tun_net_xmit", 55, 62)),
        ("no_reader", QDISC),
        ("no_carrier", QDISC),
        ("qdisc", QDISC),
    ]
};

/// The loss as the kernel that says `word` tells of it.
fn told(loss: &Loss, release: &str, (number, function): Word) -> Evidence {
    let mut evidence = (loss.evidence)();
    let packet = loss.readable.then(|| {
        let last = evidence.seen.last();
        Dropped {
            leg: Leg::Request,
            src: last.map_or_else(|| losses::SENDER.into(), |seen| seen.src),
            dst: last.map_or(evidence.to, |seen| seen.dst),
            ttl: last.map_or(64, |seen| seen.ttl),
            outer: loss.wrapped.then(losses::datagram),
        }
    });
    evidence.drops = Some(vec![Drop {
        host: loss.host.to_owned(),
        dev: loss.dev.map(str::to_owned),
        reason: reasons(release).name(number),
        function: function.to_owned(),
        length: loss.length,
        packet,
    }]);
    evidence
}

fn first(diagnosis: &Diagnosis) -> Option<&str> {
    diagnosis.causes.first().map(|found| found.cause.name)
}

#[test]
fn every_cause_is_found_by_the_word_of_every_kernel() {
    for (name, words) in WORDS {
        let loss = losses::of(name);
        for (release, word) in RELEASES.into_iter().zip(words) {
            let evidence = told(&loss, release, word);
            let diagnosis = diagnose(&evidence);
            let where_ = format!("{name} on Linux {release}: {diagnosis:#?}");
            assert_eq!(first(&diagnosis), Some(name), "{where_}");
            let found = &diagnosis.causes[0];
            assert_eq!(found.host, loss.host, "{where_}");
            // What is said of the kernel is what this kernel said.
            let said = reasons(release).name(word.0);
            assert!(found.reason == said || found.function.is_none(), "{where_}");
        }
    }
}

/// A reason that is not known here, whatever function gives it, leaves the weaker witnesses.
#[test]
fn a_word_that_nobody_understands_names_no_wrong_cause() {
    for (name, _) in WORDS {
        let loss = losses::of(name);
        for (release, number) in [("5.15", 0), ("6.1", 400), ("6.8", 0x3_0001)] {
            let diagnosis = diagnose(&told(&loss, release, (number, "a_function_of_its_own")));
            let where_ = format!("{name} on Linux {release}: {diagnosis:#?}");
            let named = |found: &super::Finding| found.cause.name == name;
            let among = diagnosis.causes.iter().any(named);
            let open = diagnosis.candidates.iter().any(|cause| cause.name == name);
            assert!(
                among || diagnosis.verdict == Verdict::Unknown && open,
                "{where_}"
            );
            let observed = |found: &&super::Finding| found.basis == Basis::Observed;
            let mut observed = diagnosis.causes.iter().filter(observed);
            assert!(observed.all(named), "{where_}");
        }
    }
}

/// A function drops for many reasons: one that is none of ours is not taken for one that is.
#[test]
fn a_function_alone_was_taken_for_a_cause_that_the_set_up_refutes() {
    let mut loss = losses::of("nft_drop");
    loss.readable = true;
    for (release, number) in [("5.15", 0), ("6.1", 1), ("6.8", 2)] {
        let diagnosis = diagnose(&told(&loss, release, (number, "ip_rcv_finish_core")));
        assert_eq!(diagnosis.verdict, Verdict::Unknown, "{diagnosis:#?}");
        assert!(diagnosis.candidates.contains(&&causes::NFT_DROP));
    }
}

#[test]
fn every_reason_of_every_cause_is_replayed() {
    for cause in causes::ALL.iter().filter(|cause| !cause.reasons.is_empty()) {
        let known = |(name, _): &(&str, _)| *name == cause.name;
        assert!(WORDS.iter().any(known), "{} has no words", cause.name);
    }
}

/// The numbers above against the causes' own facts: a name that a kernel has must be its name for
/// the cause.
#[test]
fn the_numbers_are_the_causes_own_reasons() {
    for (name, words) in WORDS {
        let cause = causes::find(name).unwrap();
        for (release, (number, function)) in RELEASES.into_iter().zip(words) {
            let said = reasons(release).name(number);
            let fit = cause.fits(said.as_deref(), function);
            assert!(fit > Fit::None, "{name} on Linux {release}: {said:?}");
        }
    }
}
