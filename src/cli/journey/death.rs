//! Why packets died: the witnesses of `tunlab why`, called before any is sent.
//!
//! What the kernel throws away is known as it happens, and kept until a journey has ended: a packet
//! that has died is not waited for any longer. Each is known by itself; counters count for all that
//! are under way, which is said.

use crate::cli::failure::Failure;
use crate::cli::places::tunnel;
use crate::cli::why::suspects_firewall;
use crate::journey::{Follower, Journey, Pace, Prefilter, Probe, Prober, Reader};
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
    /// The command that asks the firewall, too.
    why: Option<String>,
    /// How much of what the kernel threw away was compared with what is under way.
    compared: u64,
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
    /// Where the firewall would know more, the command that asks it.
    why: Option<&'v str>,
}

impl<'l> Witnesses<'l> {
    /// Opens all that will be asked: nothing of it needs a privilege later. `prober` sends our
    /// packets, if they are ours, `filter` keeps what can be one of them, and `why` is a command
    /// that tells more of them.
    pub(super) fn call(
        lab: &'l Lab,
        prober: Option<&Prober>,
        tunnel_port: Option<u16>,
        filter: Option<Prefilter>,
        why: Option<String>,
    ) -> Result<Witnesses<'l>, Failure> {
        let of_lab = |host| Host::of_lab(host, lab.name(), lab.rootless());
        let hosts: Vec<Host> = lab.hosts().iter().map(of_lab).collect();
        let probe = prober.map(|prober| prober.probe().clone());
        let length = probe.as_ref().map_or(ANY_LENGTH, |probe| probe.size.into());
        let wanted = [Witness::Counters, Witness::Kernel];
        Ok(Witnesses {
            watch: Watch::start(&hosts, &wanted, length, filter)?,
            reader: Reader::new(tunnel_port),
            hosts,
            tunnel: tunnel(lab, tunnel_port),
            probe,
            why,
            compared: 0,
            counted: Counted::from_now(),
        })
    }

    /// Readable when the kernel has thrown something away, while that may be a packet under way
    /// and nobody comes round to it soon.
    pub(super) fn fd(&self, follower: &Follower) -> Option<BorrowedFd<'_>> {
        let waits = follower.pace() == Pace::AtOnce && follower.hopes().next().is_some();
        self.watch.drops_fd().filter(|_| waits)
    }

    /// Listens to what happens meanwhile, to be called before each step of `follower`; `idle` says
    /// that no packet of ours is under way.
    pub(super) fn listen(&mut self, follower: &mut Follower, idle: bool) -> Result<(), Failure> {
        self.watch.listen();
        self.look_for_dead(follower);
        let old = match self.probe {
            Some(_) => self.counted.dead && idle,
            None => follower.is_waiting() && self.counted.since.elapsed() > ANEW,
        };
        if old {
            self.watch.start_anew()?;
            self.counted = Counted::from_now();
        }
        Ok(())
    }

    /// A packet that the kernel has thrown away is given up soon, unless it is sent again.
    fn look_for_dead(&mut self, follower: &mut Follower) {
        let after = match self.probe {
            Some(_) => std::mem::replace(&mut self.compared, self.watch.heard()),
            // Whose it was may come to light later.
            None => 0,
        };
        let dead = follower.hopes().filter(|(_, seed)| {
            let mark = Mark {
                seed,
                reader: &self.reader,
            };
            seed.is_sent_once() && self.watch.has_died(mark, after)
        });
        let end = Instant::now() + AFTERMATH;
        for number in dead.map(|(number, _)| number).collect::<Vec<_>>() {
            follower.doom(number, end);
        }
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
        let diagnosis = diagnose(&evidence);
        let why = self.why.as_deref();
        Ok(Some(Verdict {
            why: why.filter(|_| suspects_firewall(&diagnosis)),
            diagnosis,
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
        let Some(mut finding) = self.diagnosis.causes.first().cloned() else {
            text.str("null");
            return;
        };
        let more = self
            .why
            .map(|why| format!("not available: the rule and its cure; `{why}` tells"));
        finding.evidence.extend(more);
        report::cause_json(&finding, &self.in_full(), text);
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
        let more = self
            .why
            .map(|why| format!("; `{why}` asks the firewall, too"));
        let more = more.unwrap_or_default();
        (!found).then(|| format!("no witness tells why it died{possible}{more}"))
    }

    /// All of it for a reader.
    pub(super) fn words(&self, paint: &Paint, columns: Option<u16>, text: &mut Text) {
        report::words(&self.diagnosis, &self.in_full(), paint, columns, text);
        match self.why {
            Some(why) if self.diagnosis.causes.is_empty() => {
                text.str(&format!("\n`{why}` asks the firewall, too.\n"));
            }
            Some(why) => {
                text.str(&format!(
                    "`{why}` names the rule and the command that cures it.\n"
                ));
            }
            None => {}
        }
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
