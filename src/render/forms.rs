//! The forms of a header whose first byte, its type, decides which fields it has, as ICMP's.

use crate::model::{Field, Kind, Layer, NamesOf, Protocol, Width};

/// Bytes of which a header is made up.
const ROOM: usize = 256;

/// A form: the types that have it, by number and name, and a header of zeros behind the first of
/// them.
pub(super) struct Form {
    pub(super) types: Vec<(u64, &'static str)>,
    bytes: [u8; ROOM],
    length: usize,
}

/// The forms of a header, in the order of their types: a single one, without types, for most
/// protocols.
pub(super) fn forms(protocol: &'static Protocol) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for (number, name) in types(protocol) {
        let mut form = Form::of(protocol, *number as u8);
        let shape = shape(protocol, &form);
        match forms
            .iter_mut()
            .find(|known| self::shape(protocol, known) == shape)
        {
            Some(known) => known.types.push((*number, name)),
            None => {
                form.types.push((*number, name));
                forms.push(form);
            }
        }
    }
    match forms.len() {
        0 | 1 => vec![Form::of(protocol, 0)],
        _ => forms,
    }
}

/// What a type in the first byte can be.
fn types(protocol: &Protocol) -> &'static [(u64, &'static str)] {
    match protocol.fields.first() {
        Some(Field {
            width: Width::Bits(8),
            kind: Kind::Uint(_),
            names: NamesOf::Table(names),
            ..
        }) => names.0,
        _ => &[],
    }
}

/// Where each field stands and how wide it is.
fn shape(protocol: &'static Protocol, form: &Form) -> Vec<(&'static str, usize, usize)> {
    let layer = form.layer(protocol);
    let fields = layer.fields().filter(|present| present.bits > 0);
    fields
        .map(|present| (present.field.name, present.position, present.bits))
        .collect()
}

impl Form {
    fn of(protocol: &Protocol, first: u8) -> Form {
        let mut bytes = [0; ROOM];
        bytes[0] = first;
        // Zeros would make some headers longer than they must be.
        let known = if first == 0 { &[][..] } else { &bytes[..] };
        Form {
            types: Vec::new(),
            length: protocol.header.min(known).min(ROOM),
            bytes,
        }
    }

    /// The header; empty where nothing tells how long it is at least.
    pub(super) fn layer(&self, protocol: &'static Protocol) -> Layer<'_> {
        Layer::first(protocol, &self.bytes[..self.length])
    }
}
