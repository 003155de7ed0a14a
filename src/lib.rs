//! tunlab: a packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
//!
//! The folder list is the architecture; arrows run only downwards in it.
//!
//! - [`model`]: the vocabulary (protocol, field, value, layer) and the bounded bit reader
pub mod model;
