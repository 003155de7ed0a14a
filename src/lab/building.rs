//! Building a lab from inside: the holder makes its namespaces, names them, and goes from host to
//! host to do what the plan says.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::sys::prctl;

use super::apply::{ApplyError, carry_out};
use super::error::LabError;
use super::holder::{Order, namespace_error};
use super::line_service;
use super::mounted::{self, MountPoint};
use super::plan::{Op, Step};
use super::record::{Contents, Entry};
use crate::sys::namespace::{EnterError, Kind, NamespaceFd, Step as Entering};
use crate::sys::netlink::{Netlink, NetlinkError};
use crate::sys::process::ProcessId;
use crate::sys::{detached, errno};

/// A lab that is being built.
pub(super) struct Building {
    pub(super) contents: Contents,
    hosts: Vec<NamespaceFd>,
    mount_points: Vec<MountPoint>,
}

impl Building {
    /// Makes the namespaces, and says in the record what they are. Nothing of them can be seen
    /// yet.
    pub(super) fn begin(order: &Order, reaper: Option<ProcessId>) -> Result<Building, LabError> {
        let read = |error: io::Error| namespace_error("read /proc/self", errno::of(&error));
        let holder = ProcessId::own().ok_or_else(|| read(io::ErrorKind::NotFound.into()))?;
        let pid_namespace = NamespaceFd::own(Kind::Pid).and_then(|one| one.inode());
        let mut lab = Building {
            contents: Contents {
                topology: order.blueprint.topology.name.to_owned(),
                rootless: order.rootless,
                holder,
                reaper,
                pid_namespace: pid_namespace.map_err(read)?,
                hosts: Vec::new(),
                up: false,
            },
            hosts: Vec::new(),
            mount_points: Vec::new(),
        };
        if !order.rootless {
            let _lock = order.folder.lock()?;
            mounted::prepare(order.folder).map_err(|(operation, errno)| LabError::File {
                operation,
                path: mounted::FOLDER.into(),
                errno,
            })?;
        }
        for host in order.blueprint.topology.hosts {
            let namespace = NamespaceFd::enter_new_network()
                .map_err(|errno| EnterError::explain(Entering::Unshare, errno, order.readings))?;
            let netns = order.blueprint.netns(host.name);
            lab.add_host(host.name, netns, namespace, order.rootless)?;
        }
        Ok(lab)
    }

    fn add_host(
        &mut self,
        name: &str,
        netns: String,
        namespace: NamespaceFd,
        rootless: bool,
    ) -> Result<(), LabError> {
        let io = |error: io::Error| LabError::File {
            operation: "create a file in",
            path: mounted::FOLDER.into(),
            errno: errno::of(&error),
        };
        let mut mount_point = 0;
        if !rootless {
            let file = MountPoint::new().map_err(io)?;
            mount_point = file.inode().map_err(io)?;
            self.mount_points.push(file);
        }
        self.contents.hosts.push(Entry {
            name: name.to_owned(),
            netns,
            inode: namespace.inode().map_err(io)?,
            fd: namespace.as_fd().as_raw_fd(),
            mount_point,
        });
        self.hosts.push(namespace);
        Ok(())
    }

    /// Names the namespaces and applies the plan. The process is on one of the hosts afterwards.
    pub(super) fn build(&mut self, order: &mut Order) -> Result<(), LabError> {
        self.write(order)?;
        let named = self
            .contents
            .hosts
            .iter()
            .zip(&self.hosts)
            .zip(&self.mount_points);
        for ((entry, namespace), file) in named {
            file.bind(&entry.netns, namespace)
                .map_err(|errno| taken(&entry.netns, errno))?;
        }
        self.mount_points.clear();
        let steps = order.blueprint.steps();
        // One visit for all that is done on a host in a row.
        for visit in steps.chunk_by(|one, other| one.netns == other.netns) {
            // The namespaces are there already, for they had to be recorded first.
            if let Some(netns) = &visit[0].netns {
                enter(self.host(netns), netns)?;
                self.visit(visit)?;
            }
        }
        self.settle()?;
        self.start_line_services(order)?;
        self.contents.up = true;
        self.write(order)
    }

