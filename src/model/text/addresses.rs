//! Hardware and network addresses.

use super::numbers::{PAIRS, three_digits};
use super::{HEX, Text};
use std::net::{Ipv4Addr, Ipv6Addr};

impl Text {
    /// Appends an Ethernet address.
    pub fn mac(&mut self, mac: [u8; 6]) -> &mut Self {
        let mut text = [b':'; 17];
        for (place, byte) in text.chunks_mut(3).zip(mac) {
            place[..2].copy_from_slice(&PAIRS[usize::from(byte)]);
        }
        self.0.extend_from_slice(&text);
        self
    }

    /// Appends an IPv4 address.
    #[inline]
    pub fn ipv4(&mut self, address: Ipv4Addr) -> &mut Self {
        let [(left, used), (right, more)] = halves(address);
        self.block(&left, used).block(&right, more)
    }

    /// Appends an IPv4 address, padded with spaces on its left to `width`.
    #[inline]
    pub fn ipv4_padded(&mut self, address: Ipv4Addr, width: usize) -> &mut Self {
        let [(left, used), (right, more)] = halves(address);
        self.spaces(width.saturating_sub(used + more));
        self.block(&left, used).block(&right, more)
    }

    /// Appends an IPv6 address as inet_ntop(3) writes it.
    pub fn ipv6(&mut self, address: Ipv6Addr) -> &mut Self {
        let groups = address.segments();
        if groups[..5] == [0; 5] && (groups[5] == 0xffff || groups[5] == 0 && groups[6] != 0) {
            // IPv4-mapped and IPv4-compatible addresses end in dotted notation.
            self.str(if groups[5] == 0 { "::" } else { "::ffff:" });
            let octets = address.octets();
            return self.ipv4(Ipv4Addr::new(
                octets[12], octets[13], octets[14], octets[15],
            ));
        }
        let (start, length) = longest_zero_run(&groups);
        let mut index = 0;
        while index < 8 {
            if length >= 2 && index == start {
                self.str("::");
                index += length;
                continue;
            }
            if index > 0 && !self.0.ends_with(b":") {
                self.0.push(b':');
            }
            let group = u64::from(groups[index]);
            let needed = (64 - group.leading_zeros() as usize).div_ceil(4).max(1);
            for digit in (0..needed).rev() {
                self.0.push(HEX[(group >> (4 * digit) & 0xf) as usize]);
            }
            index += 1;
        }
        self
    }
}

/// Two numbers of an address in decimal, and the two others: text in the first so many bytes.
#[inline]
fn halves(address: Ipv4Addr) -> [([u8; 8], usize); 2] {
    let octets = address.octets().map(|octet| DOTTED[usize::from(octet)]);
    let [a, b, c, d] = octets.map(|dotted| (dotted & 0xffff_ffff, dotted >> 32));
    let [left, right] = [(a, b), (c, d)].map(|((first, bits), (second, more))| {
        (first | second << bits, (bits + more) as usize / 8)
    });
    // The last dot is one too many.
    [
        (left.0.to_le_bytes(), left.1),
        (right.0.to_le_bytes(), right.1 - 1),
    ]
}

/// Each byte in decimal and a dot, the first digit in the lowest byte; from bit 32 on how many bits
/// that takes.
const DOTTED: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (padded, used) = three_digits(byte);
        let text = padded >> (8 * (3 - used)) | (b'.' as u64) << (8 * used);
        table[byte as usize] = text | (8 * (used + 1)) << 32;
        byte += 1;
    }
    table
};

fn longest_zero_run(groups: &[u16; 8]) -> (usize, usize) {
    let (mut best, mut start) = ((8, 0), 0);
    for index in 0..=groups.len() {
        if groups.get(index) != Some(&0) {
            if index - start > best.1 {
                best = (start, index - start);
            }
            start = index + 1;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::written;
    use super::*;

    #[test]
    fn ipv4_is_written_as_everywhere() {
        for [a, b] in [[0, 255], [10, 99], [100, 9], [1, 200]] {
            for address in [[a, a, a, a], [a, b, a, b], [b, b, b, a], [b, b, b, b]] {
                let address = Ipv4Addr::from(address);
                assert_eq!(written(|t| _ = t.ipv4(address)), address.to_string());
                let padded = written(|t| _ = t.str("-").ipv4_padded(address, 12));
                assert_eq!(padded, format!("-{:>12}", address.to_string()));
            }
        }
    }

    #[test]
    fn ipv6_is_written_as_inet_ntop_writes_it() {
        for text in [
            "::",
            "::1",
            "fe80::1",
            "ff02::16",
            "2001:db8::1:0:0:1",
            "2001:db8:0:1:1:1:1:1",
            "1:0:0:2::",
            "::ffff:10.0.2.8",
            "::10.0.2.8",
            "1:2:3:4:5:6:7:8",
            "a::b:0:0:c",
        ] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!(written(|t| _ = t.ipv6(address)), text);
        }
    }
}
