//! The one buffer under both file readers: a fixed window that slides over a stream of bytes.
//!
//! pcap-parser's readers were tried first. They report neither the errno of a failed read nor
//! the offset of a damaged record, give up on a stream whose first read is short of a header,
//! and build a list of options for each pcapng packet. Hence these lines: memory that
//! never grows, whatever a header claims, packets lent out of it without copying, and an exact
//! offset for every complaint.

use super::gzip::{Damage, GzipReader};
use super::{CaptureError, MAX_FRAME};
use std::io::{self, Cursor, ErrorKind, Read};

/// Bytes in the window: any record or block that is no damage fits, and the window stays within
/// the processor's cache.
const WINDOW: usize = 2 * MAX_FRAME;

/// The most that can be asked of [`Window::fill`], in bytes.
pub(super) const MAX_FILL: usize = WINDOW;

/// A stream seen through a fixed buffer.
pub(super) struct Window {
    file: String,
    input: Box<dyn Read + Send>,
    /// Whether `input` is what came out of gzip.
    unpacked: bool,
    buffer: Box<[u8]>,
    /// The bytes not yet consumed are `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Offset in the stream of `buffer[0]`.
    base: u64,
}

impl Window {
    /// A window over `input`, which errors call `file`.
    pub(super) fn new(file: String, input: Box<dyn Read + Send>) -> Window {
        Window {
            file,
            input,
            unpacked: false,
            buffer: vec![0; WINDOW].into_boxed_slice(),
            start: 0,
            end: 0,
            base: 0,
        }
    }

    /// The same stream, a gzip stream of which nothing has been consumed, unpacked.
    pub(super) fn unpacked(self) -> Window {
        let seen = Cursor::new(self.bytes().to_vec());
        let input = GzipReader::new(seen.chain(self.input));
        Window {
            unpacked: true,
            ..Window::new(self.file, Box::new(input))
        }
    }

    /// How many bytes of the stream have been consumed.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// The bytes at hand, starting at [`offset`](Window::offset).
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Sees to it that `wanted` bytes are at hand, and says whether they are: false means that
    /// the stream ends before. Reads no more than it must, so that a live stream's packets are
    /// seen as they come.
    #[inline]
    pub(super) fn fill(&mut self, wanted: usize) -> Result<bool, CaptureError> {
        debug_assert!(wanted <= MAX_FILL);
        if self.end - self.start >= wanted {
            return Ok(true);
        }
        self.read_until(wanted)
    }

    /// Goes past `count` bytes at hand and lends them.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        debug_assert!(count <= self.end - self.start);
        let start = self.start;
        self.start += count;
        &self.buffer[start..self.start]
    }

    /// Goes past `count` bytes, at hand or not, and says whether the stream had as many.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<bool, CaptureError> {
        loop {
            let step = count.min(self.bytes().len() as u64) as usize;
            self.take(step);
            count -= step as u64;
            if count == 0 {
                return Ok(true);
            }
            if !self.fill(1)? {
                return Ok(false);
            }
        }
    }

    /// The complaint that what starts at `offset` is damaged.
    pub(super) fn damaged(&self, offset: u64, why: String) -> CaptureError {
        CaptureError::Damaged {
            file: self.file.clone(),
            offset,
            unpacked: self.unpacked,
            why,
        }
    }

    /// The complaint that the bytes at hand, of which `shown` are shown, start no capture.
    pub(super) fn not_a_capture(&self, shown: usize) -> CaptureError {
        CaptureError::NotACapture {
            file: self.file.clone(),
            unpacked: self.unpacked,
            start: self.bytes().iter().copied().take(shown).collect(),
        }
    }

    #[cold]
    fn failed(&self, source: io::Error) -> CaptureError {
        let file = self.file.clone();
        match source.get_ref().and_then(|error| error.downcast_ref()) {
            Some(Damage { offset, why }) => CaptureError::Gzip {
                file,
                offset: *offset,
                why: why.clone(),
            },
            None => CaptureError::Read {
                file,
                offset: self.base + self.end as u64,
                source,
            },
        }
    }

    #[cold]
    fn read_until(&mut self, wanted: usize) -> Result<bool, CaptureError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        while self.end < wanted {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(self.failed(source)),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slides_over_a_stream_longer_than_itself() {
        let stream: Vec<u8> = (0..5 * WINDOW).map(|i| (i % 251) as u8).collect();
        let mut window = Window::new("x".into(), Box::new(Cursor::new(stream.clone())));
        let mut at = 0;
        while window.fill(1000).unwrap() {
            assert_eq!(window.offset(), at as u64);
            assert_eq!(window.bytes()[..1000], stream[at..at + 1000]);
            window.take(1000);
            at += 1000;
        }
        assert_eq!(window.bytes().len(), stream.len() % 1000);
    }

    #[test]
    fn skips_beyond_what_is_at_hand() {
        let mut window = Window::new("x".into(), Box::new(io::repeat(7).take(3 * WINDOW as u64)));
        assert!(window.skip(2 * WINDOW as u64 + 5).unwrap());
        assert_eq!(window.offset(), 2 * WINDOW as u64 + 5);
        assert!(!window.skip(WINDOW as u64).unwrap());
    }

    #[test]
    fn a_failed_read_keeps_its_errno_and_offset() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(nix::errno::Errno::EIO.into())
            }
        }
        let mut window = Window::new("x".into(), Box::new(b"abc".chain(Broken)));
        assert_eq!(
            window.fill(4).unwrap_err().to_string(),
            "read capture x at byte 3: I/O error (EIO)"
        );
    }
}
