//! Carrying a plan out, thinly: netlink for devices, addresses and routes, `/proc/sys` for
//! settings. Whatever was changed is recorded, and taken back in reverse.

use std::{io, net::IpAddr};

use nix::errno::Errno;

use super::Cidr;
use super::plan::{Mac, Op, Plan, Route};
use crate::sys::{
    errno,
    netlink::{self, Link, MAIN, NeighbourState, Netlink, NetlinkError, Rule},
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
    /// It is about more than the one host.
    #[error("hosts and cables are made by `tunlab lab up`")]
    SeveralHosts,
}

impl ApplyError {
    /// The error number, where the kernel gave one.
    pub fn errno(&self) -> Option<Errno> {
        match &self.why {
            OpError::Netlink(error) => error.errno(),
            OpError::Sysctl { errno, .. } => Some(*errno),
            OpError::SeveralHosts => None,
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
                Some(match &route.dev {
                    Some(dev) => format!(
                        "`ip addr show {dev}` shows whether {dev} is up, and in which networks"
                    ),
                    None => {
                        "`ip addr` shows which devices are up, and in which networks".to_owned()
                    }
                })
            }
            (Op::Mtu { .. }, OpError::Netlink(error)) if error.errno() == Some(Errno::EINVAL) => {
                Some("write an MTU from 68 to 65535".to_owned())
            }
            (_, OpError::Netlink(error)) => error.remedy(),
            (_, OpError::SeveralHosts) => None,
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

    /// What would take everything back, oldest change first.
    pub fn inverse(&self) -> &[Op] {
        &self.undo
    }

    /// Adds what was done later, so that both are undone together.
    pub fn extend(&mut self, later: Applied) {
        self.undo.extend(later.undo);
    }
}

/// Does one thing; gives back its inverse if it changed anything.
pub(super) fn carry_out(op: &Op, netlink: &Netlink) -> Result<Option<Op>, OpError> {
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
            netlink.add_route(&resolve(route, netlink)?)?;
            true
        }
        Op::RouteReplace(route) => {
            let wanted = resolve(route, netlink)?;
            // Whichever device it leads through, it goes.
            let before = existing(&wanted, |route| route.metric == wanted.metric, netlink)?;
            netlink.replace_route(&wanted)?;
            return Ok(Some(match before {
                Some(before) => Op::RouteReplace(before),
                None => Op::RouteDel(route.clone()),
            }));
        }
        Op::RouteDel(route) => {
            let unwanted = resolve(route, netlink)?;
            // What was typed may say less than what was there: `ip route del default`.
            let named = |route: &netlink::Route| {
                let same = |wanted: Option<u32>, is: Option<u32>| wanted.is_none() || wanted == is;
                same(unwanted.index, route.index) && same(unwanted.metric, route.metric)
            };
            let before = existing(&unwanted, named, netlink)?;
            netlink.delete_route(&unwanted)?;
            return Ok(before.map(Op::RouteAdd));
        }
        Op::RuleAdd(rule) => {
            netlink.add_rule(rule)?;
            true
        }
        Op::RuleDel { v6, priority } => {
            let rules = netlink.rules()?;
            let is_it = |rule: &&Rule| (rule.v6, rule.priority) == (*v6, *priority);
            let before = rules.into_iter().find(|rule| is_it(&rule));
            netlink.delete_rule(*v6, *priority)?;
            // What was asked for besides is not known, so it cannot be asked for again.
            let whole = before.filter(|rule| !rule.other);
            return Ok(whole.map(Op::RuleAdd));
        }
        Op::NeighReplace { dev, addr, mac } => {
            let link = netlink.link(dev)?;
            let before = permanent(&link, *addr, netlink)?;
            netlink.replace_neighbour(&link, *addr, mac.0)?;
            return Ok(before.or_else(|| op.undo()));
        }
        Op::NeighDel { dev, addr } => {
            let link = netlink.link(dev)?;
            let before = permanent(&link, *addr, netlink)?;
            netlink.delete_neighbour(&link, *addr)?;
            return Ok(before);
        }
        Op::NeighFlush { dev } => {
            let link = netlink.link(dev)?;
            netlink.flush_neighbours(&link)?;
            true
        }
        Op::DeviceDel { dev } => {
            let link = netlink.link(dev)?;
            netlink.delete_link(&link)?;
            true
        }
        Op::NetnsAdd { .. } | Op::NetnsDel { .. } | Op::CableAdd { .. } => {
            return Err(OpError::SeveralHosts);
        }
    };
    Ok(changed.then(|| op.undo()).flatten())
}

/// A route with its device's number in the place of its name.
fn resolve(route: &Route, netlink: &Netlink) -> Result<netlink::Route, NetlinkError> {
    let link = route
        .dev
        .as_deref()
        .map(|dev| netlink.link(dev))
        .transpose()?;
    Ok(netlink::Route {
        destination: route.to.address(),
        prefix_len: route.to.prefix_len(),
        index: link.map(|link| link.index),
        gateway: route.via,
        kind: route.kind,
        metric: route.metric,
        source: route.src,
        table: route.table.unwrap_or(MAIN),
    })
}

/// The route there is to the same network, with all that can be said about it.
fn existing(
    wanted: &netlink::Route,
    fits: impl Fn(&netlink::Route) -> bool,
    netlink: &Netlink,
) -> Result<Option<Route>, NetlinkError> {
    let routes = netlink.all_routes()?;
    let is_it = |route: &&netlink::Route| {
        let place = |route: &netlink::Route| (route.destination, route.prefix_len, route.table);
        place(route) == place(wanted) && fits(route)
    };
    let Some(route) = routes.iter().find(is_it) else {
        return Ok(None);
    };
    let links = netlink.links()?;
    let link = links.iter().find(|link| Some(link.index) == route.index);
    Ok(
        Cidr::new(route.destination, route.prefix_len).map(|to| Route {
            to,
            kind: route.kind,
            via: route.gateway,
            dev: link.map(|link| link.name.clone()),
            src: route.source,
            metric: route.metric,
            table: Some(route.table).filter(|&table| table != MAIN),
        }),
    )
}

/// What was set by hand of a neighbour; what was learned comes back by itself.
fn permanent(link: &Link, addr: IpAddr, netlink: &Netlink) -> Result<Option<Op>, NetlinkError> {
    let neighbours = netlink.neighbours()?;
    let mut neighbours = neighbours.into_iter();
    let entry = neighbours.find(|one| {
        let set = one.state == NeighbourState::Permanent;
        set && (one.index, one.address) == (link.index, addr)
    });
    Ok(entry
        .and_then(|entry| entry.mac)
        .map(|mac| Op::NeighReplace {
            dev: link.name.clone(),
            addr,
            mac: Mac(mac),
        }))
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
