//! The buffer that all text is written into, with fast writers for what packets are full of.

use super::Label;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A growing buffer of UTF-8 text. It keeps its capacity from packet to packet, so that
/// printing does not allocate once it has seen a large packet.
#[derive(Default)]
pub struct Text(Vec<u8>);

const HEX: &[u8; 16] = b"0123456789abcdef";

/// As many spaces as are mostly wanted at most.
const SPACES: &[u8; 32] = &[b' '; 32];

/// Bytes that are escaped at once.
const PIECE: usize = 16;

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

    /// Appends a number in decimal.
    #[inline]
    pub fn dec(&mut self, value: u64) -> &mut Self {
        if value < SIX_DIGITS {
            let (digits, used) = short_decimal(value);
            return self.block(&digits.to_le_bytes(), used);
        }
        self.str(itoa::Buffer::new().format(value))
    }

    /// Appends a number in decimal, padded with `fill` on the left to `width`.
    #[inline]
    pub fn dec_padded(&mut self, value: u64, width: usize, fill: u8) -> &mut Self {
        if value < SIX_DIGITS && width <= 8 {
            let (digits, used) = short_decimal(value);
            let missing = width.saturating_sub(used);
            let filling = u64::from_ne_bytes([fill; 8]) & ((1 << (8 * missing)) - 1);
            let text = digits << (8 * missing) | filling;
            return self.block(&text.to_le_bytes(), missing + used);
        }
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(value);
        self.0
            .resize(self.0.len() + width.saturating_sub(digits.len()), fill);
        self.str(digits)
    }

    /// Appends a number as `0x1f`, at least `digits` hexadecimal digits.
    pub fn hex(&mut self, value: u64, digits: usize) -> &mut Self {
        let needed = (64 - value.leading_zeros() as usize).div_ceil(4);
        if value <= 0xffff && digits <= 4 {
            let [high, low] = (value as u16).to_be_bytes();
            let [[a, b], [c, d]] = [hex_pair(high), hex_pair(low)];
            let digits = needed.max(digits);
            let text = u32::from_le_bytes([a, b, c, d]).unbounded_shr(8 * (4 - digits as u32));
            let [a, b, c, d] = text.to_le_bytes();
            return self.block(&[b'0', b'x', a, b, c, d], 2 + digits);
        }
        let mut text = [b'0'; 18];
        let start = text.len() - needed.max(digits).min(16);
        for (digit, place) in text[start..].iter_mut().rev().enumerate() {
            *place = HEX[(value >> (4 * digit) & 0xf) as usize];
        }
        text[start - 1] = b'x';
        self.0.extend_from_slice(&text[start - 2..]);
        self
    }

    /// Appends a number as so many upper-case hexadecimal digits.
    pub fn hex_upper(&mut self, value: u64, digits: usize) -> &mut Self {
        for digit in (0..digits).rev() {
            let digit = HEX[(value >> (4 * digit) & 0xf) as usize];
            self.0.push(digit.to_ascii_uppercase());
        }
        self
    }

    /// Appends bytes as two hexadecimal digits each.
    pub fn hex_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let start = self.0.len();
        self.0.resize(start + 2 * bytes.len(), 0);
        for (pair, byte) in self.0[start..].chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&PAIRS[usize::from(*byte)]);
        }
        self
    }

    /// Appends an Ethernet address.
    pub fn mac(&mut self, mac: [u8; 6]) -> &mut Self {
        let mut text = [b':'; 17];
        for (place, byte) in text.chunks_mut(3).zip(mac) {
            place[..2].copy_from_slice(&PAIRS[usize::from(byte)]);
        }
        self.0.extend_from_slice(&text);
        self
    }

    /// Appends an IPv4 address.
    #[inline]
    pub fn ipv4(&mut self, address: Ipv4Addr) -> &mut Self {
        self.ipv4_padded(address, 0)
    }

    /// Appends an IPv4 address, padded with spaces on its left to `width`.
    pub fn ipv4_padded(&mut self, address: Ipv4Addr, width: usize) -> &mut Self {
        let [a, b, c, d] = address.octets().map(|octet| {
            let octet = DECIMALS[usize::from(octet)];
            let dotted = octet.text | u32::from(b'.') << (8 * octet.used);
            (u64::from(dotted), usize::from(octet.used) + 1)
        });
        let halves = [(a, b), (c, d)].map(|((left, used), (right, more))| {
            let text = left | right << (8 * used);
            (text.to_le_bytes(), used + more)
        });
        let [(left, used), (right, more)] = halves;
        // The last dot is one too many.
        let more = more - 1;
        self.spaces(width.saturating_sub(used + more));
        self.block(&left, used).block(&right, more)
    }

    /// Appends an IPv6 address as inet_ntop(3) writes it.
    pub fn ipv6(&mut self, address: Ipv6Addr) -> &mut Self {
        let groups = address.segments();
        if groups[..5] == [0; 5] && (groups[5] == 0xffff || groups[5] == 0 && groups[6] != 0) {
            // IPv4-mapped and IPv4-compatible addresses end in dotted notation.
            self.str(if groups[5] == 0 { "::" } else { "::ffff:" });
            let octets = address.octets();
            return self.ipv4(Ipv4Addr::new(
                octets[12], octets[13], octets[14], octets[15],
            ));
        }
        let (start, length) = longest_zero_run(&groups);
        let mut index = 0;
        while index < 8 {
            if length >= 2 && index == start {
                self.str("::");
                index += length;
                continue;
            }
            if index > 0 && !self.0.ends_with(b":") {
                self.0.push(b':');
            }
            let group = u64::from(groups[index]);
            let needed = (64 - group.leading_zeros() as usize).div_ceil(4).max(1);
            for digit in (0..needed).rev() {
                self.0.push(HEX[(group >> (4 * digit) & 0xf) as usize]);
            }
            index += 1;
        }
        self
    }

    /// Appends bytes as Python's `repr(bytes)` writes them.
    pub fn repr(&mut self, bytes: &[u8]) -> &mut Self {
        self.repr_of(std::iter::once(bytes))
    }

    /// Appends bytes that lie in several places as one `repr(bytes)`.
    pub fn repr_of<'b>(&mut self, pieces: impl Iterator<Item = &'b [u8]> + Clone) -> &mut Self {
        let (mut single, mut double) = (false, false);
        for piece in pieces.clone() {
            // Without an early end, so that many bytes are compared at once.
            for byte in piece {
                single |= *byte == b'\'';
                double |= *byte == b'"';
            }
        }
        let quote = if single && !double { b'"' } else { b'\'' };
        self.0.extend_from_slice(&[b'b', quote]);
        for piece in pieces {
            self.quoted(piece, quote);
        }
        self.0.push(quote);
        self
    }

    fn quoted(&mut self, bytes: &[u8], quote: u8) {
        let mut block = [0; 4 * PIECE];
        for piece in bytes.chunks(PIECE) {
            let mut end = 0;
            for byte in piece {
                let index = usize::from(*byte);
                let (mut text, mut used) = (REPR[index], REPR_USED[index]);
                if *byte == quote {
                    (text, used) = ([b'\\', quote, 0, 0], 2);
                }
                // Copying four bytes and keeping some is cheaper than a copy of varying length.
                block[end..end + 4].copy_from_slice(&text);
                end += usize::from(used);
            }
            self.block(&block, end);
        }
    }

    /// Appends bytes as [`Text::repr`], without the zeros that fill the field at its end.
    pub fn repr_filled(&mut self, bytes: &[u8]) -> &mut Self {
        let used = bytes.iter().rposition(|byte| *byte != 0);
        self.repr(&bytes[..used.map_or(0, |last| last + 1)])
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

fn longest_zero_run(groups: &[u16; 8]) -> (usize, usize) {
    let (mut best, mut start) = ((8, 0), 0);
    for index in 0..=groups.len() {
        if groups.get(index) != Some(&0) {
            if index - start > best.1 {
                best = (start, index - start);
            }
            start = index + 1;
        }
    }
    best
}

/// A byte as two hexadecimal digits.
#[inline]
pub(crate) fn hex_pair(byte: u8) -> [u8; 2] {
    PAIRS[usize::from(byte)]
}

/// Each byte as two hexadecimal digits.
const PAIRS: [[u8; 2]; 256] = {
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [HEX[byte >> 4], HEX[byte & 0xf]];
        byte += 1;
    }
    table
};

