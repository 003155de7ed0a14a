//! One file a protocol, and the registry: one line each.

use crate::model::{Layer, LinkType, Protocol, Under, Width};
use choices::{Also, Choice, Choices};
use claims::{LINK, claims, place_of};
use std::sync::{LazyLock, OnceLock};

/// Declares the modules and lists their protocols. The order matters in one case only: of two
/// protocols that claim the same header, the first that accepts wins.
macro_rules! registry {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        const FILES: &[&[&Protocol]] = &[$($module::PROTOCOLS),*];
    };
}

registry! {
    ether,
    llc,
    stp,
    dot1q,
    dot1ah,
    cooked,
    cooked2,
    loopback,
    arp,
    ipv4,
    ipv4_options,
    ipv6,
    ipv6_options,
    ipv6_fragment,
    ipv6_routing,
    gre,
    igmp_report,
    igmp,
    icmp,
    icmp_extensions,
    icmpv6,
    icmpv6_mld,
    icmpv6_node,
    icmpv6_mobile,
    icmpv6_inverse,
    icmpv6_nd,
    icmpv6_nd_options,
    icmpv6_words,
    udp,
    tcp,
    dns,
    dns_records,
    dns_edns,
    dns_security,
    llmnr,
    dhcp,
    vxlan,
    telnet,
    tunnel,
    raw,
}

mod choices;
mod claims;
mod dates;
mod dhcp_options;
mod dhcp_words;
mod dns_data;
mod dns_numbers;
mod dns_summary;
mod icmp_words;
mod icmpv6_end;
mod ip_protocol_names;
mod numbers;
pub mod ping_words;
mod transport;
mod verdict;

/// Every protocol tunlab knows, in registry order.
pub fn all() -> impl Iterator<Item = &'static Protocol> {
    FILES.iter().flat_map(|file| file.iter().copied())
}

/// The protocol called `name` in expressions.
pub fn by_name(name: &str) -> Option<&'static Protocol> {
    all().find(|protocol| protocol.name == name)
}

/// Bytes that no protocol claims.
pub(crate) fn raw() -> &'static Protocol {
    &raw::RAW
}

/// Bytes beyond what a length field covers.
pub(crate) fn padding() -> &'static Protocol {
    &raw::PADDING
}

/// A protocol and who rides on it.
pub(crate) struct Entry {
    pub(crate) protocol: &'static Protocol,
    /// Its place in the registry.
    place: usize,
    /// Looked for when the first packet of the protocol comes: a run sees few of them all.
    riders: OnceLock<Box<[Selector]>>,
}

/// A field of the lower protocol that tells the upper one.
struct Selector {
    /// Bits from the header's start.
    position: usize,
    width: usize,
    choices: Choices,
}

impl Entry {
    /// The protocol that rides on `layer`, by its fields and the bytes after it.
    pub(crate) fn rider(&self, layer: &Layer) -> Option<&'static Entry> {
        let payload = layer.payload();
        let accepts = |choice: &Choice| {
            choice
                .also
                .is_none_or(|also| layer.bits(also.position, also.width) == also.value)
                && (choice.accept)(payload)
        };
        let riders = self.riders.get_or_init(|| selectors(self));
        let candidates = riders.iter().filter_map(|selector| {
            let value = layer.bits(selector.position, selector.width);
            choose(selector.choices.of(value), accepts)
        });
        // Where both ports tell, the protocol that was there first.
        candidates.min_by_key(|entry| entry.place)
    }
}

/// The protocol that frames of this link type start with.
pub(crate) fn first(link: LinkType, bytes: &[u8]) -> Option<&'static Entry> {
    choose(LINKS.of(link.0.into()), |choice| (choice.accept)(bytes))
}

/// The table entry of a registered protocol.
pub(crate) fn entry_of(protocol: &'static Protocol) -> Option<&'static Entry> {
    ENTRIES
        .iter()
        .find(|entry| std::ptr::eq(entry.protocol, protocol))
}

/// A place where a protocol stands although no table says so: the user knows.
pub(crate) struct Binding {
    parent: &'static Protocol,
    position: usize,
    width: usize,
    value: u64,
    accept: fn(&[u8]) -> bool,
    entry: &'static Entry,
}

/// Lets `child` ride on `parent` when its `field` is `value`, if the bytes look right to it as
/// they must on the values that its table names.
pub(crate) fn bind(child: &str, parent: &str, field: &str, value: u64) -> Binding {
    let known = |name: &str| by_name(name).expect("protocols are called by their names");
    let (child, parent) = (known(child), known(parent));
    let (position, width) = place(parent, field);
    let like = |under: &&Under| under.parent == parent.name && under.field == field;
    Binding {
        parent,
        position,
        width,
        value,
        accept: match child.under.iter().find(like) {
            Some(under) => under.accept,
            None => |_| true,
        },
        entry: entry_of(child).expect("registered protocols have an entry"),
    }
}

impl Binding {
    /// The protocol that rides on `layer`, if this is the place.
    pub(crate) fn rider(&self, layer: &Layer) -> Option<&'static Entry> {
        let here = std::ptr::eq(layer.protocol, self.parent)
            && layer.bits(self.position, self.width) == self.value
            && (self.accept)(layer.payload());
        here.then_some(self.entry)
    }
}

