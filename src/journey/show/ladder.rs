//! A column a host, a lane a device, a row a hop: the packet goes from lane to lane, time goes
//! down.
//!
//! ```text
//!          u               s               v
//!     tun0  eth0      eth0  tun0  eth1    eth0
//!  1    ●     │         │     │     │       │        0.0 µs  there: echo request, TTL 64
//!  2    ├────▶│         │     │     │       │       41.2 µs  wrapped in UDP
//!  3    │     ╞════════▶│     │     │       │       44.9 µs
//! ```

use super::{Story, micros, painted, role, tame};
use crate::journey::identity::Leg;
use crate::journey::ip_packet::Piece;
use crate::journey::path::{Change, Hop, Question};
use crate::journey::words;
use crate::model::Text;
use crate::render::{Paint, Role, wrap};
use std::net::IpAddr;
use std::sync::Arc;

/// Columns of the hop's number and of its time.
const NUMBER: usize = 4;
const TIME: usize = 11;

/// Columns that notes have at least, however wide the lanes are.
const NOTE: usize = 20;

/// Space between notes and what is left of them.
const MARGIN: usize = 2;

/// How wide lanes are.
#[derive(Clone, Copy)]
struct Spacing {
    /// Beside a device's name.
    lane: usize,
    /// Between two hosts.
    gap: usize,
}

/// As is easiest to read.
const ROOMY: Spacing = Spacing { lane: 2, gap: 2 };

/// For more devices than fit into a line else.
const NARROW: Spacing = Spacing { lane: 1, gap: 1 };

/// How many columns the ladder takes at least.
pub fn ladder_width(story: &Story) -> usize {
    taken(lanes(story, NARROW).1) + NOTE
}

/// Columns of all but notes.
fn taken(span: usize) -> usize {
    NUMBER + span + TIME + MARGIN
}

/// Appends the journey to `text`, in so many columns unless it takes more ([`ladder_width`]).
pub fn ladder(story: &Story, paint: &Paint, width: usize, text: &mut Text) {
    let ladder = Ladder::new(story, paint, width);
    ladder.head(text);
    let hops = &story.path.hops;
    // Of a question that was answered, the hop that waited for it tells.
    let open = |one: &&Question| !one.arp.reply && !is_answered(one, &story.path.questions);
    let mut questions = story.path.questions.iter().filter(open).peekable();
    let mut leg = None;
    for (hop, number) in hops.iter().zip(1..) {
        while let Some(question) = questions.next_if(|one| one.time <= hop.time) {
            ladder.question(question, text);
        }
        let before = hop.after.and_then(|before| hops.get(before));
        let turns = leg.replace(hop.leg) != Some(hop.leg);
        ladder.hop(before, hop, number, turns, text);
    }
    for question in questions {
        ladder.question(question, text);
    }
    ladder.wrappings(text);
    wrap::words(&story.verdict(), 0, MARGIN, width, text);
}

fn is_answered(question: &Question, all: &[Question]) -> bool {
    let answers = |one: &&Question| one.arp.reply && one.arp.sender == question.arp.target;
    all.iter()
        .any(|one| answers(&one) && one.host == question.host)
}

struct Ladder<'l> {
    story: &'l Story<'l>,
    paint: &'l Paint,
    lanes: Vec<Lane>,
    /// Columns of all lanes.
    span: usize,
    /// Columns for what is said of a hop.
    note: usize,
}

/// A device.
struct Lane {
    host: Arc<str>,
    device: Arc<str>,
    /// Its column.
    column: usize,
}

