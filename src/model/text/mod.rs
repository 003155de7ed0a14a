//! The buffer that all text is written into, with fast writers for what packets are full of.
//!
//! - `numbers`: decimal and hexadecimal
//! - `addresses`: Ethernet, IPv4, IPv6
//! - `repr`: bytes in Python's notation

mod addresses;
mod numbers;
mod repr;

use super::Label;
pub(crate) use numbers::hex_pair;
use std::fmt;

/// A growing buffer of UTF-8 text. It keeps its capacity from packet to packet, so that
/// printing does not allocate once it has seen a large packet.
#[derive(Default)]
pub struct Text(Vec<u8>);

const HEX: &[u8; 16] = b"0123456789abcdef";

/// As many spaces as are mostly wanted at most.
const SPACES: &[u8; 32] = &[b' '; 32];

/// Bytes of text up to which it is moved as one block.
const SHORT: usize = 16;

impl Text {
    /// An empty buffer with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Text {
        Text(Vec::with_capacity(bytes))
    }

    /// What has been written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What has been written, as a string (nothing but UTF-8 is ever put in).
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Bytes written.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets the text, keeps the room.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Cuts the text to its first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Appends a string.
    #[inline]
    pub fn str(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// Appends an ASCII character.
    pub fn ascii(&mut self, character: u8) -> &mut Self {
        debug_assert!(character.is_ascii());
        self.0.push(character);
        self
    }

    /// Appends ASCII characters.
    pub fn all_ascii(&mut self, characters: &[u8]) -> &mut Self {
        debug_assert!(characters.is_ascii());
        self.0.extend_from_slice(characters);
        self
    }

    /// Appends as many ASCII characters as the compiler knows there are.
    #[inline]
    pub fn ascii_block<const N: usize>(&mut self, characters: &[u8; N]) -> &mut Self {
        debug_assert!(characters.is_ascii());
        self.0.extend_from_slice(characters);
        self
    }

    /// Appends `count` spaces.
    #[inline]
    pub fn spaces(&mut self, count: usize) -> &mut Self {
        if count <= SPACES.len() {
            return self.block(SPACES, count);
        }
        self.0.resize(self.0.len() + count, b' ');
        self
    }

    /// Appends the first `used` of a block's bytes. To copy a whole block of a known size and keep
    /// some is cheaper than a copy of varying length, which is a call.
    #[inline]
    fn block<const N: usize>(&mut self, block: &[u8; N], used: usize) -> &mut Self {
        let start = self.0.len();
        self.0.extend_from_slice(block);
        self.0.truncate(start + used);
        self
    }

    /// Appends a label.
    #[inline]
    pub fn label(&mut self, label: &Label) -> &mut Self {
        let (block, used) = label.block();
        self.block(block, used)
    }

    /// Pads what was written since `start` with spaces on its left, to `width` characters.
    pub fn pad_left(&mut self, start: usize, width: usize) -> &mut Self {
        let written = self.0.len() - start;
        let missing = width.saturating_sub(written);
        self.spaces(missing);
        if written <= SHORT {
            self.0.extend_from_slice(&[0; SHORT]);
            if let Some(text) = self.0[start..].first_chunk::<SHORT>().copied() {
                self.0.truncate(start);
                return self.spaces(missing).block(&text, written);
            }
        }
        self.0[start..].rotate_right(missing);
        self
    }

    /// Escapes what was written since `start` for a JSON string (RFC 8259 section 7).
    pub fn escape_json(&mut self, start: usize) -> &mut Self {
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        let mut index = start;
        while let Some(found) = self.0[index..].iter().position(special) {
            index += found;
            let byte = self.0[index];
            let unicode = [
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 0xf)],
            ];
            let escaped: &[u8] = match byte {
                b'"' => b"\\\"",
                b'\\' => b"\\\\",
                _ => &unicode,
            };
            // Grow, then move the tail: `splice` would allocate.
            let extra = escaped.len() - 1;
            let tail = index + 1..self.0.len();
            self.0.resize(self.0.len() + extra, 0);
            self.0.copy_within(tail, index + 1 + extra);
            self.0[index..=index + extra].copy_from_slice(escaped);
            index += escaped.len();
        }
        self
    }

    /// Appends text that came from outside, control characters escaped, so that it cannot
    /// steer a terminal.
    pub fn tame(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            if character.is_control() {
                for escaped in character.escape_default() {
                    self.0.push(escaped as u8);
                }
            } else {
                self.str(character.encode_utf8(&mut [0; 4]));
            }
        }
        self
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.str(text);
        Ok(())
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
fn written(write: impl FnOnce(&mut Text)) -> String {
    let mut text = Text::default();
    write(&mut text);
    text.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn numbers_and_addresses() {
        assert_eq!(written(|t| _ = t.hex(0xd, 0)), "0xd");
        assert_eq!(written(|t| _ = t.hex(0, 1)), "0x0");
        assert_eq!(written(|t| _ = t.hex(0xd, 4)), "0x000d");
        assert_eq!(written(|t| _ = t.hex(0, 0)), "0x");
        assert_eq!(
            written(|t| _ = t.hex(0x1234_5678_9abc, 5)),
            "0x123456789abc"
        );
        for number in (0..20_000).chain([99_999, 100_000, u64::MAX]) {
            assert_eq!(written(|t| _ = t.dec(number)), number.to_string());
            let hexadecimal = format!("{number:#x}");
            assert_eq!(written(|t| _ = t.hex(number, 1)), hexadecimal);
        }
        for number in [0, 7, 10, 123_456, 99_999_999, 100_000_000] {
            assert_eq!(
                written(|t| _ = t.dec_padded(number, 6, b' ')),
                format!("{number:6}")
            );
            assert_eq!(
                written(|t| _ = t.dec_padded(number, 6, b'0')),
                format!("{number:06}")
            );
            assert_eq!(
                written(|t| _ = t.dec_padded(number, 0, b'0')),
                number.to_string()
            );
            assert_eq!(
                written(|t| _ = t.dec_padded(number, 12, b' ')),
                format!("{number:12}")
            );
        }
        assert_eq!(
            written(|t| _ = t.ipv4(Ipv4Addr::new(10, 0, 2, 255))),
            "10.0.2.255"
        );
        assert_eq!(
            written(|t| _ = t.mac([2, 0, 0xab, 0, 0, 0x10])),
            "02:00:ab:00:00:10"
        );
    }

    #[test]
    fn text_is_moved_to_the_right() {
        for length in 0..40 {
            let word = "x".repeat(length);
            let moved = written(|t| _ = t.str("ab").str(&word).pad_left(2, 20));
            assert_eq!(moved, format!("ab{word:>20}"));
            assert_eq!(written(|t| _ = t.spaces(length)).len(), length);
        }
    }

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(
            written(|t| _ = t.tame("eth0\x1b[2J\u{9b}x")),
            r"eth0\u{1b}[2J\u{9b}x"
        );
    }
}
