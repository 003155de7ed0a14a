//! Listens on every host at once: one packet socket each, one thread for all.

use super::error::EngineError;
use crate::lab::Lab;
use crate::model::LinkType;
use crate::sys::packet_socket::{PacketError, PacketSocket, Passed, await_stamps};
use crate::task::evidence::Sighting;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Bytes of a packet that are kept; the lab's devices pass on up to 64 KB in one piece.
const KEPT: usize = 64 * 1024;

/// How long the kernel may take until it stamps packets as they pass.
const PATIENCE: Duration = Duration::from_millis(500);

/// How soon the thread notices that it is to end.
const WAKE_MILLIS: u8 = 20;

/// A recording in progress.
pub(super) struct Recorder {
    packets: Arc<Mutex<Vec<Sighting>>>,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), EngineError>>>,
}

/// One host's socket.
struct Ear {
    host: String,
    netns: u64,
    socket: PacketSocket,
    /// Names of devices by number: a device that is gone has none any more.
    names: HashMap<i32, String>,
}

impl Recorder {
    /// Starts to record what passes the devices of every host.
    pub(super) fn start(lab: &Lab) -> Result<Recorder, EngineError> {
        let mut ears = Vec::new();
        for host in lab.hosts() {
            let socket = host.run(|| {
                let socket = PacketSocket::open(None)?;
                // Without stamps as they pass, the times are those of reading: late, but in order.
                await_stamps(PATIENCE);
                Ok::<_, PacketError>(socket)
            })??;
            ears.push(Ear {
                host: host.name().to_owned(),
                netns: host.inode(),
                socket,
                names: HashMap::new(),
            });
        }
        let packets = Arc::new(Mutex::new(Vec::new()));
        let end = Arc::new(AtomicBool::new(false));
        let (to, until) = (Arc::clone(&packets), Arc::clone(&end));
        let thread = thread::spawn(move || record(ears, &to, &until));
        Ok(Recorder {
            packets,
            end,
            thread: Some(thread),
        })
    }

    /// What has been recorded so far since that time.
    pub(super) fn since(&self, time: u64) -> Vec<Sighting> {
        let packets = self.packets.lock().unwrap_or_else(PoisonError::into_inner);
        packets
            .iter()
            .filter(|packet| packet.time >= time)
            .cloned()
            .collect()
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// [`EngineError::Lost`] when it is not complete: then it proves nothing.
    pub(super) fn stop(&mut self) -> Result<Vec<Sighting>, EngineError> {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there is one here.
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(self.since(0))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn record(
    mut ears: Vec<Ear>,
    packets: &Mutex<Vec<Sighting>>,
    end: &AtomicBool,
) -> Result<(), EngineError> {
    let mut buffer = vec![0; KEPT];
    loop {
        // Asked before the last look, so that nothing is left behind.
        let last = end.load(Ordering::Relaxed);
        for ear in &mut ears {
            while let Some(passed) = ear.socket.receive(&mut buffer)? {
                let seen = ear.sighting(passed, &buffer);
                let mut packets = packets.lock().unwrap_or_else(PoisonError::into_inner);
                packets.extend(seen);
            }
        }
        if last {
            break;
        }
        let mut sockets: Vec<PollFd> = ears
            .iter()
            .map(|ear| PollFd::new(ear.socket.as_fd(), PollFlags::POLLIN))
            .collect();
        let _ = poll(&mut sockets, PollTimeout::from(WAKE_MILLIS));
    }
    for ear in &mut ears {
        let lost = ear.socket.lost()?;
        if lost > 0 {
            let host = ear.host.clone();
            return Err(EngineError::Lost { host, lost });
        }
    }
    Ok(())
}

impl Ear {
    fn sighting(&mut self, passed: Passed, buffer: &[u8]) -> Option<Sighting> {
        let link = match passed.hardware {
            // The loopback device shows each packet leaving and arriving: once is enough.
            libc::ARPHRD_LOOPBACK if passed.outgoing => return None,
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => LinkType::ETHERNET,
            libc::ARPHRD_NONE => LinkType::RAW,
            _ => return None,
        };
        let socket = &self.socket;
        let name = self.names.entry(passed.device).or_insert_with(|| {
            let name = socket.device_name(passed.device);
            name.unwrap_or_else(|_| format!("device {}", passed.device))
        });
        Some(Sighting {
            time: passed
                .time
                .unwrap_or_else(|| crate::capture::Timestamp::now().0),
            host: self.host.clone(),
            netns: self.netns,
            dev: name.clone(),
            sent: passed.outgoing,
            link: link.0,
            len: u32::try_from(passed.wire_len).unwrap_or(u32::MAX),
            bytes: buffer[..passed.len].to_vec(),
        })
    }
}
