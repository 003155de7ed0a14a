//! Domain names with compression: RFC 1035 section 4.1.4.
//!
//! A name is a row of labels, each after a byte with its length; a zero ends it. A byte whose two
//! highest bits are set starts a pointer: the name goes on elsewhere in the message. Whatever the
//! bytes say, reading one name costs at most [`MOST_JUMPS`] jumps and [`LONGEST`] bytes.

use super::{Text, bits};

/// Pointers followed in one name: as many as scapy follows.
const MOST_JUMPS: usize = 20;

/// Bytes that a name may have on the wire (RFC 1035 section 2.3.4).
const LONGEST: usize = 255;

/// A name, not decoded yet.
#[derive(Clone, Copy)]
pub struct DomainName<'a> {
    /// The name's own bytes: labels up to the zero or the first pointer.
    pub bytes: &'a [u8],
    /// What pointers point into.
    pub message: &'a [u8],
}

/// Why a name ends before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A pointer leads to where an earlier one led.
    Loop,
    /// More than `MOST_JUMPS` pointers.
    TooManyJumps,
    /// More than `LONGEST` bytes.
    TooLong,
    /// The bytes end before the name does.
    Cut,
}

/// A step in reading a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A label, without the dot.
    Label(&'a [u8]),
    /// The name is broken here; it has no further pieces.
    Broken(Trouble),
}

impl<'a> DomainName<'a> {
    /// How many bytes the name that starts `bytes` has there: up to and with its zero or its
    /// first pointer; all of them when it does not end.
    pub fn measure(bytes: &[u8]) -> usize {
        let mut at = 0;
        loop {
            match bits::byte(bytes, at) {
                _ if at >= bytes.len() => return bytes.len(),
                0 => return at + 1,
                length if length & 0xc0 == 0 => at += 1 + usize::from(length),
                _ => return (at + 2).min(bytes.len()),
            }
        }
    }

    /// The labels, and what is wrong at the end if anything is.
    pub fn pieces(&self) -> Pieces<'a> {
        Pieces {
            bytes: self.bytes,
            message: self.message,
            at: 0,
            length: 1,
            jumps: 0,
            targets: [0; MOST_JUMPS],
            done: false,
        }
    }

    /// The labels with a dot after each; the root is a dot alone.
    pub fn bytes(&self) -> impl Iterator<Item = &'a [u8]> + Clone {
        let mut root = true;
        let mut dot = false;
        let mut pieces = self.pieces();
        std::iter::from_fn(move || {
            if std::mem::take(&mut dot) {
                return Some(&b"."[..]);
            }
            match pieces.next() {
                Some(Piece::Label(label)) => {
                    (root, dot) = (false, true);
                    Some(label)
                }
                _ if std::mem::take(&mut root) => Some(&b"."[..]),
                _ => None,
            }
        })
    }

    /// What is wrong with the name.
    pub fn trouble(&self) -> Option<Trouble> {
        self.pieces().find_map(|piece| match piece {
            Piece::Broken(trouble) => Some(trouble),
            Piece::Label(_) => None,
        })
    }

    /// Appends the name as people write it, with a dot at its end; bytes that are no printable
    /// ASCII as a backslash and three decimal digits (RFC 1035 section 5.1).
    pub fn plain(&self, text: &mut Text) {
        for piece in self.bytes() {
            for byte in piece {
                match byte {
                    0x21..=0x7e if *byte != b'\\' => _ = text.ascii(*byte),
                    _ => _ = text.str("\\").dec_padded(u64::from(*byte), 3, b'0'),
                }
            }
        }
    }
}

/// Reads a name piece by piece.
#[derive(Clone)]
pub struct Pieces<'a> {
    bytes: &'a [u8],
    message: &'a [u8],
    at: usize,
    length: usize,
    jumps: usize,
    targets: [u16; MOST_JUMPS],
    done: bool,
}

impl<'a> Pieces<'a> {
    fn broken(&mut self, trouble: Trouble) -> Option<Piece<'a>> {
        self.done = true;
        Some(Piece::Broken(trouble))
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.done {
            return None;
        }
        loop {
            let Some(length) = self.bytes.get(self.at) else {
                return self.broken(Trouble::Cut);
            };
            let length = usize::from(*length);
            match length {
                0 => {
                    self.done = true;
                    return None;
                }
                1..=63 => {
                    let start = self.at + 1;
                    let end = (start + length).min(self.bytes.len());
                    let label = self.bytes.get(start..end).unwrap_or_default();
                    self.length += 1 + length;
                    if self.length > LONGEST {
                        return self.broken(Trouble::TooLong);
                    }
                    self.at = start + length;
                    return Some(Piece::Label(label));
                }
                _ => {
                    if self.at + 1 >= self.bytes.len() {
                        return self.broken(Trouble::Cut);
                    }
                    // 01 and 10 in the highest bits are not defined; read them as pointers.
                    let target = bits::u16_at(self.bytes, self.at) & 0x3fff;
                    if self.targets[..self.jumps].contains(&target) {
                        return self.broken(Trouble::Loop);
                    }
                    if self.jumps == MOST_JUMPS {
                        return self.broken(Trouble::TooManyJumps);
                    }
                    self.targets[self.jumps] = target;
                    self.jumps += 1;
                    self.bytes = self.message;
                    self.at = usize::from(target);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(message: &[u8], at: usize) -> String {
        let mut text = Text::default();
        name(message, at).plain(&mut text);
        text.as_str().to_owned()
    }

    fn name(message: &[u8], at: usize) -> DomainName<'_> {
        let bytes = &message[at..];
        let bytes = &bytes[..DomainName::measure(bytes)];
        DomainName { bytes, message }
    }

    #[test]
    fn a_pointer_continues_a_name_elsewhere() {
        let message = b"\x01f\x03isi\x04arpa\0\x03foo\xc0\0\xc0\x06\0";
        assert_eq!(plain(message, 0), "f.isi.arpa.");
        assert_eq!(plain(message, 12), "foo.f.isi.arpa.");
        assert_eq!(plain(message, 18), "arpa.");
        assert_eq!(plain(message, 20), ".");
        assert_eq!(DomainName::measure(&message[12..]), 6);
    }

    #[test]
    fn hostile_names_end() {
        assert_eq!(name(b"\xc0\0", 0).trouble(), Some(Trouble::Loop));
        assert_eq!(name(b"\x05ab", 0).trouble(), Some(Trouble::Cut));
        assert_eq!(name(b"\x01a\xc0", 0).trouble(), Some(Trouble::Cut));
        let chain: Vec<u8> = (0..40u8).flat_map(|i| [0xc0, 2 * i + 2]).collect();
        assert_eq!(name(&chain, 0).trouble(), Some(Trouble::TooManyJumps));
        let long = [1u8, b'a'].repeat(200);
        assert_eq!(name(&long, 0).trouble(), Some(Trouble::TooLong));
        // A label and a pointer back to it: the loop is seen at the second visit.
        assert_eq!(name(b"\x01a\xc0\0", 0).trouble(), Some(Trouble::Loop));
    }
}
