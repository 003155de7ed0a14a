//! Numbers in decimal and hexadecimal, by table.

use super::{HEX, Text};

impl Text {
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
}

/// A byte as two hexadecimal digits.
#[inline]
pub(crate) fn hex_pair(byte: u8) -> [u8; 2] {
    PAIRS[usize::from(byte)]
}

/// Each byte as two hexadecimal digits.
pub(super) const PAIRS: [[u8; 2]; 256] = {
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
pub(super) struct Decimal {
    pub(super) text: u32,
    /// With zeros before it, three digits.
    padded: u32,
    /// How many digits it has without them.
    pub(super) used: u8,
}

pub(super) const DECIMALS: [Decimal; 1000] = {
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

#[cfg(test)]
mod tests {
    use super::super::written;

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
}
