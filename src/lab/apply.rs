//! Carrying a plan out, thinly: netlink for devices, addresses and routes, `/proc/sys` for
//! settings. Whatever was changed is recorded, and taken back in reverse.

use std::io;

use nix::errno::Errno;

use super::{Op, Plan};
use crate::sys::{
    errno,
    netlink::{Netlink, NetlinkError},
    readings,
};

/// What was done, and can be undone.
#[derive(Debug, Default)]
#[must_use = "what is not kept cannot be undone"]
pub struct Applied {
    /// The inverse of each change made, oldest first.
    undo: Vec<Op>,
}

/// An operation that failed; the ones before it have been taken back. Reads
/// `set mtu 1 on tun0: invalid argument (EINVAL); the kernel says: mtu less than device minimum`.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct ApplyError {
    /// The operation, whose [`Op::command`] a student can try by hand.
    pub op: Box<Op>,
    /// What the kernel said.
    pub why: OpError,
}

/// Why one operation failed.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// A device, an address or a route.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
    /// A kernel setting.
    #[error("{verb} {key}: {}", errno::text(*errno))]
    Sysctl {
        /// `read` or `set`.
        verb: &'static str,
        /// The setting.
        key: String,
        /// Why not.
        errno: Errno,
    },
}

impl ApplyError {
    /// The error number, where the kernel gave one.
    pub fn errno(&self) -> Option<Errno> {
        match &self.why {
            OpError::Netlink(error) => error.errno(),
            OpError::Sysctl { errno, .. } => Some(*errno),
        }
    }

    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match (&*self.op, &self.why) {
            (Op::RouteAdd(route), OpError::Netlink(error))
                if error.errno() == Some(Errno::EEXIST) =>
            {
                Some(format!(
                    "`ip route show {}` shows the route that is there",
                    route.to
                ))
            }
            (Op::RouteAdd(route), OpError::Netlink(error))
                if error.errno() == Some(Errno::ENETUNREACH) =>
            {
                let dev = &route.dev;
                Some(format!(
                    "`ip addr show {dev}` shows whether {dev} is up, and in which networks"
                ))
            }
            (Op::Mtu { .. }, OpError::Netlink(error)) if error.errno() == Some(Errno::EINVAL) => {
                Some("write an MTU from 68 to 65535".to_owned())
            }
            (_, OpError::Netlink(error)) => error.remedy(),
            (_, OpError::Sysctl { key, errno, .. }) => match errno {
                Errno::EPERM | Errno::EACCES => Some("run it as root (`sudo`)".to_owned()),
                Errno::EROFS => Some(
                    "containers mount /proc/sys read-only: start that with `--privileged`"
                        .to_owned(),
                ),
                Errno::ENOENT => Some(format!("this kernel has no {key}; is its module loaded?")),
                _ => None,
            },
        }
    }
}

/// Carries a plan out in the calling thread's network namespace, which must be the one `netlink`
/// was opened in. If an operation fails, the ones before it are taken back.
///
/// What is already as wanted (a device that is up, an address it has) is left so, and is not
/// undone later: it was not ours.
pub fn apply(plan: &Plan, netlink: &Netlink) -> Result<Applied, ApplyError> {
    let mut applied = Applied::default();
    for op in &plan.ops {
        match carry_out(op, netlink) {
            Ok(inverse) => applied.undo.extend(inverse),
            Err(why) => {
                let _ = applied.undo(netlink);
                return Err(ApplyError {
                    op: Box::new(op.clone()),
                    why,
                });
            }
        }
    }
    Ok(applied)
}

impl Applied {
    /// Takes everything back, newest first. Goes on past what fails, and tells the first failure.
    /// A device that is gone has taken its configuration along: that is no failure.
    pub fn undo(self, netlink: &Netlink) -> Result<(), ApplyError> {
        let mut first = Ok(());
        for op in self.undo.into_iter().rev() {
            match carry_out(&op, netlink) {
                Ok(_) => {}
                Err(OpError::Netlink(error)) if is_gone(&error) => {}
                Err(why) => {
                    first = first.and(Err(ApplyError {
                        op: Box::new(op),
                        why,
                    }))
                }
            }
        }
        first
    }

    /// Adds what was done later, so that both are undone together.
    pub fn extend(&mut self, later: Applied) {
        self.undo.extend(later.undo);
    }
}

/// Does one thing; gives back its inverse if it changed anything.
fn carry_out(op: &Op, netlink: &Netlink) -> Result<Option<Op>, OpError> {
    let changed = match op {
        Op::Sysctl { key, value } => return set(key, value),
        // Whoever holds the device's file has created it, or will.
        Op::DeviceCreate { .. } => false,
        Op::LinkUp { dev } => {
            let link = netlink.link(dev)?;
            netlink.set_up(&link)?;
            !link.up
        }
        Op::LinkDown { dev } => {
            let link = netlink.link(dev)?;
            netlink.set_down(&link)?;
            link.up
        }
        Op::Mtu { dev, mtu } => {
            let link = netlink.link(dev)?;
            netlink.set_mtu(&link, *mtu)?;
            let before = Op::Mtu {
                dev: dev.clone(),
                mtu: link.mtu,
            };
            return Ok((link.mtu != *mtu).then_some(before));
        }
        Op::AddrAdd { dev, addr } => {
            let link = netlink.link(dev)?;
            match netlink.add_address(&link, addr.address(), addr.prefix_len()) {
                Err(error) if error.errno() == Some(Errno::EEXIST) => false,
                outcome => outcome.map(|()| true)?,
            }
        }
        Op::AddrDel { dev, addr } => {
            let link = netlink.link(dev)?;
            netlink.delete_address(&link, addr.address(), addr.prefix_len())?;
            true
        }
        Op::RouteAdd(route) => {
            let link = netlink.link(&route.dev)?;
            netlink.add_route(route.to.address(), route.to.prefix_len(), &link, route.via)?;
            true
        }
        Op::RouteDel(route) => {
            let link = netlink.link(&route.dev)?;
            netlink.delete_route(route.to.address(), route.to.prefix_len(), &link, route.via)?;
            true
        }
    };
    Ok(changed.then(|| op.undo()).flatten())
}

fn set(key: &str, value: &str) -> Result<Option<Op>, OpError> {
    let failed = |verb| {
        move |error: io::Error| OpError::Sysctl {
            verb,
            key: key.to_owned(),
            errno: errno::of(&error),
        }
    };
    let before = readings::sysctl(key).map_err(failed("read"))?;
    if before == value {
        return Ok(None);
    }
    readings::set_sysctl(key, value).map_err(failed("set"))?;
    Ok(Some(Op::sysctl(key, before)))
}

/// The device is gone, or its routes and addresses went with its being down.
fn is_gone(error: &NetlinkError) -> bool {
    matches!(
        error.errno(),
        Some(Errno::ENODEV | Errno::ESRCH | Errno::EADDRNOTAVAIL)
    )
}
