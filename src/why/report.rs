//! A diagnosis as text and as JSON.

use std::fmt::Write;

use super::diagnosis::{Diagnosis, Finding, Verdict};
use crate::model::Text;
use crate::model::json::{list, string};
use crate::render::{Paint, Role, wrap};

/// Writes `{"verdict":"dropped","host":"u","to":"192.168.70.101","causes":[...],"candidates":[],
/// "not_available":[]}` and a line end, with `"passing":true` where other probes got through.
/// `in_full` turns a host's command into one for this machine.
pub fn json(diagnosis: &Diagnosis, in_full: &dyn Fn(&str, &str) -> String, text: &mut Text) {
    text.str("{\"verdict\":");
    string(diagnosis.verdict.name(), text);
    text.str(",\"host\":");
    string(&diagnosis.host, text);
    text.str(",\"to\":");
    string(&diagnosis.to.to_string(), text);
    text.str(",\"causes\":");
    list(&diagnosis.causes, text, |finding, text| {
        cause_json(finding, in_full, text);
    });
    text.str(",\"candidates\":");
    list(&diagnosis.candidates, text, |cause, text| {
        string(cause.name, text)
    });
    text.str(",\"not_available\":");
    list(&diagnosis.not_available, text, |what, text| {
        string(what, text)
    });
    if diagnosis.is_passing {
        text.str(",\"passing\":true");
    }
    text.str("}\n");
}

/// Writes an element of `causes`, which journey's `drop` is, too.
pub fn cause_json(finding: &Finding, in_full: &dyn Fn(&str, &str) -> String, text: &mut Text) {
    text.str("{\"cause\":");
    string(finding.cause.name, text);
    text.str(",\"host\":");
    string(&finding.host, text);
    for (name, value) in [
        ("dev", finding.dev.as_deref()),
        ("basis", Some(finding.basis.name())),
        ("reason", finding.reason.as_deref()),
        ("function", finding.function.as_deref()),
        ("counter", finding.counter.as_deref()),
        ("text", Some(finding.text.as_str())),
    ] {
        text.str(",\"").str(name).str("\":");
        match value {
            Some(value) => string(value, text),
            None => drop(text.str("null")),
        }
    }
    text.str(",\"evidence\":");
    list(&finding.evidence, text, |words, text| string(words, text));
    text.str(",\"cures\":");
    list(&finding.cures, text, |cure, text| {
        string(&in_full(&cure.host, &cure.words), text);
    });
    text.str("}");
}

/// Writes the diagnosis for a reader, whose lines have at most so many columns. Commands, which are
/// there to be copied, are not cut.
pub fn words(
    diagnosis: &Diagnosis,
    in_full: &dyn Fn(&str, &str) -> String,
    paint: &Paint,
    columns: Option<u16>,
    text: &mut Text,
) {
    let (host, to) = (&diagnosis.host, diagnosis.to);
    let headline = match diagnosis.verdict {
        Verdict::Healthy => format!("{host} to {to}: nothing was dropped, the answer came back"),
        Verdict::Stalled => format!("{host} to {to}: the way is sound, and a connection waits"),
        Verdict::NoPacket => format!("{host} to {to}: no packet was sent"),
        Verdict::Dropped => format!("{host} to {to}: the packet died"),
        Verdict::Unknown => format!("{host} to {to}: no answer, and no witness tells why"),
    };
    let role = match diagnosis.verdict {
        Verdict::Healthy => Role::Good,
        _ => Role::Title,
    };
    paint.with(role, text, |text| {
        text.str(&headline);
    });
    text.str("\n");
    let was_there = !matches!(diagnosis.verdict, Verdict::Healthy | Verdict::NoPacket);
    if was_there && let Some(last) = &diagnosis.last_seen {
        text.str("  last seen ").str(last).str("\n");
    }
    if diagnosis.is_passing {
        text.str("  another probe got through: the loss is not of every packet\n");
    }
    for (number, finding) in diagnosis.causes.iter().enumerate() {
        let which = match diagnosis.causes.len() {
            1 => String::new(),
            _ => format!("{}. ", number + 1),
        };
        text.str("\n");
        cause_words(&which, finding, in_full, paint, columns, text);
    }
    if !diagnosis.candidates.is_empty() {
        text.str("\nstill possible:\n");
        for cause in &diagnosis.candidates {
            let mut line = String::new();
            let _ = write!(line, "{:<20} {}", cause.name, cause.words().title);
            wrapped(&line, 2, 23, columns, text);
        }
    }
    for what in &diagnosis.not_available {
        text.str("\n");
        wrapped(&format!("not available: {what}"), 0, 2, columns, text);
    }
    if let Some(finding) = diagnosis.causes.first() {
        let name = finding.cause.name;
        text.str(&format!("\n`tunlab why --explain {name}` tells more.\n"));
    }
}

