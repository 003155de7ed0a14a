//! The loop of every live command: packets, signals and CMD, whichever comes first.
//!
//! 1. Wait until a packet, a signal or the end of CMD is there.
//! 2. Hand over every packet that is waiting; when none is left, flush.
//! 3. Stop at enough packets, at a signal, or when CMD has ended and its last packets are read.

use super::failure::Failure;
use crate::capture::{Direction, Frame, LiveInterface, MAX_FRAME, TunDevice};
use crate::sys::child::{Child, CommandEnd};
use crate::sys::signals::Signals;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

/// How long CMD may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(1);

/// How long CMD may take to end by itself after Ctrl-C, which a terminal sends to it, too: ping
/// prints its statistics.
const BY_ITSELF: Duration = Duration::from_millis(300);

/// How CMD ended, and whether that was our wish.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) how: CommandEnd,
    asked: bool,
}

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ASKED: i32 = Signal::SIGTERM as i32;
        const MADE: i32 = Signal::SIGKILL as i32;
        match self.how {
            CommandEnd::Killed(ASKED) if self.asked => out.write_str("ended as asked to (SIGTERM)"),
            CommandEnd::Killed(MADE) if self.asked => {
                out.write_str("did not end as asked to, and was killed (SIGKILL)")
            }
            how => how.fmt(out),
        }
    }
}

/// Something that packets come from as they happen.
pub(super) trait Live {
    /// Readable when a packet waits.
    fn fd(&self) -> BorrowedFd<'_>;

    /// The next packet, if one waits.
    fn next(&mut self) -> Result<Option<Frame<'_>>, Failure>;
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// There may be more.
    Continue,
    /// That was the last one wanted.
    Enough,
}

/// What a live command does with packets.
pub(super) trait Handler {
    /// Called for each packet.
    fn packet(&mut self, frame: Frame) -> Result<Flow, Failure>;

    /// Called when no packet waits.
    fn idle(&mut self) -> Result<(), Failure>;
}

/// Runs until a signal, enough packets, or the end of `child`; returns how that ended.
pub(super) fn watch(
    live: &mut impl Live,
    signals: &Signals,
    mut child: Option<&mut Child>,
    handler: &mut impl Handler,
) -> Result<Option<Ended>, Failure> {
    let patience = loop {
        wait(live.fd(), signals, child.as_deref(), PollTimeout::NONE)?;
        // Asked before the packets are read: what it sent before it ended is then still there.
        let ended = match child.as_deref_mut() {
            Some(child) => child.try_status()?,
            None => None,
        };
        let flow = drain(live, handler)?;
        if let Some(how) = ended {
            return Ok(Some(Ended { how, asked: false }));
        }
        if flow == Flow::Enough {
            break Duration::ZERO;
        }
        match signals.next()? {
            Some(Signal::SIGINT) => break BY_ITSELF,
            Some(_) => break Duration::ZERO,
            None => {}
        }
    };
    let Some(child) = child else {
        return Ok(None);
    };
    match ended_within(child, patience)? {
        Some(how) => Ok(Some(Ended { how, asked: false })),
        None => end(child).map(Some),
    }
}

fn drain(live: &mut impl Live, handler: &mut impl Handler) -> Result<Flow, Failure> {
    while let Some(frame) = live.next()? {
        if handler.packet(frame)? == Flow::Enough {
            handler.idle()?;
            return Ok(Flow::Enough);
        }
    }
    handler.idle()?;
    Ok(Flow::Continue)
}

/// Asks CMD to end, then makes it.
pub(super) fn end(child: &mut Child) -> Result<Ended, Failure> {
    if let Some(how) = child.try_status()? {
        return Ok(Ended { how, asked: false });
    }
    child.terminate()?;
    let how = match ended_within(child, GRACE)? {
        Some(how) => how,
        None => {
            child.kill();
            let killed = CommandEnd::Killed(Signal::SIGKILL as i32);
            child.try_status()?.unwrap_or(killed)
        }
    };
    Ok(Ended { how, asked: true })
}

/// How CMD ended, if it does within `patience`.
fn ended_within(child: &mut Child, patience: Duration) -> Result<Option<CommandEnd>, Failure> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(how) = child.try_status()? {
            return Ok(Some(how));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        // Rounded up: a poll that ends a fraction early would spin.
        let timeout = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(child.as_fd(), PollFlags::POLLIN)];
        poll_retrying(&mut ready, timeout)?;
    }
}

fn wait(
    packets: BorrowedFd,
    signals: &Signals,
    child: Option<&Child>,
    timeout: PollTimeout,
) -> Result<(), Failure> {
    let mut ready = vec![
        PollFd::new(packets, PollFlags::POLLIN),
        PollFd::new(signals.as_fd(), PollFlags::POLLIN),
    ];
    if let Some(child) = child {
        ready.push(PollFd::new(child.as_fd(), PollFlags::POLLIN));
    }
    poll_retrying(&mut ready, timeout)
}

fn poll_retrying(ready: &mut [PollFd], timeout: PollTimeout) -> Result<(), Failure> {
    match poll(ready, timeout) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(Failure::refused(
            format!("wait for packets: {}", crate::sys::errno::text(errno)),
            None,
        )),
    }
}

/// Packets that the kernel routes into a TUN or TAP device.
pub(super) struct DevicePackets<'d> {
    device: &'d TunDevice,
    buffer: Vec<u8>,
    count: u64,
}

impl<'d> DevicePackets<'d> {
    pub(super) fn new(device: &'d TunDevice) -> Self {
        DevicePackets {
            device,
            buffer: vec![0; MAX_FRAME],
            count: 0,
        }
    }
}

impl Live for DevicePackets<'_> {
    fn fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }

    fn next(&mut self) -> Result<Option<Frame<'_>>, Failure> {
        match self.device.recv(&mut self.buffer) {
            Ok(length) => {
                self.count += 1;
                // What the host sends out through the device is what we receive.
                let direction = Direction::Out;
                let bytes = &self.buffer[..length];
                Ok(Some(self.device.frame(self.count, bytes, direction)))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(Failure::refused(
                format!(
                    "read from {}: {}",
                    self.device.name(),
                    crate::sys::errno::text(crate::sys::errno::of(&error))
                ),
                None,
            )),
        }
    }
}

impl Live for LiveInterface {
    fn fd(&self) -> BorrowedFd<'_> {
        self.as_fd()
    }

    fn next(&mut self) -> Result<Option<Frame<'_>>, Failure> {
        Ok(self.recv()?)
    }
}