fn choose<'a>(
    mut choices: impl Iterator<Item = &'a Choice>,
    accepts: impl Fn(&Choice) -> bool,
) -> Option<&'static Entry> {
    let choice = choices.find(|choice| accepts(choice))?;
    Some(&ENTRIES[choice.entry])
}

/// All protocols, in registry order.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let entry = |(place, protocol)| Entry {
        protocol,
        place,
        riders: OnceLock::new(),
    };
    all().enumerate().map(entry).collect()
});

/// Who stands first in a frame, by link type.
static LINKS: LazyLock<Choices> = LazyLock::new(|| {
    let claims = claims(LINK);
    claims
        .map(|(entry, under)| choice(entry, under, None))
        .collect()
});

fn choice(entry: usize, under: &Under, also: Option<Also>) -> Choice {
    Choice {
        value: under.value,
        accept: under.accept,
        also,
        entry,
    }
}

/// What the `under` declarations say of one lower protocol, turned round: by its fields, those
/// that declare to ride on it, and behind them those that it takes over from another.
fn selectors(lower: &Entry) -> Box<[Selector]> {
    let protocol = lower.protocol;
    let mut fields: Vec<(&str, Vec<Choice>)> = Vec::new();
    let mut add = |field, choice| match fields.iter_mut().find(|(name, _)| *name == field) {
        Some((_, choices)) => choices.push(choice),
        None => fields.push((field, vec![choice])),
    };
    for (entry, under) in claims(lower.place) {
        let also = under.also.map(|(field, value)| {
            let (position, width) = place(protocol, field);
            Also {
                position,
                width,
                value,
            }
        });
        add(under.field, choice(entry, under, also));
    }
    if let Some(carries) = protocol.carries {
        let lent = claims(place_of(carries.parent));
        for (entry, under) in lent.filter(|(_, under)| under.field == carries.parent_field) {
            add(carries.field, choice(entry, under, None));
        }
    }
    let selector = |(field, choices): (&str, Vec<Choice>)| {
        let (position, width) = place(protocol, field);
        Selector {
            position,
            width,
            choices: choices.into_iter().collect(),
        }
    };
    fields.into_iter().map(selector).collect()
}

/// Where a field stands. Selecting fields stand before any conditional or variable field, so
/// their place is the same in every packet.
fn place(protocol: &Protocol, name: &str) -> (usize, usize) {
    let mut position = 0;
    for field in protocol.fields {
        let width = match (field.width, field.when) {
            (Width::Bits(bits), None) => bits,
            (Width::Bytes(bytes), None) => bytes * 8,
            _ => break,
        };
        if field.name == name {
            return (position, width);
        }
        position += width;
    }
    panic!("{}.{name} is not at a fixed place", protocol.name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declaration_finds_its_parent_and_field() {
        for entry in ENTRIES.iter() {
            let protocol = entry.protocol;
            // A field that is not at a fixed place ends the program.
            let own = selectors(entry);
            if let Some(carries) = protocol.carries {
                assert!(!own.is_empty(), "{}", protocol.name);
                let lent = claims(place_of(carries.parent));
                for (_, under) in lent.filter(|(_, under)| under.field == carries.parent_field) {
                    // A second field is told by a place in the lender's own header.
                    assert!(under.also.is_none(), "lent to {}", protocol.name);
                }
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = all().map(|protocol| protocol.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(count, names.len());
    }

    #[test]
    fn every_protocol_and_field_is_explained() {
        for protocol in all() {
            assert!(!protocol.about.is_empty(), "{}", protocol.name);
            assert!(!protocol.reference.is_empty(), "{}", protocol.name);
            for field in protocol.fields {
                assert!(!field.doc.is_empty(), "{}.{}", protocol.name, field.name);
            }
        }
    }
}