/// Writes one cause for a reader.
fn cause_words(
    which: &str,
    finding: &Finding,
    in_full: &dyn Fn(&str, &str) -> String,
    paint: &Paint,
    columns: Option<u16>,
    text: &mut Text,
) {
    let place = match &finding.dev {
        Some(dev) => format!("{}, {dev}", finding.host),
        None => finding.host.clone(),
    };
    text.str(which);
    paint.with(Role::Error, text, |text| {
        text.str(finding.cause.name);
    });
    text.str(&format!(" on {place} ({})\n", finding.basis.name()));
    wrapped(&finding.text, 2, 2, columns, text);
    for words in &finding.evidence {
        wrapped(words, 4, 6, columns, text);
    }
    if finding.cures.is_empty() && !finding.cause.advice.is_empty() {
        wrapped(finding.cause.advice, 2, 2, columns, text);
    }
    for (number, cure) in finding.cures.iter().enumerate() {
        text.str(if number == 0 { "  cure: " } else { "        " });
        paint.with(Role::Value, text, |text| {
            text.str(&in_full(&cure.host, &cure.words));
        });
        text.str("\n");
    }
}

/// Writes a line after `first` blanks, and what does not fit into it after `indent` blanks below.
fn wrapped(content: &str, first: usize, indent: usize, columns: Option<u16>, text: &mut Text) {
    text.spaces(first);
    let columns = columns.map_or(usize::MAX, usize::from);
    wrap::words(content, first, indent, columns, text);
}

#[cfg(test)]
mod tests {
    use super::super::diagnosis::{Basis, Command};
    use super::*;
    use crate::causes;

    fn diagnosis() -> Diagnosis {
        Diagnosis {
            verdict: Verdict::Dropped,
            host: "u".to_owned(),
            to: "192.168.70.101".parse().unwrap(),
            causes: vec![Finding {
                cause: &causes::RP_FILTER,
                host: "s".to_owned(),
                dev: Some("tun0".to_owned()),
                basis: Basis::Observed,
                reason: Some("IP_RPFILTER".to_owned()),
                function: Some("ip_rcv_finish_core".to_owned()),
                counter: None,
                text: "a \"word\"".to_owned(),
                evidence: vec!["observed: it".to_owned()],
                cures: vec![Command {
                    host: "s".to_owned(),
                    words: "ip route add 192.168.30.0/24 dev tun0".to_owned(),
                }],
            }],
            candidates: vec![&causes::NFT_DROP],
            not_available: Vec::new(),
            last_seen: Some("on s, coming in through tun0".to_owned()),
            is_pending: false,
            is_passing: false,
        }
    }

    fn in_full(host: &str, command: &str) -> String {
        command.replacen("ip ", &format!("ip -n tunlab-{host} "), 1)
    }

