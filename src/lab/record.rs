//! The record of a lab: what is ours. A file that is locked as long as the lab's holder lives;
//! whoever gets the lock knows that the lab is dead, and may collect what the record names.
//!
//! ```text
//! tunlab lab 1
//! topology seed1
//! rootless false
//! holder 4711 193847          number, start time
//! reaper 4710 193846
//! pid-namespace 4026532301    inode
//! host u tunlab-u 4026532302 5 1289      namespace: inode, holder's descriptor; inode of the
//! host s tunlab-s 4026532399 6 1290      file it is bound on, 0 where it is not
//! state up
//! ```

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    str::FromStr,
};

use nix::unistd::Pid;

use super::error::{LabError, file};
use crate::sys::{lock, process::ProcessId};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) topology: String,
    pub(super) rootless: bool,
    pub(super) holder: ProcessId,
    pub(super) reaper: Option<ProcessId>,
    pub(super) pid_namespace: u64,
    pub(super) hosts: Vec<Entry>,
    /// Whether the lab stands, and is not only being built.
    pub(super) up: bool,
}

/// What a record says about a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// The name of its namespace.
    pub(super) netns: String,
    /// The namespace's inode.
    pub(super) inode: u64,
    /// The holder's descriptor of it.
    pub(super) fd: i32,
    /// The inode of the file under `/run/netns` that it is bound on; 0 if it is not.
    pub(super) mount_point: u64,
}

/// A record on disk.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    pub(super) file: File,
}

impl Record {
    /// Makes a record that is locked and empty. `None` if there is one, living or dead.
    pub(super) fn create(path: &Path) -> Result<Option<Record>, LabError> {
        let opened = OpenOptions::new()
            .create_new(true)
            .read(true)
            .write(true)
            .mode(0o644)
            .open(path);
        let created = match opened {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            opened => opened.map_err(file("create", path))?,
        };
        lock::lock(&created).map_err(|errno| file("lock", path)(errno.into()))?;
        Ok(Some(Record {
            path: path.to_owned(),
            file: created,
        }))
    }

    /// The record that is there, if there is one.
    pub(super) fn open(path: &Path) -> Result<Option<Record>, LabError> {
        match OpenOptions::new().read(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => Ok(Some(Record {
                path: path.to_owned(),
                file: opened.map_err(file("open", path))?,
            })),
        }
    }

    /// Whether the lab's holder is gone; if so the lock is ours now.
    pub(super) fn is_dead(&self) -> Result<bool, LabError> {
        lock::try_lock(&self.file).map_err(|errno| file("lock", &self.path)(errno.into()))
    }

    /// Waits until the lab's holder is gone.
    pub(super) fn wait_until_dead(&self) {
        // A failure means that there is no such lock to wait for.
        let _ = lock::lock(&self.file);
    }

    /// Whether the path still leads to this file, and not to a later lab's.
    pub(super) fn is_current(&self) -> bool {
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let ours = self.file.metadata().map(identity).ok();
        ours.is_some() && ours == std::fs::metadata(&self.path).map(identity).ok()
    }

    /// Writes it anew, in one piece.
    pub(super) fn write(&mut self, contents: &Contents) -> io::Result<()> {
        self.file.rewind()?;
        let text = contents.to_string();
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }

    /// What it says; `None` before it was first written.
    pub(super) fn read(&mut self) -> Result<Option<Contents>, LabError> {
        let mut text = String::new();
        let read = self.file.rewind();
        let read = read.and_then(|()| self.file.read_to_string(&mut text));
        read.map_err(file("read", &self.path))?;
        Ok(text.parse().ok())
    }

    /// Removes the file.
    pub(super) fn remove(&self) {
        // That it has gone already is what was wanted.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "tunlab lab 1\ntopology {}", self.topology)?;
        writeln!(out, "rootless {}", self.rootless)?;
        writeln!(out, "holder {} {}", self.holder.pid, self.holder.started)?;
        if let Some(reaper) = self.reaper {
            writeln!(out, "reaper {} {}", reaper.pid, reaper.started)?;
        }
        writeln!(out, "pid-namespace {}", self.pid_namespace)?;
        for host in &self.hosts {
            let Entry {
                name,
                netns,
                inode,
                fd,
                mount_point,
            } = host;
            writeln!(out, "host {name} {netns} {inode} {fd} {mount_point}")?;
        }
        writeln!(out, "state {}", if self.up { "up" } else { "building" })
    }
}

impl FromStr for Contents {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut lines = text.lines();
        if lines.next() != Some("tunlab lab 1") {
            return Err(());
        }
        let (mut topology, mut rootless, mut holder) = (None, None, None);
        let (mut reaper, mut pid_namespace, mut up) = (None, None, None);
        let mut hosts = Vec::new();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["topology", name] => topology = Some(name.to_owned()),
                ["rootless", value] => rootless = Some(number(value)?),
                ["holder", pid, started] => holder = Some(process(pid, started)?),
                ["reaper", pid, started] => reaper = Some(process(pid, started)?),
                ["pid-namespace", inode] => pid_namespace = Some(number(inode)?),
                ["host", name, netns, inode, fd, mount_point] => hosts.push(Entry {
                    name: name.to_owned(),
                    netns: netns.to_owned(),
                    inode: number(inode)?,
                    fd: number(fd)?,
                    mount_point: number(mount_point)?,
                }),
                ["state", "up"] => up = Some(true),
                ["state", "building"] => up = Some(false),
                _ => return Err(()),
            }
        }
        Ok(Contents {
            topology: topology.ok_or(())?,
            rootless: rootless.ok_or(())?,
            holder: holder.ok_or(())?,
            reaper,
            pid_namespace: pid_namespace.ok_or(())?,
            hosts,
            up: up.ok_or(())?,
        })
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, ()> {
    text.parse().map_err(|_| ())
}

fn process(pid: &str, started: &str) -> Result<ProcessId, ()> {
    Ok(ProcessId {
        pid: Pid::from_raw(number(pid)?),
        started: number(started)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents() -> Contents {
        let process = |pid| ProcessId {
            pid: Pid::from_raw(pid),
            started: 100,
        };
        Contents {
            topology: "seed1".to_owned(),
            rootless: false,
            holder: process(12),
            reaper: Some(process(11)),
            pid_namespace: 4_026_532_301,
            hosts: vec![Entry {
                name: "u".to_owned(),
                netns: "tunlab-u".to_owned(),
                inode: 4_026_532_302,
                fd: 5,
                mount_point: 99,
            }],
            up: true,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let all = contents();
        assert_eq!(all.to_string().parse(), Ok(all.clone()));
        let less = Contents {
            reaper: None,
            up: false,
            hosts: Vec::new(),
            ..all
        };
        assert_eq!(less.to_string().parse(), Ok(less.clone()));
    }

    #[test]
    fn a_record_that_was_not_finished_says_nothing() {
        let text = contents().to_string();
        for end in 0..text.len() - "up\n".len() {
            assert_eq!(text[..end].parse::<Contents>(), Err(()), "{end}");
        }
    }
}
