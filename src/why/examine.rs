//! Sending a probe and following it, with all witnesses at work: opened once, asked several times.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};

use super::evidence::{Company, Evidence};
use super::host::Host;
use super::mark::{Mark, Subject};
use super::watch::{Watch, WatchError, Witness};
use crate::journey::{
    self, EARSHOT, Follower, Journey, PING_SIZE, Post, Prefilter, Probe, ProbeKind, Prober, Reader,
    SYN_SIZE, SendError,
};
use crate::lab::LabError;
use crate::sys::packet_socket::await_stamps;

/// What is to be found out.
#[derive(Debug, Clone)]
pub struct Question<'l> {
    /// The hosts that can be looked at.
    pub hosts: Vec<Host<'l>>,
    /// Which of them sends.
    pub from: Host<'l>,
    /// Whom to.
    pub to: IpAddr,
    /// What is sent; an echo request is ping's.
    pub kind: ProbeKind,
    /// Who is asked.
    pub witnesses: Vec<Witness>,
    /// Where the course's tunnel leads: the host that listens, and its address for the other one.
    pub tunnel: Option<(String, SocketAddr)>,
}

/// Why nothing could be found out.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// Hosts cannot be entered.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// Witnesses cannot be heard.
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// Packets cannot be seen.
    #[error(transparent)]
    Sightings(#[from] journey::WatchError),
    /// There is no socket for the probe.
    #[error(transparent)]
    Probe(#[from] SendError),
}

impl ExamineError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            ExamineError::Lab(error) => error.remedy(),
            ExamineError::Watch(error) => error.remedy(),
            ExamineError::Sightings(error) => error.remedy(),
            ExamineError::Probe(error) => error.remedy(),
        }
    }
}

/// How long nothing may be seen of a packet until it counts as lost.
const PATIENCE: Duration = Duration::from_millis(400);

/// How long sightings may still come in after the kernel has thrown the packet away.
const AFTERMATH: Duration = Duration::from_millis(3);

/// How long the kernel may take until it stamps packets as they pass.
const STAMPS: Duration = Duration::from_millis(50);

/// How often one examination can be asked.
pub const TIMES: u16 = 4;

/// All that is open to find out what becomes of probes. To close it takes longer than all the
/// rest: speak first.
pub struct Examination {
    probe: Probe,
    prober: Prober,
    from: String,
    tunnel: Option<(String, SocketAddr)>,
    watch: Watch,
    follower: Follower,
    reader: Reader,
    asked: u16,
}

impl Examination {
    /// Opens everything that needs privileges.
    pub fn open(question: &Question) -> Result<Examination, ExamineError> {
        let probe = Probe {
            to: question.to,
            kind: question.kind,
            ttl: None,
            size: match question.kind {
                // IPv6's header is longer by 20.
                ProbeKind::Tcp(_) if question.to.is_ipv6() => SYN_SIZE + 20,
                ProbeKind::Tcp(_) => SYN_SIZE,
                ProbeKind::Icmp | ProbeKind::Udp(_) => PING_SIZE,
            },
        };
        let from = &question.from;
        let prober = from.run(|| Prober::open(probe.clone(), TIMES))??;
        let reader = Reader::new(None);
        let kept = Prefilter::of(&prober.wanted(reader.tunnel_ports()));
        let mut posts = Vec::new();
        for host in &question.hosts {
            let program = kept.as_ref().map(|one| &*one.program);
            posts.push(host.run(|| Post::open(host.name(), program))??);
        }
        let watch = Watch::start(
            &question.hosts,
            &question.witnesses,
            probe.size.into(),
            None,
        )?;
        from.run(|| await_stamps(STAMPS))?;
        Ok(Examination {
            probe,
            prober,
            from: from.name().to_owned(),
            tunnel: question.tunnel.clone(),
            watch,
            follower: Follower::new(journey::Watch::new(posts, reader), PATIENCE),
            reader: Reader::new(None),
            asked: 0,
        })
    }

    /// Whether it can be asked once more.
    pub fn can_ask(&self) -> bool {
        self.asked < TIMES
    }

    /// Sends a probe and hears what became of it, at most [`TIMES`] times. `stop` is readable when
    /// the user wants no more.
    pub fn ask(&mut self, stop: BorrowedFd) -> Result<Evidence, ExamineError> {
        if self.asked > 0 {
            self.watch.start_anew()?;
        }
        self.asked += 1;
        let number = self.asked;
        let seed = self.prober.seed(number);
        let mark = Mark {
            seed: &seed,
            reader: &self.reader,
        };
        self.follower.probe(number, &self.from, seed.clone(), || {
            self.prober.send(number)
        });
        let journey = follow(&mut self.follower, &mut self.watch, mark, stop)?;
        // Seen at its sender's door is not yet taken in.
        let heard = journey.path.answered && self.prober.has_heard(number, EARSHOT);
        let subject = Subject::probe(&self.probe, Company::Nobody);
        let tunnel = self.tunnel.clone();
        let evidence = self.watch.hear(&journey, mark, &subject, tunnel)?;
        Ok(Evidence {
            answered: heard,
            ..evidence
        })
    }
}

/// Waits for the journey's end: the answer, the kernel's word, silence, or the user.
fn follow(
    follower: &mut Follower,
    watch: &mut Watch,
    mark: Mark,
    stop: BorrowedFd,
) -> Result<Journey, ExamineError> {
    let mut died: Option<Instant> = None;
    loop {
        let woken = Waker::of([Some(stop), watch.drops_fd().filter(|_| died.is_none())]);
        let wake = woken.as_ref().map_or(stop, Waker::as_fd);
        let mut ended = follower.step(died, wake)?;
        if let Some(journey) = ended.pop() {
            return Ok(journey);
        }
        let late = died.is_some_and(|at| at <= Instant::now());
        if (late || is_readable(stop))
            && let Some(journey) = follower.give_up().pop()
        {
            return Ok(journey);
        }
        watch.listen();
        if died.is_none() && watch.has_died(mark, 0) {
            died = Some(Instant::now() + AFTERMATH);
        }
    }
}

/// Several descriptors as one that is readable when one of them is.
pub(crate) struct Waker(Epoll);

impl Waker {
    pub(crate) fn of<'f>(
        fds: impl IntoIterator<Item = Option<BorrowedFd<'f>>>,
    ) -> Result<Waker, Errno> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        for fd in fds.into_iter().flatten() {
            epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, 0))?;
        }
        Ok(Waker(epoll))
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}

fn is_readable(fd: BorrowedFd) -> bool {
    let mut fds = [nix::poll::PollFd::new(fd, nix::poll::PollFlags::POLLIN)];
    nix::poll::poll(&mut fds, nix::poll::PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}