/// The first number that has more digits.
const SIX_DIGITS: u64 = 1_000_000;

/// A number below [`SIX_DIGITS`] in decimal, the first digit in the lowest byte, and how many
/// digits it has.
#[inline]
fn short_decimal(value: u64) -> (u64, usize) {
    if value < 1000 {
        let Decimal { text, used, .. } = DECIMALS[value as usize];
        return (text.into(), used.into());
    }
    let [high, low] = [value / 1000, value % 1000].map(|part| DECIMALS[part as usize]);
    let used = usize::from(high.used);
    let text = u64::from(high.text) | u64::from(low.padded) << (8 * used);
    (text, used + 3)
}

/// A number below a thousand in decimal, the first digit in the lowest byte.
#[derive(Clone, Copy)]
struct Decimal {
    text: u32,
    /// With zeros before it, three digits.
    padded: u32,
    /// How many digits it has without them.
    used: u8,
}

const DECIMALS: [Decimal; 1000] = {
    let mut table = [Decimal {
        text: 0,
        padded: 0,
        used: 0,
    }; 1000];
    let mut number = 0;
    while number < 1000 {
        let [hundreds, tens, ones] = [number / 100, number / 10 % 10, number % 10];
        let digits = [
            b'0' + hundreds as u8,
            b'0' + tens as u8,
            b'0' + ones as u8,
            0,
        ];
        let used = match number {
            0..10 => 1,
            10..100 => 2,
            _ => 3,
        };
        let padded = u32::from_le_bytes(digits);
        table[number] = Decimal {
            text: padded >> (8 * (3 - used)),
            padded,
            used,
        };
        number += 1;
    }
    table
};

