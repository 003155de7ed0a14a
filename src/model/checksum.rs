//! The Internet checksum (RFC 1071): the one's complement of the one's complement sum.

/// Adds `bytes` as big-endian 16-bit words to `sum`. An odd last byte counts as a word's high
/// half, so only the last piece of a message may have an odd length.
pub fn add(sum: u32, bytes: &[u8]) -> u32 {
    // Eight bytes at a time: a 64-bit accumulator holds 2^32 words before it overflows.
    let mut wide = u64::from(sum);
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = u64::from_be_bytes(word.try_into().unwrap_or_default());
        wide += (word >> 48) + (word >> 32 & 0xffff) + (word >> 16 & 0xffff) + (word & 0xffff);
    }
    for pair in words.remainder().chunks(2) {
        wide += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
    }
    u32::from(fold64(wide))
}

/// The sum with `new` in the place of `old`, both at an even byte.
pub fn exchange(sum: u32, old: &[u8], new: &[u8]) -> u32 {
    add(sum + u32::from(!fold(add(0, old))), new)
}

/// Folds the carries of `sum` into 16 bits.
pub fn fold(sum: u32) -> u16 {
    fold64(u64::from(sum))
}

/// The checksum of `bytes`, whose checksum field stands at byte `at` and counts as zero.
pub fn right(pseudo: u32, bytes: &[u8], at: usize) -> u16 {
    let split = at.min(bytes.len());
    let sum = add(pseudo, &bytes[..split]);
    let after = bytes.get(at + 2..).unwrap_or_default();
    !fold(add(sum, after))
}

fn fold64(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_pnet() {
        let bytes: Vec<u8> = (0..=255u8).map(|b| b.wrapping_mul(37) ^ 0x5a).collect();
        for length in 1..bytes.len() {
            let slice = &bytes[..length];
            assert_eq!(
                !fold(add(0, slice)),
                pnet_packet::util::checksum(slice, 1 << 20)
            );
            if length > 12 {
                assert_eq!(right(0, slice, 10), pnet_packet::util::checksum(slice, 5));
            }
        }
    }

    #[test]
    fn an_exchanged_address_sums_as_if_it_had_been_there() {
        let (old, new) = ([0xff, 0xfe, 1, 2], [9, 8, 0xf7, 6]);
        let before = add(add(0, &old), b"rest");
        let expected = fold(add(add(0, &new), b"rest"));
        assert_eq!(fold(exchange(before, &old, &new)), expected);
    }

    #[test]
    fn the_rfc_example() {
        // RFC 1071 section 3: 0001 f203 f4f5 f6f7 sum to ddf2.
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(fold(add(0, &bytes)), 0xddf2);
    }
}
