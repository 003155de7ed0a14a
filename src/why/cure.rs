//! Running a cure on a host of a lab: without a shell, and with the command that takes it back.

use std::process::Command as Program;

use super::diagnosis::Command;
use super::host::Host;
use crate::lab::parse::OpParseError;
use crate::lab::{ApplyError, LabError, Op, Plan, apply};
use crate::sys::netlink::{Netlink, NetlinkError};

/// A command that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cured {
    /// What takes it back, for a shell on the host; nothing where there is nothing to take back,
    /// or no way to.
    pub undo: Option<String>,
}

/// Why a cure was not run. Reads `ip route add ...: file exists (EEXIST)`.
#[derive(Debug, thiserror::Error)]
pub enum CureError {
    /// It is a program that keeps running.
    #[error("start this yourself, for it goes on running: {0}")]
    Program(String),
    /// It is none of the commands that tunlab knows.
    #[error(transparent)]
    Parse(#[from] OpParseError),
    /// The kernel refuses.
    #[error("{command}: {why}")]
    Refused {
        /// The command.
        command: String,
        /// Why.
        why: Box<ApplyError>,
    },
    /// nft(8) or tc(8) refuses, or is not installed.
    #[error("{0}: {1} refuses it, or is not installed")]
    Refuses(String, &'static str),
    /// The host cannot be entered.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// Its routing tables cannot be reached.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
}

impl CureError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            CureError::Refused { why, .. } => why.remedy(),
            CureError::Refuses(..) => Some("run it by hand".to_owned()),
            CureError::Lab(error) => error.remedy(),
            CureError::Netlink(error) => error.remedy(),
            CureError::Program(_) | CureError::Parse(_) => None,
        }
    }
}

/// Runs a command on its host.
pub fn run(command: &Command, host: &Host) -> Result<Cured, CureError> {
    let words = &command.words;
    if words.starts_with("tunlab ") {
        return Err(CureError::Program(words.clone()));
    }
    if let Some(rest) = words.strip_prefix("nft ") {
        return nft(rest, words, host);
    }
    if let Some(rest) = words.strip_prefix("tc ") {
        return tc(rest, words, host);
    }
    let op = Op::parse(words)?;
    let ran = host.run(|| -> Result<Option<String>, CureError> {
        let netlink = Netlink::open()?;
        let plan = Plan { ops: vec![op] };
        let applied = apply(&plan, &netlink).map_err(|why| CureError::Refused {
            command: words.clone(),
            why: Box::new(why),
        })?;
        Ok(applied.inverse().last().map(Op::command))
    });
    Ok(Cured { undo: ran?? })
}

/// A rule is deleted, or a policy set, by nft itself: it knows how the rule reads.
fn nft(rest: &str, words: &str, host: &Host) -> Result<Cured, CureError> {
    let args: Vec<&str> = rest
        .split_whitespace()
        .map(|word| word.trim_matches('\''))
        .collect();
    let undo = undo_of(&args, host);
    let ran = host.output(Program::new("nft").args(args.iter().filter(|word| !word.is_empty())));
    ran.ok_or_else(|| CureError::Refuses(words.to_owned(), "nft"))?;
    Ok(Cured { undo })
}

/// A queueing discipline is deleted by tc itself, which knows how the one that was there is made.
fn tc(rest: &str, words: &str, host: &Host) -> Result<Cured, CureError> {
    let args: Vec<&str> = rest.split_whitespace().collect();
    let undo = match args[..] {
        ["qdisc", "del", "dev", dev, "root"] => {
            let shown = host.output(Program::new("tc").args(["qdisc", "show", "dev", dev]));
            shown.and_then(|shown| qdisc_of(&shown, dev))
        }
        _ => None,
    };
    let ran = host.output(Program::new("tc").args(args));
    ran.ok_or_else(|| CureError::Refuses(words.to_owned(), "tc"))?;
    Ok(Cured { undo })
}

/// The command that makes the discipline which `tc qdisc show dev DEV` prints first:
/// `qdisc tbf 8001: root refcnt 2 rate 8bit burst 50b limit 1b`.
fn qdisc_of(shown: &str, dev: &str) -> Option<String> {
    let mut words = shown.lines().next()?.split_whitespace();
    let (_, kind, handle) = (words.next()?, words.next()?, words.next()?);
    let rest: Vec<&str> = words.collect();
    let options = match rest[..] {
        ["root", "refcnt", _, ..] => &rest[3..],
        ["root", ..] => &rest[1..],
        _ => return None,
    };
    let words = [
        &["tc qdisc add dev", dev, "root handle", handle, kind],
        options,
    ]
    .concat();
    Some(words.join(" "))
}

/// `delete rule FAMILY TABLE CHAIN handle N` is taken back by adding what stood there, behind the
/// rule before it; a policy by the one before.
fn undo_of(args: &[&str], host: &Host) -> Option<String> {
    match args {
        ["delete", "rule", family, table, chain, "handle", handle] => {
            let list = ["-a", "list", "chain", family, table, chain];
            let chain_text = host.output(Program::new("nft").args(list))?;
            let (before, rule) = rule_of(&chain_text, handle)?;
            Some(match before {
                Some(before) => {
                    format!("nft add rule {family} {table} {chain} handle {before} {rule}")
                }
                None => format!("nft insert rule {family} {table} {chain} {rule}"),
            })
        }
        ["chain", family, table, chain, ..] => Some(format!(
            "nft chain {family} {table} {chain} '{{ policy drop; }}'"
        )),
        _ => None,
    }
}

/// The rule with that handle in what `nft -a list chain` prints, and the handle of the one before.
pub(super) fn rule_of(listing: &str, handle: &str) -> Option<(Option<String>, String)> {
    let mut before = None;
    for line in listing.lines() {
        let Some((rule, number)) = line.trim().rsplit_once(" # handle ") else {
            continue;
        };
        // The lines of the table and of the chain end with a brace before their handles.
        if rule.ends_with('{') {
            continue;
        }
        if number == handle {
            return Some((before, rule.to_owned()));
        }
        before = Some(number.to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discipline_was_left_to_the_user() {
        let shown = "qdisc tbf 8001: root refcnt 2 rate 8bit burst 50b limit 1b \n";
        let command = "tc qdisc add dev tun0 root handle 8001: tbf rate 8bit burst 50b limit 1b";
        assert_eq!(qdisc_of(shown, "tun0"), Some(command.to_owned()));
        assert_eq!(qdisc_of("", "tun0"), None);
    }

    #[test]
    fn a_rule_is_found_by_its_handle() {
        let listing = "table ip filter { # handle 1\n\tchain fwd { # handle 2\n\
                       \t\ttype filter hook forward priority filter; policy accept;\n\
                       \t\tip ttl 1 drop # handle 3\n\
                       \t\ticmp type echo-request drop # handle 5\n\t}\n}\n";
        let rule = "icmp type echo-request drop".to_owned();
        assert_eq!(rule_of(listing, "5"), Some((Some("3".to_owned()), rule)));
        assert_eq!(
            rule_of(listing, "3"),
            Some((None, "ip ttl 1 drop".to_owned()))
        );
        assert_eq!(rule_of(listing, "2"), None);
    }
}
