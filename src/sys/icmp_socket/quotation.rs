//! What a raw socket hears has more around it than a ping wants: an IPv4 header, and in errors the
//! headers before the quoted message. Pure functions over bytes that anybody may have sent.

use super::Heard;

/// Takes the IPv4 header off what a raw socket received, and looks into errors.
pub(super) fn strip_v4(packet: &mut [u8]) -> Option<Heard> {
    let header = ipv4_header_len(packet)?;
    let len = packet.len().checked_sub(header)?;
    packet.copy_within(header.., 0);
    Some(quoted(&mut packet[..len], V4))
}

/// Looks into what a raw ICMPv6 socket received, which has no IP header.
pub(super) fn quoted_v6(message: &mut [u8]) -> Heard {
    quoted(message, V6)
}

/// The ICMP message that an error quotes moves to the front; anything else stays where it is.
fn quoted(message: &mut [u8], shape: Shape) -> Heard {
    const ERROR_HEADER: usize = 8;
    let len = message.len();
    let whole = Heard::Message { len };
    let (Some(&kind), Some(&code)) = (message.first(), message.get(1)) else {
        return whole;
    };
    let inner = message.get(ERROR_HEADER..).unwrap_or_default();
    let header = (shape.ip_header_len)(inner);
    let about_icmp = inner.get(shape.protocol_at) == Some(&shape.protocol);
    let (true, true, Some(header)) = ((shape.is_error)(kind), about_icmp, header) else {
        return whole;
    };
    let start = ERROR_HEADER + header;
    if start > len {
        return whole;
    }
    message.copy_within(start.., 0);
    Heard::Error {
        kind,
        code,
        len: len - start,
    }
}

fn ipv4_header_len(packet: &[u8]) -> Option<usize> {
    let len = usize::from(packet.first()? & 0x0f) * 4;
    (len >= 20).then_some(len)
}

/// What differs between the two protocols in an error's quotation.
struct Shape {
    is_error: fn(u8) -> bool,
    ip_header_len: fn(&[u8]) -> Option<usize>,
    /// Where the IP header names what it carries, and the number of ICMP there.
    protocol_at: usize,
    protocol: u8,
}

/// RFC 792: unreachable, quench, redirect, time exceeded, parameter problem.
const V4: Shape = Shape {
    is_error: |kind| matches!(kind, 3 | 4 | 5 | 11 | 12),
    ip_header_len: ipv4_header_len,
    protocol_at: 9,
    protocol: 1,
};

/// RFC 4443 section 2.1: errors have the high bit clear.
const V6: Shape = Shape {
    is_error: |kind| kind < 128,
    ip_header_len: |_| Some(40),
    protocol_at: 6,
    protocol: 58,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_loses_its_ip_header() {
        let mut packet = vec![0x45; 20];
        packet.extend_from_slice(&[0, 0, 9, 9, 0x12, 0x34, 0, 1]);
        assert_eq!(strip_v4(&mut packet), Some(Heard::Message { len: 8 }));
        assert_eq!(packet[..8], [0, 0, 9, 9, 0x12, 0x34, 0, 1]);
    }

    #[test]
    fn an_error_leaves_what_it_quotes() {
        let error = Some(Heard::Error {
            kind: 11,
            code: 0,
            len: 8,
        });
        assert_eq!(strip_v4(&mut time_exceeded(1)), error);
        let mut packet = time_exceeded(1);
        strip_v4(&mut packet);
        assert_eq!(packet[..8], [8, 0, 9, 9, 0x12, 0x34, 0, 1]);
        // About somebody's UDP: none of our business.
        let whole = Some(Heard::Message { len: 36 });
        assert_eq!(strip_v4(&mut time_exceeded(17)), whole);
    }

    #[test]
    fn any_cut_is_survived() {
        let packet = time_exceeded(1);
        for cut in 0..packet.len() {
            strip_v4(&mut packet.clone()[..cut]);
            quoted_v6(&mut packet.clone()[24.min(cut)..cut]);
        }
        assert_eq!(strip_v4(&mut [0x41; 40]), None);
    }

    /// An error about a packet of `protocol`; a router alert makes the outer header longer.
    fn time_exceeded(protocol: u8) -> Vec<u8> {
        let mut packet = vec![0x46; 24];
        packet.extend_from_slice(&[11, 0, 0, 0, 0, 0, 0, 0]);
        packet.extend_from_slice(&[0x45; 20]);
        packet[24 + 8 + 9] = protocol;
        packet.extend_from_slice(&[8, 0, 9, 9, 0x12, 0x34, 0, 1]);
        packet
    }
}
