//! Classic pcap, written: little-endian, with nanoseconds unless the source has none.
//!
//! Whether microseconds would do is otherwise known only after the last packet, and the header
//! comes first. tcpdump (libpcap 1.5 and later), tshark and scapy all read the nanosecond magic,
//! older programs do not; no time is ever rounded: a capture read and written again keeps every
//! digit.

use super::output::OutputFile;
use super::pcap::{MICROSECONDS, NANOSECONDS};
use super::{CaptureError, Frame, MAX_FRAME, Sink};
use crate::model::LinkType;
use std::io::Write;

/// A classic pcap file or stream being written. The first packet fixes its link type.
pub struct PcapWriter {
    output: OutputFile,
    /// What the header names, once it is written.
    link: Option<LinkType>,
    in_microseconds: bool,
}

impl PcapWriter {
    pub(super) fn new(output: OutputFile) -> PcapWriter {
        PcapWriter {
            output,
            link: None,
            in_microseconds: false,
        }
    }

    /// Writes to any stream; `file` is what errors call it.
    pub fn to_writer(file: String, output: impl Write + Send + 'static) -> PcapWriter {
        PcapWriter::new(OutputFile::new(file, output, false))
    }

    fn header(&mut self, link: LinkType) -> Result<(), CaptureError> {
        let mut header = [0; 24];
        let magic = match self.in_microseconds {
            true => MICROSECONDS,
            false => NANOSECONDS,
        };
        header[0..4].copy_from_slice(&magic.to_le_bytes());
        header[4..6].copy_from_slice(&2_u16.to_le_bytes());
        header[6..8].copy_from_slice(&4_u16.to_le_bytes());
        header[16..20].copy_from_slice(&(MAX_FRAME as u32).to_le_bytes());
        header[20..22].copy_from_slice(&link.0.to_le_bytes());
        self.link = Some(link);
        self.output.write(&header)
    }
}

impl Sink for PcapWriter {
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), CaptureError> {
        match self.link {
            Some(first) if first == frame.link => {}
            Some(first) => {
                return Err(CaptureError::OtherLink {
                    file: self.output.file().to_owned(),
                    number: frame.number,
                    first,
                    other: frame.link,
                });
            }
            None => self.header(frame.link)?,
        }
        // Readers take a longer record for damage.
        let bytes = &frame.bytes[..frame.bytes.len().min(MAX_FRAME)];
        let seconds = u32::try_from(frame.time.seconds()).unwrap_or(u32::MAX);
        let fraction = frame.time.subsec_nanos();
        let fields = [
            seconds,
            match self.in_microseconds {
                true => fraction / 1000,
                false => fraction,
            },
            bytes.len() as u32,
            frame.wire_len,
        ];
        let mut header = [0; 16];
        for (place, field) in header.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        self.output.write(&header)?;
        self.output.write(bytes)
    }

    fn expect_microseconds(&mut self) {
        // What has been written cannot be changed.
        self.in_microseconds |= self.link.is_none();
    }

    fn flush(&mut self) -> Result<(), CaptureError> {
        self.output.flush()
    }

    fn finish(&mut self) -> Result<(), CaptureError> {
        if self.link.is_none() {
            // Without a packet any link type is true; tcpdump would say Ethernet.
            self.header(LinkType::ETHERNET)?;
        }
        self.output.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::tests::Memory;
    use super::*;
    use crate::capture::{Timestamp, from_reader};
    use std::io;

    fn writer() -> (PcapWriter, Memory) {
        let memory = Memory::default();
        (PcapWriter::to_writer("x".into(), memory.clone()), memory)
    }

    fn frame(bytes: &[u8], link: LinkType) -> Frame<'_> {
        Frame {
            number: 1,
            time: Timestamp::new(1_600_754_581, 123_456_789),
            link,
            wire_len: 84,
            bytes,
            interface: None,
            direction: None,
        }
    }

    #[test]
    fn what_is_written_reads_back_to_the_nanosecond() {
        let (mut writer, file) = writer();
        let written = frame(b"\x45\x00", LinkType::RAW);
        writer.write(&written).unwrap();
        assert_eq!(file.bytes().len(), 0, "gathered until flushed");
        writer.flush().unwrap();
        assert_eq!(file.bytes().len(), 24 + 16 + 2);
        writer.finish().unwrap();
        let mut source = from_reader("x".into(), io::Cursor::new(file.bytes()))
            .ok()
            .unwrap();
        assert_eq!(source.next().unwrap(), Some(written));
        assert_eq!(source.next().unwrap(), None);
    }

    #[test]
    fn microseconds_are_kept_as_such() {
        let (mut writer, file) = writer();
        let written = Frame {
            time: Timestamp::new(1_600_754_581, 123_456_000),
            ..frame(b"\x45\x00", LinkType::RAW)
        };
        writer.expect_microseconds();
        writer.write(&written).unwrap();
        writer.finish().unwrap();
        assert_eq!(file.bytes()[..4], MICROSECONDS.to_le_bytes());
        let mut source = from_reader("x".into(), io::Cursor::new(file.bytes()))
            .ok()
            .unwrap();
        assert!(source.is_in_microseconds());
        assert_eq!(source.next().unwrap(), Some(written));
    }

    #[test]
    fn a_capture_without_packets_is_a_capture() {
        let (mut writer, file) = writer();
        writer.finish().unwrap();
        let mut source = from_reader("x".into(), io::Cursor::new(file.bytes()))
            .ok()
            .unwrap();
        assert_eq!(source.next().unwrap(), None);
    }

    #[test]
    fn a_second_link_type_is_refused_with_the_format_that_takes_it() {
        let (mut writer, _) = writer();
        writer.write(&frame(b"", LinkType::RAW)).unwrap();
        let error = writer.write(&frame(b"", LinkType(147))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "write capture x: packet 1 is of link type 147, those before it of RAW (101); \
             classic pcap holds one link type"
        );
        assert!(error.remedy().unwrap().contains(".pcapng"));
    }
}
