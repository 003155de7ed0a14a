//! gzip, unpacked as it arrives (RFC 1952), several members one after the other included.
//!
//! flate2 inflates and sums up. Its own gzip readers are not used: at damage they throw away what
//! they had unpacked since the last call, and they keep no offset. Here everything before the
//! damage is handed out, and then [`Damage`] says where it is.

use flate2::{Crc, Decompress, FlushDecompress, Status};
use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

/// How every member starts.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Packed bytes read at once.
const BLOCK: usize = 64 * 1024;

/// The only compression method there is.
const DEFLATE: u8 = 8;

// What may follow the ten bytes of a member's header.
const HEADER_SUM: u8 = 0x02;
const EXTRA: u8 = 0x04;
const NAME: u8 = 0x08;
const COMMENT: u8 = 0x10;

/// Where the packed stream is damaged, and how; travels inside an [`io::Error`].
#[derive(Debug, Clone)]
pub(super) struct Damage {
    /// In bytes of the packed stream.
    pub(super) offset: u64,
    pub(super) why: String,
}

/// The unpacked bytes of a gzip stream.
pub(super) struct GzipReader<R> {
    input: BufReader<R>,
    /// Packed bytes consumed.
    offset: u64,
    inflate: Decompress,
    sum: Crc,
    state: State,
}

/// What comes next.
enum State {
    Header,
    Data,
    Trailer,
    Damaged(Damage),
    End,
}

impl<R: Read> GzipReader<R> {
    pub(super) fn new(input: R) -> GzipReader<R> {
        GzipReader {
            input: BufReader::with_capacity(BLOCK, input),
            offset: 0,
            inflate: Decompress::new(false),
            sum: Crc::new(),
            state: State::Header,
        }
    }
}

impl<R: Read> Read for GzipReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match &self.state {
                State::Header => self.state = self.header()?,
                State::Data => {
                    let count = self.data(out)?;
                    if count > 0 {
                        return Ok(count);
                    }
                }
                State::Trailer => self.state = self.trailer()?,
                State::Damaged(damage) => return Err(damage.clone().into()),
                State::End => return Ok(0),
            }
        }
    }
}

impl<R: Read> GzipReader<R> {
    /// Goes past a member's header. Behind a whole member the stream may end, or hold anything
    /// else, as tapes did: gzip(1) passes over it, too.
    fn header(&mut self) -> io::Result<State> {
        let first = self.offset == 0;
        if !first && !self.input.fill_buf()?.starts_with(&MAGIC[..1]) {
            return Ok(State::End);
        }
        let [one, two, method, flags, _, _, _, _, _, _] = self.take()?;
        if [one, two] != MAGIC {
            return Ok(if first {
                State::Damaged(self.damage("the gzip magic is missing"))
            } else {
                State::End
            });
        }
        if method != DEFLATE {
            let why = format!("compression method {method} is unknown");
            return Ok(State::Damaged(self.damage(why)));
        }
        if flags & EXTRA != 0 {
            let length = u16::from_le_bytes(self.take()?);
            for _ in 0..length {
                self.take::<1>()?;
            }
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 {
                while self.take()? != [0] {}
            }
        }
        if flags & HEADER_SUM != 0 {
            self.take::<2>()?;
        }
        self.inflate.reset(false);
        self.sum.reset();
        Ok(State::Data)
    }

    /// Unpacks into `out`; nothing may come of it, as long as the state or the input moves on.
    fn data(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let packed = self.input.fill_buf()?;
        let (had, made) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(packed, out, FlushDecompress::None);
        let consumed = (self.inflate.total_in() - had) as usize;
        let count = (self.inflate.total_out() - made) as usize;
        self.input.consume(consumed);
        self.offset += consumed as u64;
        self.sum.update(&out[..count]);
        match status {
            Ok(Status::StreamEnd) => self.state = State::Trailer,
            // The stream has ended: any byte more would have been consumed.
            Ok(_) if consumed == 0 && count == 0 => {
                self.state = State::Damaged(self.damage("it is cut short"));
            }
            Ok(_) => {}
            Err(_) => self.state = State::Damaged(self.damage("the packed data make no sense")),
        }
        Ok(count)
    }

    fn trailer(&mut self) -> io::Result<State> {
        let sum = u32::from_le_bytes(self.take()?);
        let length = u32::from_le_bytes(self.take()?);
        Ok(if (sum, length) == (self.sum.sum(), self.sum.amount()) {
            State::Header
        } else {
            State::Damaged(self.damage("the checksum of what was unpacked is wrong"))
        })
    }

