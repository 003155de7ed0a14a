//! Why a packet that was followed died: the witnesses of `tunlab why`, opened with the journey.

use crate::cli::failure::Failure;
use crate::cli::places::tunnel;
use crate::journey::{Journey, Prober, Reader};
use crate::lab::Lab;
use crate::model::Text;
use crate::render::Paint;
use crate::why::{Finding, Host, Mark, Watch, Witness, diagnose, host, report};
use std::net::SocketAddr;

/// Witnesses at work while our own probes travel.
pub(super) struct Autopsy<'l> {
    hosts: Vec<Host<'l>>,
    watch: Watch,
    tunnel: Option<(String, SocketAddr)>,
    tunnel_port: Option<u16>,
}

/// A cause, in both forms in which a journey tells it.
pub(super) struct Told {
    /// An element of `causes` of `tunlab why -o json`.
    pub(super) json: String,
    /// For a reader.
    pub(super) words: String,
}

impl<'l> Autopsy<'l> {
    /// Opens the witnesses on every host, while that is allowed.
    pub(super) fn open(
        lab: &'l Lab,
        prober: &Prober,
        tunnel_port: Option<u16>,
    ) -> Result<Autopsy<'l>, Failure> {
        let of_lab = |host| Host::of_lab(host, lab.name(), lab.rootless());
        let hosts: Vec<Host> = lab.hosts().iter().map(of_lab).collect();
        let witnesses = [Witness::Counters, Witness::Kernel];
        let length = prober.probe().size.into();
        Ok(Autopsy {
            watch: Watch::start(&hosts, &witnesses, length)?,
            tunnel: tunnel(lab),
            tunnel_port,
            hosts,
        })
    }

    /// The likeliest cause of a packet's death; nothing when no witness tells.
    pub(super) fn of(
        &mut self,
        journey: &Journey,
        prober: &Prober,
        paint: &Paint,
    ) -> Result<Option<Told>, Failure> {
        let mark = Mark {
            seed: prober.seed(journey.number),
            reader: Reader::new(self.tunnel_port),
        };
        let tunnel = self.tunnel.clone();
        let evidence = self.watch.finish(journey, &mark, prober.probe(), tunnel)?;
        let diagnosis = diagnose(&evidence);
        Ok(diagnosis
            .causes
            .first()
            .map(|finding| self.tell(finding, paint)))
    }

    fn tell(&self, finding: &Finding, paint: &Paint) -> Told {
        let in_full = |name: &str, command: &str| host::in_full(&self.hosts, name, command);
        let mut json = Text::default();
        report::cause_json(finding, &in_full, &mut json);
        let mut words = Text::default();
        report::cause_words("", finding, &in_full, paint, &mut words);
        Told {
            json: json.as_str().to_owned(),
            words: words.as_str().to_owned(),
        }
    }
}
