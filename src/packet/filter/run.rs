//! Asks an expression of a packet.

use super::expression::{Constant, Expression, Function, Operand, Relation};
use super::literal::Literal;
use super::slice::Slice;
use super::values::{Datum, Facts, Test, big_endian, each};
use crate::model::Packet;
use arrayvec::ArrayVec;
use std::cmp::Ordering;

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

fn join(slices: &[Slice], bytes: &[u8]) -> Option<ArrayVec<u8, LONGEST_JOINED>> {
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
