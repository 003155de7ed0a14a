//! Asks an expression of a packet.

use super::expression::{Constant, Expression, Function, Operand, Relation};
use super::literal::Literal;
use super::names::{Part, Source};
use crate::model::{
    DomainName, Field, Holds, InOption, Layer, Packet, Piece, Present, Protocol, Trouble, Value,
};
use arrayvec::ArrayVec;
use std::cmp::Ordering;

/// What a filter can ask that is not in the packet's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The packet's number, from 1.
    pub number: u64,
    /// Its length on the wire.
    pub wire_len: u32,
    /// Seconds since the first packet.
    pub seconds: f64,
    /// Name of the interface, where it is known.
    pub interface: Option<&'a str>,
}

/// A value at the moment of asking.
#[derive(Clone, Copy)]
enum Datum<'a> {
    Number(u64),
    Seconds(f64),
    /// A hardware, IPv4 or IPv6 address, told apart by its length.
    Address(&'a [u8]),
    /// Bytes or text.
    Bytes(&'a [u8]),
    /// Text whose letters are to be made small or big.
    Folded(&'a [u8], fn(&u8) -> u8),
}

impl<'a> Datum<'a> {
    fn bytes(&self) -> &'a [u8] {
        match self {
            Datum::Address(bytes) | Datum::Bytes(bytes) | Datum::Folded(bytes, _) => bytes,
            Datum::Number(_) | Datum::Seconds(_) => &[],
        }
    }
}

/// Tells whether a value passes. Values are handed on like this, rather than returned, so that
/// those that are put together for the asking live on the stack.
type Test<'t> = &'t mut dyn FnMut(&Datum) -> bool;

/// Whether the expression holds for the packet.
pub(super) fn holds(expression: &Expression, packet: &Packet, facts: &Facts) -> bool {
    let ask = |expression: &Expression| holds(expression, packet, facts);
    match expression {
        Expression::And(terms) => terms.iter().all(ask),
        Expression::Or(terms) => terms.iter().any(ask),
        Expression::Xor(terms) => terms.iter().fold(false, |odd, term| odd != ask(term)),
        Expression::Not(inner) => !ask(inner),
        Expression::Exists(operand) => match (operand.mask, operand.function) {
            (Some(_), _) | (None, Function::Count) => passes(
                operand,
                packet,
                facts,
                &mut |datum| matches!(datum, Datum::Number(number) if *number != 0),
            ),
            _ => passes(operand, packet, facts, &mut |_| true),
        },
        Expression::Compare(operand, relation, constant) => {
            passes(operand, packet, facts, &mut |datum| {
                stands(datum, *relation, constant)
            })
        }
        Expression::Pair(left, relation, right) => {
            // What the left side must do, it must do with every value of the right.
            let mut found = false;
            let paired = passes(left, packet, facts, &mut |one| {
                let mut all = true;
                let some = any(right, packet, facts, &mut |other| {
                    found = true;
                    let stands = pair(one, *relation, other);
                    all &= stands;
                    stands && !left.every
                });
                if left.every { all } else { some }
            });
            found && paired
        }
        Expression::In(operand, ranges) => passes(operand, packet, facts, &mut |datum| {
            ranges.iter().any(|(first, last)| {
                // Of a network, being equal means lying in it.
                stands(datum, Relation::Equal, first)
                    || stands(datum, Relation::GreaterEqual, first)
                        && stands(datum, Relation::LessEqual, last)
            })
        }),
    }
}

/// Whether one of the operand's values passes the test, or all that there are if it says so.
fn passes(operand: &Operand, packet: &Packet, facts: &Facts, test: Test) -> bool {
    if !operand.every {
        return any(operand, packet, facts, test);
    }
    let mut exists = false;
    let fails = any(operand, packet, facts, &mut |datum| {
        exists = true;
        !test(datum)
    });
    exists && !fails
}

/// Whether one of the operand's values passes the test.
fn any(operand: &Operand, packet: &Packet, facts: &Facts, test: Test) -> bool {
    if operand.function == Function::Count {
        let mut count = 0;
        each(operand, packet, facts, &mut |_| {
            count += 1;
            false
        });
        return count > 0 && test(&Datum::Number(count));
    }
    each(operand, packet, facts, &mut |datum| {
        shaped(operand, datum, test)
    })
}

/// Calls `test` with the values as they stand in the packet, until one passes.
fn each(operand: &Operand, packet: &Packet, facts: &Facts, test: Test) -> bool {
    operand.sources.iter().any(|source| {
        let Some(protocol) = source.protocol else {
            return frame(source, packet, facts).is_some_and(|datum| test(&datum));
        };
        packet.layers.iter().enumerate().any(|(index, layer)| {
            if std::ptr::eq(layer.protocol, protocol) {
                return match source.part {
                    Part::Face(has) => has(packet, index) && test(&Datum::Bytes(layer.bytes())),
                    _ => of_layer(source, layer, test),
                };
            }
            // Headers inside headers (options, records) are no layers of their own.
            protocol.under.is_empty()
                && layer.protocol.nests()
                && inside(layer, protocol, &mut |nested| {
                    of_layer(source, nested, test)
                })
        })
    })
}

/// Calls `each` with every header of `protocol` inside the layer's fields, until it is content.
fn inside(
    layer: &Layer,
    protocol: &'static Protocol,
    each: &mut dyn FnMut(&Layer) -> bool,
) -> bool {
    layer.fields().any(|present| match present.value {
        Value::Packets(mut children) => children.any(|child| {
            if std::ptr::eq(child.protocol, protocol) {
                each(&child)
            } else {
                child.protocol.nests() && inside(&child, protocol, each)
            }
        }),
        _ => false,
    })
}

fn frame<'a>(source: &Source, packet: &Packet<'a>, facts: &Facts<'a>) -> Option<Datum<'a>> {
    Some(match source.part {
        Part::Number => Datum::Number(facts.number),
        Part::WireLen => Datum::Number(facts.wire_len.into()),
        Part::CapLen => Datum::Number(packet.bytes.len() as u64),
        Part::Seconds => Datum::Seconds(facts.seconds),
        Part::Interface => Datum::Bytes(facts.interface?.as_bytes()),
        _ => Datum::Bytes(packet.bytes),
    })
}

/// The source's values in one layer.
fn of_layer(source: &Source, layer: &Layer, test: Test) -> bool {
    let number = |number: u64| {
        Datum::Number(match source.derive {
            Some(derive) => derive(number),
            None => number,
        })
    };
    let find = |field: &'static Field| {
        let mut fields = layer.fields();
        fields.find(|present| std::ptr::eq(present.field, field))
    };
    match source.part {
        Part::Fixed { position, width } => {
            let there = layer.header().len() * 8 >= position + width;
            there && test(&number(layer.bits(position, width)))
        }
        Part::Address { start, length } => {
            let address = layer.header().get(start..start + length);
            address.is_some_and(|address| test(&Datum::Address(address)))
        }
        Part::Whole => test(&Datum::Bytes(layer.bytes())),
        Part::Payload => !layer.payload().is_empty() && test(&Datum::Bytes(layer.payload())),
        Part::Length if layer.protocol.opaque => test(&number(layer.header().len() as u64)),
        Part::Length => test(&number(layer.payload().len() as u64)),
        Part::Flag { field, bit } => match find(field) {
            Some(Present {
                value: Value::Uint(value),
                ..
            }) => test(&number(value >> bit & 1)),
            _ => false,
        },
        Part::Field(field) => match find(field) {
            Some(Present {
                value: Value::Uint(value),
                ..
            }) => test(&number(value)),
            Some(present) => of_value(present.value, layer, test),
            None => false,
        },
        Part::Mac(field, has) => match find(field) {
            Some(Present {
                value: Value::Bytes(bytes),
                ..
            }) if has(layer) => bytes.get(..6).is_some_and(|mac| test(&Datum::Address(mac))),
            _ => false,
        },
        Part::Option(field, wanted) => match find(field) {
            Some(Present {
                value: Value::Items(mut items),
                ..
            }) => items.any(|item| {
                item.name.is(wanted.option) && of_option(wanted, item.value.data(), test)
            }),
            _ => false,
        },
        Part::Face(_)
        | Part::Number
        | Part::WireLen
        | Part::CapLen
        | Part::Seconds
        | Part::Interface => false,
    }
}

