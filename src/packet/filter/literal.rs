//! What a field is compared with, read by the field's shape.

use super::expression::{Operand, Relation};
use super::names::Shape;
use super::token::{Kind, Token};
use regex::bytes::{Regex, RegexBuilder};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A constant of a filter.
#[derive(Debug, Clone)]
pub(super) enum Literal {
    Number(u64),
    Seconds(f64),
    Mac([u8; 6]),
    /// An address and how many of its bits count.
    Ipv4(Ipv4Addr, u8),
    Ipv6(Ipv6Addr, u8),
    Bytes(Vec<u8>),
    Pattern(Regex),
}

/// Reads `token` as what stands in the relation to the values on the left: once for each kind
/// of value that the left side has and the token fits. The error says what was expected.
pub(super) fn read(
    token: &Token,
    left: &Operand,
    relation: Relation,
) -> Result<Vec<Literal>, String> {
    match relation {
        Relation::Contains => Ok(vec![Literal::Bytes(bytes_to_find(token))]),
        Relation::Matches => Ok(vec![pattern(token)?]),
        _ => {
            let read = left
                .shapes
                .iter()
                .map(|shape| of_shape(token, *shape, left));
            let (fit, wrong): (Vec<_>, Vec<_>) = read.partition(Result::is_ok);
            match wrong.into_iter().next() {
                Some(Err(expected)) if fit.is_empty() => Err(expected),
                _ => Ok(fit.into_iter().flatten().collect()),
            }
        }
    }
}

fn of_shape(token: &Token, shape: Shape, left: &Operand) -> Result<Literal, String> {
    let text = token.text;
    let quoted = string(token);
    let wrong = |expected: &str| format!("{text} is no {expected}");
    match shape {
        Shape::Number => match number(text).or_else(|| left.value_of(text)) {
            Some(number) if number > left.most => Err(format!(
                "{text} cannot be: the largest number here is {}",
                left.most
            )),
            Some(number) => Ok(Literal::Number(number)),
            None => Err(wrong("number")),
        },
        Shape::Seconds => text
            .parse()
            .ok()
            .filter(|seconds: &f64| seconds.is_finite())
            .map(Literal::Seconds)
            .ok_or_else(|| wrong("number of seconds")),
        Shape::Mac => match hex_bytes(text).map(<[u8; 6]>::try_from) {
            Some(Ok(mac)) => Ok(Literal::Mac(mac)),
            _ => Err(wrong("hardware address, such as 02:00:00:00:00:01")),
        },
        Shape::Ipv4 => network(text, 32)
            .map(|(address, bits)| Literal::Ipv4(address, bits))
            .ok_or_else(|| wrong("IPv4 address or network")),
        Shape::Ipv6 => network(text, 128)
            .map(|(address, bits)| Literal::Ipv6(address, bits))
            .ok_or_else(|| wrong("IPv6 address or network")),
        Shape::Bytes => quoted
            .or_else(|| hex_bytes(text))
            .or_else(|| Some(vec![character(text)?]))
            .map(Literal::Bytes)
            .ok_or_else(|| wrong("row of bytes, such as 45:00 or \"text\"")),
        Shape::Text => Ok(Literal::Bytes(quoted.unwrap_or_else(|| text.into()))),
    }
}

/// Bytes to look for, whatever kind of value they are looked for in.
fn bytes_to_find(token: &Token) -> Vec<u8> {
    string(token)
        .or_else(|| hex_bytes(token.text))
        .unwrap_or_else(|| token.text.into())
}

/// What stands between quotes.
fn string(token: &Token) -> Option<Vec<u8>> {
    match token.kind {
        Kind::String => Some(unescaped(token.text)),
        Kind::RawString => Some(token.text.into()),
        _ => None,
    }
}

/// Reads a regular expression; letters' case does not matter, as in Wireshark.
fn pattern(token: &Token) -> Result<Literal, String> {
    let text = match token.kind {
        // A string's escapes come first; those that it has in common with expressions can stay.
        Kind::String => token.text.replace(r#"\""#, "\"").replace(r"\\", r"\"),
        _ => token.text.to_owned(),
    };
    RegexBuilder::new(&text)
        .case_insensitive(true)
        .unicode(false)
        .build()
        .map(Literal::Pattern)
        .map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            format!("not a regular expression: {last}")
        })
}

/// A decimal, hexadecimal, octal or binary number or a character, as C writes them, or true and
/// false.
pub(super) fn number(text: &str) -> Option<u64> {
    if let Some(byte) = character(text) {
        return Some(byte.into());
    }
    if let Some(digits) = text.strip_prefix("0b").or(text.strip_prefix("0B")) {
        return u64::from_str_radix(digits, 2).ok();
    }
    if let Some(digits) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok();
    }
    match text {
        "true" | "True" | "TRUE" => return Some(1),
        "false" | "False" | "FALSE" => return Some(0),
        _ => {}
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u64::from_str_radix(digits, 8).ok(),
        _ => text.parse().ok(),
    }
}

/// `'a'`, `'\x0a'`
fn character(text: &str) -> Option<u8> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    match unescaped(inner)[..] {
        [byte] => Some(byte),
        _ => None,
    }
}

/// `aa:bb`, `aa-bb`, `aa.bb` or `aabb`.
fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    // A colon in front keeps a single byte from looking like a number.
    let text = text
        .strip_prefix("0x")
        .or(text.strip_prefix(':'))
        .unwrap_or(text);
    let mut bytes = Vec::new();
    for part in text.split([':', '-', '.']) {
        let odd = part.len() % 2 == 1 && part.len() != 1;
        if part.is_empty() || odd || !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        for pair in part.as_bytes().chunks(2) {
            let digits = std::str::from_utf8(pair).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        }
    }
    Some(bytes)
}

/// An address, with `/bits` a network.
fn network<A: std::str::FromStr>(text: &str, all: u8) -> Option<(A, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, bits.parse().ok().filter(|bits| *bits <= all)?),
        None => (text, all),
    };
    Some((address.parse().ok()?, bits))
}

/// The escapes of a string: `\"`, `\\`, `\n`, `\r`, `\t`, `\0`, `\x1f`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b'r') => bytes.push(b'\r'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'0') => bytes.push(0),
            Some(b'x') => {
                let digits: Vec<u8> = rest.clone().take(2).collect();
                let digits = std::str::from_utf8(&digits).unwrap_or_default();
                match u8::from_str_radix(digits, 16) {
                    Ok(value) if digits.len() == 2 => {
                        bytes.push(value);
                        rest.nth(1);
                    }
                    _ => bytes.extend(*b"\\x"),
                }
            }
            Some(other) => bytes.push(other),
            None => bytes.push(b'\\'),
        }
    }
    bytes
}
