//! What can go wrong with a capture file, and the next step to take.

use crate::model::LinkType;
use crate::sys::errno;
use nix::errno::Errno;
use std::io;

/// What errors call standard input.
pub(super) const STDIN: &str = "standard input";

/// A capture file or stream that could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file is not there or may not be read.
    #[error("open capture {file}: {}", io_words(source))]
    Open {
        /// What the file is called.
        file: String,
        /// Why open(2) refused.
        source: io::Error,
    },
    /// Reading failed midway: a disk or a pipe, not the format.
    #[error("read capture {file} at byte {offset}: {}", io_words(source))]
    Read {
        /// What the file is called.
        file: String,
        /// Bytes read before it failed.
        offset: u64,
        /// Why read(2) failed.
        source: io::Error,
    },
    /// The first bytes are those of no capture format.
    #[error("read capture {file}: {}", describe_start(start, *unpacked))]
    NotACapture {
        /// What the file is called.
        file: String,
        /// Whether that is what came out of gzip.
        unpacked: bool,
        /// Its first bytes, at most four.
        start: Vec<u8>,
    },
    /// The file is a capture, and unreadable from `offset` on. Everything before was delivered.
    #[error("read capture {file}: damaged at byte {offset}{}: {why}", of_what(*unpacked))]
    Damaged {
        /// What the file is called.
        file: String,
        /// Where the damaged record or block starts, in bytes from the start of the file.
        offset: u64,
        /// Whether the bytes are those that came out of gzip.
        unpacked: bool,
        /// What is wrong with it.
        why: String,
    },
    /// The gzip around a capture is damaged. Every packet before was delivered.
    #[error("read capture {file}: gzip damaged at byte {offset}: {why}")]
    Gzip {
        /// What the file is called.
        file: String,
        /// Where, in bytes from the start of the file.
        offset: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The file for `-w` cannot be made.
    #[error("create capture {file}: {}", io_words(source))]
    Create {
        /// What the file is called.
        file: String,
        /// Why open(2) refused.
        source: io::Error,
    },
    /// Writing failed: a full disk, a closed pipe.
    #[error("write capture {file}: {}", io_words(source))]
    Write {
        /// What the file is called.
        file: String,
        /// Why write(2) failed.
        source: io::Error,
    },
    /// Classic pcap names one link type for the whole file, and this packet has another.
    #[error(
        "write capture {file}: packet {number} is of link type {}, those before it of {}; \
         classic pcap holds one link type",
        link_words(*other), link_words(*first)
    )]
    OtherLink {
        /// What the file is called.
        file: String,
        /// Number of the packet that does not fit.
        number: u64,
        /// Link type of the first packet, which the file's header names.
        first: LinkType,
        /// Link type of this packet.
        other: LinkType,
    },
}

impl CaptureError {
    /// The next step to take, where there is one.
    pub fn remedy(&self) -> Option<String> {
        match self {
            CaptureError::Damaged { offset: 0, .. } => None,
            CaptureError::Damaged { file, .. } | CaptureError::Gzip { file, .. } => Some(format!(
                "to keep the sound packets: tunlab read -q {} -w sound.pcapng",
                quoted(file)?
            )),
            CaptureError::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("free some space, or write elsewhere".into())
            }
            CaptureError::Open { source, .. } | CaptureError::Create { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Some("choose a file that is yours, or run as its owner or root".into())
            }
            CaptureError::Open { source, .. }
            | CaptureError::Read { source, .. }
            | CaptureError::Create { source, .. }
                if source.kind() == io::ErrorKind::IsADirectory =>
            {
                Some("name a file in that folder".into())
            }
            CaptureError::Open { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("check the name with ls; - stands for standard input".into())
            }
            CaptureError::Create { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("make its folder first: mkdir -p".into())
            }
            CaptureError::NotACapture { .. } => {
                Some("give a file that tunlab -w, tcpdump -w or Wireshark wrote".into())
            }
            CaptureError::OtherLink { .. } => Some(
                "write pcapng, which keeps a link type for each interface: -w FILE.pcapng".into(),
            ),
            _ => None,
        }
    }

    /// Whether the reader of our output has gone, which ends the program quietly.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, CaptureError::Write { source, .. }
            if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// An I/O error in the same words; one that came from no system call has only its text.
fn io_words(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(raw) => errno::text(Errno::from_raw(raw)),
        None => error.to_string(),
    }
}

/// A link type's name, where it has one, and its number.
fn link_words(link: LinkType) -> String {
    match link.name() {
        Some(name) => format!("{name} ({})", link.0),
        None => link.0.to_string(),
    }
}

/// Which bytes an offset counts, where that is not plain.
fn of_what(unpacked: bool) -> &'static str {
    if unpacked { " unpacked" } else { "" }
}

fn describe_start(start: &[u8], unpacked: bool) -> String {
    let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
    let hex = hex.join(" ");
    match (unpacked, start) {
        (false, []) => "the file is empty".into(),
        (true, []) => "unpacked, the file is empty".into(),
        (false, _) => {
            format!("neither pcap nor pcapng, nor gzip of either (it starts with {hex})")
        }
        (true, _) => {
            format!("unpacked, it is neither pcap nor pcapng (it starts with {hex})")
        }
    }
}

/// A file's name for a shell line; none when it is a stream or needs more than simple quotes.
fn quoted(file: &str) -> Option<String> {
    match file {
        STDIN => None,
        name if name.contains(['\'', '\u{fffd}']) => None,
        name if name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/._-+".contains(&b)) =>
        {
            Some(name.to_owned())
        }
        name => Some(format!("'{name}'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_name_a_line_to_type() {
        let damaged = |file: &str| CaptureError::Damaged {
            file: file.into(),
            offset: 124,
            unpacked: false,
            why: String::new(),
        };
        assert_eq!(
            damaged("my file.pcap").remedy().unwrap(),
            "to keep the sound packets: tunlab read -q 'my file.pcap' -w sound.pcapng"
        );
        assert_eq!(damaged(STDIN).remedy(), None);
    }
}
