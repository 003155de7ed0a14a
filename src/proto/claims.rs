//! Who rides on whom, looked up when tunlab is compiled: the protocols' tables are large, and a
//! short run should not have to read them all. A parent that nobody knows does not compile.

use super::FILES;
use crate::model::{Protocol, Under};

/// In place of a lower protocol: the claim is for the first layer of a link type's frames.
pub(super) const LINK: usize = u8::MAX as usize;

/// That a protocol declares to ride on another, each by its place in the registry.
#[derive(Clone, Copy)]
struct Claim {
    parent: u8,
    entry: u8,
    /// Which of its declarations.
    under: u8,
}

static CLAIMS: [Claim; COUNT] = {
    let mut claims = [Claim {
        parent: 0,
        entry: 0,
        under: 0,
    }; COUNT];
    let (mut count, mut entry) = (0, 0);
    while let Some(protocol) = at(entry) {
        let mut under = 0;
        while under < protocol.under.len() {
            let parent = place_of(protocol.under[under].parent) as u8;
            claims[count] = Claim {
                parent,
                entry: entry as u8,
                under: under as u8,
            };
            (count, under) = (count + 1, under + 1);
        }
        entry += 1;
    }
    assert!(entry < LINK);
    claims
};

const COUNT: usize = {
    let (mut count, mut entry) = (0, 0);
    while let Some(protocol) = at(entry) {
        (count, entry) = (count + protocol.under.len(), entry + 1);
    }
    count
};

/// Which protocols, by their places in the registry, declare to ride on the one at `parent`, and
/// how.
pub(super) fn claims(parent: usize) -> impl Iterator<Item = (usize, &'static Under)> {
    let here = CLAIMS
        .iter()
        .filter(move |claim| usize::from(claim.parent) == parent);
    here.filter_map(|claim| {
        let entry = usize::from(claim.entry);
        Some((entry, at(entry)?.under.get(usize::from(claim.under))?))
    })
}

/// The place in the registry of the protocol called `name`.
pub(super) const fn place_of(name: &str) -> usize {
    if is_same(name, "link") {
        return LINK;
    }
    let mut entry = 0;
    while let Some(protocol) = at(entry) {
        if is_same(protocol.name, name) {
            return entry;
        }
        entry += 1;
    }
    panic!("something rides on a protocol that is not registered");
}

/// The protocol at a place in the registry.
const fn at(mut entry: usize) -> Option<&'static Protocol> {
    let mut file = 0;
    while file < FILES.len() {
        if entry < FILES[file].len() {
            return Some(FILES[file][entry]);
        }
        (entry, file) = (entry - FILES[file].len(), file + 1);
    }
    None
}

/// `==`, which the compiler cannot do by itself yet.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while one.len() == other.len() && index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    one.len() == other.len()
}
