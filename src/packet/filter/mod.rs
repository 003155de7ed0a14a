//! Filters in Wireshark's manner: `icmp.type == 8 && ip.src == 192.168.53.0/24`.
//!
//! 1. `token` cuts the text into words, numbers, strings and signs, each with its place.
//! 2. `parse` builds the `expression` and resolves each name by `names`.
//! 3. `literal` reads what a field is compared with, by the field's kind.
//! 4. `run` asks the expression of a packet's `values`; nothing is allocated a packet.
//!
//! # The language
//!
//! * A name alone selects packets that have the protocol or field: `arp`, `tcp.options.mss_val`.
//!   `tcp.flags.syn` selects every TCP packet: the bit is there, set or not. Ask for
//!   `tcp.flags.syn == 1`.
//! * `==` `!=` `<` `>` `<=` `>=` (`eq` `ne` `lt` `gt` `le` `ge`) compare with a constant or another
//!   field. A field may occur several times: `ip.addr`, or a header inside a tunnel or an ICMP
//!   error. One value that fits is enough; of `!=` all must differ; `===` wants all to be equal,
//!   `!==` (`~=`) one that differs; `any` and `all` in front of the name say it in words.
//! * `in {60..64, 128}` and `not in`; `ip.src == 10.0.0.0/8` means in the network.
//! * `contains` finds bytes, `matches` (`~`) a regular expression, without regard to case.
//! * `eth.src[0:3]`, `[1-2]`, `[:4]`, `[4:]`, `[-1]`, `[0:2,4]` cut out bytes; `tcp.flags & 0x12`
//!   keeps some bits, and alone asks whether one of them is set.
//! * `ip.src#2` means the second IP header, one in a tunnel or in an ICMP error; `#-1` the last,
//!   `#[1-2]` the first two.
//! * `len()`, `count()`, `lower()`, `upper()` of a name.
//! * Numbers as in C (`0x1f`, `0b101`, `'a'`), or as their values are called (`ip.proto == tcp`);
//!   bytes as `00:0c:29`; text in quotes, `r"..."` for backslashes that mean themselves.
//! * `!` (`not`), `&&` (`and`), `^^` (`xor`), `||` (`or`), from strongest to weakest, and brackets.

mod error;
mod expression;
mod literal;
mod names;
mod nearest;
mod parse;
mod run;
mod slice;
mod tcpdump;
#[cfg(test)]
mod tests;
mod token;
mod unknown;
mod values;

pub use error::FilterError;
pub use names::names_of;
pub use nearest::distance;
pub use values::Facts;

use crate::model::Packet;

/// A compiled filter.
pub struct Filter {
    /// Elsewhere in memory: it is large, and whoever holds a filter moves it about.
    expression: Box<expression::Expression>,
}

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    /// [`FilterError`] shows the place, and for a wrong name the nearest right one.
    pub fn compile(text: &str) -> Result<Filter, FilterError> {
        let expression = Box::new(parse::parse(text)?);
        Ok(Filter { expression })
    }

    /// Whether the filter selects the packet.
    pub fn selects(&self, packet: &Packet, facts: &Facts) -> bool {
        run::holds(&self.expression, packet, facts)
    }
}
