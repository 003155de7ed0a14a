//! One packet, followed through every host.
//!
//! 1. `sighting`: a frame that passed a device, with the kernel's time.
//! 2. `read`: the IP packet in it (`ip_packet`), whatever tunnel or ICMP error it is in.
//! 3. `identity`: is it the packet that is followed, or an answer, or an error about it?
//! 4. `stitch`: sightings become a `path` of hops in order; `lineage` tells which hop each continues,
//!    `changes` what is different.
//! 5. `words`: what is said of it; `show`: ladder, list, JSON.
//!
//! All of that is pure, and replays from capture files. Around it, live:
//!
//! - `probe`: what is sent
//! - `prefilter`: what the kernel keeps of all that passes
//! - `watch`: seeing packets on every host, by packet sockets or at tracepoints
//! - `follow`: packets under way, from the first sighting to the last; `active` is one of them

mod active;
mod changes;
mod follow;
#[cfg(test)]
mod follow_tests;
mod identity;
mod ip_packet;
mod lineage;
#[cfg(test)]
mod lineage_tests;
mod path;
mod pieces;
mod prefilter;
mod probe;
mod read;
#[cfg(test)]
mod samples;
pub mod show;
mod sighting;
mod stitch;
#[cfg(test)]
mod stitch_tests;
mod watch;
pub mod words;

pub use follow::{Follower, Journey, SOON};
pub use identity::{Identity, Leg, Match, Outer, Seed};
pub use ip_packet::{Body, Data, IcmpError, IpPacket, Piece};
pub use path::{Change, End, Hop, Path, Place, Question};
pub use prefilter::{Ports, Prefilter, Wanted};
pub use probe::{EARSHOT, PING_SIZE, Probe, ProbeKind, Prober, SYN_SIZE, SendError};
pub use read::{Arp, Content, Reader};
pub use sighting::{Seen, Sighting, sightings};
pub use stitch::stitch;
pub use watch::{Losses, Pace, Post, Watch, WatchError};
