//! Numbers and options in the byte order of a section.

use super::BYTE_ORDER_MAGIC;

/// The byte order of a section.
#[derive(Debug, Clone, Copy)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// From the block's magic; the caller has seen to its first twelve bytes.
    pub(super) fn of_section(block: &[u8]) -> Result<Order, String> {
        [Order::Little, Order::Big]
            .into_iter()
            .find(|order| order.u32(block, 8) == BYTE_ORDER_MAGIC)
            .ok_or_else(|| "the section header has no byte order magic".into())
    }

    /// The number at a place that the caller knows to be within `bytes`.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let raw = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        match self {
            Order::Little => u32::from_le_bytes(raw),
            Order::Big => u32::from_be_bytes(raw),
        }
    }

    /// As [`u32`](Order::u32).
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let raw = [bytes[at], bytes[at + 1]];
        match self {
            Order::Little => u16::from_le_bytes(raw),
            Order::Big => u16::from_be_bytes(raw),
        }
    }

    /// The options in `bytes`, as code and value, up to the first that does not fit.
    pub(super) fn options(self, mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
        std::iter::from_fn(move || {
            if bytes.len() < 4 {
                return None;
            }
            let (code, length) = (self.u16(bytes, 0), usize::from(self.u16(bytes, 2)));
            let value = bytes.get(4..4 + length)?;
            // Code 0 ends the list.
            bytes = bytes
                .get(4 + length.next_multiple_of(4)..)
                .unwrap_or_default();
            (code != 0).then_some((code, value))
        })
    }
}
