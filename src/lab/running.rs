//! A lab that stands: finding it, its hosts, programs on them, its end.

use std::{
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::blueprint::Blueprint;
use super::collect::{collect_in, collect_one};
use super::error::LabError;
use super::folder::Folder;
use super::holder::{self, Order};
use super::record::{Contents, Record};
use super::topology::{self, Topology};
use super::{LabName, mounted};
use crate::packet::filter::distance;
use crate::sys::{
    child::why_not_started,
    errno,
    namespace::{Kind, NamespaceFd, enter_host},
    readings::{self, Readings},
};

/// Tells a program that it runs on a host of a lab: the environment variable that holds the host's
/// namespace.
pub const IN_A_LAB: &str = "TUNLAB_LAB";

/// What lab to build.
#[derive(Debug, Clone)]
pub struct UpOptions {
    /// Its name, for several side by side.
    pub name: Option<LabName>,
    /// Its hosts and cables.
    pub topology: &'static Topology,
    /// Whether its hosts have IPv6.
    pub ipv6: bool,
    /// Whether it ends with the process that builds it, however that ends.
    pub tied: bool,
}

impl Default for UpOptions {
    fn default() -> Self {
        UpOptions {
            name: None,
            topology: topology::ALL[0],
            ipv6: false,
            tied: false,
        }
    }
}

impl UpOptions {
    /// The plan of this lab on this machine.
    pub fn blueprint(&self) -> Blueprint<'_> {
        self.blueprint_for(is_rootless(&Readings::take()))
    }

    fn blueprint_for(&self, rootless: bool) -> Blueprint<'_> {
        Blueprint {
            name: self.name.as_ref(),
            topology: self.topology,
            ipv6: self.ipv6,
            kernel_ipv6: readings::has_sysctl("net.ipv6"),
            // In a user namespace of ours only one group is mapped: its root's.
            last_group: if rootless { 0 } else { i32::MAX as u32 },
        }
    }
}

/// A lab that stands.
#[derive(Debug)]
pub struct Lab {
    name: Option<LabName>,
    folder: Folder,
    contents: Contents,
    /// The folder of the holder under `/proc`.
    holder: PathBuf,
    hosts: Vec<LabHost>,
    /// Keeps a tied lab up.
    tie: Option<OwnedFd>,
}

/// One of its hosts.
#[derive(Debug)]
pub struct LabHost {
    name: String,
    netns: String,
    inode: u64,
    namespace: NamespaceFd,
    pid_namespace: Arc<NamespaceFd>,
}

impl Lab {
    /// Builds a lab, and returns when it stands. The process must have one thread.
    pub fn up(options: &UpOptions) -> Result<Lab, LabError> {
        let readings = Readings::take();
        let rootless = is_rootless(&readings);
        let folder = Folder::make()?;
        let path = folder.record(options.name.as_ref());
        let lock = folder.lock()?;
        collect_in(&folder, &lock);
        let Some(record) = Record::create(&path)? else {
            let name = options.name.clone();
            return Err(match Record::open(&path)?.map(|mut one| one.read()) {
                Some(Ok(Some(contents))) if contents.up => LabError::AlreadyUp { name },
                _ => LabError::Building { name },
            });
        };
        drop(lock);
        let started = holder::start(Order {
            blueprint: options.blueprint_for(rootless),
            rootless,
            readings: &readings,
            folder: &folder,
            record,
            tied: options.tied,
        });
        match started {
            Ok(tie) => {
                let mut lab = Self::find(options.name.as_ref())?;
                lab.tie = tie;
                Ok(lab)
            }
            Err(error) => {
                // Its processes have ended, or will without our help.
                if let Ok(lock) = folder.lock() {
                    collect_one(&folder, &path, &lock);
                }
                Err(error)
            }
        }
    }

    /// The lab of that name that stands.
    pub fn find(name: Option<&LabName>) -> Result<Lab, LabError> {
        for folder in Folder::candidates() {
            let Some(mut record) = Record::open(&folder.record(name))? else {
                continue;
            };
            if record.is_dead()? {
                drop(record);
                let lock = folder.lock()?;
                collect_one(&folder, &folder.record(name), &lock);
                continue;
            }
            let name = name.cloned();
            return match record.read()? {
                Some(contents) if contents.up => Self::open(name, folder, contents),
                _ => Err(LabError::Building { name }),
            };
        }
        Err(LabError::NotUp {
            name: name.cloned(),
            others: others(name),
        })
    }

