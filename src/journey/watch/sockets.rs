//! A packet socket on every host.

use super::{Losses, Sighting, WatchError, sighting};
use crate::capture::MAX_FRAME;
use crate::journey::path::Place;
use crate::sys::packet_socket::program::Instruction;
use crate::sys::packet_socket::{PacketSocket, Passed};
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

impl Post {
    /// Watches the network namespace of the calling thread, which is the host `name`. With a
    /// `filter` the kernel shows only what that accepts.
    pub fn open(name: &str, filter: Option<&[Instruction]>) -> Result<Post, WatchError> {
        Ok(Post {
            socket: PacketSocket::open(filter)?,
            place: Place::here(name)?,
            devices: HashMap::new(),
        })
    }

    fn sighting(&mut self, passed: &Passed, bytes: &[u8]) -> Option<Sighting> {
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
        sighting(&self.place, device, passed, bytes)
    }
}

/// The sockets of all hosts.
pub(super) struct Sockets {
    posts: Vec<Post>,
    buffer: Vec<u8>,
    unstamped: u64,
}

/// Closing a packet socket waits until no CPU looks at it any more, for some milliseconds: all
/// are closed at once.
impl Drop for Sockets {
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

impl Sockets {
    pub(super) fn new(posts: Vec<Post>) -> Sockets {
        Sockets {
            posts,
            buffer: vec![0; MAX_FRAME],
            unstamped: 0,
        }
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.posts.iter().map(|post| &post.place)
    }

    pub(super) fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        let posts = self.posts.iter();
        posts.map(|post| PollFd::new(post.socket.as_fd(), PollFlags::POLLIN))
    }

    /// Hands over what waits, one host after the other.
    pub(super) fn drain(&mut self, mut keep: impl FnMut(Sighting)) -> Result<(), WatchError> {
        for post in &mut self.posts {
            while let Some(passed) = post.socket.receive(&mut self.buffer)? {
                self.unstamped += u64::from(passed.time.is_none());
                let sighting = post.sighting(&passed, &self.buffer[..passed.len]);
                sighting.map(&mut keep);
            }
        }
        Ok(())
    }

    pub(super) fn losses(&mut self) -> Result<Losses, WatchError> {
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
