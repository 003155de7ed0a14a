//! Whether a message of ICMPv6 ends where it should: for `line`, which says so as tshark does, and
//! names the hardware addresses that options on the way give.

use crate::model::{Packet, Text};

/// Reads the message at `index` to its end, and says if that comes too early.
pub(super) fn info(packet: &Packet, index: usize, text: &mut Text) {
    let mut reader = Reader {
        bytes: packet.layers[index].bytes(),
        goes_on: packet.is_captured_short(index),
    };
    if reader.message(text).is_none() {
        text.str(packet.ran_out(index));
    }
}

/// What is left of a message; every step fails where the bytes end.
struct Reader<'a> {
    bytes: &'a [u8],
    /// Whether there was more that the capture did not keep.
    goes_on: bool,
}

impl<'a> Reader<'a> {
    fn message(&mut self, text: &mut Text) -> Option<()> {
        let message = self.bytes;
        let head = self.take(4)?;
        match (head[0], head[1]) {
            (1..=4 | 128 | 129 | 144 | 146 | 151 | 156 | 160 | 161, _) => self.take(4).map(|_| ()),
            (130, _) => self.query(message),
            (131 | 132, _) => self.take(20).map(|_| ()),
            (133 | 141 | 142 | 147 | 148 | 150 | 154, _) => self.options(4, text),
            (134, _) => self.options(12, text),
            (135 | 136, _) => self.options(20, text),
            (137, _) => self.options(36, text),
            (138 | 140, _) => self.take(12).map(|_| ()),
            (139, code) => self.question(code),
            (143, _) => self.records(),
            (145, _) => self.addresses(),
            (149, _) => self.options(8, text),
            (152 | 153 | 159, _) => Some(()),
            (155, code) => self.routing(code),
            (157 | 158, _) => self.take(28).map(|_| ()),
            // Of a kind that it does not know tshark wants data at least.
            _ => self.take(1).map(|_| ()),
        }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    /// Whether everything was read; fails where the rest is not here.
    fn is_done(&self) -> Option<bool> {
        match (self.bytes.is_empty(), self.goes_on) {
            (true, true) => None,
            (done, _) => Some(done),
        }
    }

    /// What is asked about, if anything is, is an address unless the code says a name (RFC 4620).
    fn question(&mut self, code: u8) -> Option<()> {
        self.take(12)?;
        let subject = match code {
            0 => 16,
            2 => 4,
            _ => 0,
        };
        self.take(if self.bytes.is_empty() { 0 } else { subject })?;
        Some(())
    }

    /// A query of version 2 ends in addresses whose number it says (RFC 3810 section 5.1).
    fn query(&mut self, message: &[u8]) -> Option<()> {
        self.take(20)?;
        if message.len() >= 28 {
            let head = self.take(4)?;
            let sources = usize::from(u16::from_be_bytes([head[2], head[3]]));
            self.take(16 * sources)?;
        }
        Some(())
    }

    /// Records follow one another to the end, however many are announced; their auxiliary data
    /// counts words (RFC 3810 section 5.2).
    fn records(&mut self) -> Option<()> {
        self.take(4)?;
        while !self.is_done()? {
            let head = self.take(20)?;
            let sources = usize::from(u16::from_be_bytes([head[2], head[3]]));
            self.take(16 * sources + 4 * usize::from(head[1]))?;
        }
        Some(())
    }

    fn addresses(&mut self) -> Option<()> {
        self.take(4)?;
        while !self.is_done()? {
            self.take(16)?;
        }
        Some(())
    }

    /// Options of Neighbour Discovery behind `fixed` bytes more; one without a length ends them.
    fn options(&mut self, fixed: usize, text: &mut Text) -> Option<()> {
        self.take(fixed)?;
        while !self.is_done()? {
            let (&kind, &units) = (self.bytes.first()?, self.bytes.get(1)?);
            let length = 8 * usize::from(units);
            if length == 0 {
                return Some(());
            }
            if self.bytes.len() < least(kind, length) {
                return None;
            }
            let option = self.take(length)?;
            if let (1 | 2, [_, _, mac @ ..]) = (kind, option)
                && let Ok(mac) = <[u8; 6]>::try_from(mac)
            {
                text.str(if kind == 1 { " from " } else { " is at " })
                    .mac(mac);
            }
        }
        Some(())
    }

    /// What finds ways through networks of radio devices (RFC 6550 section 6).
    fn routing(&mut self, code: u8) -> Option<()> {
        match code {
            0 => _ = self.take(2)?,
            1 => _ = self.take(24)?,
            2 | 3 => {
                let head = self.take(4)?;
                let named = head[1] & if code == 2 { 0x40 } else { 0x80 } != 0;
                self.take(if named { 16 } else { 0 })?;
            }
            _ => return Some(()),
        }
        while !self.is_done()? {
            // Filling of one byte has no length.
            if self.take(1)? != [0] {
                let length = usize::from(self.take(1)?[0]);
                self.bytes = self.bytes.get(length..).unwrap_or_default();
            }
        }
        Some(())
    }
}

/// How many bytes tshark reads of an option that says that it has `length`.
fn least(kind: u8, length: usize) -> usize {
    let addresses = 8 + length.saturating_sub(8).next_multiple_of(16);
    match kind {
        3 => 32,
        9 | 10 | 25 => addresses,
        11 => 29,
        12 | 32 => 20,
        13 | 33 | 38 => 16,
        17 | 18 | 23 | 35 => 24,
        _ => length,
    }
}
