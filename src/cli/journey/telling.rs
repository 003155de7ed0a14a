//! Journeys to stdout and to `-w`.

use super::args::{FormatArg, Journey as Args};
use super::death::Verdict;
use crate::capture::{self, Sink};
use crate::cli::Outcome;
use crate::cli::args::{When, paint, stdout_is_terminal, terminal_width};
use crate::cli::failure::{Failure, print, status};
use crate::journey::show::{self, Story};
use crate::journey::{Journey, Losses, Path};
use crate::model::Text;
use crate::render::Paint;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long the first of several lines may wait for the others: to write each by itself takes the
/// machine longer than all the rest when hundreds come in a second.
const HOLD: Duration = Duration::from_millis(100);

/// Columns where nothing says how many there are.
const COLUMNS: usize = 80;

/// What has been told, and what is still to be.
pub(super) struct Telling {
    format: FormatArg,
    paint: Paint,
    sink: Option<Box<dyn Sink>>,
    /// The interfaces in the capture, by their numbers.
    interfaces: Vec<String>,
    to: Option<IpAddr>,
    probe: &'static str,
    /// The command that tells more of such a probe.
    why: Option<String>,
    /// Packets that were followed, and those of them that died.
    followed: u64,
    died: u64,
    kept: u64,
    /// Every way that was taken, and by how many packets: text shows each once.
    ways: Vec<Way>,
    /// What is still to be written, and since when.
    text: Text,
    waits: Option<Instant>,
}

/// A way, as the first packet took it.
struct Way {
    path: Path,
    origin: String,
    refused: Option<String>,
    /// Why it died, in words; and what of that others have in common.
    verdict: Option<String>,
    death: Vec<(&'static str, String, Option<String>)>,
    packets: u64,
}

impl Telling {
    pub(super) fn new(args: &Args, color: When) -> Result<Telling, Failure> {
        let format = args.format.unwrap_or(if stdout_is_terminal() {
            FormatArg::Ladder
        } else {
            FormatArg::List
        });
        let sink = args.write.as_deref().map(capture::create).transpose()?;
        Ok(Telling {
            format,
            paint: paint(color),
            sink,
            interfaces: Vec::new(),
            to: None,
            probe: args.kind().name(),
            why: args.why(),
            followed: 0,
            died: 0,
            kept: 0,
            ways: Vec::new(),
            text: Text::default(),
            waits: None,
        })
    }

    /// Whom our packets are for; nothing when somebody else's is waited for.
    pub(super) fn begin(&mut self, to: Option<IpAddr>) {
        self.to = to;
    }

    /// A packet has come to the end of its way; `verdict` says why, if it died. What is told of it
    /// at once waits for [`Telling::write`].
    pub(super) fn journey(
        &mut self,
        journey: &Journey,
        verdict: Option<&Verdict>,
    ) -> Result<(), Failure> {
        let Journey { path, refused, .. } = journey;
        if self.to.is_none() && path.hops.is_empty() {
            // Nobody sent what was waited for.
            return Ok(());
        }
        self.followed += 1;
        self.died += u64::from(journey.is_dead());
        self.keep(journey)?;
        if self.format == FormatArg::Json {
            if let Some(refused) = refused {
                status(&refused.to_string());
            }
            if let Some(open) = verdict.and_then(Verdict::open) {
                status(&format!("packet {}: {open}", journey.number));
            }
            let mut drop = Text::default();
            match verdict {
                Some(verdict) => verdict.json(&mut drop),
                None => _ = drop.str("null"),
            }
            let mut text = std::mem::take(&mut self.text);
            show::json(&self.story(path, &journey.origin), drop.as_str(), &mut text);
            self.text = text;
            self.waits.get_or_insert_with(Instant::now);
            return Ok(());
        }
        let refused = refused.as_ref().map(ToString::to_string);
        let death = verdict.map(Verdict::death).unwrap_or_default();
        let same = |way: &&mut Way| {
            way.refused == refused && way.death == death && way.path.is_same_way(path)
        };
        let known = self.ways.iter_mut().find(same);
        match known {
            Some(way) => way.packets += 1,
            None => self.ways.push(Way {
                path: path.clone(),
                origin: journey.origin.clone(),
                refused,
                verdict: verdict.map(|verdict| {
                    let mut text = Text::default();
                    verdict.words(&self.paint, columns(), &mut text);
                    text.as_str().to_owned()
                }),
                death,
                packets: 1,
            }),
        }
        Ok(())
    }

