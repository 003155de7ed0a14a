//! The times at which packets pass.
//!
//! The kernel stamps packets only while some socket wants that, and patches its own code to begin
//! (`net_enable_timestamp`, net/core/dev.c), a moment after it was asked. A packet that passes in
//! that moment is stamped when it is read, which is too late to sort by. SO_TIMESTAMPING, unlike
//! SO_TIMESTAMPNS, tells the two apart: such a packet comes without a time.

use super::calls::{receive, set};
use nix::errno::Errno;
use nix::libc;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_micros(200);

/// Asks for the time of each packet that passes.
pub(super) fn ask_for(fd: &OwnedFd) -> Result<(), Errno> {
    let wanted = libc::SOF_TIMESTAMPING_RX_SOFTWARE | libc::SOF_TIMESTAMPING_SOFTWARE;
    set(fd, libc::SOL_SOCKET, libc::SO_TIMESTAMPING, &wanted)
}

/// Nanoseconds since 1970 of the control message's first time, software's; zero means none.
pub(super) fn nanoseconds(times: [libc::timespec; 3]) -> Option<u64> {
    let seconds = u64::try_from(times[0].tv_sec).ok()?;
    let nanos = u64::try_from(times[0].tv_nsec).ok()?;
    let time = seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?;
    (time > 0).then_some(time)
}

/// Waits until packets are stamped as they pass, at most `patience`; call it when a socket that
/// wants times is open. Finds out with a datagram that a socket sends to itself over the loopback
/// device of the calling thread's namespace; whether it did.
pub fn await_stamps(patience: Duration) -> bool {
    let started = Instant::now();
    let Ok(socket) = to_itself() else {
        return false;
    };
    loop {
        if is_stamped(&socket) == Ok(true) {
            return true;
        }
        if started.elapsed() > patience {
            return false;
        }
        sleep(PAUSE);
    }
}

fn to_itself() -> std::io::Result<OwnedFd> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(socket.local_addr()?)?;
    let socket = OwnedFd::from(socket);
    ask_for(&socket)?;
    Ok(socket)
}

fn is_stamped(socket: &OwnedFd) -> Result<bool, Errno> {
    nix::sys::socket::send(
        socket.as_raw_fd(),
        b"?",
        nix::sys::socket::MsgFlags::empty(),
    )?;
    Ok(receive(socket.as_raw_fd(), &mut [0; 1])?.time.is_some())
}
