//! Asks an expression of a packet.

use super::literal::Literal;
use super::names::{Part, Source};
use super::parse::{Expression, Operand, Relation, Slice, SliceEnd};
use crate::model::{Layer, Packet, Protocol, Value};
use std::cmp::Ordering;

/// What a filter can ask that is not in the packet's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The packet's number, from 1.
    pub number: u64,
    /// Its length on the wire.
    pub wire_len: u32,
    /// Seconds since the first packet.
    pub seconds: f64,
}

/// A value at the moment of asking.
#[derive(Clone, Copy)]
enum Datum<'a> {
    Number(u64),
    Seconds(f64),
    Bytes(&'a [u8]),
    /// An address, as its bytes.
    Short([u8; 16], usize),
}

impl Datum<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Datum::Bytes(bytes) => bytes,
            Datum::Short(bytes, length) => &bytes[..*length],
            Datum::Number(_) | Datum::Seconds(_) => &[],
        }
    }
}

/// Whether the expression holds for the packet.
pub(super) fn holds(expression: &Expression, packet: &Packet, facts: &Facts) -> bool {
    let ask = |expression: &Expression| holds(expression, packet, facts);
    match expression {
        Expression::And(one, other) => ask(one) && ask(other),
        Expression::Or(one, other) => ask(one) || ask(other),
        Expression::Xor(one, other) => ask(one) != ask(other),
        Expression::Not(inner) => !ask(inner),
        Expression::Exists(operand) => match operand.mask {
            Some(_) => any(
                operand,
                packet,
                facts,
                &mut |datum| matches!(datum, Datum::Number(number) if *number != 0),
            ),
            None => any(operand, packet, facts, &mut |_| true),
        },
        Expression::Compare(operand, Relation::NoneEqual, literal) => {
            let mut exists = false;
            let equal = any(operand, packet, facts, &mut |datum| {
                exists = true;
                stands(datum, Relation::Equal, literal)
            });
            exists && !equal
        }
        Expression::Compare(operand, relation, literal) => {
            any(operand, packet, facts, &mut |datum| {
                stands(datum, *relation, literal)
            })
        }
        Expression::Pair(left, relation, right) => {
            let asked = match relation {
                Relation::NoneEqual => Relation::Equal,
                other => *other,
            };
            let mut exist = false;
            let found = any(left, packet, facts, &mut |one| {
                any(right, packet, facts, &mut |other| {
                    exist = true;
                    pair(one, asked, other)
                })
            });
            match relation {
                Relation::NoneEqual => exist && !found,
                _ => found,
            }
        }
        Expression::In(operand, ranges) => any(operand, packet, facts, &mut |datum| {
            ranges.iter().any(|(first, last)| {
                // Of a network, being equal means lying in it.
                stands(datum, Relation::Equal, first)
                    || stands(datum, Relation::GreaterEqual, first)
                        && stands(datum, Relation::LessEqual, last)
            })
        }),
    }
}

type Test<'t> = &'t mut dyn FnMut(&Datum) -> bool;

/// Whether one of the operand's values passes the test.
fn any(operand: &Operand, packet: &Packet, facts: &Facts, test: Test) -> bool {
    let mut shaped = |datum: &Datum| shape(operand, datum, test);
    operand.sources.iter().any(|source| {
        let Some(protocol) = source.protocol else {
            return shaped(&frame(source, packet, facts));
        };
        let of_layer = |layer: &Layer, shaped: Test| value(source, layer, shaped);
        packet.layers.iter().any(|layer| {
            if std::ptr::eq(layer.protocol, protocol) {
                of_layer(layer, &mut shaped)
            } else {
                // Headers inside headers (options, records) are no layers of their own.
                protocol.under.is_empty()
                    && inside(layer, protocol, &mut |nested| of_layer(nested, &mut shaped))
            }
        })
    })
}

/// Calls `each` with every header of `protocol` inside the layer's fields.
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
                inside(&child, protocol, each)
            }
        }),
        _ => false,
    })
}

fn frame<'a>(source: &Source, packet: &Packet<'a>, facts: &Facts) -> Datum<'a> {
    match source.part {
        Part::Number => Datum::Number(facts.number),
        Part::WireLen => Datum::Number(facts.wire_len.into()),
        Part::CapLen => Datum::Number(packet.bytes.len() as u64),
        Part::Seconds => Datum::Seconds(facts.seconds),
        _ => Datum::Bytes(packet.bytes),
    }
}

/// The source's values in one layer.
fn value(source: &Source, layer: &Layer, test: Test) -> bool {
    let number = |number: u64| Datum::Number(number.wrapping_mul(source.scale));
    match source.part {
        Part::Fixed { position, width } => {
            let there = layer.header().len() * 8 >= position + width;
            there && test(&number(layer.bits(position, width)))
        }
        Part::Whole => test(&Datum::Bytes(layer.bytes())),
        Part::Payload => !layer.payload().is_empty() && test(&Datum::Bytes(layer.payload())),
        Part::PayloadLen => test(&Datum::Number(layer.payload().len() as u64)),
        Part::Field(field) | Part::Flag { field, .. } => {
            let mut fields = layer.fields();
            let found = fields.find(|present| std::ptr::eq(present.field, field));
            let Some(present) = found else {
                return false;
            };
            match (present.value, source.part) {
                (Value::Uint(value), Part::Flag { bit, .. }) => {
                    test(&Datum::Number(value >> bit & 1))
                }
                (Value::Uint(value), _) => test(&number(value)),
                (Value::Addresses(addresses), _) => {
                    addresses.iter().any(|address| test(&datum(address)))
                }
                (Value::Absent, _) => false,
                (Value::Items(items), _) => test(&Datum::Bytes(items.bytes)),
                (Value::Packets(children), _) => {
                    let bytes = layer.packet.get(children.start..children.end);
                    test(&Datum::Bytes(bytes.unwrap_or_default()))
                }
                (other, _) => test(&datum(other)),
            }
        }
        Part::Number | Part::WireLen | Part::CapLen | Part::Seconds => false,
    }
}