/// What a field holds, value by value.
fn of_value(value: Value, layer: &Layer, test: Test) -> bool {
    match value {
        Value::Uint(number) => test(&Datum::Number(number)),
        Value::Mac(mac) => test(&Datum::Address(&mac)),
        Value::Ipv4(address) => test(&Datum::Address(&address.octets())),
        Value::Ipv6(address) => test(&Datum::Address(&address.octets())),
        Value::Bytes(bytes) | Value::Written(bytes, _) => test(&Datum::Bytes(bytes)),
        Value::Word(word) => test(&Datum::Bytes(word.as_bytes())),
        Value::Name(name) => test(&Datum::Bytes(&readable(name))),
        Value::List(mut values) => values.any(|value| of_value(value, layer, test)),
        Value::Addresses(addresses) => {
            let mut addresses = addresses.iter();
            addresses.any(|address| of_value(address, layer, test))
        }
        Value::Items(items) => test(&Datum::Bytes(items.bytes)),
        Value::Packets(children) => {
            let bytes = layer.packet.get(children.start..children.end);
            test(&Datum::Bytes(bytes.unwrap_or_default()))
        }
        Value::Absent => false,
    }
}

/// A name as Wireshark writes it: no dot at its end, and words instead of what is broken.
fn readable(name: DomainName) -> ArrayVec<u8, 256> {
    let mut text = ArrayVec::new();
    for piece in name.pieces() {
        // A name of more than 255 bytes has been cut off by its reader: there is room for all.
        let mut add = |bytes: &[u8]| _ = text.try_extend_from_slice(bytes);
        match piece {
            Piece::Label(label) => {
                add(label);
                add(b".");
            }
            Piece::Broken(Trouble::Cut) => {}
            Piece::Broken(Trouble::TooLong) => return words(b"<Name too long>"),
            Piece::Broken(Trouble::Loop | Trouble::TooManyJumps) => {
                return words(b"<Name contains a pointer that loops>");
            }
        }
    }
    match text.pop() {
        Some(_) => text,
        None => words(b"<Root>"),
    }
}

