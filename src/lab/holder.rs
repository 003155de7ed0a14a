//! The processes that hold a lab.
//!
//! ```text
//!   tunlab lab up ──fork──▶ (starter) ──fork──▶ reaper ──fork──▶ holder, PID 1 of the lab
//!        ▲                                         ╰── each sees the other's end ──╯  │
//!        ╰───────────────────────── a report: it stands, or why not ◀─────────────────╯
//! ```
//!
//! 1. The starter leaves everything of the caller's behind. For an ordinary user it enters a user
//!    namespace; there the reaper is left out, for nothing survives the holder anyway.
//! 2. The reaper outlives the holder: as root the names under `/run/netns` have to be taken away.
//! 3. The holder makes the namespaces, writes the record, builds, reports. All programs on hosts
//!    are in its PID namespace: when it dies the kernel kills them (`man 7 pid_namespaces`).
//! 4. When the reaper dies the holder ends the lab. It cannot start another: its children would be
//!    in the PID namespace, and die with it.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sched::{CloneFlags, unshare},
    sys::prctl,
    unistd::pipe2,
};

use super::blueprint::Blueprint;
use super::building::Building;
use super::collect::{self, collect_one};
use super::error::LabError;
use super::folder::Folder;
use super::record::{Contents, Record};
use crate::sys::{
    detached, errno,
    namespace::{self, EnterError, Kind, NamespaceFd, Step as Entering},
    process::ProcessId,
    readings::Readings,
};

/// What is to be built, by whom, and where it is recorded.
pub(super) struct Order<'o> {
    pub(super) blueprint: Blueprint<'o>,
    pub(super) rootless: bool,
    /// What this machine allows, read before a user namespace changes the answers.
    pub(super) readings: &'o Readings,
    pub(super) folder: &'o Folder,
    /// Empty and locked; the lock goes over to the holder.
    pub(super) record: Record,
    /// Whether the lab ends with the caller.
    pub(super) tied: bool,
}

/// Builds the lab. The descriptor, of a tied lab, keeps it up as long as it is open.
///
/// Call it while the process has one thread.
pub(super) fn start(order: Order) -> Result<Option<OwnedFd>, LabError> {
    let failed = |errno| namespace_error("start the lab's processes", errno);
    let (mut report, theirs) = pipe2(OFlag::O_CLOEXEC)
        .map(|(reader, writer)| (File::from(reader), File::from(writer)))
        .map_err(failed)?;
    let (tie, tied_to) = if order.tied {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        (Some(reader), Some(writer))
    } else {
        (None, None)
    };
    // What the closure owns is closed here when the child has its copies.
    let starter = detached::start(move || {
        let holding = Holding {
            order,
            report: Report(theirs),
            tie,
            reaper: None,
        };
        holding.start();
    });
    detached::wait(starter.map_err(failed)?);
    let mut answer = String::new();
    let _ = report.read_to_string(&mut answer);
    Report::read(&answer).map(|()| tied_to)
}

/// What the starter, the reaper and the holder share.
struct Holding<'o> {
    order: Order<'o>,
    report: Report,
    /// Ends when the caller of a tied lab ends.
    tie: Option<OwnedFd>,
    /// The holder's connection to the reaper: it ends when that ends.
    reaper: Option<(ProcessId, UnixStream)>,
}

