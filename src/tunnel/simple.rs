//! The tunnel's loop: all that a VPN without encryption is.
//!
//! 1. Wait until the device or the socket has a packet.
//! 2. What the device has goes out in a UDP datagram.
//! 3. What comes in a UDP datagram goes to the device.
//! 4. What was sent and did not arrive is counted, and so is all that the pipe drops.

use super::{Action, Ends, Pipe, Reason, Tunnel, TunnelError};
use nix::sys::signal::Signal;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::Instant;

/// The longest packet or frame that a device or a datagram holds, in bytes.
const LARGEST: usize = 65_535 + super::ETHERNET + 4;

/// Packets taken from one side before the other has its turn.
const BATCH: usize = 64;

/// Runs until the watcher says, at a signal, that this was all.
///
/// # Errors
/// [`TunnelError`]: the device is gone, or the watcher has failed. A packet that goes nowhere is
/// no error.
pub fn run(
    tunnel: &mut Tunnel,
    pipe: &mut Pipe,
    watcher: &mut impl Watcher,
) -> Result<(), TunnelError> {
    let mut buffer = vec![0; LARGEST];
    loop {
        let ready = tunnel.wait()?;
        let now = Instant::now();
        if let Some(host) = tunnel.host.as_mut().and_then(|host| host.again(now)) {
            pipe.set_host(host);
        }

        for _ in 0..if ready.device { BATCH } else { 0 } {
            let Some(length) = tunnel.read(&mut buffer)? else {
                break;
            };
            let packet = &buffer[..length];
            let action = pipe.from_device(packet);
            carry_out(action, packet, Way::FromDevice, tunnel, pipe, watcher)?;
        }

        for _ in 0..if ready.socket { BATCH } else { 0 } {
            let Some((length, from)) = tunnel.receive(&mut buffer)? else {
                break;
            };
            let packet = &buffer[..length];
            let action = pipe.from_socket(packet, from, now);
            carry_out(action, packet, Way::FromSocket(from), tunnel, pipe, watcher)?;
        }

        for _ in 0..if ready.undelivered { BATCH } else { 0 } {
            let Some(lost) = tunnel.socket.undelivered() else {
                break;
            };
            let (to, errno) = (lost.to, lost.errno);
            count(Reason::Unreachable { to, errno }, pipe, watcher)?;
        }

        watcher.idle()?;
        while let Some(signal) = tunnel.signals.next()? {
            if watcher.signal(signal, pipe)?.is_break() {
                return Ok(());
            }
        }
    }
}

/// Does what the pipe has decided.
fn carry_out(
    action: Action,
    packet: &[u8],
    way: Way,
    tunnel: &Tunnel,
    pipe: &mut Pipe,
    watcher: &mut impl Watcher,
) -> Result<(), TunnelError> {
    if let Some(ends) = action.ends() {
        watcher.passes(way, &ends)?;
    }
    let done = match action {
        Action::Send(_, to) => tunnel.send(packet, to),
        Action::SendToAll(_) => {
            let all = pipe.everyone().into_iter();
            let sent = all.map(|to| tunnel.send(packet, to));
            sent.fold(Ok(()), Result::and)
        }
        Action::Write(_) => tunnel.write(packet),
        Action::Show(_) => Ok(()),
        Action::Drop(reason) => Err(reason),
    };
    match done {
        Ok(()) => Ok(()),
        Err(reason) => count(reason, pipe, watcher),
    }
}

/// Counts a packet that goes nowhere, and says why if that is new.
fn count(reason: Reason, pipe: &mut Pipe, watcher: &mut impl Watcher) -> Result<(), TunnelError> {
    if pipe.counters.drop(&reason) {
        watcher.drops(&reason)?;
    }
    Ok(())
}

/// Which way a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the device into the tunnel.
    FromDevice,
    /// Out of the tunnel, sent by this endpoint.
    FromSocket(SocketAddr),
}

/// Who looks on: prints, or not.
pub trait Watcher {
    /// A packet passes.
    fn passes(&mut self, way: Way, ends: &Ends) -> io::Result<()>;

    /// A packet is dropped, the first for such a reason.
    fn drops(&mut self, reason: &Reason) -> io::Result<()>;

    /// Nothing more is there at the moment.
    fn idle(&mut self) -> io::Result<()>;

    /// A signal has come: whether to go on.
    fn signal(&mut self, signal: Signal, pipe: &Pipe) -> io::Result<ControlFlow<()>>;
}