fn words(text: &[u8]) -> ArrayVec<u8, 256> {
    text.iter().copied().collect()
}

/// What stands in an option's data.
fn of_option(wanted: &InOption, data: &[u8], test: Test) -> bool {
    match wanted.holds {
        Holds::Bytes | Holds::Text => test(&Datum::Bytes(data)),
        Holds::Ipv4 => data
            .chunks_exact(4)
            .any(|address| test(&Datum::Address(address))),
        Holds::Numbers { at, width, step } => {
            let data = data.get(at..).unwrap_or_default();
            data.chunks(step).any(|chunk| match chunk.get(..width) {
                Some(bytes) => test(&Datum::Number(big_endian(bytes))),
                None => false,
            })
        }
    }
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Cuts slices out, masks, and applies the function, then tests.
fn shaped(operand: &Operand, datum: &Datum, test: Test) -> bool {
    let joined: ArrayVec<u8, LONGEST_JOINED>;
    let cut = match operand.slices.as_slice() {
        [] => *datum,
        [one] => match one.of(datum.bytes()) {
            Some(bytes) => Datum::Bytes(bytes),
            None => return false,
        },
        several => match join(several, datum.bytes()) {
            Some(bytes) => {
                joined = bytes;
                Datum::Bytes(&joined)
            }
            None => return false,
        },
    };
    match (operand.function, operand.mask, cut) {
        (Function::Length, ..) => test(&Datum::Number(cut.bytes().len() as u64)),
        (Function::Lower, ..) => test(&Datum::Folded(cut.bytes(), u8::to_ascii_lowercase)),
        (Function::Upper, ..) => test(&Datum::Folded(cut.bytes(), u8::to_ascii_uppercase)),
        (_, None, cut) => test(&cut),
        (_, Some(mask), Datum::Number(number)) => test(&Datum::Number(number & mask)),
        // Of more bytes than a number has, the last are masked.
        (_, Some(mask), cut) => test(&Datum::Number(big_endian(cut.bytes()) & mask)),
    }
}

/// Bytes that several slices can make together.
const LONGEST_JOINED: usize = 4096;

fn join(slices: &[super::slice::Slice], bytes: &[u8]) -> Option<ArrayVec<u8, LONGEST_JOINED>> {
    let mut joined = ArrayVec::new();
    for slice in slices {
        let cut = slice.of(bytes)?;
        let room = joined.remaining_capacity().min(cut.len());
        joined.try_extend_from_slice(&cut[..room]).ok()?;
    }
    Some(joined)
}

/// Whether the value stands in the relation to the constant.
fn stands(datum: &Datum, relation: Relation, constant: &Constant) -> bool {
    match relation {
        Relation::Differs => !stands(datum, Relation::Equal, constant),
        _ => constant
            .iter()
            .any(|literal| stands_to(datum, relation, literal)),
    }
}

fn stands_to(datum: &Datum, relation: Relation, literal: &Literal) -> bool {
    match (datum, literal) {
        (Datum::Number(number), Literal::Number(wanted)) => fits(number.cmp(wanted), relation),
        (Datum::Address([a, b, c, d]), Literal::Ipv4(address, bits)) => {
            let ignored = 32 - u32::from(*bits);
            let network = |value: u32| value.checked_shr(ignored).unwrap_or(0);
            let value = network(u32::from_be_bytes([*a, *b, *c, *d]));
            fits(value.cmp(&network(u32::from(*address))), relation)
        }
        (Datum::Address(bytes), Literal::Ipv6(address, bits)) => {
            let Ok(octets) = <[u8; 16]>::try_from(*bytes) else {
                return false;
            };
            let ignored = 128 - u32::from(*bits);
            let network = |value: u128| value.checked_shr(ignored).unwrap_or(0);
            let value = network(u128::from_be_bytes(octets));
            fits(value.cmp(&network(u128::from(*address))), relation)
        }
        (Datum::Address(bytes), Literal::Mac(mac)) => {
            bytes.len() == mac.len() && fits(bytes.cmp(&&mac[..]), relation)
        }
        (Datum::Seconds(seconds), Literal::Seconds(wanted)) => {
            fits(seconds.total_cmp(wanted), relation)
        }
        // Expressions do not tell small letters from big ones anyway.
        (_, Literal::Pattern(pattern)) => pattern.is_match(datum.bytes()),
        (Datum::Folded(bytes, fold), Literal::Bytes(wanted)) => match relation {
            Relation::Contains => bytes
                .windows(wanted.len().max(1))
                .any(|window| window.iter().map(fold).eq(wanted.iter().copied())),
            _ => fits(bytes.iter().map(fold).cmp(wanted.iter().copied()), relation),
        },
        (_, Literal::Bytes(wanted)) if relation == Relation::Contains => {
            memchr::memmem::find(datum.bytes(), wanted).is_some()
        }
        (Datum::Bytes(bytes), Literal::Bytes(wanted)) => {
            fits(bytes.cmp(&wanted.as_slice()), relation)
        }
        _ => false,
    }
}

/// Whether two values of the packet stand in the relation.
fn pair(one: &Datum, relation: Relation, other: &Datum) -> bool {
    match (one, other) {
        (Datum::Number(one), Datum::Number(other)) => fits(one.cmp(other), relation),
        (Datum::Seconds(one), Datum::Seconds(other)) => fits(one.total_cmp(other), relation),
        (Datum::Number(_) | Datum::Seconds(_), _) | (_, Datum::Number(_) | Datum::Seconds(_)) => {
            relation == Relation::Differs
        }
        _ if relation == Relation::Contains => {
            memchr::memmem::find(one.bytes(), other.bytes()).is_some()
        }
        _ => {
            let folded = |datum: &Datum| match *datum {
                Datum::Folded(_, fold) => fold,
                _ => |byte: &u8| *byte,
            };
            let letters = one.bytes().iter().map(folded(one));
            fits(
                letters.cmp(other.bytes().iter().map(folded(other))),
                relation,
            )
        }
    }
}

fn fits(order: Ordering, relation: Relation) -> bool {
    match relation {
        Relation::Equal => order.is_eq(),
        Relation::Differs => order.is_ne(),
        Relation::Greater => order.is_gt(),
        Relation::Less => order.is_lt(),
        Relation::GreaterEqual => order.is_ge(),
        Relation::LessEqual => order.is_le(),
        Relation::Contains | Relation::Matches => false,
    }
}
