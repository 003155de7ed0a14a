//! A filter, a zero byte, two bytes of link type, and a packet: compiled or explained, and asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tunlab::model::LinkType;
use tunlab::packet::dissect;
use tunlab::packet::filter::{Facts, Filter};

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (text, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let filter = match Filter::compile(text) {
        Ok(filter) => filter,
        Err(error) => {
            assert!(text.is_char_boundary(error.at));
            assert!(error.to_string().contains('^'));
            return;
        }
    };
    let Some((link, bytes)) = rest.split_first_chunk::<2>() else {
        return;
    };
    let facts = Facts {
        number: 1,
        wire_len: bytes.len() as u32,
        time: 0,
        started: 0,
        interface: None,
    };
    filter.selects(&dissect(LinkType(u16::from_be_bytes(*link)), bytes), &facts);
});
