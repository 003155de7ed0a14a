//! A field's name as `show` puts it before a value.

/// A name padded to ten characters, then `= `. Made when the table is compiled: it is written
/// oftener than anything else.
#[derive(Clone, Copy)]
pub struct Label {
    block: [u8; BLOCK],
    used: u8,
}

/// Bytes that the longest label may have.
const BLOCK: usize = 32;

impl Label {
    /// Width of a field's name; longer ones push the `=` to the right.
    pub const WIDTH: usize = 10;

    /// The label of the field called `name` (ASCII, at most 30 bytes).
    pub const fn new(name: &str) -> Label {
        let name = name.as_bytes();
        let mut block = [b' '; BLOCK];
        let mut at = 0;
        while at < name.len() {
            assert!(name[at].is_ascii_graphic());
            block[at] = name[at];
            at += 1;
        }
        if at < Label::WIDTH {
            at = Label::WIDTH;
        }
        block[at] = b'=';
        Label {
            block,
            used: at as u8 + 2,
        }
    }

    /// The bytes, and how many of them count.
    #[inline]
    pub(super) fn block(&self) -> (&[u8; BLOCK], usize) {
        (&self.block, self.used.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_padded_and_long_ones_get_no_blank() {
        let shown = |name| {
            let label = Label::new(name);
            let (block, used) = label.block();
            String::from_utf8_lossy(&block[..used]).into_owned()
        };
        assert_eq!(shown("ttl"), "ttl       = ");
        assert_eq!(shown("0123456789"), "0123456789= ");
        assert_eq!(shown("unicastresponse"), "unicastresponse= ");
    }
}
