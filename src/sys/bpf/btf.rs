//! The kernel's own description of its types (BTF, Documentation/bpf/btf.rst): at which offset a
//! field of a struct stands in *this* kernel, and what the numbers of an enum are called.
//!
//! The description is some five megabytes of which we want six types, so it is walked once: the
//! place of each type is noted, names are compared where they stand, nothing is copied.

use std::collections::BTreeMap;

/// A description, parsed as far as its list of types.
pub(crate) struct Btf<'b> {
    strings: &'b [u8],
    types: &'b [u8],
    /// Where each type begins in `types`; type 0 is void, so the first is at index 1.
    places: Vec<u32>,
}

/// A struct, to ask for its fields.
pub(crate) struct Struct<'b, 'n> {
    btf: &'b Btf<'b>,
    name: &'n str,
    found: Type,
}

/// A field of less than a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bits {
    /// The byte that it is in.
    pub(crate) byte: u32,
    /// Its place in that byte, from the lowest bit on.
    pub(crate) shift: u32,
    /// Its bits, moved down.
    pub(crate) mask: u32,
}

/// Why a description cannot be used. Reads `struct sk_buff has no field head`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BtfError {
    /// It does not start as one does.
    #[error("this is no BTF of this machine's byte order")]
    NotBtf,
    /// It ends in the middle of a type.
    #[error("it is cut off at type {0}")]
    CutOff(usize),
    /// It has no struct of that name.
    #[error("it has no struct {0}")]
    NoStruct(String),
    /// The struct has no such field.
    #[error("struct {0} has no field {1}")]
    NoField(String, String),
    /// It has no such tracepoint.
    #[error("it has no tracepoint {0}")]
    NoTracepoint(String),
}

/// Kinds of types (include/uapi/linux/btf.h, `BTF_KIND_*`).
mod kind {
    pub(super) const INT: u32 = 1;
    pub(super) const PTR: u32 = 2;
    pub(super) const ARRAY: u32 = 3;
    pub(super) const STRUCT: u32 = 4;
    pub(super) const UNION: u32 = 5;
    pub(super) const ENUM: u32 = 6;
    pub(super) const TYPEDEF: u32 = 8;
    pub(super) const VOLATILE: u32 = 9;
    pub(super) const CONST: u32 = 10;
    pub(super) const RESTRICT: u32 = 11;
    pub(super) const FUNC: u32 = 12;
    pub(super) const FUNC_PROTO: u32 = 13;
    pub(super) const VAR: u32 = 14;
    pub(super) const DATASEC: u32 = 15;
    pub(super) const DECL_TAG: u32 = 17;
    pub(super) const TYPE_TAG: u32 = 18;
    pub(super) const ENUM64: u32 = 19;
}

/// The twelve bytes that each type starts with (`struct btf_type`).
const TYPE_LEN: usize = 12;

#[derive(Clone, Copy)]
struct Type {
    name: u32,
    kind: u32,
    /// How many members, values or parameters follow.
    count: usize,
    /// Whether members have bit offsets packed with bit sizes.
    kind_flag: bool,
    /// The size, or another type's number.
    size_or_type: u32,
    /// Where what follows begins.
    rest: usize,
}