fn datum(value: Value<'_>) -> Datum<'_> {
    let short = |octets: &[u8]| {
        let mut bytes = [0; 16];
        bytes[..octets.len()].copy_from_slice(octets);
        Datum::Short(bytes, octets.len())
    };
    match value {
        Value::Uint(number) => Datum::Number(number),
        Value::Mac(mac) => short(&mac),
        Value::Ipv4(address) => short(&address.octets()),
        Value::Ipv6(address) => short(&address.octets()),
        Value::Bytes(bytes) | Value::Frame(_, bytes) => Datum::Bytes(bytes),
        _ => Datum::Bytes(&[]),
    }
}

/// Applies mask, slices and `len()`, then tests.
fn shape(operand: &Operand, datum: &Datum, test: Test) -> bool {
    if let Some(mask) = operand.mask {
        return matches!(datum, Datum::Number(number) if test(&Datum::Number(number & mask)));
    }
    if operand.length {
        return test(&Datum::Number(datum.bytes().len() as u64));
    }
    match operand.slices.as_slice() {
        [] => test(datum),
        [one] => cut(datum.bytes(), one).is_some_and(|bytes| test(&Datum::Bytes(bytes))),
        several => {
            // Joined in a small buffer on the stack: a filter asks for a few bytes.
            let (mut joined, mut length) = ([0; 64], 0);
            for slice in several {
                let Some(bytes) = cut(datum.bytes(), slice) else {
                    return false;
                };
                let taken = bytes.len().min(joined.len() - length);
                joined[length..length + taken].copy_from_slice(&bytes[..taken]);
                length += taken;
            }
            test(&Datum::Bytes(&joined[..length]))
        }
    }
}

/// The bytes of a slice; nothing when they are not all there.
fn cut<'a>(bytes: &'a [u8], slice: &Slice) -> Option<&'a [u8]> {
    let all = bytes.len() as i64;
    let from_end = |index: i64| {
        if index < 0 {
            all.saturating_add(index)
        } else {
            index
        }
    };
    let start = from_end(slice.start);
    let end = match slice.end {
        SliceEnd::Length(length) => start.saturating_add(length),
        SliceEnd::Last(last) => from_end(last).saturating_add(1),
        SliceEnd::Open => all,
    };
    bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// Whether the value stands in the relation to the constant.
fn stands(datum: &Datum, relation: Relation, literal: &Literal) -> bool {
    match (datum, literal) {
        (_, Literal::Pattern(pattern)) => pattern.is_match(datum.bytes()),
        (_, Literal::Bytes(wanted)) if relation == Relation::Contains => {
            memchr::memmem::find(datum.bytes(), wanted).is_some()
        }
        (Datum::Number(number), Literal::Number(wanted)) => fits(number.cmp(wanted), relation),
        (Datum::Seconds(seconds), Literal::Seconds(wanted)) => seconds
            .partial_cmp(wanted)
            .is_some_and(|order| fits(order, relation)),
        (Datum::Short(bytes, 4), Literal::Ipv4(address, bits)) => {
            let value = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            let ignored = 32 - u32::from(*bits);
            let network = |value: u32| value.checked_shr(ignored).unwrap_or(0);
            fits(network(value).cmp(&network(u32::from(*address))), relation)
        }
        (Datum::Short(bytes, 16), Literal::Ipv6(address, bits)) => {
            let ignored = 128 - u32::from(*bits);
            let network = |value: u128| value.checked_shr(ignored).unwrap_or(0);
            let value = u128::from_be_bytes(*bytes);
            fits(network(value).cmp(&network(u128::from(*address))), relation)
        }
        (Datum::Short(bytes, 6), Literal::Mac(mac)) => fits(bytes[..6].cmp(&mac[..]), relation),
        (Datum::Bytes(_) | Datum::Short(..), Literal::Bytes(wanted)) => {
            fits(datum.bytes().cmp(wanted), relation)
        }
        _ => false,
    }
}

/// Whether two values of the packet stand in the relation.
fn pair(one: &Datum, relation: Relation, other: &Datum) -> bool {
    match (one, other) {
        (Datum::Number(one), Datum::Number(other)) => fits(one.cmp(other), relation),
        (Datum::Number(_) | Datum::Seconds(_), _) | (_, Datum::Number(_) | Datum::Seconds(_)) => {
            false
        }
        _ if relation == Relation::Contains => {
            memchr::memmem::find(one.bytes(), other.bytes()).is_some()
        }
        _ => fits(one.bytes().cmp(other.bytes()), relation),
    }
}

fn fits(order: Ordering, relation: Relation) -> bool {
    match relation {
        Relation::Equal => order.is_eq(),
        Relation::NoneEqual | Relation::SomeDiffers => order.is_ne(),
        Relation::Greater => order.is_gt(),
        Relation::Less => order.is_lt(),
        Relation::GreaterEqual => order.is_ge(),
        Relation::LessEqual => order.is_le(),
        Relation::Contains | Relation::Matches => false,
    }
}
