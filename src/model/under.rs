//! What stands on what: how a protocol says below whom it is found, and a header what follows it.

use super::{LinkType, Protocol};

/// A place where a protocol stands: declared by the upper protocol, so that a new one does not
/// edit the lower one's file.
#[derive(Clone, Copy)]
pub struct Under {
    /// Name of the lower protocol, or `link` for a link type.
    pub parent: &'static str,
    /// The lower protocol's field that tells.
    pub field: &'static str,
    /// The field's value.
    pub value: u64,
    /// A look at the bytes themselves, where one value stands for several protocols.
    pub accept: fn(&[u8]) -> bool,
    /// A second field and its value, where one does not tell (DHCP has two ports).
    pub also: Option<(&'static str, u64)>,
}

impl Under {
    /// Rides on `parent` when its `field` is `value`.
    pub const fn field(parent: &'static str, field: &'static str, value: u64) -> Under {
        Under {
            parent,
            field,
            value,
            accept: |_| true,
            also: None,
        }
    }

    /// Is the first layer of frames of link type `number`.
    pub const fn link(number: u16) -> Under {
        Under::field("link", "type", number as u64)
    }

    /// Only when another `field` of the same parent is `value`, too.
    pub const fn and(mut self, field: &'static str, value: u64) -> Under {
        self.also = Some((field, value));
        self
    }

    /// Only when the bytes look right.
    pub const fn accept(mut self, accept: fn(&[u8]) -> bool) -> Under {
        self.accept = accept;
        self
    }
}

/// A field with the same values as another protocol's, so that what rides there rides here,
/// too, and need not declare it once more.
#[derive(Clone, Copy)]
pub struct Carries {
    /// The field of this protocol that tells what follows.
    pub field: &'static str,
    /// Name of the protocol whose riders these are.
    pub parent: &'static str,
    /// The field that tells them apart there.
    pub parent_field: &'static str,
}

/// What follows a header.
#[derive(Clone, Copy)]
pub enum Next {
    /// Whoever declared to ride on this header's fields.
    Bound,
    /// Nothing that can be decoded from here.
    Raw,
    /// This protocol.
    Is(&'static Protocol),
    /// A whole frame of this link type.
    Frame(LinkType),
    /// The frame of this link type that a tunnel carries: another packet, with a summary of its
    /// own.
    Tunnelled(LinkType),
    /// The packet that failed (RFC 792).
    Quoted(&'static Protocol),
}
