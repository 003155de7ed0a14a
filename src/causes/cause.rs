//! What is known about a cause: the facts, and where its words stand.

use nix::errno::Errno;
use std::net::IpAddr;

use super::words::{self, Words};

/// One way in which a packet is lost.
///
/// The facts stand here, the words in `causes/en/NAME.md`, so that another language can stand
/// beside them.
#[derive(Debug, PartialEq, Eq)]
pub struct Cause {
    /// Its name, as in `rp_filter`.
    pub name: &'static str,
    /// The function of the kernel that checks it.
    pub function: &'static str,
    /// The kernel's file with that function.
    pub file: &'static str,
    /// Where on its way the packet dies of it.
    pub stage: Stage,
    /// The counters that rise with it, most telling first; a `{dev}` stands for the device.
    pub counters: &'static [&'static str],
    /// What the kernel itself calls it (`enum skb_drop_reason`, Linux 5.17), most usual first.
    pub reasons: &'static [Reason],
    /// What a route lookup with the packet's source and input device answers.
    pub lookup: &'static [Errno],
    /// What changes it: alternatives, the best first.
    pub cures: &'static [Cure],
    /// What its places can be, as in the course: for its page.
    pub example: &'static [(&'static str, &'static str)],
    /// What to do where no command helps.
    pub advice: &'static str,
    /// The tasks of the course in which it is met.
    pub tasks: &'static [&'static str],
    /// The text of its page.
    pub(super) text: &'static str,
}

/// A reason for which the kernel frees a packet, and the function that does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The name without `SKB_DROP_REASON_`: `IP_RPFILTER`.
    pub name: &'static str,
    /// The function, as `skb:kfree_skb` tells it; empty when any will do.
    pub function: &'static str,
}

/// How well what the kernel says fits a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Not at all.
    None,
    /// The function does, and there is no reason.
    Function,
    /// The reason does, given by another function.
    Reason,
    /// Both do.
    Both,
}

/// Commands that, run in order, let the packet through.
#[derive(Debug, PartialEq, Eq)]
pub struct Cure {
    /// The commands, with `{places}`, for a shell on the host that drops.
    pub commands: &'static [&'static str],
}

/// Where on its way a packet dies. Together with [`Stage::last_seen`] this tells which causes are
/// possible when only sightings are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// In the sender's routing: no device ever sees it.
    Sending,
    /// In the device that it leaves through.
    Leaving,
    /// When a program writes it to a TUN or TAP device.
    Writing,
    /// In the program that should carry it on.
    Program,
    /// After a device has received it, before routing has decided.
    Arriving,
    /// Between two devices of a router.
    Forwarding,
    /// On the host it is for, on the way to whoever should get it.
    Delivering,
    /// Nowhere: a connection waits.
    Waiting,
}

impl Stage {
    /// Where such a packet is seen last.
    pub fn last_seen(self) -> &'static str {
        match self {
            Stage::Sending => "on no device at all",
            Stage::Leaving => "leaving through the device, or not even there",
            Stage::Writing => "inside the tunnel's datagram, arriving on the host with the device",
            Stage::Program => {
                "leaving through the TUN device, or arriving inside the tunnel's datagram"
            }
            Stage::Arriving | Stage::Forwarding | Stage::Delivering => "arriving on the device",
            Stage::Waiting => "nothing is lost: nothing is sent",
        }
    }
}

impl Cause {
    /// The sentence with its places filled in, as a sentence of its own.
    pub fn sentence(&self, places: &[(&str, &str)]) -> String {
        fill(self.words().sentence, places)
    }

    /// The same to stand within a sentence: `rp_filter drops what arrives on tun0`.
    pub fn clause(&self, places: &[(&str, &str)]) -> String {
        let sentence = self.sentence(places);
        let clause = sentence.strip_suffix('.').unwrap_or(&sentence);
        words::lower_first(clause)
    }

    /// The commands of the first cure whose places are all known; none if there is no such cure.
    pub fn cure(&self, places: &[(&str, &str)]) -> Option<Vec<String>> {
        let known = |template: &str| {
            let mut needed = template
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split('}').next());
            needed.all(|needed| places.iter().any(|(place, _)| *place == needed))
        };
        let filled = |cure: &&Cure| cure.commands.iter().all(|command| known(command));
        let cure = self.cures.iter().find(filled)?;
        let commands = cure.commands.iter().map(|command| fill(command, places));
        Some(commands.collect())
    }

    /// The names of its counters on the device `dev`.
    pub fn counters_of(&self, dev: &str) -> impl Iterator<Item = String> {
        let dev = dev.to_owned();
        self.counters
            .iter()
            .map(move |name| name.replace("{dev}", &dev))
    }

    /// The same for packets to `destination`: Linux counts those of IPv6 under names of their own.
    pub fn counters_for(&self, destination: IpAddr, dev: &str) -> impl Iterator<Item = String> {
        let v6 = destination.is_ipv6();
        self.counters_of(dev).filter_map(move |name| match v6 {
            true => of_ipv6(name),
            false => Some(name),
        })
    }

    /// How well the kernel's `reason` and `function` fit this cause. Where the kernel gives no
    /// reason, or none in particular, the function alone tells.
    pub fn fits(&self, reason: Option<&str>, function: &str) -> Fit {
        let specific = reason.filter(|reason| *reason != "NOT_SPECIFIED");
        let fit = |known: &Reason| {
            let by_function = known.function == function;
            match specific {
                None if by_function => Fit::Function,
                Some(reason) if known.name == reason && by_function => Fit::Both,
                Some(reason) if known.name == reason => Fit::Reason,
                _ => Fit::None,
            }
        };
        self.reasons.iter().map(fit).max().unwrap_or(Fit::None)
    }

    /// The words of its page.
    pub fn words(&self) -> Words {
        Words::parse(self.text)
    }
}

/// A counter of IPv4 as that of IPv6; nothing where IPv6 counts no such thing. Names without a
/// protocol's version, a device's and TCP's, are for both.
fn of_ipv6(name: String) -> Option<String> {
    let Some((protocol, what)) = name.split_once('.') else {
        return Some(name);
    };
    match (protocol, what) {
        // Too big to pass on.
        ("Ip", "FragFails") => Some("Ip6InTooBigErrors".to_owned()),
        ("IpExt", "InCsumErrors") | ("TcpExt", "IPReversePathFilter") => None,
        ("Ip" | "IpExt", what) => Some(format!("Ip6{what}")),
        ("Icmp" | "Udp", what) => Some(format!("{protocol}6{what}")),
        _ => Some(name),
    }
}

/// The template with its `{places}` filled in; a place that is not known stays.
pub(super) fn fill(template: &str, places: &[(&str, &str)]) -> String {
    places
        .iter()
        .fold(template.to_owned(), |text, (place, value)| {
            text.replace(&format!("{{{place}}}"), value)
        })
}