impl<'l> Ladder<'l> {
    fn new(story: &'l Story<'l>, paint: &'l Paint, width: usize) -> Ladder<'l> {
        let (mut lanes, mut span) = self::lanes(story, ROOMY);
        if taken(span) + NOTE > width {
            (lanes, span) = self::lanes(story, NARROW);
        }
        Ladder {
            story,
            paint,
            lanes,
            span,
            note: width.saturating_sub(taken(span)).max(NOTE),
        }
    }

    /// The hosts' names, then the devices'.
    fn head(&self, text: &mut Text) {
        if self.lanes.is_empty() {
            return;
        }
        let mut hosts = vec![' '; self.span];
        for group in self.lanes.chunk_by(|one, next| one.host == next.host) {
            let (first, last) = (&group[0], &group[group.len() - 1]);
            centre(&mut hosts, (first.column + last.column) / 2, &first.host);
        }
        let mut devices = vec![' '; self.span];
        for lane in &self.lanes {
            centre(&mut devices, lane.column, &lane.device);
        }
        for (row, role) in [(hosts, Role::Title), (devices, Role::Name)] {
            let row: String = row.into_iter().collect();
            text.spaces(NUMBER);
            painted(self.paint, role, row.trim_end(), text);
            text.str("\n");
        }
    }

    fn hop(&self, before: Option<&Hop>, hop: &Hop, number: usize, turns: bool, text: &mut Text) {
        let mut row = self.lifelines();
        let to = self.lane(&hop.host, &hop.device);
        // An answer starts where it is made, and a packet that is sent again at its start.
        let from = before.map(|before| (self.lane(&before.host, &before.device), before));
        let reach = match from {
            Some((from, before)) if from != to => {
                let wrapped = before.outer.is_some() && hop.outer.is_some();
                draw(&mut row, from, to, wrapped)
            }
            _ => {
                row[to] = '●';
                to..to + 1
            }
        };
        let time = micros(self.story.path.since_start(hop.time));
        let notes = self.fold(&note(hop, number == 1, turns));
        text.dec_padded(number as u64, 3, b' ').str(" ");
        self.row(&row, reach, role(hop), text);
        text.str(&format!("{time:>TIME$}"));
        self.notes(&notes, role(hop), text);
    }

    fn question(&self, question: &Question, text: &mut Text) {
        let mut row = self.lifelines();
        let at = self.lane(&question.host, &question.device);
        row[at] = '?';
        let time = micros(self.story.path.since_start(question.time));
        let notes = self.fold(&question.to_string());
        text.str("  - ");
        self.row(&row, at..at + 1, Role::Warning, text);
        text.str(&format!("{time:>TIME$}"));
        self.notes(&notes, Role::Warning, text);
    }

    /// The first line of a note, and the others below, beside the lanes.
    fn notes(&self, notes: &[String], role: Role, text: &mut Text) {
        for (at, line) in notes.iter().enumerate() {
            if at > 0 {
                text.spaces(NUMBER);
                self.row(&self.lifelines(), 0..0, role, text);
                text.spaces(TIME);
            }
            if !line.is_empty() {
                text.spaces(MARGIN);
                painted(self.paint, role, line, text);
            }
            text.str("\n");
        }
    }

    /// The lanes, with what moves in colour.
    fn row(&self, row: &[char], reach: std::ops::Range<usize>, role: Role, text: &mut Text) {
        let part = |range: std::ops::Range<usize>| row[range].iter().collect::<String>();
        painted(self.paint, Role::Explain, &part(0..reach.start), text);
        painted(self.paint, role, &part(reach.clone()), text);
        painted(self.paint, Role::Explain, &part(reach.end..row.len()), text);
    }

    fn lifelines(&self) -> Vec<char> {
        let mut row = vec![' '; self.span];
        for lane in &self.lanes {
            row[lane.column] = '│';
        }
        row
    }

    /// The column of a device.
    fn lane(&self, host: &Arc<str>, device: &Arc<str>) -> usize {
        let is_it = |lane: &&Lane| (&lane.host, &lane.device) == (host, device);
        self.lanes.iter().find(is_it).map_or(0, |lane| lane.column)
    }

    /// What the double lines are.
    fn wrappings(&self, text: &mut Text) {
        let mut named = Vec::new();
        for outer in self.story.path.hops.iter().filter_map(|hop| hop.outer) {
            let turned =
                |one: &&crate::journey::Outer| (one.src, one.dst) == (outer.dst, outer.src);
            if !named.contains(&outer) && !named.iter().any(|one| turned(&one)) {
                named.push(outer);
            }
        }
        for outer in named {
            text.spaces(NUMBER);
            painted(self.paint, Role::Depth(2), &format!("═ in {outer}"), text);
            text.str("\n");
        }
    }

    /// Cuts a note at spaces into lines that fit; a word that is too long by itself anywhere.
    fn fold(&self, note: &str) -> Vec<String> {
        let (mut lines, mut room) = (vec![String::new()], self.note);
        for word in note.split(' ') {
            let length = word.chars().count();
            if room < self.note && length < room {
                push(&mut lines, ' ');
                room -= 1;
            } else if room < self.note {
                lines.push(String::new());
                room = self.note;
            }
            for letter in word.chars() {
                if room == 0 {
                    lines.push(String::new());
                    room = self.note;
                }
                push(&mut lines, letter);
                room -= 1;
            }
        }
        lines
    }
}

fn push(lines: &mut [String], letter: char) {
    if let Some(line) = lines.last_mut() {
        line.push(letter);
    }
}

/// Every device on the path, host by host, in the order in which it is come by; and their columns
/// in all.
fn lanes(story: &Story, spacing: Spacing) -> (Vec<Lane>, usize) {
    let path = story.path;
    let hops = path.hops.iter().map(|hop| (&hop.host, &hop.device));
    let questions = path.questions.iter().map(|one| (&one.host, &one.device));
    let mut hosts: Vec<(&Arc<str>, Vec<&Arc<str>>)> = Vec::new();
    for (host, device) in hops.chain(questions) {
        let at = match hosts.iter().position(|(known, _)| *known == host) {
            Some(at) => at,
            None => {
                hosts.push((host, Vec::new()));
                hosts.len() - 1
            }
        };
        if !hosts[at].1.contains(&device) {
            hosts[at].1.push(device);
        }
    }
    let (mut lanes, mut at) = (Vec::new(), 0);
    for (host, devices) in hosts {
        for device in devices {
            let width = device.chars().count().max(4) + spacing.lane;
            lanes.push(Lane {
                host: host.clone(),
                device: device.clone(),
                column: at + width / 2,
            });
            at += width;
        }
        at += spacing.gap;
    }
    (lanes, at.saturating_sub(spacing.gap))
}

/// Draws a line from one column to another; where it runs.
fn draw(row: &mut [char], from: usize, to: usize, wrapped: bool) -> std::ops::Range<usize> {
    let right = from < to;
    let (start, end) = (from.min(to), from.max(to));
    row[start..=end].fill(if wrapped { '═' } else { '─' });
    row[from] = match (right, wrapped) {
        (true, false) => '├',
        (true, true) => '╞',
        (false, false) => '┤',
        (false, true) => '╡',
    };
    row[to] = if right { '▶' } else { '◀' };
    start..end + 1
}

/// What is said of a hop: which leg it is where it is another one than in the row above; what it is
/// where that leg begins; which piece; and what changed.
fn note(hop: &Hop, first: bool, turns: bool) -> String {
    let begins = first
        || hop.changed.iter().any(|change| {
            matches!(
                change,
                Change::Answered(_)
                    | Change::Reported(_)
                    | Change::SentAgain { .. }
                    | Change::AnsweredTwice
            )
        });
    let leg = match hop.leg {
        _ if !turns => "",
        Leg::Request => "there",
        Leg::Answer => "back",
        // Said by what it is.
        Leg::Error | Leg::Redirect if begins => "",
        Leg::Error => "error",
        Leg::Redirect => "redirect",
    };
    let mut parts = Vec::new();
    match (leg, begins) {
        ("", false) => {}
        ("", true) => parts.push(format!("{}, TTL {}", words::what(hop), hop.packet.ttl)),
        (leg, false) => parts.push(leg.to_owned()),
        (leg, true) => parts.push(format!(
            "{leg}: {}, TTL {}",
            words::what(hop),
            hop.packet.ttl
        )),
    }
    for (piece, around) in [(hop.packet.piece, false), (hop.outer_piece, true)] {
        let cut =
            |change: &Change| matches!(change, Change::Fragment { outer, .. } if *outer == around);
        if let Some(piece) = piece
            && !hop.changed.iter().any(cut)
        {
            parts.push(bytes(piece, around));
        }
    }
    let changes = hop.changed.iter().filter_map(|change| match change {
        Change::Answered(_) | Change::Reported(_) => None,
        Change::Wrapped(_) => Some("wrapped in UDP".to_owned()),
        Change::Fragment { piece, outer: true } => Some(format!("cut: {}", bytes(*piece, true))),
        Change::Copy { number } => Some(format!("duplicate of hop {number}")),
        Change::AnsweredTwice => Some("answered twice".to_owned()),
        Change::WaitedForNeighbour { address, .. } => Some(match address {
            IpAddr::V4(_) => "waited for ARP".to_owned(),
            IpAddr::V6(_) => "waited for neighbour discovery".to_owned(),
        }),
        other => Some(other.to_string()),
    });
    parts.extend(changes);
    parts.join("; ")
}

/// `bytes 480-937, last`, of the packet or of the datagram around it.
fn bytes(piece: Piece, around: bool) -> String {
    let of = if around { "outer bytes" } else { "bytes" };
    let last = if piece.more { "" } else { ", last" };
    let end = piece.offset + piece.len;
    format!("{of} {}-{end}{last}", piece.offset)
}

/// Writes `name` around `column`.
fn centre(row: &mut Vec<char>, column: usize, name: &str) {
    let name: Vec<char> = tame(name).chars().collect();
    let start = column.saturating_sub(name.len() / 2);
    for (at, letter) in name.into_iter().enumerate() {
        if row.len() <= start + at {
            row.push(' ');
        }
        row[start + at] = letter;
    }
}
