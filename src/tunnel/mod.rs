//! The course's tunnel: one bare IP packet (or frame) in one UDP datagram, and no header.
//!
//! ```text
//!   U: programs ──▶ tun0 ──▶ client ══ UDP 9090 ══▶ server ──▶ tun0 ──▶ S forwards ──▶ V
//! ```
//!
//! - [`simple`]: the loop, to be read first
//! - [`pipe`]: what becomes of each packet: bytes in, action out, no device and no socket
//! - `ends`: the device and the socket that the loop waits for
//! - `inner`: what a datagram carries, and its two ends
//! - `peers`, `pin`: who lives behind which endpoint, learned or given
//! - `reason`, `counters`: why packets are dropped, in words and in numbers
//! - `host`: what the pipe must know of the host it is on

mod counters;
mod ends;
mod host;
mod inner;
mod peers;
mod pin;
pub mod pipe;
mod reason;
#[cfg(test)]
mod samples;
pub mod simple;

pub use counters::{Counters, Dropped, Traffic};
pub use ends::{Tunnel, TunnelError};
pub use host::HostWatch;
pub use inner::{Address, ETHERNET, Ends};
pub use peers::{LIMIT, Peers, SILENCE};
pub use pin::{Pin, PinError};
pub use pipe::{Action, Host, Pipe, Role};
pub use reason::{Kind, Reason};
pub use simple::{Watcher, Way};
