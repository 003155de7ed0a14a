//! Bytes as Python's `repr(bytes)` writes them, as scapy shows them.

use super::{HEX, Text};

/// Bytes that are escaped at once.
const PIECE: usize = 16;

impl Text {
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
        let escaped_quote = Shown::new(&[b'\\', quote]);
        for piece in bytes.chunks(PIECE) {
            let mut end = 0;
            for byte in piece {
                let shown = match *byte == quote {
                    true => escaped_quote,
                    false => REPR[usize::from(*byte)],
                };
                // Copying four bytes and keeping some is cheaper than a copy of varying length.
                block[end..end + 4].copy_from_slice(&shown.text.to_le_bytes());
                end += shown.used as usize;
            }
            self.block(&block, end);
        }
    }

    /// Appends bytes as [`Text::repr`], without the zeros that fill the field at its end.
    pub fn repr_filled(&mut self, bytes: &[u8]) -> &mut Self {
        let used = bytes.iter().rposition(|byte| *byte != 0);
        self.repr(&bytes[..used.map_or(0, |last| last + 1)])
    }
}

/// A byte between quotes.
#[derive(Clone, Copy)]
struct Shown {
    /// Its first character in the lowest byte: as one number it is moved in one piece.
    text: u32,
    /// How many of the four characters count.
    used: u32,
}

impl Shown {
    const fn new(characters: &[u8]) -> Shown {
        let (mut text, mut used) = (0, 0);
        while used < characters.len() {
            text |= (characters[used] as u32) << (8 * used);
            used += 1;
        }
        Shown {
            text,
            used: used as u32,
        }
    }
}

/// Each byte as Python's repr shows it.
const REPR: [Shown; 256] = {
    let mut table = [Shown { text: 0, used: 0 }; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'\\' => Shown::new(b"\\\\"),
            b'\n' => Shown::new(b"\\n"),
            b'\r' => Shown::new(b"\\r"),
            b'\t' => Shown::new(b"\\t"),
            printable @ 0x20..=0x7e => Shown::new(&[printable]),
            _ => Shown::new(&[b'\\', b'x', HEX[byte >> 4], HEX[byte & 0xf]]),
        };
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::super::written;

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
}
