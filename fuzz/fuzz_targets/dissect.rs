//! Two bytes of link type, then a packet: through every format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tunlab::capture::{Frame, Timestamp};
use tunlab::model::LinkType;

mod formats;

fuzz_target!(|data: &[u8]| {
    let Some((link, bytes)) = data.split_first_chunk::<2>() else {
        return;
    };
    let link = LinkType(u16::from_be_bytes(*link));
    formats::Printers::new().try_all(Frame {
        number: 1,
        time: Timestamp(0),
        link,
        wire_len: bytes.len() as u32,
        bytes,
        interface: None,
        direction: None,
    });
});
