//! The one reader of packet bytes. It cannot panic: what lies beyond the end reads as zero,
//! and the dissector has checked lengths before a field is read at all.

/// Reads `width` bits (at most 64) that start `position` bits into `bytes`, in network order.
#[inline]
pub(crate) fn read_bits(bytes: &[u8], position: usize, width: usize) -> u64 {
    let first = position / 8;
    if position.is_multiple_of(8) {
        match width {
            8 => return u64::from(byte(bytes, first)),
            16 => return u64::from(u16_at(bytes, first)),
            32 => return u64::from(u32_at(bytes, first)),
            _ => {}
        }
    }
    read_odd_bits(bytes, position, width)
}

/// The same of bits that are no whole bytes, or oddly many.
fn read_odd_bits(bytes: &[u8], position: usize, width: usize) -> u64 {
    if width == 0 {
        return 0;
    }
    let first = position / 8;
    if width <= 16 {
        // As flags and their neighbours: they lie within three bytes.
        let there = u32_at(bytes, first) << (position % 8);
        return u64::from(there >> (32 - width));
    }
    let last = (position + width - 1) / 8;
    let mut value: u128 = 0;
    for index in first..=last {
        value = value << 8 | u128::from(byte(bytes, index));
    }
    let unused = (last + 1) * 8 - (position + width);
    let mask = u128::MAX >> (128 - width.min(64));
    (value >> unused & mask) as u64
}

/// The byte at `index`, zero beyond the end.
#[inline]
pub(crate) fn byte(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(0)
}

/// The big-endian 16-bit number at `index`.
#[inline]
pub(crate) fn u16_at(bytes: &[u8], index: usize) -> u16 {
    match bytes.get(index..index + 2) {
        Some(pair) => u16::from_be_bytes([pair[0], pair[1]]),
        None => u16::from_be_bytes([byte(bytes, index), 0]),
    }
}

/// The big-endian 32-bit number at `index`.
#[inline]
pub(crate) fn u32_at(bytes: &[u8], index: usize) -> u32 {
    match bytes.get(index..index + 4) {
        Some(word) => u32::from_be_bytes([word[0], word[1], word[2], word[3]]),
        None => u32::from(u16_at(bytes, index)) << 16 | u32::from(u16_at(bytes, index + 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_width_at_any_position() {
        let bytes = [0x45, 0x00, 0x12, 0x34, 0xff, 0x01, 0x80, 0x7f, 0x55];
        assert_eq!(read_bits(&bytes, 0, 4), 4);
        assert_eq!(read_bits(&bytes, 4, 4), 5);
        assert_eq!(read_bits(&bytes, 16, 16), 0x1234);
        assert_eq!(read_bits(&bytes, 19, 13), 0x1234);
        assert_eq!(read_bits(&bytes, 4, 64), 0x5001_234f_f018_07f5);
        assert_eq!(read_bits(&bytes, 3, 1), 0);
        assert_eq!(read_bits(&bytes, 0, 0), 0);
    }

    #[test]
    fn beyond_the_end_reads_zero() {
        assert_eq!(read_bits(&[], 0, 32), 0);
        assert_eq!(read_bits(&[0xab], 0, 16), 0xab00);
        assert_eq!(u32_at(&[1, 2, 3], 0), 0x0102_0300);
        assert_eq!(read_bits(&[0xff], 4, 8), 0xf0);
    }
}
