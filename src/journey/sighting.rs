//! One packet, seen once: on one device of one host, going one way.

use super::read::{Content, Reader};
use crate::capture::{CaptureError, Direction, Frame, Interface, MAX_FRAME, Source, Timestamp};
use crate::model::LinkType;
use std::sync::Arc;

/// A frame that passed a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The host's name: `u`.
    pub host: Arc<str>,
    /// The device's name on that host: `tun0`.
    pub device: Arc<str>,
    /// Whether the host sent or received it there.
    pub direction: Direction,
    /// The kernel's time, one clock for all hosts of a lab.
    pub time: Timestamp,
    /// What the first byte belongs to.
    pub link: LinkType,
    /// The frame, as far as captured.
    pub bytes: Vec<u8>,
    /// Its length on the wire in bytes.
    pub wire_len: u32,
    /// Whether its transport checksum is still to be filled in by a device: what is there is a
    /// part of it, and not wrong.
    pub partial: bool,
}

/// A sighting, and what it is of.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When and where.
    pub sighting: Sighting,
    /// What.
    pub content: Content,
}

impl Sighting {
    /// Reads what was seen.
    pub fn read(self, reader: &Reader) -> Seen {
        let content = reader.content(self.link, &self.bytes);
        Seen {
            sighting: self,
            content,
        }
    }

    /// The device's name among those of all hosts: `u.tun0`.
    pub fn interface_name(&self) -> String {
        format!("{}.{}", self.host, self.device)
    }

    /// As a frame of a capture file, in which `name` is [`Sighting::interface_name`].
    pub fn frame<'s>(&'s self, number: u64, interface: u32, name: &'s str) -> Frame<'s> {
        Frame {
            number,
            time: self.time,
            link: self.link,
            wire_len: self.wire_len,
            bytes: &self.bytes,
            interface: Some(Interface {
                number: interface,
                name: Some(name),
                snap_len: MAX_FRAME as u32,
            }),
            direction: Some(self.direction),
        }
    }

    /// The sighting that a capture file's frame is; nothing when the file does not say where and
    /// which way it was seen.
    fn of_frame(frame: &Frame) -> Option<Sighting> {
        let (host, device) = frame.interface?.name?.split_once('.')?;
        Some(Sighting {
            host: host.into(),
            device: device.into(),
            direction: frame.direction?,
            time: frame.time,
            link: frame.link,
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len,
            partial: false,
        })
    }
}

/// Reads back the sightings of a capture whose interfaces are called as [`Sighting`] calls them;
/// frames of other interfaces are left out.
///
/// # Errors
/// Those of the source.
pub fn sightings(source: &mut dyn Source) -> Result<Vec<Sighting>, CaptureError> {
    let mut sightings = Vec::new();
    while let Some(frame) = source.next()? {
        sightings.extend(Sighting::of_frame(&frame));
    }
    Ok(sightings)
}