    #[test]
    fn json_to_the_letter() {
        let mut text = Text::default();
        json(&diagnosis(), &in_full, &mut text);
        assert_eq!(
            text.as_str(),
            "{\"verdict\":\"dropped\",\"host\":\"u\",\"to\":\"192.168.70.101\",\
             \"causes\":[{\"cause\":\"rp_filter\",\"host\":\"s\",\"dev\":\"tun0\",\
             \"basis\":\"observed\",\"reason\":\"IP_RPFILTER\",\
             \"function\":\"ip_rcv_finish_core\",\"counter\":null,\"text\":\"a \\\"word\\\"\",\
             \"evidence\":[\"observed: it\"],\
             \"cures\":[\"ip -n tunlab-s route add 192.168.30.0/24 dev tun0\"]}],\
             \"candidates\":[\"nft_drop\"],\"not_available\":[]}\n"
        );
    }

    #[test]
    fn words_name_host_cause_and_cure() {
        let mut text = Text::default();
        words(&diagnosis(), &in_full, &Paint::new(false), None, &mut text);
        for part in [
            "u to 192.168.70.101: the packet died\n",
            "rp_filter on s, tun0 (observed)\n",
            "  cure: ip -n tunlab-s route add 192.168.30.0/24 dev tun0\n",
            "  nft_drop ",
        ] {
            assert!(text.as_str().contains(part), "{part}: {}", text.as_str());
        }
    }

    #[test]
    fn sentences_ran_over_the_end_of_a_terminal_s_lines() {
        let mut diagnosis = diagnosis();
        diagnosis.causes[0].text = "packets that die ".repeat(20);
        diagnosis.causes[0].evidence = vec!["observed: counters that rise ".repeat(9)];
        diagnosis.not_available = vec!["kernel: no such thing ".repeat(9)];
        let mut text = Text::default();
        words(
            &diagnosis,
            &in_full,
            &Paint::new(false),
            Some(60),
            &mut text,
        );
        let widest = text.as_str().lines().max_by_key(|line| line.len());
        let cure = "  cure: ip -n tunlab-s route add 192.168.30.0/24 dev tun0";
        assert!(widest.is_some_and(|line| line.len() <= 60), "{widest:?}");
        assert!(text.as_str().contains(cure), "{}", text.as_str());
        assert!(
            text.as_str().contains("\n      counters that rise"),
            "{}",
            text.as_str()
        );
    }

    #[test]
    fn a_loss_now_and_then_was_told_as_one_of_every_packet() {
        let mut diagnosis = diagnosis();
        diagnosis.is_passing = true;
        let (mut told, mut data) = (Text::default(), Text::default());
        words(&diagnosis, &in_full, &Paint::new(false), None, &mut told);
        json(&diagnosis, &in_full, &mut data);
        let line = "another probe got through: the loss is not of every packet\n";
        assert!(told.as_str().contains(line), "{}", told.as_str());
        let end = "\"not_available\":[],\"passing\":true}\n";
        assert!(data.as_str().ends_with(end), "{}", data.as_str());
    }

    #[test]
    fn good_news_had_the_colour_of_bad_ones() {
        let mut diagnosis = diagnosis();
        diagnosis.verdict = Verdict::Healthy;
        diagnosis.causes.clear();
        let paint = Paint::new(true);
        let (mut told, mut good) = (Text::default(), Text::default());
        words(&diagnosis, &in_full, &paint, None, &mut told);
        paint.with(Role::Good, &mut good, |text| {
            text.str("u to 192.168.70.101: nothing was dropped, the answer came back");
        });
        assert!(
            told.as_str().starts_with(good.as_str()),
            "{}",
            told.as_str()
        );
    }

    #[test]
    fn a_packet_that_was_not_sent_had_been_seen_last() {
        let mut diagnosis = diagnosis();
        for (verdict, told) in [(Verdict::Dropped, true), (Verdict::NoPacket, false)] {
            diagnosis.verdict = verdict;
            let mut text = Text::default();
            words(&diagnosis, &in_full, &Paint::new(false), None, &mut text);
            assert_eq!(text.as_str().contains("last seen"), told);
        }
    }
}
