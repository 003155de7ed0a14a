//! tunlab: a packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
//!
//! The folder list is the architecture; arrows run only downwards in it.
//!
//! - [`render`]: show, line, json, hex, explanations and remarks
//! - [`capture`]: where packets come from and go to
//! - [`packet`]: the loops over the tables: bytes to layers
//! - [`proto`]: one file a protocol, and the registry
//! - [`model`]: the vocabulary (protocol, field, value, layer) and the bounded bit reader
pub mod capture;
pub mod model;
pub mod packet;
pub mod proto;
pub mod render;
