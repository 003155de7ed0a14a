//! Provider backbone bridges: IEEE 802.1ah, a tag with a customer's number and his whole frame.

use crate::model::{Field, LinkType, Next, Protocol, Under};

pub(super) static PROTOCOLS: &[&Protocol] = &[&DOT1AH];

static DOT1AH: Protocol = Protocol::new("Dot1AH", "802_1AH")
    .aliases(&["ieee8021ah"])
    .column("802.1ah")
    .reference("IEEE 802.1ah")
    .about("Carries customers' frames, addresses and all, through a provider's switches, which need to know their own addresses only.")
    .under(&[
        Under::field("Ether", "type", 0x88e7),
    ])
    .header(4)
    .never_last()
    .fields(&[
        Field::uint("prio", 3)
            .aliases(&[".priority"])
            .doc("Priority from 0 to 7; switches let the more urgent frames pass first (IEEE 802.1ah)."),
        Field::uint("dei", 1)
            .aliases(&[".drop"])
            .doc("Drop eligible: when a queue is full, such frames go first (IEEE 802.1ah)."),
        Field::uint("nca", 1)
            .doc("Whether the customer's addresses are not used (IEEE 802.1ah)."),
        Field::uint("res1", 1)
            .aliases(&[".res1"])
            .doc("Reserved, zero (IEEE 802.1ah)."),
        Field::uint("res2", 2)
            .aliases(&[".res2"])
            .doc("Reserved, zero (IEEE 802.1ah)."),
        Field::uint("isid", 24)
            .aliases(&[".isid"])
            .doc("The service: which customer's network the frame belongs to (IEEE 802.1ah)."),
    ])
    .cut(0, |_, _, _| true)
    .next(|_| Next::Frame(LinkType::ETHERNET))
    .info(|packet, index, text| {
        let service = packet.layers[index].bits(8, 24);
        text.str("I-SID: ").dec(service);
    });
