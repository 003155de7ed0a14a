//! tunlab: a packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
//!
//! The folder list is the architecture; arrows run only downwards in it.
//!
//! - [`cli`]: the command line; the only place that prints and exits
//! - [`task`]: the tasks of the course, demonstrated and judged
//! - [`tunnel`]: both ends of the course's tunnel: a pure pipe, and the loop around it
//! - [`why`]: where and why a packet died
//! - [`journey`]: one packet, followed through every host
//! - [`lab`]: networks as plans, applied and undone; the private network
//! - [`garbage`]: what write-garbage writes, and what the answer means
//! - [`causes`]: every drop cause as data
//! - [`render`]: show, line, json, hex, explanations and remarks
//! - [`capture`]: where packets come from and go to
//! - [`answer`]: the forged replies of spoof and tap-dump, as pure functions
//! - [`packet`]: the loops over the tables: bytes to layers
//! - [`proto`]: one file a protocol, and the registry
//! - [`model`]: the vocabulary (protocol, field, value, layer) and the bounded bit reader
//! - [`sys`]: namespaces, netlink, sockets, supervised commands: the only unsafe code
pub mod answer;
pub mod capture;
pub mod causes;
pub mod cli;
pub mod garbage;
pub mod journey;
pub mod lab;
pub mod model;
pub mod packet;
pub mod proto;
pub mod render;
pub mod sys;
pub mod task;
pub mod tunnel;
pub mod why;
