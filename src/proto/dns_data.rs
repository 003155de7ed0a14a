//! Whether the data of a DNS record can be read to its end: for `line`, which stops, as tshark does,
//! where a record's own lengths lead out of the message.
//!
//! tshark reads on behind the record, into the next one, as long as there are bytes; only what must
//! fill the record (a key, a digest, a list) is bound by the record's length.

use super::dns_summary::name_in;
use crate::model::{DomainName, Layer, Piece, Trouble};

/// Whether tshark comes to the end of the record's data, which starts at byte `at` of it.
pub(super) fn is_whole(record: &Layer, at: usize, kind: u16) -> bool {
    let start = record.start + at;
    let mut data = Data {
        record,
        rest: record.packet.get(start..record.limit).unwrap_or_default(),
        left: (record.end - start) as isize,
    };
    data.read(kind).is_some()
}

/// Bytes of a name as tshark reads it; nothing where it leads out of the message.
pub(super) fn name_length(name: DomainName) -> Option<usize> {
    let mut at = 0;
    loop {
        match (*name.bytes.get(at)?, name.bytes.get(at + 1)) {
            (0, _) => break,
            (length @ 1..0x40, _) => at += 1 + usize::from(length),
            // A label of a kind that tshark does not know ends the name (RFC 2671 section 3.1).
            (0x40..0x80, _) => return Some(at + 1),
            (0x80..0xc0, _) | (_, None) => return None,
            (high, Some(low)) => {
                let target = usize::from(high & 0x3f) << 8 | usize::from(*low);
                name.message.get(target)?;
                break;
            }
        }
    }
    let is_cut = |piece| matches!(piece, Piece::Broken(Trouble::Cut));
    (!name.pieces().any(is_cut)).then_some(name.bytes.len())
}

struct Data<'r, 'a> {
    record: &'r Layer<'a>,
    /// To the end of the message.
    rest: &'a [u8],
    /// To the end of the record; negative behind it.
    left: isize,
}

impl Data<'_, '_> {
    fn read(&mut self, kind: u16) -> Option<()> {
        match kind {
            1 => self.skip(4),
            2..=5 | 7..=9 | 12 | 23 | 39 => self.name(),
            6 => {
                self.name()?;
                self.name()?;
                self.skip(20)
            }
            11 => self.skip(5),
            13 => {
                self.string()?;
                self.string()
            }
            14 | 17 => {
                self.name()?;
                self.name()
            }
            15 | 18 | 21 | 36 => self.behind(2, Self::name),
            16 | 99 => self.filled(Self::string),
            19 => self.string(),
            20 => {
                self.string()?;
                if self.left > 1 {
                    self.string()
                } else {
                    Some(())
                }
            }
            24 | 46 => self.behind(18, |data| {
                data.name()?;
                data.tail()
            }),
            25 | 43 | 48 | 59 | 60 | 32768 | 32769 => self.behind(4, Self::tail),
            26 => self.behind(2, |data| {
                data.name()?;
                data.name()
            }),
            27 => {
                self.string()?;
                self.string()?;
                self.string()
            }
            28 => self.skip(16),
            30 => {
                self.name()?;
                self.tail()
            }
            47 => {
                self.name()?;
                self.types()
            }
            33 => self.behind(6, Self::name),
            35 => self.behind(4, |data| {
                data.string()?;
                data.string()?;
                data.string()?;
                data.name()
            }),
            37 => self.behind(5, Self::tail),
            38 => self.end_of_address(),
            41 => self.list(Self::option),
            44 => self.behind(2, Self::tail),
            50 => self.behind(4, |data| {
                data.string()?;
                data.string()?;
                data.types()
            }),
            51 => self.behind(4, Self::string),
            52 => self.behind(3, Self::tail),
            55 => self.host_identity(),
            62 => self.behind(6, Self::types),
            63 => self.behind(6, Self::tail),
            64 | 65 => self.behind(2, |data| {
                data.name()?;
                data.list(Self::option)
            }),
            104 | 106 => self.skip(10),
            105 | 108 => self.skip(6),
            107 => self.behind(2, Self::name),
            109 => self.skip(8),
            249 => self.secret(12, 0),
            250 => self.secret(8, 4),
            256 => self.behind(4, Self::tail),
            257 => self.behind(1, |data| {
                data.string()?;
                (data.left >= 0).then_some(())
            }),
            _ => Some(()),
        }
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        self.left -= count as isize;
        Some(())
    }

    fn behind(&mut self, fixed: usize, then: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        self.skip(fixed)?;
        then(self)
    }

    fn u8(&mut self) -> Option<usize> {
        let number = usize::from(*self.rest.first()?);
        self.skip(1)?;
        Some(number)
    }

    fn u16(&mut self) -> Option<usize> {
        Some(self.u8()? << 8 | self.u8()?)
    }

    /// As many bytes as the first says.
    fn string(&mut self) -> Option<()> {
        let length = self.u8()?;
        self.skip(length)
    }

    fn name(&mut self) -> Option<()> {
        let length = name_length(name_in(self.record, self.rest))?;
        self.skip(length)
    }

    /// The rest of the record, which may not have ended yet: what lacks one byte goes on to the end of
    /// the message.
    fn tail(&mut self) -> Option<()> {
        (self.left >= -1).then_some(())
    }

    /// Items that must end where the record does.
    fn filled(&mut self, item: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        while self.left != 0 {
            item(self)?;
        }
        Some(())
    }

    /// A number, a length and so many bytes.
    fn option(&mut self) -> Option<()> {
        self.skip(2)?;
        let length = self.u16()?;
        self.skip(length)
    }

    /// Items until the record ends.
    fn list(&mut self, item: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        while self.left > 0 {
            item(self)?;
        }
        Some(())
    }

    /// Blocks of bits, each of which says its length (RFC 4034 section 4.1.2).
    fn types(&mut self) -> Option<()> {
        self.filled(|data| data.behind(1, Self::string))
    }

    fn end_of_address(&mut self) -> Option<()> {
        let bits = self.u8()?;
        self.skip(128usize.saturating_sub(bits).div_ceil(8))?;
        if bits > 0 { self.name() } else { Some(()) }
    }

    /// RFC 8005 section 5.
    fn host_identity(&mut self) -> Option<()> {
        let tag = self.u8()?;
        self.skip(1)?;
        let key = self.u16()?;
        self.skip(tag + key)?;
        self.list(Self::name)
    }

    /// What a secret was used for (RFC 8945 section 4.2), or a secret itself (RFC 2930 section 2).
    fn secret(&mut self, before: usize, behind: usize) -> Option<()> {
        self.name()?;
        self.skip(before)?;
        let code = self.u16()?;
        self.skip(code + behind)?;
        let other = self.u16()?;
        self.skip(other)
    }
}
