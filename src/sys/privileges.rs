//! Giving up what root may do, once it has done it (`man 7 capabilities`).
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::libc;

/// The layout of capset(2): version 3 has two words of each set.
#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// `_LINUX_CAPABILITY_VERSION_3` of `<linux/capability.h>`.
const VERSION_3: u32 = 0x2008_0522;

/// Gives up every capability of the calling thread, for good: what is open stays open, nothing
/// more can be opened, entered or changed that needs one. A program that it starts gets none back.
pub fn drop_all() -> Result<(), Errno> {
    nix::sys::prctl::set_no_new_privs()?;
    let header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let none = [Sets::default(); 2];
    // SAFETY: the kernel reads a header and two sets, all alive for the call.
    let outcome = unsafe { libc::syscall(libc::SYS_capset, &header, none.as_ptr()) };
    Errno::result(outcome).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::readings::{Capabilities, Readings};

    #[test]
    fn nothing_is_left_and_nothing_comes_back() {
        // Of a thread of its own: the other tests keep what they have.
        std::thread::spawn(|| {
            drop_all().unwrap();
            assert_eq!(Readings::take().capabilities, Capabilities(0));
            assert!(nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUTS).is_err());
        })
        .join()
        .unwrap();
    }
}