    fn open(name: Option<LabName>, folder: Folder, contents: Contents) -> Result<Lab, LabError> {
        // Inside of the lab's PID namespace the holder has another number.
        let own = NamespaceFd::own(Kind::Pid).and_then(|one| one.inode());
        let inside = own.is_ok_and(|inode| inode == contents.pid_namespace);
        let number = if inside {
            Pid::from_raw(1)
        } else {
            contents.holder.pid
        };
        let holder = Path::new("/proc").join(number.to_string());
        let open = |file: String| {
            let path = holder.join(file);
            NamespaceFd::open(&path).map_err(|error| namespace_error("open", &path, &error))
        };
        let pid_namespace = Arc::new(open("ns/pid".to_owned())?);
        let mut hosts = Vec::new();
        for entry in &contents.hosts {
            let namespace = open(format!("fd/{}", entry.fd))?;
            if namespace.inode().ok() != Some(entry.inode) {
                let others = Vec::new();
                return Err(LabError::NotUp { name, others });
            }
            hosts.push(LabHost {
                name: entry.name.clone(),
                netns: entry.netns.clone(),
                inode: entry.inode,
                namespace,
                pid_namespace: Arc::clone(&pid_namespace),
            });
        }
        Ok(Lab {
            name,
            folder,
            contents,
            holder,
            hosts,
            tie: None,
        })
    }

    /// Moves this process to where the lab's namespaces can be entered: for an ordinary user into
    /// the lab's user namespace, for root nowhere. The process must have one thread; afterwards it
    /// may start more.
    pub fn join(&self) -> Result<(), LabError> {
        if !self.contents.rootless {
            return Ok(());
        }
        let path = self.holder.join("ns/user");
        let enter = |error: io::Error| namespace_error("enter", &path, &error);
        let user = NamespaceFd::open(&path).map_err(enter)?;
        let own = NamespaceFd::own(Kind::User).map_err(enter)?;
        // Entering where one is already is refused.
        if own.inode().map_err(enter)? == user.inode().map_err(enter)? {
            return Ok(());
        }
        user.enter(Kind::User).map_err(|errno| enter(errno.into()))
    }

    /// Ends the lab: every program on its hosts, and all that it made.
    pub fn down(self) -> Result<(), LabError> {
        let Lab {
            name,
            folder,
            contents,
            ..
        } = self;
        let path = folder.record(name.as_ref());
        let Some(record) = Record::open(&path)? else {
            return Ok(()); // it has ended in the meantime
        };
        if contents.holder.is_alive() {
            match kill(contents.holder.pid, Signal::SIGKILL) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => {
                    let operation = format!("end process {}", contents.holder.pid);
                    return Err(LabError::Namespace { operation, errno });
                }
            }
        }
        if !soon(|| record.is_dead().unwrap_or(true)) {
            return Err(LabError::StillUp { name });
        }
        drop(record);
        let lock = folder.lock()?;
        collect_one(&folder, &path, &lock);
        drop(lock);
        let processes = [Some(contents.holder), contents.reaper];
        soon(|| !processes.iter().flatten().any(|one| one.is_alive()));
        Ok(())
    }

    /// Lets a tied lab end, and waits until it has: its holder does what is to be done, so that no
    /// privileges are needed here.
    pub fn let_go(self) -> Result<(), LabError> {
        let Lab {
            name,
            contents,
            hosts,
            tie,
            ..
        } = self;
        drop((hosts, tie));
        let processes = [Some(contents.holder), contents.reaper];
        match soon(|| !processes.iter().flatten().any(|one| one.is_alive())) {
            true => Ok(()),
            false => Err(LabError::StillUp { name }),
        }
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&LabName> {
        self.name.as_ref()
    }

    /// The name of its topology.
    pub fn topology(&self) -> &str {
        &self.contents.topology
    }

    /// The processes that hold it: the holder, and as root the reaper.
    pub fn pids(&self) -> Vec<i32> {
        let holders = [Some(self.contents.holder), self.contents.reaper];
        holders
            .iter()
            .flatten()
            .map(|one| one.pid.as_raw())
            .collect()
    }

    /// Whether it is an ordinary user's.
    pub fn rootless(&self) -> bool {
        self.contents.rootless
    }

    /// Its hosts, from left to right.
    pub fn hosts(&self) -> &[LabHost] {
        &self.hosts
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Result<&LabHost, LabError> {
        let found = self.hosts.iter().find(|host| host.name == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.hosts.iter().map(LabHost::name).collect();
            LabError::UnknownHost {
                host: name.to_owned(),
                hosts: names.join(", "),
                nearest: nearest(name, &names),
            }
        })
    }
}

