//! A journey as text: a ladder with the hosts as columns, a list, JSON.

mod json;
mod ladder;
#[cfg(test)]
mod ladder_tests;
mod list;

pub use json::json;
pub use ladder::{ladder, ladder_width};
pub use list::list;

use super::identity::Leg;
use super::ip_packet::Body;
use super::path::{Hop, Path};
use crate::model::Text;
use crate::render::{Paint, Role};
use std::net::IpAddr;

/// A journey, and what is known of it beside its path.
#[derive(Debug, Clone, Copy)]
pub struct Story<'j> {
    /// The host it begins on.
    pub from: &'j str,
    /// Whom the packet is for.
    pub to: IpAddr,
    /// What is followed: `icmp`, `tcp`, `udp`, `ip`.
    pub probe: &'static str,
    /// Where it went.
    pub path: &'j Path,
}

impl Story<'_> {
    /// What kind of packet a path is about.
    pub fn probe_of(path: &Path) -> &'static str {
        match path.hops.first().map(|hop| &hop.packet.body) {
            Some(Body::Echo { .. }) => "icmp",
            Some(Body::Tcp { .. }) => "tcp",
            Some(Body::Udp { .. }) => "udp",
            _ => "ip",
        }
    }

    /// What the journey came to, in a line.
    pub fn verdict(&self) -> String {
        let path = self.path;
        let Some(last) = path.hops.last() else {
            return format!("no packet left {}", self.from);
        };
        let hops = match path.hops.len() {
            1 => "1 hop".to_owned(),
            count => format!("{count} hops"),
        };
        let took = micros(path.since_start(last.time));
        if let Some(refusal) = self.refusal() {
            return format!("{hops}, {took}: {refusal}");
        }
        let error = path.leg(Leg::Error).last();
        match (path.delivered, path.answered, error) {
            (_, _, Some(error)) if !path.answered => {
                let what = super::words::what(error);
                format!("{hops}, {took}: {} reports an {what}", error.packet.src)
            }
            (_, true, _) => format!("{hops}, {took}: delivered and answered"),
            (true, false, _) => match path.leg(Leg::Answer).last() {
                Some(answer) => format!(
                    "{hops}: delivered; the answer was last seen {}",
                    place(answer)
                ),
                None => format!("{hops}, {took}: delivered; no answer was seen"),
            },
            (false, false, _) => format!("{hops}: last seen {}", place(last)),
        }
    }

    /// That the packet was refused, and what that means.
    fn refusal(&self) -> Option<String> {
        let refusal = self.path.refusal()?;
        let host = tame(&refusal.host);
        let (_, to) = self.path.hops.first()?.packet.endpoints();
        let (how, transport) = match refusal.leg {
            Leg::Answer => ("a reset (RST)".to_owned(), "TCP"),
            _ => (format!("an {}", super::words::what(refusal)), "UDP"),
        };
        let port = to.port();
        Some(format!(
            "delivered, but {host} refuses it with {how}, as it does when nobody listens on its \
             {transport} port {port}"
        ))
    }
}

/// `going out of tun0 on s`, `coming in by eth0 on v`.
fn place(hop: &Hop) -> String {
    let way = match hop.direction {
        crate::capture::Direction::In => "coming in by",
        crate::capture::Direction::Out => "going out of",
    };
    format!("{way} {} on {}", tame(&hop.device), tame(&hop.host))
}

/// Names without what a terminal would obey: a device may be called almost anything.
fn tame(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

/// `41.2 µs`; from ten milliseconds on `12.3 ms`, from ten seconds on `12.3 s`.
fn micros(micros: f64) -> String {
    match micros.abs() {
        ..10_000.0 => format!("{micros:.1} µs"),
        ..10_000_000.0 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.1} s", micros / 1e6),
    }
}

/// The colour of a leg.
fn role(hop: &Hop) -> Role {
    match hop.leg {
        Leg::Request => Role::Depth(1),
        Leg::Answer => Role::Depth(4),
        Leg::Error => Role::Error,
        Leg::Redirect => Role::Warning,
    }
}

fn painted(paint: &Paint, role: Role, words: &str, text: &mut Text) {
    paint.with(role, text, |text| _ = text.str(words));
}
