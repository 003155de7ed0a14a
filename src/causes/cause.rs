//! What is known about a cause: the facts, and where its words stand.

use nix::errno::Errno;

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
        self.cures.iter().find_map(|cure| {
            let filled = cure.commands.iter().map(|command| fill(command, places));
            filled
                .map(|command| (!command.contains('{')).then_some(command))
                .collect()
        })
    }

    /// The names of its counters on the device `dev`.
    pub fn counters_of(&self, dev: &str) -> impl Iterator<Item = String> {
        let dev = dev.to_owned();
        self.counters
            .iter()
            .map(move |name| name.replace("{dev}", &dev))
    }

    /// Whether the kernel's `reason` and `function` are this cause's.
    pub fn is_called(&self, reason: &str, function: &str) -> bool {
        self.reasons.iter().any(|known| {
            known.name == reason && (known.function.is_empty() || known.function == function)
        })
    }

    /// The words of its page.
    pub fn words(&self) -> Words {
        Words::parse(self.text)
    }
}

/// The template with its `{places}` filled in; a place that is not known stays.
fn fill(template: &str, places: &[(&str, &str)]) -> String {
    places
        .iter()
        .fold(template.to_owned(), |text, (place, value)| {
            text.replace(&format!("{{{place}}}"), value)
        })
}
