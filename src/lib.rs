//! tunlab: a packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
//!
//! The folder list is the architecture; arrows run only downwards in it.
//!
//! - [`lab`]: topology, plan, apply and undo; the private network is the one-host plan
//! - [`model`]: the vocabulary (protocol, field, value, layer) and the bounded bit reader
//! - [`sys`]: namespaces, netlink, processes and socket options; the only unsafe code
pub mod lab;
pub mod model;
pub mod sys;
