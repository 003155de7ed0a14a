//! Names of numbers: enumerations and flag letters, as scapy spells them.

use super::Layer;

/// Gaps up to which a table's number is looked for without halving the table.
const GAPS: usize = 3;

/// A table from a number to its name, sorted by number.
#[derive(Debug, Clone, Copy)]
pub struct Names(pub &'static [(u64, &'static str)]);

impl Names {
    /// The name of `value`, if it has one.
    pub fn get(&self, value: u64) -> Option<&'static str> {
        let table = self.0;
        // Most tables count from 0 on with few gaps: a value stands at the place of its own
        // number, or a little before.
        let near = (0..=GAPS).map_while(|gaps| table.get((value as usize).checked_sub(gaps)?));
        for (number, name) in near {
            if *number <= value {
                return (*number == value).then_some(name);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_behind_gaps_and_before_them() {
        let tables: [&[(u64, &str)]; 5] = [
            &[
                (0, "a"),
                (1, "b"),
                (3, "c"),
                (4, "d"),
                (9, "e"),
                (20, "f"),
                (21, "g"),
            ],
            &[(1, "a"), (2, "b"), (8, "c")],
            &[(0x800, "a"), (0x806, "b"), (0x86dd, "c")],
            &[(0, "a")],
            &[],
        ];
        for table in tables {
            for value in (0..40).chain([0x7ff, 0x800, 0x806, 0x86dd, u64::MAX]) {
                let found = table.iter().find(|(number, _)| *number == value);
                assert_eq!(
                    Names(table).get(value),
                    found.map(|(_, name)| *name),
                    "{value}"
                );
            }
        }
    }
}
