//! The vocabulary that every other folder speaks: a protocol is a table, a packet is a
//! list of layers over borrowed bytes, a field is read when somebody asks for it.
//!
//! Nothing here allocates for a packet: layers sit in a fixed array, fields are a lazy
//! iterator, values borrow from the bytes, text goes into a buffer the caller keeps.

mod alias;
pub(crate) mod bits;
pub mod checksum;
mod domain_name;
mod field;
mod header;
pub mod json;
mod label;
mod layer;
mod link;
mod names;
mod packet;
mod protocol;
mod remark;
mod summary;
mod text;
mod trailer;
mod under;
mod value;

pub use alias::{Derived, Holds, InOption, NamedWhere, StartsWithMac, WorkedOut};
pub use domain_name::{DomainName, Piece, Trouble};
pub use field::{Base, Field, Fields, Kind, Present, Width};
pub use header::Header;
pub use label::Label;
pub use layer::{Context, Layer};
pub use link::LinkType;
pub use names::{Flag, FlagSet, Names, NamesOf};
pub use packet::{End, MAX_LAYERS, Packet};
pub use protocol::{Computed, Cut, Endpoints, Face, Phantom, Protocol, Pseudo};
pub use remark::{Level, Remark, Remarks};
pub use summary::{MALFORMED, Summary, UNREASSEMBLED};
pub use text::Text;
pub(crate) use text::hex_pair;
pub use under::{Carries, Next, Under};
pub use value::{
    Addresses, Children, Item, ItemName, ItemValue, Items, List, ListOf, NextValue, Notation,
    Packets, SplitHeaders, SplitItems, Value,
};
