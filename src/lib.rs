//! tunlab: a packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
//!
//! The folder list is the architecture; arrows run only downwards in it.
//!
//! - [`capture`]: where packets come from and go to: files, TUN and TAP, live interfaces
//! - [`model`]: the vocabulary (protocol, field, value, layer) and the bounded bit reader
pub mod capture;
pub mod model;
mod sys;