impl<'b> Btf<'b> {
    /// Finds where each type begins.
    pub(crate) fn parse(bytes: &'b [u8]) -> Result<Self, BtfError> {
        const MAGIC: u16 = 0xeb9f;
        let magic = bytes
            .get(..2)
            .map(|two| u16::from_ne_bytes([two[0], two[1]]));
        if magic != Some(MAGIC) {
            return Err(BtfError::NotBtf);
        }
        let header = |at: usize| u32_at(bytes, at).map(|value| value as usize);
        let section = |start: usize| -> Option<&'b [u8]> {
            let begin = header(4)?.checked_add(header(start)?)?;
            bytes.get(begin..begin.checked_add(header(start + 4)?)?)
        };
        let (types, strings) = section(8).zip(section(16)).ok_or(BtfError::NotBtf)?;
        let mut btf = Btf {
            strings,
            types,
            places: vec![0],
        };
        let mut at = 0;
        while at < types.len() {
            let number = btf.places.len();
            let here = read(types, at).ok_or(BtfError::CutOff(number))?;
            btf.places.push(at as u32);
            at = here.rest + length_of_rest(&here);
        }
        Ok(btf)
    }

    /// The struct of this name.
    pub(crate) fn structure<'n>(&self, name: &'n str) -> Result<Struct<'_, 'n>, BtfError> {
        let missing = || BtfError::NoStruct(name.to_owned());
        let found = self.find(kind::STRUCT, name).ok_or_else(missing)?;
        Ok(Struct {
            btf: self,
            name,
            found,
        })
    }

    /// The names of an enum's numbers; nothing if this kernel has no such enum.
    pub(crate) fn enum_names(&self, name: &str) -> Option<BTreeMap<u32, String>> {
        let found = self.find(kind::ENUM, name)?;
        let value = |index: usize| -> Option<(u32, String)> {
            let at = found.rest + 8 * index;
            let name = self.string(u32_at(self.types, at)?)?;
            let name = String::from_utf8_lossy(name).into_owned();
            Some((u32_at(self.types, at + 4)?, name))
        };
        Some((0..found.count).filter_map(value).collect())
    }

    /// How many arguments the tracepoint called `name` gives to a program.
    pub(crate) fn tracepoint_arguments(&self, name: &str) -> Option<usize> {
        let typedef = self.find(kind::TYPEDEF, &format!("btf_trace_{name}"))?;
        let pointer = self.get(typedef.size_or_type)?;
        let function = self.get(pointer.size_or_type)?;
        // The first one is the kernel's own (`void *__data`).
        (pointer.kind == kind::PTR && function.kind == kind::FUNC_PROTO)
            .then(|| function.count.saturating_sub(1))
    }

    /// The number of the type that stands for the tracepoint called `name`.
    pub(crate) fn tracepoint(&self, name: &str) -> Option<u32> {
        let (number, _) = self.search(kind::TYPEDEF, &format!("btf_trace_{name}"))?;
        Some(number)
    }

    /// The number of the function called `name`, if programs may call it.
    pub(crate) fn function(&self, name: &str) -> Option<u32> {
        self.search(kind::FUNC, name).map(|(number, _)| number)
    }

    /// The number of the struct called `name`.
    pub(crate) fn structure_number(&self, name: &str) -> Option<u32> {
        self.search(kind::STRUCT, name).map(|(number, _)| number)
    }

    fn find(&self, kind: u32, name: &str) -> Option<Type> {
        self.search(kind, name).map(|(_, found)| found)
    }

    fn search(&self, kind: u32, name: &str) -> Option<(u32, Type)> {
        let types = (0..).zip(&self.places).skip(1);
        let mut types =
            types.filter_map(|(number, &at)| Some((number, read(self.types, at as usize)?)));
        types.find(|(_, one)| one.kind == kind && self.is_called(one.name, name))
    }

    fn get(&self, number: u32) -> Option<Type> {
        let at = self.places.get(number as usize)?;
        (number > 0).then(|| read(self.types, *at as usize))?
    }

    /// The place of a field, and how many bits it has if it is one of bits.
    fn bits_in(&self, outer: Type, path: &[&str]) -> Option<(u32, u32)> {
        let (field, rest) = path.split_first()?;
        for index in 0..outer.count {
            let at = outer.rest + TYPE_LEN * index;
            let [name, number, offset] = [0, 4, 8].map(|part| u32_at(self.types, at + part));
            let (bits, width) = match outer.kind_flag {
                true => (offset? & 0xff_ffff, offset? >> 24),
                false => (offset?, 0),
            };
            let inner = || self.plain(number?);
            if name? == 0 {
                let nameless = inner().filter(|one| is_compound(one.kind));
                if let Some(found) = nameless.and_then(|one| self.bits_in(one, path)) {
                    return Some((bits + found.0, found.1));
                }
            } else if self.is_called(name?, field) {
                return match rest {
                    [] => Some((bits, width)),
                    rest => {
                        let found = self.bits_in(inner()?, rest)?;
                        Some((bits + found.0, found.1))
                    }
                };
            }
        }
        None
    }

    /// The type behind typedefs and qualifiers. The bound is against a description that goes in
    /// circles.
    fn plain(&self, mut number: u32) -> Option<Type> {
        for _ in 0..16 {
            let here = self.get(number)?;
            match here.kind {
                kind::TYPEDEF | kind::VOLATILE | kind::CONST | kind::RESTRICT | kind::TYPE_TAG => {
                    number = here.size_or_type
                }
                _ => return Some(here),
            }
        }
        None
    }

    fn string(&self, offset: u32) -> Option<&'b [u8]> {
        let rest = self.strings.get(offset as usize..)?;
        rest.split(|&byte| byte == 0).next()
    }

    fn is_called(&self, offset: u32, name: &str) -> bool {
        let rest = self.strings.get(offset as usize..).unwrap_or_default();
        rest.strip_prefix(name.as_bytes())
            .is_some_and(|after| after.first() == Some(&0))
    }
}

