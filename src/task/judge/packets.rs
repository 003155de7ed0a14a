//! The checks of packets and of times.

use super::Finding;
use super::seen::{Matches, Wanted, dissect, key};
use super::window::Window;
use crate::task::check::{Amount, Answered, Elapsed, Gaps, Moment, Packets, Path, Place, amount};
use crate::task::evidence::Evidence;

const NANOS: f64 = 1e9;

pub(super) fn packets(check: &Packets, evidence: &Evidence, window: &Window) -> Finding {
    // Loading has made sure that there is one; none at all holds for nothing.
    let amount = amount(check.at_least, check.at_most, check.exactly).unwrap_or(Amount::AtMost(0));
    // What must not be there must not be there damaged, either.
    let unwanted = matches!(amount, Amount::AtMost(_) | Amount::Exactly(0));
    let wanted = Wanted {
        on: check.on.get_ref(),
        dev: check.dev.as_deref(),
        filter: &check.filter,
        damaged: check.damaged || unwanted,
    };
    let matches = wanted.find(evidence, window);
    let count = matches.places.len() as u64;
    Finding {
        holds: amount.holds(count),
        found: format!("{}{}", counted(count, "packet"), matches.left_out()),
        packets: matches.places,
    }
}

pub(super) fn path(check: &Path, evidence: &Evidence, window: &Window) -> Finding {
    let seen: Vec<Matches> = check
        .places
        .iter()
        .map(|place| of_place(place).find(evidence, window))
        .collect();
    let Some((first, others)) = seen.split_first() else {
        return Finding::default();
    };
    let mut whole = 0;
    let mut packets = Vec::new();
    // How far the packet came that came furthest.
    let mut furthest = 0;
    for &start in &first.places {
        let route = follow(start, others, evidence);
        furthest = furthest.max(route.len());
        if route.len() == check.places.len() {
            whole += 1;
            packets.extend(route);
        }
    }
    let total = check.places.len();
    let found = match check.places.get(furthest) {
        _ if whole > 0 => format!("{} by {total} places", counted(whole, "packet")),
        Some(missing) => {
            let on = missing.on.get_ref();
            let left_out = seen[furthest].left_out();
            format!(
                "the path breaks at place {} of {total}, on {on}{left_out}",
                furthest + 1
            )
        }
        None => "none".to_owned(),
    };
    Finding {
        holds: whole >= check.at_least,
        found,
        packets,
    }
}

/// The sightings of one packet: each the first at its place that is not before the last one.
fn follow(start: usize, others: &[Matches], evidence: &Evidence) -> Vec<usize> {
    let key_of = |place: usize| key(&dissect(&evidence.packets[place]));
    let mut route = vec![start];
    let Some(wanted) = key_of(start) else {
        return route;
    };
    for matches in others {
        let last = route[route.len() - 1];
        let after = |&&place: &&usize| {
            let (time, before) = (evidence.packets[place].time, evidence.packets[last].time);
            time >= before && !route.contains(&place) && key_of(place).as_ref() == Some(&wanted)
        };
        match matches.places.iter().find(after) {
            Some(&next) => route.push(next),
            None => break,
        }
    }
    route
}

pub(super) fn answered(check: &Answered, evidence: &Evidence, window: &Window) -> Finding {
    let find = |filter| {
        let wanted = Wanted {
            on: check.on.get_ref(),
            dev: check.dev.as_deref(),
            filter,
            damaged: false,
        };
        wanted.find(evidence, window)
    };
    let (asked, answers) = (find(&check.ask), find(&check.by));
    let mut packets = Vec::new();
    for &question in &asked.places {
        let route = follow(question, std::slice::from_ref(&answers), evidence);
        if route.len() == 2 {
            packets.extend(route);
        }
    }
    let (count, total) = (packets.len() / 2, asked.places.len());
    let enough = match check.at_least {
        Some(least) => count as u64 >= least,
        None => count == total && total > 0,
    };
    let unmatched = match (count, answers.places.len()) {
        (0, others) if others > 0 => format!(", {others} seen that answer none of them"),
        _ => String::new(),
    };
    Finding {
        holds: enough,
        found: format!(
            "{count} of {} answered{unmatched}{}",
            counted(total as u64, "question"),
            answers.left_out()
        ),
        packets,
    }
}

pub(super) fn gaps(check: &Gaps, evidence: &Evidence, window: &Window) -> Finding {
    let wanted = Wanted {
        on: check.on.get_ref(),
        dev: check.dev.as_deref(),
        filter: &check.filter,
        damaged: false,
    };
    let matches = wanted.find(evidence, window);
    let time = |place: usize| evidence.packets[place].time as f64 / NANOS;
    let seconds: Vec<f64> = matches
        .places
        .windows(2)
        .map(|pair| time(pair[1]) - time(pair[0]))
        .collect();
    let near = |(found, wanted): (&f64, &f64)| (found - wanted).abs() <= check.give_or_take;
    let holds = !matches.places.is_empty()
        && seconds.len() == check.seconds.len()
        && seconds.iter().zip(&check.seconds).all(near);
    let list: Vec<String> = seconds.iter().map(|gap| format!("{gap:.2} s")).collect();
    let count = counted(matches.places.len() as u64, "packet");
    Finding {
        holds,
        found: match list.is_empty() {
            true => count,
            false => format!("{count}, {} apart", list.join(" and ")),
        },
        packets: matches.places,
    }
}

pub(super) fn elapsed(check: &Elapsed, evidence: &Evidence, window: &Window) -> Finding {
    let Some((from, first)) = moment(&check.from, 0, evidence, window) else {
        return not_found("the first moment never came");
    };
    let Some((to, last)) = moment(&check.to, from, evidence, window) else {
        return not_found("the second moment never came");
    };
    let seconds = (to as f64 - from as f64) / NANOS;
    Finding {
        holds: seconds >= check.at_least && seconds <= check.at_most,
        found: format!("{seconds:.2} s"),
        packets: first.into_iter().chain(last).collect(),
    }
}

/// The time of a moment not before `after`, and the packet, if it is one's.
fn moment(
    moment: &Moment,
    after: u64,
    evidence: &Evidence,
    window: &Window,
) -> Option<(u64, Option<usize>)> {
    let step = |name: &str| evidence.step(name).map(|place| &evidence.steps[place]);
    match moment {
        Moment::Start(name) => Some((step(name.get_ref())?.started, None)),
        Moment::End(name) => Some((step(name.get_ref())?.ended, None)),
        Moment::Packet(place) => {
            let matches = of_place(place).find(evidence, window);
            let time = |place: usize| evidence.packets[place].time;
            let found = matches
                .places
                .into_iter()
                .find(|&place| time(place) >= after)?;
            Some((time(found), Some(found)))
        }
    }
}

fn of_place(place: &Place) -> Wanted<'_> {
    Wanted {
        on: place.on.get_ref(),
        dev: place.dev.as_deref(),
        filter: &place.filter,
        damaged: false,
    }
}

fn not_found(why: &str) -> Finding {
    Finding {
        found: why.to_owned(),
        ..Finding::default()
    }
}

/// `no packet`, `1 packet`, `2 packets`.
fn counted(count: u64, what: &str) -> String {
    match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
