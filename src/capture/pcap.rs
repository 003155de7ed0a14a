//! Classic pcap, read: both byte orders, microseconds and nanoseconds.
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-06.html>
//!
//! ```text
//! file   = header record*
//! header = magic u32, major u16, minor u16, zone i32, sigfigs u32, snaplen u32, link u32
//! record = seconds u32, fraction u32, kept u32, wire u32, [index u32, protocol u16, type u8, pad u8,] bytes
//! ```

use super::window::Window;
use super::{CaptureError, Frame, MAX_FRAME, Source, Timestamp, link_type};
use crate::model::LinkType;

/// The magic of a file whose fractions are microseconds, as written by a host of its byte order.
pub(super) const MICROSECONDS: u32 = 0xa1b2_c3d4;
/// The same with nanoseconds.
pub(super) const NANOSECONDS: u32 = 0xa1b2_3c4d;
/// Alexey Kuznetzov's patched libpcap: microseconds, and eight more bytes in a record's header.
const PATCHED: u32 = 0xa1b2_cd34;

/// Bytes in the file's header.
const FILE_HEADER: usize = 24;
/// Bytes in a record's header.
const RECORD_HEADER: usize = 16;

/// Whether a file that starts with these four bytes is classic pcap.
pub(super) fn is_magic(start: &[u8]) -> bool {
    Format::of(start).is_some()
}

/// A classic pcap file or stream.
pub struct PcapReader {
    window: Window,
    format: Format,
    link: LinkType,
    /// Packets delivered so far.
    count: u64,
    /// Set by the first error: what follows damage cannot be trusted.
    ended: bool,
}

/// What the magic says about all numbers that follow.
#[derive(Debug, Clone, Copy)]
struct Format {
    big_endian: bool,
    nanos_per_tick: u64,
    record_header: usize,
}

impl PcapReader {
    pub(super) fn new(mut window: Window) -> Result<PcapReader, CaptureError> {
        if !window.fill(FILE_HEADER)? {
            let why = cut_short("file header", window.bytes().len(), FILE_HEADER);
            return Err(window.damaged(0, why));
        }
        let header = window.bytes();
        let Some(format) = Format::of(header) else {
            return Err(window.damaged(0, "the magic is not that of pcap".into()));
        };
        let (major, minor) = (format.u16(header, 4), format.u16(header, 6));
        if major != 2 {
            // Every version since 1989 is 2.x; an older file orders its records differently.
            return Err(window.damaged(
                0,
                format!("the header claims version {major}.{minor}, not 2.4"),
            ));
        }
        let link = link_type(format.u32(header, 20));
        window.take(FILE_HEADER);
        Ok(PcapReader {
            window,
            format,
            link,
            count: 0,
            ended: false,
        })
    }
}

impl Source for PcapReader {
    fn next(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        if self.ended {
            return Ok(None);
        }
        let header_len = self.format.record_header;
        if !self.fill(header_len)? {
            return self.end_within_header();
        }
        let Some(header) = self.window.bytes().first_chunk() else {
            return self.end_within_header();
        };
        let [seconds, fraction, kept, wire_len] = self.format.numbers(header);
        let kept = kept as usize;
        // A snap length smaller than `kept` is no damage: some programs write a wrong one, and
        // the record's own length is what frames the file.
        if kept > MAX_FRAME || !self.fill(header_len + kept)? {
            return Err(self.damaged_record(kept));
        }
        self.count += 1;
        let record = self.window.take(header_len + kept);
        Ok(Some(Frame {
            number: self.count,
            time: Timestamp::new(
                u64::from(seconds),
                u64::from(fraction) * self.format.nanos_per_tick,
            ),
            link: self.link,
            wire_len,
            bytes: &record[header_len..],
            interface: None,
            direction: None,
        }))
    }

    fn is_drained(&self) -> bool {
        self.window.bytes().is_empty()
    }

    fn is_in_microseconds(&self) -> bool {
        self.format.nanos_per_tick > 1
    }
}

impl PcapReader {
    /// As [`Window::fill`]; a stream that fails has ended.
    #[inline]
    fn fill(&mut self, wanted: usize) -> Result<bool, CaptureError> {
        let filled = self.window.fill(wanted);
        self.ended |= filled.is_err();
        filled
    }

    /// The stream has fewer bytes left than a record's header: none at all is the proper end.
    #[cold]
    fn end_within_header(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        self.ended = true;
        match self.window.bytes().len() {
            0 => Ok(None),
            had => {
                let why = cut_short("record header", had, self.format.record_header);
                Err(self.window.damaged(self.window.offset(), why))
            }
        }
    }

    /// The record at hand claims `kept` bytes that cannot be or are not there.
    #[cold]
    fn damaged_record(&mut self, kept: usize) -> CaptureError {
        self.ended = true;
        let why = if kept > MAX_FRAME {
            format!("the record claims {kept} bytes, more than the {MAX_FRAME} any capture keeps")
        } else {
            let had = self.window.bytes().len() - self.format.record_header;
            format!("the record claims {kept} bytes, the file ends after {had}")
        };
        let why = match self.has_longer_headers() {
            true => why + ALTERED,
            false => why,
        };
        self.window.damaged(self.window.offset(), why)
    }
}

