//! tunlab: a packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
//!
//! The folder list is the architecture; arrows run only downwards in it.
//!
//! - [`lab`]: networks as plans, applied and undone; the private network
//! - [`render`]: show, line, json, hex, explanations and remarks
//! - [`capture`]: where packets come from and go to
//! - [`packet`]: the loops over the tables: bytes to layers
//! - [`proto`]: one file a protocol, and the registry
//! - [`model`]: the vocabulary (protocol, field, value, layer) and the bounded bit reader
//! - [`sys`]: namespaces, netlink, sockets, supervised commands: the only unsafe code
pub mod capture;
pub mod lab;
pub mod model;
pub mod packet;
pub mod proto;
pub mod render;
pub mod sys;
