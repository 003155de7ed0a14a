//! Names of numbers: enumerations and flag letters, as scapy spells them.

use super::Layer;

/// A table from a number to its name, sorted by number.
#[derive(Debug, Clone, Copy)]
pub struct Names(pub &'static [(u64, &'static str)]);

impl Names {
    /// The name of `value`, if it has one.
    pub fn get(&self, value: u64) -> Option<&'static str> {
        let table = self.0;
        // Most tables start with 0, 1, 2, ...: the value is its own index.
        if let Some((number, name)) = table.get(value as usize)
            && *number == value
        {
            return Some(name);
        }
        let index = table
            .binary_search_by_key(&value, |(number, _)| *number)
            .ok()?;
        Some(table[index].1)
    }

    /// The number that is called `name`; letters' case does not matter.
    pub fn value_of(&self, name: &str) -> Option<u64> {
        let mut table = self.0.iter();
        let found = table.find(|(_, known)| known.eq_ignore_ascii_case(name))?;
        Some(found.0)
    }
}

/// Which table names a field's values.
#[derive(Clone, Copy)]
pub enum NamesOf {
    /// The values have no names.
    Nothing,
    /// Always the same table.
    Table(&'static Names),
    /// A table chosen by another field, as ICMP's code by its type.
    By(fn(&Layer) -> Option<&'static Names>),
}

impl NamesOf {
    /// The name of `value` in `layer`.
    #[inline]
    pub fn get(&self, layer: &Layer, value: u64) -> Option<&'static str> {
        match self {
            NamesOf::Nothing => None,
            NamesOf::Table(names) => names.get(value),
            NamesOf::By(choose) => choose(layer)?.get(value),
        }
    }
}

/// One bit of a flags field.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// What `show` prints when the bit is set.
    pub mark: &'static str,
    /// What a set bit means, for `--explain`.
    pub meaning: &'static str,
}

/// The bits of a flags field, least significant first.
#[derive(Debug, Clone, Copy)]
pub struct FlagSet {
    /// One entry a bit.
    pub flags: &'static [Flag],
    /// What stands between two marks: nothing for letters, `+` for words.
    pub joiner: &'static str,
}

impl FlagSet {
    /// The flags set in `value`, least significant first.
    pub fn set_in(&self, value: u64) -> impl Iterator<Item = &'static Flag> + use<> {
        let flags = self.flags;
        flags
            .iter()
            .enumerate()
            .filter(move |(bit, _)| value >> bit & 1 == 1)
            .map(|(_, flag)| flag)
    }
}
