//! A filter's meaning, as `parse` builds it and `run` asks it.

use super::literal::Literal;
use super::names::{Called, Shape, Source};
use super::slice::Slice;

/// A condition on a packet.
pub(super) enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// An odd number of them hold.
    Xor(Vec<Expression>),
    Not(Box<Expression>),
    /// The field or layer is there.
    Exists(Operand),
    /// The field's values stand in the relation to the constant.
    Compare(Operand, Relation, Constant),
    /// The values of the one stand in the relation to those of the other.
    Pair(Operand, Relation, Operand),
    /// The field's values lie in one of the ranges, ends included.
    In(Operand, Vec<(Constant, Constant)>),
}

/// A constant as each kind of value that the field can have: one, for most fields.
pub(super) type Constant = Vec<Literal>;

/// What is compared.
pub(super) struct Operand {
    pub(super) sources: Vec<Source>,
    /// What the values can be.
    pub(super) shapes: Vec<Shape>,
    /// What numbers are called.
    pub(super) values: Called,
    /// The largest number there can be.
    pub(super) most: u64,
    /// Whether all values must pass, of which there must be one; else one is enough.
    pub(super) every: bool,
    /// Which of the layers of the protocol count, when `#...` follows: any, if this is empty.
    pub(super) layers: Vec<Slice>,
    /// Parts to cut out, when `[...]` follows; one after the other.
    pub(super) slices: Vec<Slice>,
    /// Bits that count, when `& mask` follows.
    pub(super) mask: Option<u64>,
    /// What is done to each value first.
    pub(super) function: Function,
}

/// What is done to a value before it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Nothing,
    /// The number of bytes instead of them.
    Length,
    /// The number of values instead of them.
    Count,
    /// Letters made small.
    Lower,
    /// Letters made big.
    Upper,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Differs,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Contains,
    Matches,
}

impl Function {
    /// The function called `name`.
    pub(super) fn called(name: &str) -> Option<Function> {
        Some(match name {
            "len" => Function::Length,
            "count" => Function::Count,
            "lower" => Function::Lower,
            "upper" => Function::Upper,
            _ => return None,
        })
    }
}

impl Operand {
    /// The number that has this name.
    pub(super) fn value_of(&self, name: &str) -> Option<u64> {
        let mut tables = self.values.iter().flatten();
        tables.find_map(|names| names.value_of(name))
    }

    /// Whether the values are numbers, of packets or of seconds.
    pub(super) fn is_numeric(&self) -> bool {
        matches!(self.shapes[..], [Shape::Number | Shape::Seconds])
    }

    /// Whether values of both can stand in the relation.
    pub(super) fn goes_with(&self, relation: Relation, other: &Operand) -> bool {
        let text_or_bytes = |shape| matches!(shape, Shape::Bytes | Shape::Text);
        let address = |shape| matches!(shape, Shape::Mac | Shape::Ipv4 | Shape::Ipv6);
        // A packet can contain an address, but only a part of it can be one.
        let like_address = |operand: &Operand, shape| {
            shape == Shape::Bytes && (relation == Relation::Contains || !operand.slices.is_empty())
        };
        let pair = |one: &Shape, other_shape: &Shape| {
            let (one, two) = (*one, *other_shape);
            one == two
                || text_or_bytes(one) && text_or_bytes(two)
                || address(two) && like_address(self, one)
                || address(one) && like_address(other, two)
        };
        let mut mine = self.shapes.iter();
        mine.any(|one| other.shapes.iter().any(|other| pair(one, other)))
    }
}
