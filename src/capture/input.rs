//! Capture files and streams, opened: which file it is, how long it is, and what is in it.

use super::gzip;
use super::pcap::{self, PcapReader};
use super::pcapng::{self, PcapngReader};
use super::window::Window;
use super::{CaptureError, Source, error, is_dash, shown};
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Opens a capture file, `-` being standard input, as whatever format its first bytes announce.
///
/// # Errors
/// As [`Input::open`] and [`Input::read`].
pub fn open(path: &Path) -> Result<Box<dyn Source>, CaptureError> {
    Input::open(path)?.read(|_| {})
}

/// Reads a capture from any stream of bytes; `file` is what errors call it.
///
/// # Errors
/// As [`Input::read`].
pub fn from_reader(
    file: String,
    input: impl Read + Send + 'static,
) -> Result<Box<dyn Source>, CaptureError> {
    let mut window = Window::new(file, Box::new(input));
    window.fill(MAGIC_LEN)?;
    if window.bytes().starts_with(&gzip::MAGIC) {
        window = window.unpacked();
        window.fill(MAGIC_LEN)?;
    }
    match window.bytes().get(..MAGIC_LEN) {
        Some(magic) if pcap::is_magic(magic) => Ok(Box::new(PcapReader::new(window)?)),
        Some(magic) if pcapng::is_magic(magic) => Ok(Box::new(PcapngReader::new(window))),
        _ => Err(window.not_a_capture(MAGIC_LEN)),
    }
}

/// Both formats announce themselves in their first four bytes.
const MAGIC_LEN: usize = 4;

/// A capture file or standard input, open and not yet read.
pub struct Input {
    name: String,
    stream: File,
    metadata: Metadata,
}

impl Input {
    /// Opens a file, `-` being standard input.
    ///
    /// # Errors
    /// [`CaptureError::Open`] when there is no such file or it may not be read.
    pub fn open(path: &Path) -> Result<Input, CaptureError> {
        let name = shown(path, error::STDIN);
        match open_stream(path) {
            Ok((stream, metadata)) => Ok(Input {
                name,
                stream,
                metadata,
            }),
            Err(source) => Err(CaptureError::Open { file: name, source }),
        }
    }

    /// Its bytes; none for a pipe or terminal, whose end is not known.
    pub fn length(&self) -> Option<u64> {
        self.metadata.is_file().then_some(self.metadata.len())
    }

    /// Whether `path`, `-` being standard output, is this very file, by whatever name.
    pub fn is(&self, path: &Path) -> bool {
        let other = if is_dash(path) {
            io::stdout()
                .as_fd()
                .try_clone_to_owned()
                .and_then(|stdout| File::from(stdout).metadata())
        } else {
            fs::metadata(path)
        };
        let identity = |metadata: &Metadata| (metadata.dev(), metadata.ino());
        self.metadata.is_file()
            && other.is_ok_and(|other| identity(&other) == identity(&self.metadata))
    }

    /// Reads it. `watch` is told the length of each piece as it is read.
    ///
    /// # Errors
    /// [`CaptureError::NotACapture`] when it is something else, and those of [`Source::next`].
    pub fn read(
        self,
        watch: impl FnMut(usize) + Send + 'static,
    ) -> Result<Box<dyn Source>, CaptureError> {
        let stream = self.stream;
        from_reader(self.name, Watched { stream, watch })
    }
}

fn open_stream(path: &Path) -> io::Result<(File, Metadata)> {
    let stream = if is_dash(path) {
        // Past std's own buffer: the window reads large blocks already.
        File::from(io::stdin().as_fd().try_clone_to_owned()?)
    } else {
        File::open(path)?
    };
    let metadata = stream.metadata()?;
    if metadata.is_dir() {
        // Opening a folder succeeds; say so now rather than at the first read.
        return Err(nix::errno::Errno::EISDIR.into());
    }
    Ok((stream, metadata))
}

/// A stream of which somebody wants to know how far it has been read.
struct Watched<W> {
    stream: File,
    watch: W,
}

impl<W: FnMut(usize)> Read for Watched<W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        (self.watch)(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(bytes: &'static [u8]) -> CaptureError {
        match from_reader("x".into(), bytes) {
            Ok(_) => panic!("{bytes:?} was taken for a capture"),
            Err(error) => error,
        }
    }

    #[test]
    fn what_is_no_capture_is_said_plainly() {
        let text = error_of(b"#!/bin/sh\n");
        assert_eq!(
            text.to_string(),
            "read capture x: neither pcap nor pcapng, nor gzip of either (it starts with 23 21 2f 62)"
        );
        assert_eq!(
            error_of(b"").to_string(),
            "read capture x: the file is empty"
        );
        assert_eq!(
            error_of(b"\xd4\xc3").to_string(),
            "read capture x: neither pcap nor pcapng, nor gzip of either (it starts with d4 c3)"
        );
    }

    #[test]
    fn what_gzip_holds_is_looked_at_too() {
        // Packed by gzip(1) from "#!/bin/sh\n" and from nothing.
        let script = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x53\x56\xd4\x4f\xca\xcc\xd3\x2f\xce\xe0\x02\
            \0\x1d\x9d\xfb\x04\x0a\0\0\0";
        let nothing = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
        let cut = b"\x1f\x8b\x08\0";
        let table: [(&[u8], &str); 3] = [
            (
                script,
                "unpacked, it is neither pcap nor pcapng (it starts with 23 21 2f 62)",
            ),
            (nothing, "unpacked, the file is empty"),
            (cut, "gzip damaged at byte 4: it is cut short"),
        ];
        for (bytes, words) in table {
            let text = error_of(bytes).to_string();
            assert_eq!(text, format!("read capture x: {words}"));
        }
    }

    #[test]
    fn missing_file_and_folder_name_their_errno() {
        let Err(missing) = open(Path::new("/nonexistent/a.pcap")) else {
            panic!("opened a file that does not exist");
        };
        assert_eq!(
            missing.to_string(),
            "open capture /nonexistent/a.pcap: no such file or directory (ENOENT)"
        );
        let Err(folder) = open(Path::new("/")) else {
            panic!("opened a folder as a capture");
        };
        assert_eq!(
            folder.to_string(),
            "open capture /: is a directory (EISDIR)"
        );
    }

    #[test]
    fn control_bytes_of_a_file_name_reached_the_terminal() {
        let Err(error) = open(Path::new("/nonexistent/\x1b[31m")) else {
            panic!("opened a file that does not exist");
        };
        assert!(!error.to_string().contains('\x1b'));
    }

    #[test]
    fn a_file_is_itself_by_any_name_and_no_device_is() {
        let this = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
        let input = Input::open(&this).unwrap();
        assert_eq!(input.length(), Some(fs::metadata(&this).unwrap().len()));
        assert!(input.is(&this.parent().unwrap().join("src/../Cargo.toml")));
        assert!(!input.is(&other));
        assert!(!input.is(Path::new("/nonexistent")));
        let null = Input::open(Path::new("/dev/null")).unwrap();
        assert_eq!(null.length(), None);
        assert!(!null.is(Path::new("/dev/null")));
    }
}