    /// The next bytes of a header or trailer.
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        let mut had = 0;
        while had < N {
            match self.input.read(&mut bytes[had..]) {
                Ok(0) => return Err(self.damage("it is cut short").into()),
                Ok(count) => {
                    had += count;
                    self.offset += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bytes)
    }

    fn damage(&self, why: impl Into<String>) -> Damage {
        Damage {
            offset: self.offset,
            why: why.into(),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "gzip damaged at byte {}: {}", self.offset, self.why)
    }
}

impl std::error::Error for Damage {}

impl From<Damage> for io::Error {
    fn from(damage: Damage) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, damage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    /// Bytes that pack badly, so that damage has somewhere to be.
    fn plain() -> Vec<u8> {
        let mut state = 1_u32;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 28) as u8
        })
        .take(100_000)
        .collect()
    }

    fn packed(plain: &[u8], builder: GzBuilder) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    /// What comes out, and the damage that ended it.
    fn unpacked(packed: &[u8]) -> (Vec<u8>, Option<String>) {
        let mut reader = GzipReader::new(packed);
        let mut all = Vec::new();
        let error = reader.read_to_end(&mut all).err();
        (all, error.map(|error| error.to_string()))
    }

    #[test]
    fn members_with_every_kind_of_header_one_after_the_other() {
        let full = GzBuilder::new()
            .filename("a.pcap")
            .comment("c")
            .extra(vec![7; 300]);
        let mut bytes = packed(&plain(), full);
        bytes.extend(packed(b"", GzBuilder::new()));
        bytes.extend(packed(b"tail", GzBuilder::new()));
        let expected = [plain(), b"tail".to_vec()].concat();
        assert_eq!(unpacked(&bytes), (expected.clone(), None));
        bytes.extend([0; 512]);
        assert_eq!(unpacked(&bytes), (expected, None), "padded as on a tape");
    }

    #[test]
    fn cut_short_anywhere_gives_what_came_before_and_the_offset() {
        let (plain, whole) = (plain(), packed(&plain(), GzBuilder::new()));
        let mut most = 0;
        for length in (2..whole.len()).step_by(977).chain([whole.len() - 1]) {
            let (found, error) = unpacked(&whole[..length]);
            assert!(plain.starts_with(&found));
            assert!(found.len() >= most, "less from {length} bytes");
            most = found.len();
            let error = error.expect("a cut stream was taken for a whole one");
            assert!(error.ends_with("it is cut short"), "{error}");
        }
        // Only the trailer is missing.
        assert_eq!(most, plain.len());
        let (_, error) = unpacked(&whole[..5000]);
        assert_eq!(error.unwrap(), "gzip damaged at byte 5000: it is cut short");
    }

    #[test]
    fn damage_in_the_middle_lost_what_was_unpacked_before_it() {
        let mut bytes = packed(&plain(), GzBuilder::new());
        let middle = bytes.len() / 2;
        bytes[middle..middle + 64].fill(0xff);
        let (found, error) = unpacked(&bytes);
        let right = found.iter().zip(plain()).take_while(|(a, b)| **a == *b);
        assert!(right.count() > plain().len() / 3, "{error:?}");
        assert!(error.unwrap().contains("gzip damaged at byte "));
    }

    #[test]
    fn a_wrong_checksum_and_an_unknown_method_are_told() {
        let mut bytes = packed(b"abc", GzBuilder::new());
        let at = bytes.len() - 8;
        bytes[at] ^= 1;
        let (found, error) = unpacked(&bytes);
        assert_eq!(found, b"abc");
        assert!(error.unwrap().ends_with("unpacked is wrong"));
        bytes[2] = 9;
        assert_eq!(
            unpacked(&bytes).1.unwrap(),
            "gzip damaged at byte 10: compression method 9 is unknown"
        );
    }

    #[test]
    fn a_flushed_stream_is_unpacked_as_it_comes() {
        let (reader, mut pipe) = io::pipe().unwrap();
        let mut gzip = GzipReader::new(reader);
        let mut encoder = flate2::write::GzEncoder::new(&mut pipe, Compression::default());
        encoder.write_all(b"now").unwrap();
        encoder.flush().unwrap();
        // The writer is still there: waiting for more would never end.
        let mut first = [0; 3];
        gzip.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"now");
    }
}