    /// Asks each device how it is. Before it answers, the kernel finishes what follows from a
    /// cable having been plugged in (`linkwatch_sync_dev`); a packet sent earlier would be lost.
    fn settle(&self) -> Result<(), LabError> {
        for (entry, host) in self.contents.hosts.iter().zip(&self.hosts) {
            enter(host, &entry.netns)?;
            let netlink = Netlink::open().map_err(netlink_error)?;
            for link in netlink.links().map_err(netlink_error)? {
                netlink.link(&link.name).map_err(netlink_error)?;
            }
        }
        Ok(())
    }

    /// A process for each, so that whatever befalls it does not befall the lab.
    fn start_line_services(&self, order: &Order) -> Result<(), LabError> {
        let hosts = order.blueprint.topology.hosts.iter().zip(&self.hosts);
        for (host, namespace) in hosts.filter(|(host, _)| host.line_service) {
            let failed = |errno| {
                let operation = format!("start the line service on {}", host.name);
                namespace_error(&operation, errno)
            };
            let ipv6 = order.blueprint.ipv6 && order.blueprint.kernel_ipv6;
            enter(namespace, &order.blueprint.netns(host.name))?;
            let listener = line_service::listen(ipv6).map_err(|error| failed(errno::of(&error)))?;
            let serve = || {
                let _ = prctl::set_name(c"tunlab-lines");
                if detached::keep_only(&[listener.as_fd()]).is_ok() {
                    let _ = line_service::serve(&listener, host.name);
                }
            };
            detached::start(serve).map_err(failed)?;
        }
        Ok(())
    }

    fn visit(&self, steps: &[Step]) -> Result<(), LabError> {
        let netlink = Netlink::open().map_err(netlink_error)?;
        for step in steps {
            let outcome = match &step.op {
                Op::CableAdd {
                    dev,
                    peer,
                    peer_netns,
                } => netlink
                    .add_veth(dev, peer, self.host(peer_netns).as_fd())
                    .map_err(Into::into),
                op => carry_out(op, &netlink).map(drop),
            };
            outcome.map_err(|why| {
                let error = ApplyError {
                    op: Box::new(step.op.clone()),
                    why,
                };
                LabError::Build {
                    message: format!("{}: {error}", step.command()),
                    remedy: error.remedy(),
                    usage: false,
                }
            })?;
        }
        Ok(())
    }

    fn host(&self, netns: &str) -> &NamespaceFd {
        let place = self
            .contents
            .hosts
            .iter()
            .position(|one| one.netns == netns);
        &self.hosts[place.expect("a plan is about the hosts of its own topology")]
    }

    fn write(&self, order: &mut Order) -> Result<(), LabError> {
        let path = order.folder.record(order.blueprint.name);
        let written = order.record.write(&self.contents);
        written.map_err(super::error::file("write", path))
    }
}

fn taken(netns: &str, errno: Errno) -> LabError {
    if errno != Errno::EEXIST {
        return LabError::File {
            operation: "bind",
            path: format!("{}/{netns}", mounted::FOLDER).into(),
            errno,
        };
    }
    LabError::Build {
        message: format!(
            "{}/{netns} exists, and is none of tunlab's",
            mounted::FOLDER
        ),
        remedy: Some(format!(
            "remove it if nobody needs it: `ip netns del {netns}`; or build the lab beside it: \
             `tunlab lab up --lab NAME`"
        )),
        usage: true,
    }
}

/// Without a thread for each visit, as [`NamespaceFd::run`] has: a thread waits for its turn on a
/// busy machine, and building a lab takes a dozen visits.
fn enter(host: &NamespaceFd, netns: &str) -> Result<(), LabError> {
    host.enter(Kind::Network)
        .map_err(|errno| namespace_error(&format!("enter {netns}"), errno))
}

fn netlink_error(error: NetlinkError) -> LabError {
    LabError::Build {
        message: error.to_string(),
        remedy: error.remedy(),
        usage: false,
    }
}
