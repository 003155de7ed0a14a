//! Wireshark's names for what is less than a field of our tables: a part of a number, or what
//! stands in one of a header's options.

use super::{Layer, Names, Value};

/// A number worked out from a field's, under a name of its own: bytes where the header counts
/// words, some bits of several.
pub type Derived = (&'static str, fn(u64) -> u64);

/// A number worked out from a value of any kind, under a name of its own.
pub type WorkedOut = (&'static str, fn(Value) -> Option<u64>);

/// A name of the Ethernet address that a field starts with, and the layers where it does.
pub type StartsWithMac = (&'static str, fn(&Layer) -> bool);

/// A name that a field has in some layers only, and where it does.
pub type NamedWhere = (&'static str, fn(&Layer) -> bool);

/// What stands in an option of a list of named options, under a name of its own.
#[derive(Debug, Clone, Copy)]
pub struct InOption {
    /// The whole name: `tcp.options.mss_val`.
    pub name: &'static str,
    /// The option's name in the list: `MSS`; empty if it speaks of every option.
    pub option: &'static str,
    /// How its data is read.
    pub holds: Holds,
    /// What its numbers are called.
    pub values: Option<&'static Names>,
}

/// How an option's data is read.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    /// Not at all: what counts is the option's number, of every option up to the one that ends the
    /// list.
    Kind {
        /// The number of that one.
        last: u8,
    },
    /// As bytes, none of them included: the option is there.
    Bytes,
    /// As text.
    Text,
    /// As IPv4 addresses back to back.
    Ipv4,
    /// As something that a number is worked out from.
    Number(fn(&[u8]) -> Option<u64>),
    /// As numbers of `width` bytes, the first at byte `at`, another after every `step` bytes.
    Numbers {
        /// Where the first starts.
        at: usize,
        /// Bytes of each.
        width: usize,
        /// From the start of one to the start of the next.
        step: usize,
    },
}

impl InOption {
    const fn new(name: &'static str, option: &'static str, holds: Holds) -> InOption {
        InOption {
            name,
            option,
            holds,
            values: None,
        }
    }

    /// The number of every option up to the one numbered `last`.
    pub const fn kinds(name: &'static str, last: u8) -> InOption {
        InOption::new(name, "", Holds::Kind { last })
    }

    /// The option's data as bytes.
    pub const fn bytes(name: &'static str, option: &'static str) -> InOption {
        InOption::new(name, option, Holds::Bytes)
    }

    /// The option's data as text.
    pub const fn text(name: &'static str, option: &'static str) -> InOption {
        InOption::new(name, option, Holds::Text)
    }

    /// The option's data as IPv4 addresses.
    pub const fn ipv4(name: &'static str, option: &'static str) -> InOption {
        InOption::new(name, option, Holds::Ipv4)
    }

    /// A number worked out from the option's data.
    pub const fn worked_out(
        name: &'static str,
        option: &'static str,
        of: fn(&[u8]) -> Option<u64>,
    ) -> InOption {
        InOption::new(name, option, Holds::Number(of))
    }

    /// One number of `width` bytes, at byte `at` of the option's data.
    pub const fn number(
        name: &'static str,
        option: &'static str,
        at: usize,
        width: usize,
    ) -> InOption {
        InOption::numbers(name, option, at, width, usize::MAX)
    }

    /// Numbers of `width` bytes, from byte `at` of the option's data on, one after every `step`.
    pub const fn numbers(
        name: &'static str,
        option: &'static str,
        at: usize,
        width: usize,
        step: usize,
    ) -> InOption {
        InOption::new(name, option, Holds::Numbers { at, width, step })
    }

    /// Names the numbers.
    pub const fn values(mut self, values: &'static Names) -> InOption {
        self.values = Some(values);
        self
    }
}
