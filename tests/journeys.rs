//! Journeys replayed from what was seen of them in a lab, against the exact text beside them; and
//! captures that are no journeys at all.
//!
//! `TUNLAB_BLESS=1 cargo test --test journeys` writes the texts anew; read the difference. A
//! capture is made by `tunlab journey -w FILE`.

mod common;

use common::{Random, fixtures};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use tunlab::capture;
use tunlab::journey::show::{self, Story};
use tunlab::journey::{Content, IpPacket, Place, Reader, Seed, Seen, sightings, stitch};
use tunlab::model::{LinkType, Text};
use tunlab::render::Paint;

/// The hosts of `seed1` with its tunnel.
fn places() -> Vec<Place> {
    let place = |name: &str, addresses: &[&str]| Place {
        name: name.into(),
        addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
    };
    vec![
        place("u", &["10.0.2.8", "192.168.53.99"]),
        place("s", &["10.0.2.11", "192.168.70.1", "192.168.53.5"]),
        place("v", &["192.168.70.101"]),
    ]
}

#[test]
fn every_journey_is_told_as_written_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journeys");
    let bless = std::env::var_os("TUNLAB_BLESS").is_some();
    let (mut wrong, mut count) = (String::new(), 0);
    for entry in fs::read_dir(folder).unwrap() {
        let capture = entry.unwrap().path();
        if capture.extension().is_none_or(|kind| kind != "pcapng") {
            continue;
        }
        count += 1;
        let file = capture.with_extension("txt");
        let told = tell(&capture);
        if bless {
            fs::write(&file, &told).unwrap();
        }
        if fs::read_to_string(&file).unwrap_or_default() != told {
            writeln!(wrong, "{} is not:\n{told}", file.display()).unwrap();
        }
    }
    assert!(wrong.is_empty() && count > 0, "{count} journeys\n{wrong}");
}

/// The journey of the first packet, in every format. The order of the frames must not matter, so
/// they are read from the last to the first.
fn tell(capture: &Path) -> String {
    let reader = Reader::new(None);
    let mut source = capture::open(capture).unwrap();
    let read = sightings(&mut *source).unwrap();
    let mut seen: Vec<Seen> = read.into_iter().map(|one| one.read(&reader)).collect();
    let first = seen.iter().find_map(|seen| match &seen.content {
        Content::Ip(packet) => Some(innermost(packet).clone()),
        _ => None,
    });
    let first = first.expect("there is a packet");
    let to = first.dst;
    seen.reverse();
    let path = stitch(&Seed::Packet(Box::new(first)), "u", &places(), &seen);
    let story = Story {
        from: "u",
        to,
        probe: Story::probe_of(&path),
        path: &path,
    };
    let (paint, mut text) = (Paint::new(false), Text::default());
    show::ladder(&story, &paint, 80, &mut text);
    show::list(&story, &paint, &mut text);
    show::json(&story, "null", &mut text);
    text.as_str().to_owned()
}

fn innermost(packet: &IpPacket) -> &IpPacket {
    packet.inside().first().map_or(packet, innermost)
}

/// Every fixture cut at every length, and with bytes changed: read as any link, as a packet that
/// is looked for among the others.
#[test]
fn hostile_frames_are_read_and_told_without_a_panic() {
    let reader = Reader::new(None);
    let mut random = Random::new(0x5eed);
    let mut seen = Vec::new();
    for folder in fixtures() {
        let mut source = capture::open(&folder.join("capture.pcap")).unwrap();
        while let Some(frame) = source.next().unwrap() {
            let mut bytes = frame.bytes.to_vec();
            for cut in 0..bytes.len() {
                for link in [frame.link, LinkType::RAW, LinkType::ETHERNET] {
                    let content = reader.content(link, &bytes[..cut]);
                    seen.extend(sighting(frame.time.0 + cut as u64, &bytes, content));
                }
            }
            for _ in 0..20 {
                let place = random.below(bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = random.byte();
                }
                let content = reader.content(frame.link, &bytes);
                seen.extend(sighting(frame.time.0, &bytes, content));
            }
        }
    }
    let mut told = Text::default();
    for seed in seen.iter().step_by(seen.len() / 50) {
        let Content::Ip(packet) = &seed.content else {
            continue;
        };
        let seed = Seed::Packet(Box::new(packet.clone()));
        let path = stitch(&seed, "u", &places(), &seen[..seen.len().min(5_000)]);
        let story = Story {
            from: "u",
            to: packet.dst,
            probe: Story::probe_of(&path),
            path: &path,
        };
        show::ladder(&story, &Paint::new(false), 80, &mut told);
        show::list(&story, &Paint::new(false), &mut told);
        show::json(&story, "null", &mut told);
    }
    assert!(!told.is_empty());
}

/// A sighting on one of the hosts' devices, whose name a terminal would obey.
fn sighting(time: u64, bytes: &[u8], content: Content) -> Option<Seen> {
    let host = ["u", "s", "v"][time as usize % 3];
    let direction = [capture::Direction::In, capture::Direction::Out][time as usize / 3 % 2];
    (content != Content::Other).then(|| Seen {
        sighting: tunlab::journey::Sighting {
            host: host.into(),
            device: "\u{1b}[2Jtun0".into(),
            direction,
            time: capture::Timestamp(time),
            link: LinkType::RAW,
            bytes: bytes.to_vec(),
            wire_len: bytes.len() as u32,
            partial: false,
        },
        content,
    })
}