impl Struct<'_, '_> {
    /// The offset in bytes of a field: `["nd_net", "net"]` is the field `net` of the struct that
    /// the field `nd_net` is. Members of nameless structs and unions count as the outer struct's
    /// own, as in C.
    pub(crate) fn offset(&self, path: &[&str]) -> Result<u32, BtfError> {
        Ok(self.find(path)?.0 / 8)
    }

    /// The place of a field of a few bits.
    pub(crate) fn bits(&self, path: &[&str]) -> Result<Bits, BtfError> {
        let (place, width) = self.find(path)?;
        // Without a width it is a whole byte.
        let width = if width == 0 { 8 } else { width.min(8) };
        let first = place % 8;
        Ok(Bits {
            byte: place / 8,
            shift: match cfg!(target_endian = "big") {
                true => 8u32.saturating_sub(first + width),
                false => first,
            },
            mask: (1 << width) - 1,
        })
    }

    fn find(&self, path: &[&str]) -> Result<(u32, u32), BtfError> {
        let missing = || BtfError::NoField(self.name.to_owned(), path.join("."));
        self.btf.bits_in(self.found, path).ok_or_else(missing)
    }
}

fn is_compound(kind: u32) -> bool {
    matches!(kind, kind::STRUCT | kind::UNION)
}

fn read(types: &[u8], at: usize) -> Option<Type> {
    let info = u32_at(types, at + 4)?;
    let here = Type {
        name: u32_at(types, at)?,
        kind: info >> 24 & 0x1f,
        count: (info & 0xffff) as usize,
        kind_flag: info >> 31 == 1,
        size_or_type: u32_at(types, at + 8)?,
        rest: at + TYPE_LEN,
    };
    (here.rest + length_of_rest(&here) <= types.len()).then_some(here)
}

/// How many bytes follow a type's first twelve.
fn length_of_rest(here: &Type) -> usize {
    match here.kind {
        kind::INT | kind::VAR | kind::DECL_TAG => 4,
        kind::ARRAY => 12,
        kind::STRUCT | kind::UNION | kind::DATASEC | kind::ENUM64 => 12 * here.count,
        kind::ENUM | kind::FUNC_PROTO => 8 * here.count,
        _ => 0,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(four.try_into().ok()?))
}

#[cfg(test)]
pub(crate) mod builder;

#[cfg(test)]
mod tests {
    use super::builder::Builder;
    use super::*;

