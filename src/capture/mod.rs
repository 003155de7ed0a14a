//! Where packets come from and where they go: capture files, TUN and TAP devices, live interfaces.
//!
//! Everything arrives as a [`Frame`], a borrowed slice with its time and link type. Files are
//! a [`Source`], read with [`open`]; what is printed with `-w` goes to a [`Sink`]. Live packets
//! ([`TunDevice`], [`LiveInterface`]) have no end and must share the caller's `poll(2)` with
//! signals and children, so those are no `Source`: they are a file descriptor with a `recv`.
//!
//! - `input`: a file or standard input, opened, and what is in it
//! - `gzip`: either format packed
//! - `window`: the bounded buffer under both file readers
//! - `pcap`, `pcapng`: the two file formats, read
//! - `output`: the file under both writers
//! - `pcap_write`, `pcapng_write`: the two formats, written
//! - `device_name`, `tun`, `tun_error`: devices made through `/dev/net/tun`
//! - `interface`, `interface_error`: packets of an interface that exists already
//! - `error`: what can go wrong with a file, and the next step

mod device_name;
pub mod driver;
mod error;
mod gzip;
mod input;
mod interface;
mod interface_error;
mod output;
mod pcap;
mod pcap_write;
mod pcapng;
mod pcapng_write;
mod tun;
mod tun_error;
mod window;

pub use device_name::{DeviceName, NameError};
pub use error::CaptureError;
pub use input::{Input, from_reader, open};
pub use interface::LiveInterface;
pub use interface_error::InterfaceError;
pub use output::create;
pub use pcap::PcapReader;
pub use pcap_write::PcapWriter;
pub use pcapng::PcapngReader;
pub use pcapng_write::PcapngWriter;
pub use tun::{Mode, TunDevice, TunOptions};
pub use tun_error::TunError;

use crate::model::LinkType;
use std::path::Path;
use std::time::SystemTime;

/// The longest packet any capture holds, in bytes: libpcap's MAXIMUM_SNAPLEN.
/// A record that claims more is damage, not a packet.
pub const MAX_FRAME: usize = 256 * 1024;

/// One packet as it was seen, borrowed from the buffer of whoever read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Position in the capture, from 1.
    pub number: u64,
    /// When it was seen.
    pub time: Timestamp,
    /// What the first byte belongs to.
    pub link: LinkType,
    /// Length on the wire in bytes; more than `bytes.len()` when the capture kept only a part.
    pub wire_len: u32,
    /// The bytes that were kept.
    pub bytes: &'a [u8],
    /// Where it was seen, if the source knows that.
    pub interface: Option<Interface<'a>>,
    /// Which way it went, where the source knows it.
    pub direction: Option<Direction>,
}

/// The interface that a packet was seen on, as far as its source describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface<'a> {
    /// Its place among the interfaces of the source, from 0: some have no name.
    pub number: u32,
    /// As the host called it.
    pub name: Option<&'a str>,
    /// The most that was kept of a packet, in bytes; 0 if there was no limit.
    pub snap_len: u32,
}

impl<'a> Interface<'a> {
    /// The only interface of a live source.
    pub fn named(name: &'a str) -> Interface<'a> {
        Interface {
            number: 0,
            name: Some(name),
            snap_len: MAX_FRAME as u32,
        }
    }
}

/// Which way a packet went, as seen by the host it was captured on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The host received it.
    In,
    /// The host sent it.
    Out,
}

/// Nanoseconds since 1970-01-01 00:00 UTC, the finest resolution a kernel or capture file gives.
/// Reaches to the year 2554; times outside are clamped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The machine's clock now.
    pub fn now() -> Timestamp {
        let since_epoch = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Timestamp(u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX))
    }

    /// From whole seconds since the epoch and nanoseconds on top (a billion or more carries over).
    pub const fn new(seconds: u64, nanos: u64) -> Timestamp {
        Timestamp(
            seconds
                .saturating_mul(NANOS_PER_SECOND)
                .saturating_add(nanos),
        )
    }

    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> u64 {
        self.0 / NANOS_PER_SECOND
    }

    /// Nanoseconds within the second, below one billion.
    pub const fn subsec_nanos(self) -> u32 {
        (self.0 % NANOS_PER_SECOND) as u32
    }
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Something that yields packets until it ends: a capture file or a stream of one.
pub trait Source {
    /// The next packet, borrowed until the following call; `None` at the end.
    ///
    /// # Errors
    /// [`CaptureError::Damaged`] once every packet before the damage has been yielded,
    /// [`CaptureError::Read`] when the file or stream fails. After an error the source has ended.
    fn next(&mut self) -> Result<Option<Frame<'_>>, CaptureError>;

    /// Whether everything read so far has been yielded, so that [`next`](Source::next) waits for
    /// more: the moment to show what there is.
    fn is_drained(&self) -> bool;

    /// Whether its times are whole microseconds, as its format has no finer ones.
    fn is_in_microseconds(&self) -> bool {
        false
    }
}

/// Something that keeps packets: a capture file or a stream of one.
pub trait Sink {
    /// Keeps one packet; it may stay in memory until [`flush`](Sink::flush).
    ///
    /// # Errors
    /// [`CaptureError::Write`] when the file or pipe fails, [`CaptureError::OtherLink`] when the
    /// format cannot hold a packet of this link type beside the earlier ones.
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), CaptureError>;

    /// Says before the first packet that all times are whole microseconds, for a format that has
    /// a form of its own for them.
    fn expect_microseconds(&mut self) {}

    /// Hands over everything kept so far: after each packet of a live run.
    ///
    /// # Errors
    /// [`CaptureError::Write`] when the file or pipe fails.
    fn flush(&mut self) -> Result<(), CaptureError>;

    /// Completes the file; it is a valid capture even when no packet came.
    ///
    /// # Errors
    /// [`CaptureError::Write`] when the file or pipe fails.
    fn finish(&mut self) -> Result<(), CaptureError>;
}

/// Whether a path means standard input or output.
fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What errors call a path: no byte of a file's name may steer the terminal.
fn shown(path: &Path, dash: &str) -> String {
    if is_dash(path) {
        return dash.to_owned();
    }
    without_controls(&path.to_string_lossy())
}

/// The text with every control character replaced.
fn without_controls(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// The link type of a number found in a capture file. The lower half of the header's field is
/// the number, the upper says whether frames end in a checksum. BSD systems wrote their own
/// numbers for raw IP, 12 and 14, into files.
/// <https://www.tcpdump.org/linktypes.html>
fn link_type(number: u32) -> LinkType {
    match (number & 0xffff) as u16 {
        12 | 14 => LinkType::RAW,
        number => LinkType(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_splits_and_clamps() {
        let time = Timestamp::new(1_600_754_581, 123_456_789);
        assert_eq!(time.seconds(), 1_600_754_581);
        assert_eq!(time.subsec_nanos(), 123_456_789);
        assert_eq!(Timestamp::new(1, 1_500_000_000).seconds(), 2);
        assert_eq!(Timestamp::new(u64::MAX, 0), Timestamp(u64::MAX));
        assert!(Timestamp::now() > time);
    }
}
