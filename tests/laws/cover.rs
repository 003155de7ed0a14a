//! A table against its own header.

use super::common::Random;
use tunlab::model::{Layer, Protocol, Width};
use tunlab::proto;

#[test]
fn every_table_covers_its_header_without_gap_or_overlap() {
    let mut random = Random::new(31);
    for protocol in proto::all() {
        for _ in 0..50 {
            let bytes = random.bytes(400);
            covers(protocol, &bytes);
        }
    }
}

/// The fields' bits follow one another and end where the header does.
fn covers(protocol: &'static Protocol, bytes: &[u8]) {
    let layer = Layer::first(protocol, bytes);
    let mut at = 0;
    for present in layer.fields() {
        let behind = matches!(present.field.width, Width::Trailer(_));
        if !behind && present.bits > 0 {
            assert_eq!(
                present.position, at,
                "{}.{}",
                protocol.name, present.field.name
            );
            at += present.bits;
        }
    }
    assert!(
        at <= 8 * layer.header().len(),
        "{} ends beyond its header",
        protocol.name
    );
}
