//! The page of a cause: the hosts with the place where the packet dies, its words, its witnesses,
//! its cure.

use super::cause::fill;
use super::{ALL, Cause, Stage};
use crate::model::Text;
use crate::render::{Paint, Role};
use crate::sys::errno;

/// Columns of a page.
const WIDTH: usize = 80;

/// The hosts of the course, as the packet of a ping from u to v meets them.
const HOSTS: [&str; 6] = [
    "      u                          s                         v",
    "  ┌────────┐              ┌─────────────┐             ┌────────┐",
    "  │  tun0  │══the tunnel══│ tun0        │             │        │",
    "  │        │              │        eth1 │─────────────│  eth0  │",
    "  │  eth0  │──────────────│ eth0        │             │        │",
    "  └────────┘              └─────────────┘             └────────┘",
];

/// Writes a line for each cause: its name, and what it is.
pub fn list(paint: &Paint, text: &mut Text) {
    let widest = ALL.iter().map(|cause| cause.name.len()).max().unwrap_or(0);
    for cause in ALL {
        paint.with(Role::Title, text, |text| {
            text.str(cause.name);
        });
        text.spaces(widest + 2 - cause.name.len());
        text.str(cause.words().title).str("\n");
    }
}

/// Writes the page of one cause.
pub fn page(cause: &Cause, paint: &Paint, text: &mut Text) {
    let words = cause.words();
    paint.with(Role::Title, text, |text| {
        text.str(cause.name);
    });
    text.str(": ").str(words.title).str("\n\n");
    picture(cause.stage, paint, text);
    text.str("\n");
    wrapped(&for_example(words.sentence, cause), "", text);

    for (number, (heading, section)) in words.sections.iter().enumerate() {
        title(heading, paint, text);
        text.str(section).str("\n");
        if number == 0 {
            text.str("\nThe check is in ")
                .str(cause.function)
                .str("(), ");
            text.str(cause.file).str(".\n");
            title("What tells", paint, text);
            witnesses(cause, text);
            title("The cure", paint, text);
            cures(cause, text);
        }
    }
    text.str("\nTasks: ").str(&cause.tasks.join(", ")).str("\n");
}

/// The hosts, and a mark below the place.
fn picture(stage: Stage, paint: &Paint, text: &mut Text) {
    let (column, place) = place(stage);
    for line in HOSTS {
        text.str(line).str("\n");
    }
    text.spaces(column);
    paint.with(Role::Error, text, |text| {
        text.str("✗");
    });
    text.str(" ").str(place).str("\n");
}

/// The column in [`HOSTS`] at which a ping on its way to v meets a stage, and its words.
fn place(stage: Stage) -> (usize, &'static str) {
    match stage {
        Stage::Sending => (4, "in u's routing, before any device"),
        Stage::Leaving => (9, "on the way out through a device"),
        Stage::Writing => (29, "where s's program writes it to tun0"),
        Stage::Program => (18, "in the tunnel's program"),
        Stage::Arriving => (29, "on s, having come in"),
        Stage::Forwarding => (33, "on s, between tun0 and eth1"),
        Stage::Delivering => (58, "on its own host"),
        Stage::Waiting => (5, "in a connection of u's"),
    }
}

fn witnesses(cause: &Cause, text: &mut Text) {
    match cause.counters {
        [] => {
            row("counters", "none moves", text);
        }
        names => {
            row("counters", &for_example(&names.join(", "), cause), text);
        }
    }
    for reason in cause.reasons {
        let by = match reason.function {
            "" => String::new(),
            function => format!(", freed by {function}()"),
        };
        row("kernel", &format!("{}{by}", reason.name), text);
    }
    if !cause.lookup.is_empty() {
        let answers: Vec<String> = cause.lookup.iter().copied().map(errno::text).collect();
        row("route lookup", &answers.join(", or "), text);
    }
    row("last seen", cause.stage.last_seen(), text);
}

fn cures(cause: &Cause, text: &mut Text) {
    if cause.cures.is_empty() {
        wrapped(
            match cause.advice {
                "" => "No command: whoever sends must send something else.",
                advice => advice,
            },
            "",
            text,
        );
        return;
    }
    text.str("In the course's lab, for instance:\n\n");
    for (number, cure) in cause.cures.iter().enumerate() {
        if number > 0 {
            text.str("\nor\n\n");
        }
        for command in cure.commands {
            text.str("    ").str(&for_example(command, cause)).str("\n");
        }
    }
}

fn title(heading: &str, paint: &Paint, text: &mut Text) {
    text.str("\n");
    paint.with(Role::Title, text, |text| {
        text.str(heading);
    });
    text.str("\n\n");
}

fn row(label: &str, value: &str, text: &mut Text) {
    wrapped(value, &format!("    {label:<14}"), text);
}

/// Writes `words` behind `label` in lines of at most [`WIDTH`] columns.
fn wrapped(words: &str, label: &str, text: &mut Text) {
    text.str(label);
    let mut column = label.len();
    for (number, word) in words.split_whitespace().enumerate() {
        if number > 0 && column + 1 + word.len() > WIDTH {
            text.str("\n").spaces(label.len());
            column = label.len();
        } else if number > 0 {
            text.str(" ");
            column += 1;
        }
        text.str(word);
        column += word.len();
    }
    text.str("\n");
}

/// `{dev}` becomes what it could be in the course, or `DEV` where that has no such case.
fn for_example(template: &str, cause: &Cause) -> String {
    let template = fill(template, cause.example);
    let mut named = String::new();
    let mut in_place = false;
    for letter in template.chars() {
        match letter {
            '{' => in_place = true,
            '}' => in_place = false,
            letter if in_place => named.extend(letter.to_uppercase()),
            letter => named.push(letter),
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes;
    use unicode_width::UnicodeWidthStr;

    fn page_of(cause: &Cause) -> String {
        let mut text = Text::default();
        page(cause, &Paint::new(false), &mut text);
        text.as_str().to_owned()
    }

    #[test]
    fn no_page_is_wider_than_a_terminal() {
        for cause in ALL {
            for line in page_of(cause).lines() {
                assert!(line.width() <= WIDTH, "{}: {line}", cause.name);
                assert!(!line.contains(['{', '}']) || line.contains("nft"), "{line}");
            }
        }
    }

    #[test]
    fn a_page_gave_its_cure_in_capital_letters() {
        for cause in ALL {
            let page = page_of(cause);
            let (_, cure) = page.split_once("\nThe cure\n").unwrap();
            let (cure, _) = cure.split_once("\nSee it by hand\n").unwrap();
            let shouted = cure.split(|letter: char| !letter.is_ascii_alphabetic());
            let shouted: Vec<&str> = shouted
                .filter(|word| word.len() > 2 && word.chars().all(|one| one.is_ascii_uppercase()))
                .filter(|word| !["CONT", "PID", "ARP"].contains(word))
                .collect();
            assert!(shouted.is_empty(), "{}: {shouted:?}", cause.name);
        }
    }

    #[test]
    fn a_page_names_the_witnesses_and_the_cure() {
        let page = page_of(&causes::RP_FILTER);
        for words in [
            "fib_validate_source(), net/ipv4/fib_frontend.c",
            "counters      TcpExt.IPReversePathFilter",
            "kernel        IP_RPFILTER",
            "route lookup  invalid argument (EINVAL)",
            "ip route add 192.168.30.0/24 dev tun0",
            "✗ on s, having come in",
            "Tasks: 2d-spoof, 8-tun-address",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