impl LabHost {
    /// Its name: `u`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its namespace, as root that under `/run/netns`: `tunlab-u`.
    pub fn netns(&self) -> &str {
        &self.netns
    }

    /// The inode of its network namespace.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// Does `work` on a thread inside the host's network namespace; sockets, devices and Netlink
    /// opened there stay there. An ordinary user joins the lab first ([`Lab::join`]).
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, LabError> {
        let ran = self.namespace.run(work);
        ran.map_err(|errno| LabError::Namespace {
            operation: format!("enter {}", self.netns),
            errno,
        })
    }

    /// Starts a program on the host: in its network namespace, with its own `/sys`, and in the
    /// lab's PID namespace, so that it ends with the lab. An ordinary user joins the lab first.
    ///
    /// The program must not ask for a parent-death signal: the thread that starts it ends at once.
    pub fn spawn(&self, command: &mut Command) -> Result<Child, LabError> {
        let enter = |errno| LabError::Namespace {
            operation: format!("enter the PID namespace of {}", self.netns),
            errno,
        };
        command.env(IN_A_LAB, &self.netns);
        enter_host(command, &self.namespace).map_err(|error| enter(errno::of(&error)))?;
        let spawned = self.pid_namespace.spawn(command).map_err(enter)?;
        spawned.map_err(|error| {
            let program = command.get_program();
            let path = command.get_envs().find(|(name, _)| *name == "PATH");
            let path = path.and_then(|(_, path)| path);
            LabError::Spawn {
                program: program.to_owned(),
                host: self.name.clone(),
                errno: why_not_started(program, path, errno::of(&error)),
            }
        })
    }
}

/// Whether a lab built here is in a user namespace and has no names under `/run/netns`. Root of a
/// user namespace may make network namespaces, and may not name them.
fn is_rootless(readings: &Readings) -> bool {
    readings.needs_user_namespace() || !mounted::may_name()
}

/// The labs of this user but for the one of that name, as they are asked for; and whether root has
/// one.
fn others(name: Option<&LabName>) -> Vec<String> {
    let folders = Folder::candidates();
    let labs = folders.iter().flat_map(Folder::labs);
    let mut others: Vec<String> = labs
        .filter(|lab| lab.as_ref() != name)
        .map(|lab| match lab {
            Some(name) => format!("`--lab {name}`"),
            None => "the one without `--lab`".to_owned(),
        })
        .collect();
    let roots = Folder::of_root();
    if !folders.contains(&roots) && roots.record(name).exists() {
        others.push("root's, with `sudo`".to_owned());
    }
    others
}

/// The host that was probably meant: the one with that initial (`server`), else the closest.
fn nearest(typed: &str, hosts: &[&str]) -> Option<String> {
    let typed = typed.to_lowercase();
    let initial = hosts.iter().find(|host| typed.starts_with(**host));
    let closest = || {
        let distances = hosts.iter().map(|host| (distance(&typed, host), host));
        let (steps, host) = distances.min()?;
        (steps < typed.chars().count()).then_some(host)
    };
    initial.or_else(closest).map(|host| (*host).to_owned())
}

/// Waits for at most a second.
fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() > Duration::from_secs(1) {
            return false;
        }
        thread::sleep(Duration::from_micros(200));
    }
    true
}

fn namespace_error(verb: &str, path: &Path, error: &io::Error) -> LabError {
    LabError::Namespace {
        operation: format!("{verb} {}", path.display()),
        errno: errno::of(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_host() {
        let hosts = ["u", "s", "v"];
        for (typed, meant) in [
            ("U", Some("u")),
            ("server", Some("s")),
            ("v1", Some("v")),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, &hosts).as_deref(), meant, "{typed}");
        }
    }
}
