//! Cuts a filter into tokens.

use super::FilterError;

/// A piece of a filter and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub(super) kind: Kind,
    /// As typed; of a string or slice, without what encloses it.
    pub(super) text: &'t str,
    /// Where it starts, in bytes.
    pub(super) at: usize,
    /// How many bytes it has there, what encloses it included.
    pub(super) len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, number or address: anything without blanks and signs.
    Word,
    /// Between double quotes.
    String,
    /// Between double quotes after an `r`: backslashes mean nothing in it.
    RawString,
    /// What stands between square brackets.
    Slice,
    /// An operator or bracket.
    Sign,
    /// The end of the filter.
    End,
}

/// Longest first, so that `==` is not two signs.
const SIGNS: [&str; 23] = [
    "!==", "===", "==", "!=", "~=", "<=", ">=", "&&", "||", "^^", "..", "(", ")", "{", "}", "]",
    ",", "<", ">", "!", "&", "~", "#",
];

/// All tokens of `text`, the end included.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            let kind = Kind::End;
            let (text, len) = ("", 0);
            tokens.push(Token {
                kind,
                text,
                at,
                len,
            });
            return Ok(tokens);
        };
        let raw = rest.starts_with("r\"") || rest.starts_with("R\"");
        let enclosed = match first {
            _ if raw => Some((Kind::RawString, 2, rest[2..].find('"'), "the closing quote")),
            '"' => Some((
                Kind::String,
                1,
                string_length(&rest[1..]),
                "the closing quote",
            )),
            '[' => Some((Kind::Slice, 1, rest[1..].find(']'), "the closing `]`")),
            _ => None,
        };
        if let Some((kind, before, length, missing)) = enclosed {
            let inner = length.ok_or_else(|| FilterError {
                text: text.to_owned(),
                at,
                len: rest.len(),
                message: format!("{missing} is missing"),
            })?;
            let (text, len) = (&rest[before..before + inner], before + inner + 1);
            tokens.push(Token {
                kind,
                text,
                at,
                len,
            });
            at += len;
            continue;
        }
        let (kind, length) = if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign))
        {
            (Kind::Sign, sign.len())
        } else {
            (Kind::Word, word_length(rest))
        };
        let (text, len) = (&rest[..length], length);
        tokens.push(Token {
            kind,
            text,
            at,
            len,
        });
        at += len;
    }
}

/// Bytes up to the closing quote; a backslash takes the next character with it.
fn string_length(rest: &str) -> Option<usize> {
    let mut characters = rest.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some(index),
            '\\' => _ = characters.next()?,
            _ => {}
        }
    }
    None
}

/// A word goes on to the next blank or sign; a `..` between two numbers of a range ends it.
fn word_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    // A character as C writes it may be a sign: '=', '\\'', '\x20'.
    if let Some(inner) = rest.strip_prefix('\'') {
        let first = inner.chars().next().map_or(0, char::len_utf8);
        let least = if inner.starts_with('\\') { 2 } else { first };
        let closing = bytes
            .iter()
            .skip(1 + least)
            .take(3)
            .position(|byte| *byte == b'\'');
        if let Some(behind) = closing {
            return 1 + least + behind + 1;
        }
    }
    let end = |index: usize| {
        let byte = bytes[index];
        let range = byte == b'.' && bytes.get(index + 1) == Some(&b'.');
        byte.is_ascii_whitespace() || range || b"(){}[],<>!=&|^~#\"".contains(&byte)
    };
    // At least one character, also of a sign that means nothing.
    let first = rest.chars().next().map_or(1, char::len_utf8);
    (first..bytes.len())
        .find(|&index| end(index))
        .unwrap_or(bytes.len())
}
