//! Messages of nfnetlink (include/uapi/linux/netfilter/nfnetlink.h, nf_tables.h): writing those
//! that make a table, reading those that trace a packet.

use std::io;

use netlink_sys::Socket;

/// Bytes of a netlink header, and of the `struct nfgenmsg` behind it.
const HEADER: usize = 16;
const GENERIC: usize = 4;

/// The subsystem's number, the upper half of a message's type.
const NF_TABLES: u16 = 10 << 8;

const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;
const NLA_F_NESTED: u16 = 0x8000;

/// What a message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    BatchBegin,
    BatchEnd,
    NewTable,
    NewChain,
    NewRule,
}

/// Messages one after the other, as one datagram: a batch that takes effect as a whole.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    sequence: u32,
    /// Where the last message begins.
    last: usize,
}

impl Batch {
    /// Appends a message for the tables of a family (`NFPROTO_*`); `attributes` writes what it
    /// says.
    pub(super) fn message(
        &mut self,
        kind: Kind,
        family: u8,
        attributes: impl FnOnce(&mut Vec<u8>),
    ) {
        let start = self.bytes.len();
        let (number, flags, resource) = match kind {
            Kind::BatchBegin => (0x10, 0, NF_TABLES >> 8),
            Kind::BatchEnd => (0x11, 0, NF_TABLES >> 8),
            Kind::NewTable => (NF_TABLES, NLM_F_CREATE, 0),
            Kind::NewChain => (NF_TABLES | 3, NLM_F_CREATE, 0),
            Kind::NewRule => (NF_TABLES | 6, NLM_F_CREATE | NLM_F_APPEND, 0),
        };
        if kind == Kind::BatchEnd {
            self.acknowledge_last();
        }
        self.last = start;
        self.sequence += 1;
        self.bytes.extend(0u32.to_ne_bytes());
        self.bytes.extend(number.to_ne_bytes());
        self.bytes.extend((NLM_F_REQUEST | flags).to_ne_bytes());
        self.bytes.extend(self.sequence.to_ne_bytes());
        self.bytes.extend(0u32.to_ne_bytes());
        self.bytes.extend([family, 0]);
        self.bytes.extend(resource.to_be_bytes());
        attributes(&mut self.bytes);
        let length = (self.bytes.len() - start) as u32;
        self.bytes[start..start + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// Has the last message acknowledged: an earlier one's acknowledgement comes even where a later
    /// one is refused, and all of them with it.
    fn acknowledge_last(&mut self) {
        const FLAGS: usize = 6;
        let at = self.last + FLAGS;
        if let Some(flags) = self.bytes.get_mut(at..at + 2) {
            let old = u16::from_ne_bytes([flags[0], flags[1]]);
            flags.copy_from_slice(&(old | NLM_F_ACK).to_ne_bytes());
        }
    }

    /// The datagram.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Sends it, and waits for the kernel's word on it.
    pub(super) fn commit(&self, socket: &Socket) -> io::Result<()> {
        socket.send(self.bytes(), 0)?;
        loop {
            let (datagram, _) = socket.recv_from_full()?;
            for message in Message::all(&datagram) {
                match message.error() {
                    Some(0) => return Ok(()),
                    Some(code) => return Err(io::Error::from_raw_os_error(code)),
                    None => {}
                }
            }
        }
    }
}

/// Appends an attribute, padded to four bytes.
pub(super) fn attribute(into: &mut Vec<u8>, kind: u16, value: &[u8]) {
    into.extend((value.len() as u16 + 4).to_ne_bytes());
    into.extend(kind.to_ne_bytes());
    into.extend(value);
    into.resize(into.len().next_multiple_of(4), 0);
}

/// Appends a number, in network byte order as all of nf_tables' are.
pub(super) fn number(into: &mut Vec<u8>, kind: u16, value: u32) {
    attribute(into, kind, &value.to_be_bytes());
}

/// Appends a text with the zero that ends it.
pub(super) fn text(into: &mut Vec<u8>, kind: u16, value: &str) {
    attribute(into, kind, &[value.as_bytes(), &[0]].concat());
}

/// Appends attributes inside an attribute.
pub(super) fn nested(into: &mut Vec<u8>, kind: u16, attributes: impl FnOnce(&mut Vec<u8>)) {
    let mut inner = Vec::new();
    attributes(&mut inner);
    attribute(into, kind | NLA_F_NESTED, &inner);
}

/// A message that arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'m> {
    kind: u16,
    /// The family that the message is about.
    pub(super) family: u8,
    body: &'m [u8],
}

impl<'m> Message<'m> {
    /// The messages of a datagram; ends at the first that makes no sense.
    pub(super) fn all(mut datagram: &'m [u8]) -> impl Iterator<Item = Message<'m>> {
        std::iter::from_fn(move || {
            let length = u32_at(datagram, 0)? as usize;
            let message = datagram.get(..length)?;
            let rest = datagram.get(length.next_multiple_of(4)..);
            datagram = rest.unwrap_or_default();
            Some(Message {
                kind: u16::from_ne_bytes([*message.get(4)?, *message.get(5)?]),
                family: message.get(HEADER).copied().unwrap_or(0),
                body: message.get(HEADER..)?,
            })
        })
    }

    /// Whether it reports a step of a traced packet (`NFT_MSG_TRACE`).
    pub(super) fn is_trace(&self) -> bool {
        self.kind == NF_TABLES | 17
    }

    /// The error number in an acknowledgement or a refusal; 0 for the former.
    pub(super) fn error(&self) -> Option<i32> {
        const NLMSG_ERROR: u16 = 2;
        let code = u32_at(self.body, 0).map(|code| (code as i32).wrapping_neg());
        code.filter(|_| self.kind == NLMSG_ERROR)
    }

    /// Its attributes.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (u16, &'m [u8])> {
        attributes(self.body.get(GENERIC..).unwrap_or_default())
    }
}

/// The attributes in `bytes`: kind and value.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = u16::from_ne_bytes([*bytes.first()?, *bytes.get(1)?]) as usize;
        let kind = u16::from_ne_bytes([*bytes.get(2)?, *bytes.get(3)?]);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind & 0x3fff, value))
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_were_written() {
        let mut bytes = Vec::new();
        text(&mut bytes, 1, "abc");
        nested(&mut bytes, 2, |inner| number(inner, 3, 7));
        assert_eq!(bytes.len() % 4, 0);
        let read: Vec<_> = attributes(&bytes).collect();
        assert_eq!(read[0], (1, &b"abc\0"[..]));
        assert_eq!(read[1].0, 2);
        let inner: Vec<_> = attributes(read[1].1).collect();
        assert_eq!(inner, [(3, &[0, 0, 0, 7][..])]);
    }

    #[test]
    fn a_datagram_cut_off_anywhere_ends_the_reading() {
        let mut batch = Batch::default();
        batch.message(Kind::NewTable, 1, |body| text(body, 1, "look"));
        batch.message(Kind::BatchEnd, 0, |_| {});
        assert_eq!(Message::all(batch.bytes()).count(), 2);
        for length in 0..batch.bytes().len() {
            for message in Message::all(&batch.bytes()[..length]) {
                assert!(message.attributes().count() <= 1);
                assert!(message.error().is_none());
            }
        }
    }
}
