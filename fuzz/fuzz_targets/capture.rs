//! The bytes of a capture file: through the readers, every packet through every format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

mod formats;

fuzz_target!(|data: &[u8]| {
    let Ok(mut source) = tunlab::capture::from_reader("fuzz".to_owned(), Cursor::new(data.to_vec()))
    else {
        return;
    };
    let mut printers = formats::Printers::new();
    loop {
        match source.next() {
            Ok(Some(frame)) => printers.try_all(frame),
            Ok(None) => return,
            Err(error) => {
                formats::check("an error", false, error.to_string().as_bytes());
                return;
            }
        }
    }
});
