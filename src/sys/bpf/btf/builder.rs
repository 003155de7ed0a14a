//! Descriptions of kernels that are not here.

use super::kind;

/// A description in the making; types are numbered from 1.
#[derive(Default)]
pub(crate) struct Builder {
    types: Vec<u8>,
    strings: Vec<u8>,
    count: u32,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            strings: vec![0],
            ..Builder::default()
        }
    }

    pub(crate) fn int(&mut self, name: &str) -> u32 {
        let number = self.add(name, kind::INT, 0, 4);
        self.words(&[32]);
        number
    }

    pub(crate) fn typedef(&mut self, name: &str, of: u32) -> u32 {
        self.add(name, kind::TYPEDEF, 0, of)
    }

    pub(crate) fn pointer(&mut self, to: u32) -> u32 {
        self.add("", kind::PTR, 0, to)
    }

    /// Members: name, type, offset in bytes.
    pub(crate) fn structure(&mut self, name: &str, members: &[(&str, u32, u32)]) -> u32 {
        let number = self.add(name, kind::STRUCT, members.len(), 64);
        for (name, of, offset) in members {
            let name = self.string(name);
            self.words(&[name, *of, offset * 8]);
        }
        number
    }

    /// Members: name, type, offset in bits, number of bits.
    pub(crate) fn bit_fields(&mut self, name: &str, members: &[(&str, u32, u32, u32)]) -> u32 {
        let number = self.add(name, 1 << 7 | kind::STRUCT, members.len(), 64);
        for (name, of, offset, width) in members {
            let name = self.string(name);
            self.words(&[name, *of, width << 24 | offset]);
        }
        number
    }

    pub(crate) fn enumeration(&mut self, name: &str, values: &[(&str, u32)]) -> u32 {
        let number = self.add(name, kind::ENUM, values.len(), 4);
        for (name, value) in values {
            let name = self.string(name);
            self.words(&[name, *value]);
        }
        number
    }

    pub(crate) fn function(&mut self, arguments: usize) -> u32 {
        let number = self.add("", kind::FUNC_PROTO, arguments, 0);
        for _ in 0..arguments {
            self.words(&[0, 1]);
        }
        number
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        if cfg!(target_endian = "big") {
            bytes.swap(0, 1);
        }
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        for word in [24, 0, types, types, strings] {
            bytes.extend(u32::to_ne_bytes(word));
        }
        bytes.extend(self.types);
        bytes.extend(self.strings);
        bytes
    }

    fn add(&mut self, name: &str, kind: u32, count: usize, size_or_type: u32) -> u32 {
        let name = self.string(name);
        self.words(&[name, kind << 24 | count as u32, size_or_type]);
        self.count += 1;
        self.count
    }

    fn string(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        let at = self.strings.len() as u32;
        self.strings.extend(text.as_bytes());
        self.strings.push(0);
        at
    }

    fn words(&mut self, words: &[u32]) {
        self.types
            .extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    }
}