/// Each byte as Python's repr shows it between quotes.
const REPR: [[u8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'\\' => *b"\\\\  ",
            b'\n' => *b"\\n  ",
            b'\r' => *b"\\r  ",
            b'\t' => *b"\\t  ",
            printable @ 0x20..=0x7e => [printable, 0, 0, 0],
            _ => [b'\\', b'x', HEX[byte >> 4], HEX[byte & 0xf]],
        };
        byte += 1;
    }
    table
};

/// How many of those four bytes count.
const REPR_USED: [u8; 256] = {
    let mut table = [4; 256];
    let mut byte = 0;
    while byte < 256 {
        match byte as u8 {
            b'\\' | b'\n' | b'\r' | b'\t' => table[byte] = 2,
            0x20..=0x7e => table[byte] = 1,
            _ => {}
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Text)) -> String {
        let mut text = Text::default();
        write(&mut text);
        text.as_str().to_owned()
    }

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
    fn ipv4_is_written_as_everywhere() {
        for [a, b] in [[0, 255], [10, 99], [100, 9], [1, 200]] {
            for address in [[a, a, a, a], [a, b, a, b], [b, b, b, a], [b, b, b, b]] {
                let address = Ipv4Addr::from(address);
                assert_eq!(written(|t| _ = t.ipv4(address)), address.to_string());
                let padded = written(|t| _ = t.str("-").ipv4_padded(address, 12));
                assert_eq!(padded, format!("-{:>12}", address.to_string()));
            }
        }
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
    fn ipv6_is_written_as_inet_ntop_writes_it() {
        for text in [
            "::",
            "::1",
            "fe80::1",
            "ff02::16",
            "2001:db8::1:0:0:1",
            "2001:db8:0:1:1:1:1:1",
            "1:0:0:2::",
            "::ffff:10.0.2.8",
            "::10.0.2.8",
            "1:2:3:4:5:6:7:8",
            "a::b:0:0:c",
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!(written(|t| _ = t.ipv6(address)), text);
        }
    }

    #[test]
    fn numbers_are_written_as_rust_writes_them() {
        let around = (0..20).flat_map(|power| {
            let ten = 10_u64.pow(power);
            [ten - 1, ten, ten + 1, 7 * (ten / 9)]
        });
        for number in around.chain(0..1100).chain([u64::MAX]) {
            assert_eq!(written(|text| _ = text.dec(number)), number.to_string());
            for width in 0..12 {
                let blanks = written(|text| _ = text.dec_padded(number, width, b' '));
                assert_eq!(blanks, format!("{number:width$}"));
                let zeros = written(|text| _ = text.dec_padded(number, width, b'0'));
                assert_eq!(zeros, format!("{number:0width$}"));
            }
        }
    }

    #[test]
    fn bytes_look_like_pythons_repr() {
        assert_eq!(written(|t| _ = t.repr(b"a'b")), r#"b"a'b""#);
        assert_eq!(written(|t| _ = t.repr(b"a'\"b")), r#"b'a\'"b'"#);
        assert_eq!(
            written(|t| _ = t.repr(b"\x00\t\n\r\\\x7f\xff~")),
            r"b'\x00\t\n\r\\\x7f\xff~'"
        );
        assert_eq!(written(|t| _ = t.repr(b"")), "b''");
    }

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(
            written(|t| _ = t.tame("eth0\x1b[2J\u{9b}x")),
            r"eth0\u{1b}[2J\u{9b}x"
        );
    }
}