    fn sample() -> Vec<u8> {
        let mut builder = Builder::new();
        let int = builder.int("unsigned int");
        let inner = builder.structure("", &[("head", int, 4)]);
        let common = builder.structure("ns_common", &[("inum", int, 16)]);
        let alias = builder.typedef("ns_t", common);
        builder.structure("sk", &[("sk_buffer", int, 0)]);
        let buffer = [("len", int, 8), ("", inner, 16), ("ns", alias, 32)];
        builder.structure("sk_buff", &buffer);
        builder.enumeration("why", &[("WHY_NOT", 0), ("WHY_SO", 7)]);
        let function = builder.function(4);
        let pointer = builder.pointer(function);
        builder.typedef("btf_trace_kfree_skb", pointer);
        builder.finish()
    }

    #[test]
    fn offsets_of_plain_nameless_and_inner_fields() {
        let bytes = sample();
        let btf = Btf::parse(&bytes).unwrap();
        let buffer = btf.structure("sk_buff").unwrap();
        assert_eq!(buffer.offset(&["len"]), Ok(8));
        assert_eq!(buffer.offset(&["head"]), Ok(20));
        assert_eq!(buffer.offset(&["ns", "inum"]), Ok(48));
        let missing = buffer.offset(&["tail"]).unwrap_err();
        assert_eq!(missing.to_string(), "struct sk_buff has no field tail");
        let missing = btf.structure("sk_bu").err();
        assert_eq!(missing, Some(BtfError::NoStruct("sk_bu".to_owned())));
    }

    #[test]
    fn fields_of_a_few_bits() {
        let mut builder = Builder::new();
        let int = builder.int("unsigned int");
        let bits = [("type", int, 64, 3), ("summed", int, 69, 2)];
        builder.bit_fields("sk_buff", &bits);
        let bytes = builder.finish();
        let btf = Btf::parse(&bytes).unwrap();
        let buffer = btf.structure("sk_buff").unwrap();
        let (first, second) = match cfg!(target_endian = "big") {
            true => (5, 1),
            false => (0, 5),
        };
        let field = |shift, mask| {
            Ok(Bits {
                byte: 8,
                shift,
                mask,
            })
        };
        assert_eq!(buffer.bits(&["type"]), field(first, 7));
        assert_eq!(buffer.bits(&["summed"]), field(second, 3));
        assert_eq!(buffer.offset(&["summed"]), Ok(8));
    }

    #[test]
    fn enums_and_tracepoints() {
        let bytes = sample();
        let btf = Btf::parse(&bytes).unwrap();
        let names = btf.enum_names("why").unwrap();
        assert_eq!(names[&7], "WHY_SO");
        assert_eq!(btf.enum_names("skb_drop_reason"), None);
        assert_eq!(btf.tracepoint_arguments("kfree_skb"), Some(3));
        assert_eq!(btf.tracepoint_arguments("netif_rx"), None);
        assert_eq!(btf.tracepoint("netif_rx"), None);
        let number = btf.tracepoint("kfree_skb").unwrap();
        assert_eq!(btf.get(number).map(|one| one.kind), Some(kind::TYPEDEF));
    }

    #[test]
    fn a_description_cut_off_anywhere_is_an_error_or_empty_handed() {
        let bytes = sample();
        for length in 0..bytes.len() {
            if let Ok(btf) = Btf::parse(&bytes[..length]) {
                let buffer = btf.structure("sk_buff");
                let _ = buffer.map(|buffer| buffer.offset(&["ns", "inum"]));
            }
        }
        assert!(matches!(Btf::parse(b"\x7fELF"), Err(BtfError::NotBtf)));
    }

    #[test]
    fn a_type_that_is_its_own_alias_is_no_endless_loop() {
        let mut builder = Builder::new();
        builder.typedef("loop", 1);
        builder.structure("s", &[("a", 1, 0)]);
        let bytes = builder.finish();
        let btf = Btf::parse(&bytes).unwrap();
        assert!(btf.structure("s").unwrap().offset(&["a", "b"]).is_err());
    }
}
