//! What holds bytes that nothing decodes: scapy's Raw and Padding.

use crate::model::{Field, Protocol, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[&RAW, &PADDING];

pub(super) static RAW: Protocol = Protocol::new("Raw", "Raw")
    .aliases(&["data"])
    .reference("no protocol")
    .about("Payload that tunlab does not decode further.")
    .fields(&[
        Field::bytes("load", Width::Rest)
            .aliases(&["data.data"])
            .doc("Data of whoever sent it; no header that tunlab knows."),
    ])
    .opaque();

pub(super) static PADDING: Protocol = Protocol::new("Padding", "Padding")
    .reference("no protocol")
    .about("Bytes after the end that a length field gives: Ethernet fills short frames up to 60 bytes.")
    .fields(&[
        Field::bytes("load", Width::Rest).doc("Not part of the packet; receivers ignore it."),
    ])
    .opaque()
    .filling();
