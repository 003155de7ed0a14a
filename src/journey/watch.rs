//! Seeing packets on every host: one packet socket each.

use super::path::Place;
use super::read::Reader;
use super::sighting::{Seen, Sighting};
use crate::capture::{Direction, MAX_FRAME, Timestamp};
use crate::model::LinkType;
use crate::sys::netlink::{Netlink, NetlinkError};
use crate::sys::packet_socket::program::Instruction;
use crate::sys::packet_socket::{PacketError, PacketSocket, Passed};
use nix::poll::{PollFd, PollFlags};
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::Arc;

/// A socket on a host, and what must be known of that host.
#[derive(Debug)]
pub struct Post {
    place: Place,
    socket: PacketSocket,
    /// Names by the devices' numbers, as they are met.
    devices: HashMap<i32, Arc<str>>,
}

/// Why a host cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Its packets cannot be seen.
    #[error(transparent)]
    Packets(#[from] PacketError),
    /// Its addresses cannot be asked for.
    #[error(transparent)]
    Addresses(#[from] NetlinkError),
}

impl WatchError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            WatchError::Packets(error) => error.remedy(),
            WatchError::Addresses(error) => error.remedy(),
        }
    }
}

impl Post {
    /// Watches the network namespace of the calling thread, which is the host `name`. With a
    /// `filter` the kernel shows only what that accepts.
    pub fn open(name: &str, filter: Option<&[Instruction]>) -> Result<Post, WatchError> {
        let socket = PacketSocket::open(filter)?;
        let addresses = Netlink::open()?.addresses()?;
        let addresses = addresses.into_iter().map(|one| one.address);
        Ok(Post {
            place: Place {
                name: name.into(),
                addresses: addresses.collect(),
            },
            socket,
            devices: HashMap::new(),
        })
    }

    /// The host.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn sighting(&mut self, passed: Passed, bytes: &[u8]) -> Option<Sighting> {
        let link = link_type(passed.hardware)?;
        let device = match self.devices.get(&passed.device) {
            Some(name) => name.clone(),
            None => {
                // A device that has gone meanwhile has no name any more.
                let name = self.socket.device_name(passed.device);
                let name: Arc<str> = name.unwrap_or_else(|_| "?".to_owned()).into();
                self.devices.insert(passed.device, name.clone());
                name
            }
        };
        Some(Sighting {
            host: self.place.name.clone(),
            device,
            direction: if passed.outgoing {
                Direction::Out
            } else {
                Direction::In
            },
            time: passed.time.map_or_else(Timestamp::now, Timestamp),
            link,
            bytes: bytes.to_vec(),
            wire_len: passed.wire_len as u32,
            partial: passed.partial_checksum,
        })
    }
}

/// What a frame of that kind of device begins with (`<net/if_arp.h>`); nothing for kinds that are
/// not read here.
fn link_type(hardware: u16) -> Option<LinkType> {
    match hardware {
        // ARPHRD_ETHER, ARPHRD_LOOPBACK
        1 | 772 => Some(LinkType::ETHERNET),
        // ARPHRD_NONE, as a TUN device; ARPHRD_TUNNEL, _TUNNEL6, _SIT, _RAWIP
        0xfffe | 768 | 769 | 776 | 519 => Some(LinkType::RAW),
        _ => None,
    }
}

/// All the hosts.
pub struct Watch {
    posts: Vec<Post>,
    reader: Reader,
    buffer: Vec<u8>,
    unstamped: u64,
}

/// Closing a packet socket waits until no CPU looks at it any more, for some milliseconds: all
/// are closed at once.
impl Drop for Watch {
    fn drop(&mut self) {
        let mut closing = self.posts.drain(..);
        let last = closing.next();
        let threads: Vec<_> = closing
            .filter_map(|post| std::thread::Builder::new().spawn(move || drop(post)).ok())
            .collect();
        drop(last);
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// What the capture itself missed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// Packets that a host's socket had no room for.
    pub lost: Vec<(Arc<str>, u64)>,
    /// Packets whose time was not taken as they passed.
    pub unstamped: u64,
}

impl Watch {
    /// Watches from these posts.
    pub fn new(posts: Vec<Post>, reader: Reader) -> Watch {
        Watch {
            posts,
            reader,
            buffer: vec![0; MAX_FRAME],
            unstamped: 0,
        }
    }

    /// The hosts.
    pub fn places(&self) -> Vec<Place> {
        self.posts.iter().map(|post| post.place.clone()).collect()
    }

    /// How bytes are read.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Readable when something was seen.
    pub fn poll_fds(&self) -> Vec<PollFd<'_>> {
        let posts = self.posts.iter();
        posts
            .map(|post| PollFd::new(post.socket.as_fd(), PollFlags::POLLIN))
            .collect()
    }

    /// All that was seen and not read yet, in order of time.
    ///
    /// A packet is queued on a host before it leaves it. So when it has been seen where its journey
    /// ends, a further call yields all that is missing from the hosts before.
    pub fn drain(&mut self) -> Result<Vec<Seen>, WatchError> {
        let mut all = Vec::new();
        for post in &mut self.posts {
            while let Some(passed) = post.socket.receive(&mut self.buffer)? {
                self.unstamped += u64::from(passed.time.is_none());
                let sighting = post.sighting(passed, &self.buffer[..passed.len]);
                all.extend(sighting.map(|sighting| sighting.read(&self.reader)));
            }
        }
        all.sort_by_key(|seen: &Seen| seen.sighting.time);
        Ok(all)
    }

    /// What was missed so far.
    pub fn losses(&mut self) -> Result<Losses, WatchError> {
        let mut lost = Vec::new();
        for post in &mut self.posts {
            let count = post.socket.lost()?;
            if count > 0 {
                lost.push((post.place.name.clone(), count));
            }
        }
        Ok(Losses {
            lost,
            unstamped: self.unstamped,
        })
    }
}
