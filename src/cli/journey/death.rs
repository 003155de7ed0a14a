//! Why packets died: the witnesses of `tunlab why`, called before any is sent.
//!
//! A single probe's death is waited for. Of several, and of somebody else's packet, what the
//! kernel throws away is kept until a journey has ended, and each is known by itself; counters
//! count for all that are under way, which is said.

use crate::cli::failure::Failure;
use crate::cli::places::tunnel;
use crate::journey::{Follower, Journey, Probe, Prober, Reader, Seed};
use crate::lab::Lab;
use crate::model::Text;
use crate::render::Paint;
use crate::why::{Company, Diagnosis, Host, Mark, Subject, Watch, Witness, diagnose, host, report};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// How long sightings may still come in after the kernel has thrown the packet away: an error goes
/// all the way back.
const AFTERMATH: Duration = Duration::from_millis(150);

/// While somebody else's packet is waited for, counters are read anew that often.
const ANEW: Duration = Duration::from_secs(1);

/// The length of packets that is asked for where it is not known; tracing alone would need it.
const ANY_LENGTH: u32 = 0;

/// The witnesses of all packets that are followed.
pub(super) struct Witnesses<'l> {
    watch: Watch,
    reader: Reader,
    hosts: Vec<Host<'l>>,
    tunnel: Option<(String, SocketAddr)>,
    /// What we send; nothing when somebody else's packet is waited for.
    probe: Option<Probe>,
    /// The only packet, where there is but one and it is sent once.
    only: Option<Seed>,
    died: Option<Instant>,
    counted: Counted,
}

/// What the counters have counted for.
struct Counted {
    since: Instant,
    /// Probes sent since then, those of them that came home, and whether any died.
    sent: usize,
    home: usize,
    dead: bool,
}

/// What they said of a packet.
pub(super) struct Verdict<'v> {
    diagnosis: Diagnosis,
    hosts: &'v [Host<'v>],
}

impl<'l> Witnesses<'l> {
    /// Opens all that will be asked: nothing of it needs a privilege later. `prober` sends our
    /// packets, if they are ours; `once` says that there is a single one, which the kernel does
    /// not send again.
    pub(super) fn call(
        lab: &'l Lab,
        prober: Option<&Prober>,
        once: bool,
        tunnel_port: Option<u16>,
    ) -> Result<Witnesses<'l>, Failure> {
        let of_lab = |host| Host::of_lab(host, lab.name(), lab.rootless());
        let hosts: Vec<Host> = lab.hosts().iter().map(of_lab).collect();
        let probe = prober.map(|prober| prober.probe().clone());
        let length = probe.as_ref().map_or(ANY_LENGTH, |probe| probe.size.into());
        let wanted = [Witness::Counters, Witness::Kernel];
        Ok(Witnesses {
            watch: Watch::start(&hosts, &wanted, length)?,
            reader: Reader::new(tunnel_port),
            hosts,
            tunnel: tunnel(lab, tunnel_port),
            probe,
            only: prober.filter(|_| once).map(|prober| prober.seed(1)),
            died: None,
            counted: Counted::from_now(),
        })
    }

    /// Readable when the kernel has thrown something away, until it was our only packet.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        let waits = self.only.is_some() && self.died.is_none();
        self.watch.drops_fd().filter(|_| waits)
    }

    /// Looks whether the only packet has died; when nothing more is to be expected of it.
    pub(super) fn end(&mut self) -> Option<Instant> {
        let mark = Mark {
            seed: self.only.as_ref()?,
            reader: &self.reader,
        };
        if self.died.is_none() && self.watch.has_died(mark) {
            self.died = Some(Instant::now() + AFTERMATH);
        }
        self.died
    }

    /// Listens to what happens meanwhile, to be called before each step of `follower`.
    pub(super) fn listen(&mut self, follower: &Follower) -> Result<(), Failure> {
        if self.only.is_some() {
            return Ok(());
        }
        self.watch.listen();
        let old = match self.probe {
            Some(_) => self.counted.dead && follower.is_idle(),
            None => follower.is_waiting() && self.counted.since.elapsed() > ANEW,
        };
        if old {
            self.watch.start_anew()?;
            self.counted = Counted::from_now();
        }
        Ok(())
    }

    /// A probe is sent.
    pub(super) fn sent(&mut self) {
        self.counted.sent += 1;
    }

    /// A journey has ended: why its packet died, if it did.
    pub(super) fn hear(&mut self, journey: &Journey) -> Result<Option<Verdict<'_>>, Failure> {
        if !journey.is_dead() {
            self.counted.home += 1;
            return Ok(None);
        }
        self.counted.dead = true;
        let company = match self.counted.sent - self.counted.home {
            0 | 1 => Company::Nobody,
            several => Company::Probes(several),
        };
        let subject = match &self.probe {
            Some(probe) => Some(Subject::probe(probe, company)),
            None => Subject::seen(journey),
        };
        let (Some(subject), Some(seed)) = (subject, &journey.seed) else {
            return Ok(None);
        };
        let mark = Mark {
            seed,
            reader: &self.reader,
        };
        let evidence = self
            .watch
            .hear(journey, mark, &subject, self.tunnel.clone())?;
        Ok(Some(Verdict {
            diagnosis: diagnose(&evidence),
            hosts: &self.hosts,
        }))
    }
}

impl Counted {
    fn from_now() -> Counted {
        Counted {
            since: Instant::now(),
            sent: 0,
            home: 0,
            dead: false,
        }
    }
}

impl Verdict<'_> {
    /// The likeliest cause as JSON; `null` where none was found.
    pub(super) fn json(&self, text: &mut Text) {
        match self.diagnosis.causes.first() {
            Some(finding) => report::cause_json(finding, &self.in_full(), text),
            None => _ = text.str("null"),
        }
    }

    /// Where no cause was found, those that are still possible, in a line.
    pub(super) fn open(&self) -> Option<String> {
        let names = self.diagnosis.candidates.iter().map(|cause| cause.name);
        let names: Vec<&str> = names.collect();
        let possible = match names.is_empty() {
            true => String::new(),
            false => format!("; still possible: {}", names.join(", ")),
        };
        let found = !self.diagnosis.causes.is_empty();
        (!found).then(|| format!("no witness tells why it died{possible}"))
    }

    /// All of it for a reader.
    pub(super) fn words(&self, paint: &Paint, text: &mut Text) {
        report::words(&self.diagnosis, &self.in_full(), paint, text);
    }

    /// What two packets that died the same death have in common.
    pub(super) fn death(&self) -> Vec<(&'static str, String, Option<String>)> {
        let causes = self.diagnosis.causes.iter();
        causes
            .map(|finding| {
                let (host, dev) = (finding.host.clone(), finding.dev.clone());
                (finding.cause.name, host, dev)
            })
            .collect()
    }

    fn in_full(&self) -> impl Fn(&str, &str) -> String {
        |name, command| host::in_full(self.hosts, name, command)
    }
}
