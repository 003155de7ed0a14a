//! Why a packet died: the witnesses of `tunlab why`, called before it is sent.

use crate::cli::failure::Failure;
use crate::cli::places::tunnel;
use crate::journey::{Journey, Probe, Prober, Reader};
use crate::lab::Lab;
use crate::model::Text;
use crate::render::Paint;
use crate::why::{Diagnosis, Host, Mark, Watch, Witness, diagnose, host, report};
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// How long sightings may still come in after the kernel has thrown the packet away: an error goes
/// all the way back.
const AFTERMATH: Duration = Duration::from_millis(150);

/// The witnesses of one packet.
pub(super) struct Witnesses<'l> {
    watch: Watch,
    mark: Mark,
    probe: Probe,
    hosts: Vec<Host<'l>>,
    tunnel: Option<(String, SocketAddr)>,
    died: Option<Instant>,
}

/// What they said.
pub(super) struct Verdict<'l> {
    diagnosis: Diagnosis,
    hosts: Vec<Host<'l>>,
}

impl<'l> Witnesses<'l> {
    /// Opens all that will be asked: nothing of it needs a privilege later.
    pub(super) fn call(
        lab: &'l Lab,
        prober: &Prober,
        tunnel_port: Option<u16>,
    ) -> Result<Witnesses<'l>, Failure> {
        let of_lab = |host| Host::of_lab(host, lab.name(), lab.rootless());
        let hosts: Vec<Host> = lab.hosts().iter().map(of_lab).collect();
        let probe = prober.probe().clone();
        let wanted = [Witness::Counters, Witness::Kernel];
        Ok(Witnesses {
            watch: Watch::start(&hosts, &wanted, probe.size.into())?,
            mark: Mark {
                seed: prober.seed(1),
                reader: Reader::new(tunnel_port),
            },
            probe,
            hosts,
            tunnel: tunnel(lab),
            died: None,
        })
    }

    /// Readable when the kernel has thrown something away, until it was our packet.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.watch.drops_fd().filter(|_| self.died.is_none())
    }

    /// Looks whether the packet has died; when nothing more is to be expected of it.
    pub(super) fn end(&mut self) -> Option<Instant> {
        if self.died.is_none() && self.watch.has_died(&self.mark) {
            self.died = Some(Instant::now() + AFTERMATH);
        }
        self.died
    }

    /// Asks them about the packet, whose journey has ended.
    pub(super) fn hear(self, journey: &Journey) -> Result<Verdict<'l>, Failure> {
        let Witnesses {
            mut watch,
            mark,
            probe,
            hosts,
            tunnel,
            ..
        } = self;
        let evidence = watch.finish(journey, &mark, &probe, tunnel)?;
        let diagnosis = diagnose(&evidence);
        Ok(Verdict { diagnosis, hosts })
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

    /// All of it for a reader.
    pub(super) fn words(&self, paint: &Paint, text: &mut Text) {
        report::words(&self.diagnosis, &self.in_full(), paint, text);
    }

    fn in_full(&self) -> impl Fn(&str, &str) -> String {
        |name, command| host::in_full(&self.hosts, name, command)
    }
}
