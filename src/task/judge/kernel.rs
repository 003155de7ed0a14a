//! The checks of what the kernel counted and answered, and of what commands said.

use super::Finding;
use super::window::Window;
use crate::task::check::{Amount, Check, Counter, Device, Neighbour, Route, Tcp, Words, amount};
use crate::task::evidence::{Answer, Connection, Evidence, Query};

pub(super) fn counter(check: &Counter, evidence: &Evidence, window: &Window) -> Finding {
    let amount = amount(check.at_least, check.at_most, check.exactly).unwrap_or(Amount::AtMost(0));
    let host = check.on.get_ref();
    let of_host = evidence.counters.iter().filter(|rise| rise.host == *host);
    let then: Vec<_> = of_host
        .filter(|rise| window.steps.contains(&rise.step))
        .collect();
    let rise: i64 = then
        .iter()
        .map(|rise| rise.moved.get(&check.name).copied().unwrap_or(0))
        .sum();
    Finding {
        // A counter that nobody has read proves nothing, not even that it stood still.
        holds: !then.is_empty() && amount.holds(u64::try_from(rise).unwrap_or(0)),
        found: match then.is_empty() {
            true => format!("{} of {host} was not read", check.name),
            false => format!("{} {rise:+}", check.name),
        },
        packets: Vec::new(),
    }
}

pub(super) fn words(check: &Words, evidence: &Evidence) -> Finding {
    let Some(place) = evidence.step(check.of.get_ref()) else {
        return finding(false, "the command never ran");
    };
    let step = &evidence.steps[place];
    let said = step.output.to_lowercase();
    let is_said = |words: &&String| said.contains(&words.to_lowercase());
    if let Some(missing) = check.says.iter().find(|words| !is_said(words)) {
        return finding(false, format!("never said: {missing}"));
    }
    if let Some(unwanted) = check.never.iter().find(is_said) {
        return finding(
            false,
            format!("said: {}", line_with(&step.output, unwanted)),
        );
    }
    if let Some(wanted) = check.code
        && step.code != Some(wanted)
    {
        let code = step.code.map_or("none".to_owned(), |code| code.to_string());
        return finding(false, format!("the exit code is {code}"));
    }
    let line = check
        .says
        .first()
        .map(|words| line_with(&step.output, words));
    let code = || format!("exit code {}", step.code.unwrap_or_default());
    finding(
        true,
        line.unwrap_or_else(|| {
            if check.code.is_some() {
                code()
            } else {
                "not said".to_owned()
            }
        }),
    )
}

/// The line of a command's output that has the words.
fn line_with(output: &str, words: &str) -> String {
    let words = words.to_lowercase();
    let mut lines = output.lines();
    let line = lines.find(|line| line.to_lowercase().contains(&words));
    line.map_or(words.clone(), |line| line.trim().to_owned())
}

pub(super) fn reading(check: &Check, evidence: &Evidence) -> Finding {
    let Some((query, after)) = Query::of(check) else {
        return Finding::default();
    };
    let asked = |reading: &&crate::task::evidence::Reading| {
        reading.query == query && reading.after.as_deref() == after
    };
    let Some(reading) = evidence.readings.iter().find(asked) else {
        return finding(false, "the kernel was not asked");
    };
    let answer = &reading.answer;
    let holds = match check {
        Check::Route(check) => route(check, answer),
        Check::Neighbour(check) => neighbour(check, answer),
        Check::Tcp(check) => tcp(check, answer),
        Check::Device(check) => device(check, answer),
        _ => false,
    };
    finding(holds, answer.to_string())
}

fn route(check: &Route, answer: &Answer) -> bool {
    match answer {
        Answer::Route { dev, via } => {
            check.refused.is_empty()
                && check
                    .dev
                    .as_ref()
                    .is_none_or(|wanted| Some(wanted) == dev.as_ref())
                && check.via.is_none_or(|wanted| Some(wanted) == *via)
        }
        Answer::Refused(errno) => check.refused.contains(errno),
        _ => false,
    }
}

fn neighbour(check: &Neighbour, answer: &Answer) -> bool {
    match answer {
        Answer::Neighbour { state, mac } => {
            check.state.contains(state)
                && check
                    .mac
                    .as_ref()
                    .is_none_or(|wanted| Some(wanted) == mac.as_ref())
        }
        _ => false,
    }
}

/// One connection that is as wanted is enough.
fn tcp(check: &Tcp, answer: &Answer) -> bool {
    let fits = |one: &Connection| {
        check.state.as_ref().is_none_or(|state| *state == one.state)
            && check.timer.is_none_or(|timer| timer == one.timer)
            && check
                .retransmits_at_least
                .is_none_or(|least| one.retransmits >= least)
            && check
                .retransmits_at_most
                .is_none_or(|most| one.retransmits <= most)
    };
    matches!(answer, Answer::Tcp(connections) if connections.iter().any(fits))
}

fn device(check: &Device, answer: &Answer) -> bool {
    match answer {
        Answer::NoDevice => !check.exists,
        Answer::Device {
            up,
            link,
            addresses,
        } => {
            check.exists
                && check.up.is_none_or(|wanted| wanted == *up)
                && check.link.as_ref().is_none_or(|wanted| wanted == link)
                && check
                    .addresses
                    .as_ref()
                    .is_none_or(|wanted| wanted == addresses)
        }
        _ => false,
    }
}

fn finding(holds: bool, found: impl Into<String>) -> Finding {
    Finding {
        holds,
        found: found.into(),
        packets: Vec::new(),
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Answer::Route { dev, via } => {
                if let Some(via) = via {
                    write!(out, "via {via} ")?;
                }
                write!(out, "dev {}", dev.as_deref().unwrap_or("?"))
            }
            Answer::Refused(errno) => write!(out, "refused: {errno}"),
            Answer::Neighbour { state, mac } => match mac {
                Some(mac) => write!(out, "{mac} {state}"),
                None => out.write_str(state),
            },
            Answer::Tcp(connections) if connections.is_empty() => out.write_str("no connection"),
            Answer::Tcp(connections) => {
                let words: Vec<String> = connections.iter().map(Connection::to_string).collect();
                out.write_str(&words.join("; "))
            }
            Answer::NoDevice => out.write_str("no such device"),
            Answer::Device {
                up,
                link,
                addresses,
            } => {
                let state = if *up { "UP" } else { "DOWN" };
                write!(out, "{state}, link/{link}, ")?;
                match addresses.is_empty() {
                    true => out.write_str("no address"),
                    false => out.write_str(&addresses.join(", ")),
                }
            }
            Answer::Unreadable(why) => out.write_str(why),
        }
    }
}

impl std::fmt::Display for Connection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use crate::task::check::Timer;
        let timer = match self.timer {
            Timer::Off => "off",
            Timer::On => "on",
            Timer::Persist => "persist",
            Timer::Keepalive => "keepalive",
        };
        let retransmits = self.retransmits;
        write!(
            out,
            "{}, timer:{timer}, {retransmits} retransmits unanswered",
            self.state
        )
    }
}