/// What may be the matter where the second record is none.
const ALTERED: &str = "; an altered libpcap (Nokia's, SuSE 6.3's, Red Hat 6.1's) may have written \
    the file with longer headers: Wireshark reads it, `editcap -F pcap` makes it an ordinary one";

impl PcapReader {
    /// Whether a record would be where the second one is expected if headers were as much longer
    /// as altered libpcaps write them with the same magic.
    fn has_longer_headers(&self) -> bool {
        let bytes = self.window.bytes();
        let stands = |extra: usize| {
            let header = bytes.get(extra..).and_then(<[u8]>::first_chunk);
            header.is_some_and(|header| {
                let [seconds, fraction, kept, wire_len] = self.format.numbers(header);
                let plausible = kept > 0 && kept <= wire_len && wire_len as usize <= MAX_FRAME;
                seconds > 0
                    && u64::from(fraction) * self.format.nanos_per_tick < SECOND
                    && plausible
            })
        };
        self.count == 1 && [4, 8].into_iter().any(stands)
    }
}

const SECOND: u64 = 1_000_000_000;

impl Format {
    fn of(start: &[u8]) -> Option<Format> {
        let magic: [u8; 4] = start.get(..4)?.try_into().ok()?;
        [
            (u32::from_le_bytes(magic), false),
            (u32::from_be_bytes(magic), true),
        ]
        .into_iter()
        .find_map(|(magic, big_endian)| {
            let (nanos_per_tick, record_header) = match magic {
                MICROSECONDS => (1000, RECORD_HEADER),
                NANOSECONDS => (1, RECORD_HEADER),
                PATCHED => (1000, RECORD_HEADER + 8),
                _ => return None,
            };
            Some(Format {
                big_endian,
                nanos_per_tick,
                record_header,
            })
        })
    }

    /// The numbers that every record's header starts with.
    #[inline]
    fn numbers(self, header: &[u8; RECORD_HEADER]) -> [u32; 4] {
        let numbers = [0, 4, 8, 12].map(|at| {
            let [a, b, c, d] = [header[at], header[at + 1], header[at + 2], header[at + 3]];
            u32::from_le_bytes([a, b, c, d])
        });
        match self.big_endian {
            true => numbers.map(u32::swap_bytes),
            false => numbers,
        }
    }

    /// The number at a place that the caller knows to be within `bytes`.
    fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let raw = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        if self.big_endian {
            u32::from_be_bytes(raw)
        } else {
            u32::from_le_bytes(raw)
        }
    }

    fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let raw = [bytes[at], bytes[at + 1]];
        if self.big_endian {
            u16::from_be_bytes(raw)
        } else {
            u16::from_le_bytes(raw)
        }
    }
}

