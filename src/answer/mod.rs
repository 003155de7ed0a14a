//! What `spoof` and `tap-dump` send back: pure functions from the packet read to the packet
//! written, built with pnet's mutable packets.
//!
//! - [`ip`]: forged answers to IPv4 packets
//! - [`frame`]: answers to ARP questions and pings on Ethernet

pub mod frame;
pub mod ip;
