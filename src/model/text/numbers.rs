//! Numbers in decimal and hexadecimal, by table.

use super::{HEX, Text};

impl Text {
    /// Appends a number in decimal.
    #[inline]
    pub fn dec(&mut self, value: u64) -> &mut Self {
        if value >= SIX_DIGITS {
            return self.long_decimal(value, 0, b' ');
        }
        let (digits, used) = short_decimal(value);
        self.block(&digits.to_le_bytes(), used)
    }

    /// Appends a number in decimal, padded with `fill` on the left to `width`.
    #[inline]
    pub fn dec_padded(&mut self, value: u64, width: usize, fill: u8) -> &mut Self {
        if value >= SIX_DIGITS || width > 8 {
            return self.long_decimal(value, width, fill);
        }
        let (digits, used) = short_decimal(value);
        let missing = width.saturating_sub(used);
        let filling = u64::from_ne_bytes([fill; 8]) & ((1 << (8 * missing)) - 1);
        let text = digits << (8 * missing) | filling;
        self.block(&text.to_le_bytes(), missing + used)
    }

    /// Appends a number below a million as six digits.
    #[inline]
    pub fn six_digits(&mut self, value: u32) -> &mut Self {
        debug_assert!(u64::from(value) < SIX_DIGITS);
        let [high, low] = [value / 1000 % 1000, value % 1000];
        let [high, low] = [high, low].map(|part| DECIMALS[part as usize].padded());
        self.block(&(high | low << 24).to_le_bytes(), 6)
    }

    #[inline(never)]
    fn long_decimal(&mut self, value: u64, width: usize, fill: u8) -> &mut Self {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(value);
        self.0
            .resize(self.0.len() + width.saturating_sub(digits.len()), fill);
        self.str(digits)
    }

    /// Appends a number as `0x1f`, at least `digits` hexadecimal digits.
    #[inline]
    pub fn hex(&mut self, value: u64, digits: usize) -> &mut Self {
        if value > 0xffff || digits > 4 {
            return self.long_hexadecimal(value, digits);
        }
        let [high, low] = (value as u16).to_be_bytes();
        let [[a, b], [c, d]] = [hex_pair(high), hex_pair(low)];
        let text = u32::from_le_bytes([a, b, c, d]);
        let used = hexadecimal_digits(value).max(digits);
        let text = u64::from(text.unbounded_shr(8 * (4 - used as u32)));
        let text = u64::from(u16::from_le_bytes(*b"0x")) | text << 16;
        self.block(&text.to_le_bytes(), 2 + used)
    }

    #[inline(never)]
    fn long_hexadecimal(&mut self, value: u64, digits: usize) -> &mut Self {
        let mut text = [b'0'; 18];
        let start = text.len() - hexadecimal_digits(value).max(digits).min(16);
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
        let decimal = DECIMALS[value as usize];
        return (decimal.text(), decimal.used());
    }
    let [high, low] = [value / 1000, value % 1000].map(|part| DECIMALS[part as usize]);
    let used = high.used();
    (high.text() | low.padded() << (8 * used), used + 3)
}

/// How many digits a number needs in hexadecimal; none for zero.
#[inline]
fn hexadecimal_digits(value: u64) -> usize {
    (64 - value.leading_zeros() as usize).div_ceil(4)
}

/// A number below a thousand in decimal: from the lowest byte on three of digits, the first digit
/// first, three of the same with zeros before them, and how many digits there are without these.
#[derive(Clone, Copy)]
struct Decimal(u64);

impl Decimal {
    #[inline]
    fn text(self) -> u64 {
        self.0 & 0xff_ffff
    }

    #[inline]
    fn padded(self) -> u64 {
        self.0 >> 24 & 0xff_ffff
    }

    #[inline]
    fn used(self) -> usize {
        (self.0 >> 48) as usize
    }
}

const DECIMALS: [Decimal; 1000] = {
    let mut table = [Decimal(0); 1000];
    let mut number = 0;
    while number < 1000 {
        let (padded, used) = three_digits(number);
        let text = padded >> (8 * (3 - used));
        table[number as usize] = Decimal(text | padded << 24 | used << 48);
        number += 1;
    }
    table
};

/// A number below a thousand with zeros before it, the first digit in the lowest byte, and how
/// many digits it has without them.
pub(super) const fn three_digits(number: u64) -> (u64, u64) {
    let [hundreds, tens, ones] = [number / 100, number / 10 % 10, number % 10];
    let digits = 0x30_3030 | hundreds | tens << 8 | ones << 16;
    let used = match number {
        0..10 => 1,
        10..100 => 2,
        _ => 3,
    };
    (digits, used)
}

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
            if number < 1_000_000 {
                let six = written(|text| _ = text.six_digits(number as u32));
                assert_eq!(six, format!("{number:06}"));
            }
            for width in 0..12 {
                let blanks = written(|text| _ = text.dec_padded(number, width, b' '));
                assert_eq!(blanks, format!("{number:width$}"));
                let zeros = written(|text| _ = text.dec_padded(number, width, b'0'));
                assert_eq!(zeros, format!("{number:0width$}"));
            }
        }
    }
}