fn cut_short(what: &str, had: usize, needed: usize) -> String {
    format!("the {what} is cut short: {had} of {needed} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::from_reader;

    /// A file of one packet of four bytes and an empty one, in every form there is.
    fn file(magic: u32, big_endian: bool) -> Vec<u8> {
        let word = |n: u32| {
            if big_endian {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let half = |n: u16| {
            if big_endian {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let mut bytes = word(magic).to_vec();
        bytes.extend([half(2), half(4)].concat());
        bytes.extend([0, 0, 65535, 101].map(word).concat());
        let extra: &[u8] = if magic == PATCHED { &[0; 8] } else { &[] };
        bytes.extend([1_600_754_581, 123_456, 4, 84].map(word).concat());
        bytes.extend(extra);
        bytes.extend(b"\x45\x00\x00\x54");
        bytes.extend([1_600_754_582, 5, 0, 0].map(word).concat());
        bytes.extend(extra);
        bytes
    }

    /// Time, length on the wire and bytes of every packet, and the error that ended them.
    type Outcome = (Vec<(u64, u32, Vec<u8>)>, Option<CaptureError>);

    fn read(bytes: &[u8]) -> Outcome {
        let mut packets = Vec::new();
        let mut source = match from_reader("x".into(), std::io::Cursor::new(bytes.to_vec())) {
            Ok(source) => source,
            Err(error) => return (packets, Some(error)),
        };
        loop {
            match source.next() {
                Ok(Some(frame)) => {
                    assert_eq!(frame.number, packets.len() as u64 + 1);
                    assert_eq!(frame.link, LinkType::RAW);
                    packets.push((frame.time.0, frame.wire_len, frame.bytes.to_vec()));
                }
                Ok(None) => return (packets, None),
                Err(error) => {
                    assert!(matches!(source.next(), Ok(None)), "went on after {error}");
                    return (packets, Some(error));
                }
            }
        }
    }

    #[test]
    fn every_form_reads_alike() {
        for (magic, nanos) in [(MICROSECONDS, 1000), (NANOSECONDS, 1), (PATCHED, 1000)] {
            for big_endian in [false, true] {
                let (packets, error) = read(&file(magic, big_endian));
                assert!(error.is_none(), "{error:?}");
                let second = 1_600_754_581_000_000_000;
                assert_eq!(
                    packets,
                    [
                        (second + 123_456 * nanos, 84, b"\x45\x00\x00\x54".to_vec()),
                        (second + 1_000_000_000 + 5 * nanos, 0, vec![]),
                    ]
                );
            }
        }
    }

    #[test]
    fn cut_at_every_length_keeps_what_is_whole_and_names_the_offset() {
        let whole = file(MICROSECONDS, false);
        let (first, second) = (24, 24 + 20);
        for length in 4..whole.len() {
            let (packets, error) = read(&whole[..length]);
            let (count, offset) = match length {
                24 => (0, None),
                44 => (1, None),
                ..=23 => (0, Some(0)),
                25..=43 => (0, Some(first)),
                _ => (1, Some(second)),
            };
            assert_eq!(packets.len(), count, "cut at {length}");
            let found = error.map(|error| match error {
                CaptureError::Damaged { offset, .. } => offset,
                other => panic!("cut at {length}: {other}"),
            });
            assert_eq!(found, offset, "cut at {length}");
        }
    }

    #[test]
    fn damage_is_told_in_words() {
        let whole = file(MICROSECONDS, false);
        let told = |bytes: &[u8]| {
            read(bytes)
                .1
                .map(|error| error.to_string())
                .unwrap_or_default()
        };
        assert_eq!(
            told(&whole[..42]),
            "read capture x: damaged at byte 24: the record claims 4 bytes, the file ends after 2"
        );
        assert_eq!(
            told(&whole[..50]),
            "read capture x: damaged at byte 44: the record header is cut short: 6 of 16 bytes"
        );
        let mut old = whole.clone();
        old[4] = 1;
        assert_eq!(
            told(&old),
            "read capture x: damaged at byte 0: the header claims version 1.4, not 2.4"
        );
    }

    #[test]
    fn headers_of_altered_libpcaps_were_damage_without_a_word() {
        for (magic, extra) in [(MICROSECONDS, 4), (MICROSECONDS, 8), (PATCHED, 4)] {
            let mut bytes = file(magic, false)[..24].to_vec();
            let usual = if magic == PATCHED { 8 } else { 0 };
            for second in 0..3_u32 {
                bytes.extend(
                    [1_600_754_581 + second, 500_000, 60, 60]
                        .map(u32::to_le_bytes)
                        .concat(),
                );
                bytes.extend(vec![1; usual + extra]);
                bytes.extend([0x45; 60]);
            }
            let (packets, error) = read(&bytes);
            assert_eq!(packets.len(), 1);
            let error = error.unwrap().to_string();
            assert!(error.contains("editcap -F pcap"), "{error}");
        }
    }

    #[test]
    fn a_claim_of_four_gigabytes_allocates_nothing() {
        let mut bytes = file(MICROSECONDS, false);
        bytes[32..36].fill(0xff);
        let (packets, error) = read(&bytes);
        assert!(packets.is_empty());
        assert_eq!(
            error.unwrap().to_string(),
            "read capture x: damaged at byte 24: the record claims 4294967295 bytes, \
             more than the 262144 any capture keeps"
        );
    }

    #[test]
    fn the_longest_packet_is_read_across_the_window_and_one_byte_more_is_damage() {
        let mut bytes = file(MICROSECONDS, false)[..24].to_vec();
        for _ in 0..5 {
            bytes.extend([1, 2, MAX_FRAME as u32, 7].map(u32::to_le_bytes).concat());
            bytes.extend(vec![9; MAX_FRAME]);
        }
        let (packets, error) = read(&bytes);
        assert_eq!((packets.len(), error.is_none()), (5, true));
        assert!(packets.iter().all(|(_, _, bytes)| bytes.len() == MAX_FRAME));

        bytes[32..36].copy_from_slice(&(MAX_FRAME as u32 + 1).to_le_bytes());
        assert!(matches!(
            read(&bytes).1,
            Some(CaptureError::Damaged { offset: 24, .. })
        ));
    }

    #[test]
    fn a_stream_that_trickles_is_read_as_it_comes() {
        struct Trickle(std::vec::IntoIter<u8>);
        impl std::io::Read for Trickle {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                Ok(self.0.next().map_or(0, |byte| {
                    buffer[0] = byte;
                    1
                }))
            }
        }
        let bytes = file(NANOSECONDS, true);
        let mut source = from_reader("x".into(), Trickle(bytes.into_iter()))
            .ok()
            .unwrap();
        assert_eq!(source.next().unwrap().unwrap().bytes.len(), 4);
        assert_eq!(source.next().unwrap().unwrap().bytes.len(), 0);
        assert!(source.next().unwrap().is_none());
    }

    #[test]
    fn link_types_of_bsd_and_checksum_flags_are_understood() {
        assert_eq!(link_type(12), LinkType::RAW);
        assert_eq!(link_type(14), LinkType::RAW);
        assert_eq!(link_type(0x2400_0001), LinkType::ETHERNET);
    }
}