    /// Writes what waits: all of it if it is to be written `now`, else when the first of it has
    /// waited long enough.
    pub(super) fn write(&mut self, now: bool) -> Result<(), Failure> {
        let due = self.waits.is_some_and(|since| since.elapsed() >= HOLD);
        if self.waits.is_some() && now || due {
            self.waits = None;
            print(self.text.as_str())?;
            self.text.clear();
        }
        Ok(())
    }

    /// Tells what is left to tell, and what the capture missed.
    pub(super) fn finish(mut self, losses: &Losses) -> Outcome {
        self.ways.sort_by_key(|way| std::cmp::Reverse(way.packets));
        for way in &self.ways {
            if self.followed > 1 {
                let (packets, all) = (way.packets, self.followed);
                self.text
                    .str(&format!("{packets} of {all} packets went this way:\n"));
            }
            let story = self.story(&way.path, &way.origin);
            match self.format {
                FormatArg::Ladder if !is_too_narrow(&story) => {
                    let width = columns().map_or(COLUMNS, usize::from);
                    show::ladder(&story, &self.paint, width, &mut self.text);
                }
                _ => show::list(&story, &self.paint, &mut self.text),
            }
            // Of what has died, all is said below.
            if way.verdict.is_none()
                && way.path.refusal().is_some()
                && let Some(why) = &self.why
            {
                self.text.str(&format!("`{why}` tells more.\n"));
            }
            if let Some(refused) = &way.refused {
                self.text.str(refused).str("\n");
            }
            if let Some(verdict) = &way.verdict {
                self.text.str("\n").str(verdict);
            }
        }
        print(self.text.as_str())?;
        if let Some(mut sink) = self.sink.take() {
            sink.finish()?;
        }
        for (host, lost) in &losses.lost {
            status(&format!(
                "the capture itself lost {lost} packets on {host}: hops may be missing"
            ));
        }
        if losses.unstamped > 0 {
            let late = losses.unstamped;
            status(&format!(
                "{late} packets have the time at which they were read: their order is uncertain"
            ));
        }
        if self.followed == 0 {
            status("no packet was followed");
        }
        Ok(ExitCode::from(u8::from(self.died > 0)))
    }

    fn keep(&mut self, journey: &Journey) -> Result<(), Failure> {
        let Some(sink) = &mut self.sink else {
            return Ok(());
        };
        for seen in &journey.frames {
            let name = seen.sighting.interface_name();
            let known = self.interfaces.iter().position(|one| *one == name);
            let number = known.unwrap_or_else(|| {
                self.interfaces.push(name.clone());
                self.interfaces.len() - 1
            });
            self.kept += 1;
            sink.write(&seen.sighting.frame(self.kept, number as u32, &name))?;
        }
        Ok(())
    }

    fn story<'j>(&self, path: &'j Path, from: &'j str) -> Story<'j> {
        let first = path.hops.first().map(|hop| hop.packet.dst);
        let unknown = IpAddr::from(Ipv4Addr::UNSPECIFIED);
        Story {
            from,
            to: self.to.or(first).unwrap_or(unknown),
            probe: match self.to {
                Some(_) => self.probe,
                None => Story::probe_of(path),
            },
            path,
        }
    }
}

/// Columns of a line, as far as anything says how many.
fn columns() -> Option<u16> {
    let asked = std::env::var("COLUMNS").ok();
    let asked = asked.and_then(|columns| columns.parse().ok());
    asked.filter(|columns| *columns > 0).or_else(terminal_width)
}

/// Whether a ladder would run over the end of each line, which nobody can read; that is said.
fn is_too_narrow(story: &Story) -> bool {
    let least = show::ladder_width(story);
    match columns() {
        Some(columns) if usize::from(columns) < least => {
            status(&format!(
                "the ladder takes {least} columns, and here are {columns}: a list instead"
            ));
            true
        }
        _ => false,
    }
}
