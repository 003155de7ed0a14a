//! The file or stream under both writers: created by name, gathered into blocks, compressed where
//! the name asks for it, and named in every error.

use super::{CaptureError, PcapWriter, PcapngWriter, Sink, is_dash, shown};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::Path;

/// Bytes gathered before they are written, unless flushed.
const BLOCK: usize = 256 * 1024;

/// Creates a capture file in the format that its name asks for. Classic pcap holds one link type
/// and no names, so it is written only to a file that ends in `.pcap`; any other name, and `-`,
/// which is standard output, gets pcapng. A `.gz` after either compresses it.
///
/// # Errors
/// [`CaptureError::Create`] when the file cannot be made.
pub fn create(path: &Path) -> Result<Box<dyn Sink>, CaptureError> {
    let name = Name::of(path);
    let file = shown(path, "standard output");
    let output = match open(path) {
        Ok(stream) => OutputFile::new(file, stream, name.compressed),
        Err(source) => return Err(CaptureError::Create { file, source }),
    };
    Ok(if name.classic {
        Box::new(PcapWriter::new(output))
    } else {
        Box::new(PcapngWriter::new(output))
    })
}

/// What a file's name says of its format.
#[derive(Debug, PartialEq, Eq)]
struct Name {
    classic: bool,
    compressed: bool,
}

impl Name {
    fn of(path: &Path) -> Name {
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().to_ascii_lowercase();
        let inner = name.strip_suffix(".gz");
        Name {
            classic: inner.unwrap_or(&name).ends_with(".pcap"),
            compressed: inner.is_some(),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    if is_dash(path) {
        // Past std's own buffer, which looks for line ends.
        return Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    }
    File::create(path)
}

/// A file or stream being written.
pub(super) struct OutputFile {
    file: String,
    stream: BufWriter<Stream>,
}

enum Stream {
    Plain(Box<dyn Write + Send>),
    Gzip(GzEncoder<Box<dyn Write + Send>>),
}

impl OutputFile {
    /// Writes to `output`, which errors call `file`.
    pub(super) fn new(
        file: String,
        output: impl Write + Send + 'static,
        compressed: bool,
    ) -> OutputFile {
        let output: Box<dyn Write + Send> = Box::new(output);
        let stream = if compressed {
            Stream::Gzip(GzEncoder::new(output, Compression::default()))
        } else {
            Stream::Plain(output)
        };
        OutputFile {
            file,
            stream: BufWriter::with_capacity(BLOCK, stream),
        }
    }

    /// What errors call it.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// Appends bytes, which may stay in memory until [`flush`](OutputFile::flush).
    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), CaptureError> {
        match self.stream.write_all(bytes) {
            Ok(()) => Ok(()),
            Err(source) => Err(self.failed(source)),
        }
    }

    /// Hands over everything so far.
    pub(super) fn flush(&mut self) -> Result<(), CaptureError> {
        self.stream.flush().map_err(|source| self.failed(source))
    }

    /// Hands over everything, and the end of a compressed stream.
    pub(super) fn finish(&mut self) -> Result<(), CaptureError> {
        self.flush()?;
        match self.stream.get_mut() {
            Stream::Plain(_) => Ok(()),
            Stream::Gzip(encoder) => encoder.try_finish().map_err(|source| self.failed(source)),
        }
    }

    fn failed(&self, source: io::Error) -> CaptureError {
        CaptureError::Write {
            file: self.file.clone(),
            source,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Plain(output) => output.write(bytes),
            Stream::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Plain(output) => output.flush(),
            Stream::Gzip(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A file in memory that outlives its writer.
    #[derive(Clone, Default)]
    pub(in crate::capture) struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Memory {
        pub(in crate::capture) fn bytes(&self) -> Vec<u8> {
            self.0.lock().unwrap().clone()
        }
    }

    #[test]
    fn names_ask_for_formats() {
        let table = [
            ("a.pcap", true, false),
            ("a.PCAP", true, false),
            ("a.pcap.gz", true, true),
            ("a.pcapng", false, false),
            ("a.pcapng.gz", false, true),
            ("a.pcap.d/a", false, false),
            ("a.cap", false, false),
            ("a.gz", false, true),
            ("a", false, false),
            ("-", false, false),
        ];
        for (path, classic, compressed) in table {
            let asked = Name::of(Path::new(path));
            let name = Name {
                classic,
                compressed,
            };
            assert_eq!(asked, name, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_created_is_named_with_its_errno() {
        let Err(error) = create(Path::new("/nonexistent/a.pcap")) else {
            panic!("created a file in no folder");
        };
        assert_eq!(
            error.to_string(),
            "create capture /nonexistent/a.pcap: no such file or directory (ENOENT)"
        );
    }

    #[test]
    fn a_closed_pipe_is_told_from_a_full_disk() {
        let (reader, pipe) = io::pipe().unwrap();
        drop(reader);
        for compressed in [false, true] {
            let pipe = pipe.try_clone().unwrap();
            let mut output = OutputFile::new("x".into(), pipe, compressed);
            output.write(b"abc").unwrap();
            assert!(output.finish().unwrap_err().is_broken_pipe());

            let full = File::create("/dev/full").unwrap();
            let mut output = OutputFile::new("x".into(), full, compressed);
            output.write(b"abc").unwrap();
            let error = output.finish().unwrap_err();
            assert!(!error.is_broken_pipe());
            assert_eq!(
                error.to_string(),
                "write capture x: no space left on device (ENOSPC)"
            );
        }
    }

    #[test]
    fn a_compressed_stream_is_readable_up_to_each_flush() {
        let memory = Memory::default();
        let mut output = OutputFile::new("x".into(), memory.clone(), true);
        output.write(b"abc").unwrap();
        output.flush().unwrap();
        let mut unpacked = [0; 3];
        let bytes = memory.bytes();
        io::Read::read_exact(&mut flate2::read::GzDecoder::new(&*bytes), &mut unpacked).unwrap();
        assert_eq!(&unpacked, b"abc");
    }
}