impl Holding<'_> {
    /// The starter.
    fn start(mut self) {
        let mut keep = vec![self.report.0.as_fd(), self.order.record.file.as_fd()];
        keep.extend(self.tie.as_ref().map(AsFd::as_fd));
        if let Err(error) = detached::let_go(&keep) {
            let errno = errno::of(&error);
            return self
                .report
                .failed(&namespace_error("leave the session", errno));
        }
        let forked = if self.order.rootless {
            namespace::enter_user_namespace(self.order.readings)
                .and_then(|()| self.fork_holder(None))
        } else {
            detached::start(|| self.reap())
                .map(drop)
                .map_err(|errno| (Entering::PidNamespace, errno))
        };
        if let Err((step, errno)) = forked {
            self.refused(step, errno);
        }
    }

    /// Says why the machine does not let us into namespaces.
    fn refused(&self, step: Entering, errno: Errno) {
        let error = EnterError::explain(step, errno, self.order.readings);
        self.report.failed(&LabError::Enter(error));
    }

    /// Starts the holder in a PID namespace of its own. It does not keep `not_its_own`.
    fn fork_holder(
        &mut self,
        mut not_its_own: Option<&mut Option<UnixStream>>,
    ) -> Result<(), (Entering, Errno)> {
        let pid_namespace = |errno| (Entering::PidNamespace, errno);
        unshare(CloneFlags::CLONE_NEWPID).map_err(pid_namespace)?;
        let hold = || {
            drop(not_its_own.as_mut().and_then(|end| end.take()));
            self.hold();
        };
        detached::start(hold).map_err(pid_namespace)?;
        Ok(())
    }

    /// The reaper: waits for the holder's end, then collects.
    fn reap(&mut self) {
        let (Ok((mine, theirs)), Some(own)) = (UnixStream::pair(), ProcessId::own()) else {
            return; // the report ends without a word
        };
        self.reaper = Some((own, theirs));
        // With a copy of our end the holder would not see ours close.
        let mut mine = Some(mine);
        if let Err((step, errno)) = self.fork_holder(Some(&mut mine)) {
            return self.refused(step, errno);
        }
        // Not before the fork: the holder would bear this name for a moment.
        let _ = prctl::set_name(c"tunlab-reaper");
        // The holder's alone: the record's lock above all, which tells that the holder lives.
        let path = self.order.folder.record(self.order.blueprint.name);
        let Some(mine) = mine else { return };
        if detached::keep_only(&[mine.as_fd()]).is_err() {
            return;
        }
        let record = Record::open(&path);
        wait_for_end(&mine);
        // Of the files of a process that ends, the socket may be closed before the record.
        if let Ok(Some(record)) = record {
            record.wait_until_dead();
        }
        if let Ok(lock) = self.order.folder.lock() {
            collect_one(self.order.folder, &path, &lock);
        }
    }

    /// The holder: builds, reports, and holds until the lab is to end.
    fn hold(&mut self) {
        let _ = prctl::set_name(c"tunlab-lab");
        let home = NamespaceFd::own(Kind::Network);
        let mut lab = match Building::begin(&self.order, self.reaper.as_ref().map(|one| one.0)) {
            Ok(lab) => lab,
            Err(error) => return self.report.failed(&error),
        };
        match lab.build(&mut self.order) {
            // Whoever asked for the lab may be gone by now: then nobody wants it.
            Ok(()) if self.report.done() => {
                self.report.close();
                // Refused to an ordinary user, whose holder stays on the last host.
                let _ = home.map(|home| home.enter(Kind::Network));
                self.wait();
                self.end(&lab.contents);
            }
            Ok(()) => self.end(&lab.contents),
            Err(error) => {
                self.end(&lab.contents);
                self.report.failed(&error);
            }
        }
    }

    /// Until the reaper ends, or the caller of a tied lab.
    fn wait(&self) {
        let reaper = self.reaper.as_ref().map(|(_, stream)| stream.as_fd());
        let ends: Vec<_> = reaper
            .into_iter()
            .chain(self.tie.as_ref().map(AsFd::as_fd))
            .collect();
        loop {
            let mut ready: Vec<PollFd> = ends
                .iter()
                .map(|&end| PollFd::new(end, PollFlags::POLLIN))
                .collect();
            match poll(&mut ready, PollTimeout::NONE) {
                Err(Errno::EINTR) => {}
                _ => return,
            }
        }
    }

    /// Takes away what the namespaces themselves do not.
    fn end(&self, contents: &Contents) {
        let folder = self.order.folder;
        let _lock = folder.lock();
        if self.order.record.is_current() {
            collect::remove(folder, &self.order.record, Some(contents));
        }
    }
}

/// How the caller learns what became of its order: `ok`, or three lines.
struct Report(File);

impl Report {
    /// Says that the lab stands; false if nobody is there to hear it.
    fn done(&self) -> bool {
        (&self.0).write_all(b"ok").is_ok()
    }

    /// Says why it does not.
    fn failed(&self, error: &LabError) {
        let kind = if error.is_usage() { "usage" } else { "machine" };
        let line = |text: String| text.replace('\n', " ");
        let message = line(error.to_string());
        let remedy = line(error.remedy().unwrap_or_default());
        let _ = write!(&self.0, "{kind}\n{message}\n{remedy}\n");
    }

    /// Lets the caller go on.
    fn close(&mut self) {
        if let Ok(nowhere) = File::open("/dev/null") {
            self.0 = nowhere;
        }
    }

    fn read(answer: &str) -> Result<(), LabError> {
        let lines: Vec<&str> = answer.lines().collect();
        match lines[..] {
            ["ok"] => Ok(()),
            [kind, message, remedy] => Err(LabError::Build {
                message: message.to_owned(),
                remedy: (!remedy.is_empty()).then(|| remedy.to_owned()),
                usage: kind == "usage",
            }),
            _ => Err(LabError::Lost),
        }
    }
}

fn wait_for_end(stream: &UnixStream) {
    let mut nothing = [0];
    while let Err(error) = (&*stream).read(&mut nothing) {
        if error.kind() != io::ErrorKind::Interrupted {
            return;
        }
    }
}

pub(super) fn namespace_error(operation: &str, errno: Errno) -> LabError {
    LabError::Namespace {
        operation: operation.to_owned(),
        errno,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_pipe() {
        assert!(Report::read("ok").is_ok());
        assert!(matches!(Report::read(""), Err(LabError::Lost)));
        let error = Report::read("usage\nno\ntry again\n").unwrap_err();
        assert_eq!((error.to_string().as_str(), error.is_usage()), ("no", true));
        assert_eq!(error.remedy().as_deref(), Some("try again"));
        let error = Report::read("machine\nno\n\n").unwrap_err();
        assert_eq!((error.remedy(), error.is_usage()), (None, false));
    }
}
