//! Packets to write and what readers say of them.

use super::{Problem, common};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use tunlab::capture::{self, Direction, Frame, Interface, Timestamp};
use tunlab::model::LinkType;

/// A packet that a test keeps, with everything that a file may say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) time: u64,
    pub(crate) link: u16,
    pub(crate) length: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) interface: Option<String>,
    pub(crate) direction: Option<Direction>,
}

/// What some reader says of a packet: time with nanoseconds, bytes kept, length on the wire.
pub(crate) type Row = (String, usize, u32);

impl Kept {
    pub(crate) fn row(&self) -> Row {
        (self.time(), self.bytes.len(), self.length)
    }

    /// Seconds and nine digits.
    pub(crate) fn time(&self) -> String {
        let time = Timestamp(self.time);
        format!("{}.{:09}", time.seconds(), time.subsec_nanos())
    }

    /// The same packet as a file of microseconds keeps it.
    pub(crate) fn to_microseconds(&self) -> Kept {
        Kept {
            time: self.time / 1000 * 1000,
            ..self.clone()
        }
    }
}

/// Packets of one link type, every seventh of which was cut short by who captured it.
pub(crate) fn of_link(link: LinkType) -> Vec<Kept> {
    common::samples()
        .into_iter()
        .filter(|sample| sample.link == link)
        .zip(0..)
        .map(|(sample, n)| Kept {
            time: 1_600_754_581_123_456_789 + n * 1_000_001_003,
            link: link.0,
            length: sample.bytes.len() as u32 + if n % 7 == 3 { 100 } else { 0 },
            bytes: sample.bytes,
            interface: None,
            direction: None,
        })
        .collect()
}

/// Packets of a TUN device, an Ethernet and one interface without a name, in turn.
pub(crate) fn mixed() -> Vec<Kept> {
    let named = |link, name: Option<&str>| {
        let name = name.map(str::to_owned);
        of_link(link)
            .into_iter()
            .zip(0..)
            .map(move |(kept, n)| Kept {
                interface: name.clone(),
                direction: [None, Some(Direction::In), Some(Direction::Out)][n % 3],
                ..kept
            })
    };
    let mut all: Vec<Kept> = named(LinkType::RAW, Some("tun0"))
        .chain(named(LinkType::ETHERNET, Some("eth0")))
        .chain(named(LinkType(113), None))
        .collect();
    all.sort_by_key(|kept| (kept.time, kept.link));
    for (kept, n) in all.iter_mut().zip(0..) {
        kept.time += n;
    }
    all
}

/// Writes packets to a new file whose name ends like this.
pub(crate) fn write(packets: &[Kept], ending: &str) -> Result<PathBuf, Problem> {
    let path = new_path(ending);
    let broken = |error: capture::CaptureError| Problem::Wrong(error.to_string());
    let mut sink = capture::create(&path).map_err(broken)?;
    for (kept, number) in packets.iter().zip(1..) {
        let interface = kept.interface.as_deref().map(Interface::named);
        let frame = Frame {
            number,
            time: Timestamp(kept.time),
            link: LinkType(kept.link),
            wire_len: kept.length,
            bytes: &kept.bytes,
            interface,
            direction: kept.direction,
        };
        sink.write(&frame).map_err(broken)?;
    }
    sink.finish().map_err(broken)?;
    Ok(path)
}

/// A path that no other test uses; what it leaves behind stays in the build's folder.
pub(crate) fn new_path(ending: &str) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("files");
    std::fs::create_dir_all(&folder).unwrap();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("{count}{ending}"));
    let _ = std::fs::remove_file(&path);
    path
}

/// What tunlab reads of a file, which must end well.
pub(crate) fn read(path: &Path) -> Result<Vec<Kept>, Problem> {
    match read_to_damage(path) {
        (packets, None) => Ok(packets),
        (_, Some(error)) => super::wrong(error),
    }
}

/// What tunlab reads of a file, and its complaint.
pub(crate) fn read_to_damage(path: &Path) -> (Vec<Kept>, Option<String>) {
    let mut packets = Vec::new();
    let mut source = match capture::open(path) {
        Ok(source) => source,
        Err(error) => return (packets, Some(error.to_string())),
    };
    loop {
        match source.next() {
            Ok(Some(frame)) => packets.push(Kept {
                time: frame.time.0,
                link: frame.link.0,
                length: frame.wire_len,
                bytes: frame.bytes.to_vec(),
                interface: frame
                    .interface
                    .and_then(|seen| seen.name)
                    .map(str::to_owned),
                direction: frame.direction,
            }),
            Ok(None) => return (packets, None),
            Err(error) => return (packets, Some(error.to_string())),
        }
    }
}
