//! The captures that are read: made anew for each run, in a folder that is gone afterwards.

use crate::packets::{Random, mixed, ping};
use std::path::{Path, PathBuf};
use tunlab::capture::{self, Frame, Timestamp};
use tunlab::model::LinkType;

/// What a capture is full of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Pings of 84 bytes over raw IP, requests and replies.
    Icmp,
    /// What a busy host's interface sees: Ethernet of twenty kinds.
    Mixed,
}

impl Traffic {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Traffic::Icmp => "ICMP, raw IP",
            Traffic::Mixed => "mixed Ethernet",
        }
    }
}

/// A folder of captures.
pub(crate) struct Captures(PathBuf);

impl Captures {
    pub(crate) fn new() -> std::io::Result<Captures> {
        let folder = std::env::temp_dir().join(format!("tunlab-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Captures(folder))
    }

    /// A file of the first `count` packets, written when it is first asked for.
    pub(crate) fn file(&self, traffic: Traffic, count: u64) -> PathBuf {
        let kind = if traffic == Traffic::Icmp {
            "icmp"
        } else {
            "mixed"
        };
        let path = self.0.join(format!("{kind}-{count}.pcap"));
        if !path.exists() {
            write(&path, traffic, count).expect("a capture can be written");
        }
        path
    }
}

impl Drop for Captures {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, traffic: Traffic, count: u64) -> Result<(), capture::CaptureError> {
    let mut random = Random(traffic as u64);
    let mut sink = capture::create(path)?;
    let mut time = 1_600_754_581_000_000_000;
    for number in 1..=count {
        time += random.below(2_000_000);
        let (link, bytes) = match traffic {
            Traffic::Icmp => (LinkType::RAW, ping(&mut random)),
            Traffic::Mixed => (LinkType::ETHERNET, mixed(&mut random)),
        };
        sink.write(&Frame {
            number,
            time: Timestamp(time),
            link,
            wire_len: bytes.len() as u32,
            bytes: &bytes,
            interface: None,
            direction: None,
        })?;
    }
    sink.finish()
}
