//! How long a header is, and how much of it must be there.

use super::Layer;

/// How long a header is.
#[derive(Clone, Copy)]
pub enum Header {
    /// Always this many bytes.
    Fixed(usize),
    /// At least `min` bytes; `of` tells from the bytes that are there.
    Computed {
        /// The part without which the header cannot be read.
        min: usize,
        /// The length it claims; the dissector clips it to what is there.
        of: fn(&[u8]) -> usize,
    },
    /// At least `min` bytes; `of` tells from the layer, which has all the bytes as its header.
    Walked {
        /// The part without which the header cannot be read.
        min: usize,
        /// Where the header ends when all its fields have been walked over.
        of: fn(&Layer) -> usize,
    },
    /// As long as the bytes tell; without all of them it cannot be read.
    Whole(fn(&[u8]) -> usize),
    /// All that is left.
    Rest,
}

impl Header {
    /// Bytes without which the header that starts `bytes` cannot be read.
    pub fn min(&self, bytes: &[u8]) -> usize {
        match self {
            Header::Fixed(bytes) => *bytes,
            Header::Computed { min, .. } | Header::Walked { min, .. } => *min,
            Header::Whole(of) => of(bytes),
            Header::Rest => 0,
        }
    }

    /// How many of the bytes that a layer has are its header, when so far all of them are.
    pub fn length(&self, layer: &Layer) -> usize {
        let bytes = layer.header();
        let claimed = match self {
            Header::Fixed(length) => *length,
            Header::Computed { min, of } => of(bytes).max(*min),
            Header::Walked { min, of } => of(layer).max(*min),
            Header::Whole(of) => of(bytes),
            Header::Rest => bytes.len(),
        };
        claimed.min(bytes.len())
    }
}
