//! Classic pcap, written: little-endian, always with nanoseconds.
//!
//! Whether microseconds would do is known only after the last packet, and the header comes
//! first. tcpdump (libpcap 1.5 and later), tshark and scapy all read the nanosecond magic, so
//! no time is ever rounded: a capture read and written again keeps every digit.

use super::pcap::NANOSECONDS;
use super::{CaptureError, Frame, MAX_FRAME, Sink, is_dash, shown};
use crate::model::LinkType;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::Path;

/// Bytes gathered before they are written, unless flushed.
const BLOCK: usize = 256 * 1024;

/// A classic pcap file or stream being written. The first packet fixes its link type.
pub struct PcapWriter {
    file: String,
    output: BufWriter<Box<dyn Write + Send>>,
    /// What the header names, once it is written.
    link: Option<LinkType>,
}

impl PcapWriter {
    /// Creates the file, or takes standard output for `-`.
    ///
    /// # Errors
    /// [`CaptureError::Create`] when the file cannot be made.
    pub fn create(path: &Path) -> Result<PcapWriter, CaptureError> {
        let file = shown(path, "standard output");
        match open_output(path) {
            Ok(output) => Ok(PcapWriter::to_writer(file, output)),
            Err(source) => Err(CaptureError::Create { file, source }),
        }
    }

    /// Writes to any stream; `file` is what errors call it.
    pub fn to_writer(file: String, output: impl Write + Send + 'static) -> PcapWriter {
        PcapWriter {
            file,
            output: BufWriter::with_capacity(BLOCK, Box::new(output)),
            link: None,
        }
    }

    /// Writes the header now rather than with the first packet, so that whoever reads the
    /// stream learns its link type while no packet has come.
    ///
    /// # Errors
    /// [`CaptureError::Write`] when the file or pipe fails.
    pub fn start(&mut self, link: LinkType) -> Result<(), CaptureError> {
        if self.link.is_some() {
            return Ok(());
        }
        let mut header = [0; 24];
        header[0..4].copy_from_slice(&NANOSECONDS.to_le_bytes());
        header[4..6].copy_from_slice(&2_u16.to_le_bytes());
        header[6..8].copy_from_slice(&4_u16.to_le_bytes());
        header[16..20].copy_from_slice(&(MAX_FRAME as u32).to_le_bytes());
        header[20..22].copy_from_slice(&link.0.to_le_bytes());
        self.link = Some(link);
        self.output
            .write_all(&header)
            .map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> CaptureError {
        CaptureError::Write {
            file: self.file.clone(),
            source,
        }
    }
}

impl Sink for PcapWriter {
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), CaptureError> {
        self.start(frame.link)?;
        if let Some(first) = self.link.filter(|first| *first != frame.link) {
            return Err(CaptureError::OtherLink {
                file: self.file.clone(),
                number: frame.number,
                first,
                other: frame.link,
            });
        }
        // Readers take a longer record for damage.
        let bytes = &frame.bytes[..frame.bytes.len().min(MAX_FRAME)];
        let seconds = u32::try_from(frame.time.seconds()).unwrap_or(u32::MAX);
        let fields = [
            seconds,
            frame.time.subsec_nanos(),
            bytes.len() as u32,
            frame.wire_len,
        ];
        let mut header = [0; 16];
        for (place, field) in header.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        let written = self
            .output
            .write_all(&header)
            .and_then(|()| self.output.write_all(bytes));
        written.map_err(|source| self.failed(source))
    }

    fn flush(&mut self) -> Result<(), CaptureError> {
        self.output.flush().map_err(|source| self.failed(source))
    }

    fn finish(&mut self) -> Result<(), CaptureError> {
        // Without a packet any link type is true; tcpdump would say Ethernet.
        self.start(LinkType::ETHERNET)?;
        self.flush()
    }
}

fn open_output(path: &Path) -> io::Result<File> {
    if is_dash(path) {
        // Past std's own buffer, which looks for line ends.
        return Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    }
    File::create(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Timestamp, from_reader};
    use std::sync::{Arc, Mutex};

    /// A file in memory that outlives its writer.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Shared {
        fn bytes(&self) -> Vec<u8> {
            self.0.lock().unwrap().clone()
        }
    }

    fn writer() -> (PcapWriter, Shared) {
        let shared = Shared::default();
        (PcapWriter::to_writer("x".into(), shared.clone()), shared)
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
        writer.start(LinkType::RAW).unwrap();
        let error = writer.write(&frame(b"", LinkType::ETHERNET)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "write capture x: packet 1 has link type 1, the packets before it 101; \
             classic pcap holds one link type"
        );
        assert!(error.remedy().unwrap().contains("pcapng"));
    }

    #[test]
    fn a_closed_pipe_is_told_from_a_full_disk() {
        let (reader, output) = io::pipe().unwrap();
        drop(reader);
        let mut writer = PcapWriter::to_writer("x".into(), output);
        assert!(writer.finish().unwrap_err().is_broken_pipe());

        let mut writer = PcapWriter::create(Path::new("/dev/full")).unwrap();
        let error = writer.finish().unwrap_err();
        assert!(!error.is_broken_pipe());
        assert_eq!(
            error.to_string(),
            "write capture /dev/full: no space left on device (ENOSPC)"
        );
    }
}
