//! Parts of a value's bytes: `[start:length]`, `[first-last]`, `[byte]`, `[:length]`, `[start:]`.
//! The same choose among layers, which are counted from 1: `#[1-2]`.

/// Bytes from `start` on; negative counts from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    start: i64,
    end: End,
}

/// Where a slice ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// After so many bytes.
    Length(i64),
    /// Before the byte after this one.
    Last(i64),
    /// Where the bytes do.
    Open,
}

/// Reads what stands between the brackets; nothing when it is no slice.
pub(super) fn read(text: &str) -> Option<Slice> {
    let text = text.trim();
    // No packet has as many bytes as would need more.
    let number = |text: &str| -> Option<i64> { Some(text.trim().parse::<i32>().ok()?.into()) };
    if let Some((start, length)) = text.split_once(':') {
        let start = if start.is_empty() { 0 } else { number(start)? };
        let end = if length.is_empty() {
            End::Open
        } else {
            End::Length(number(length).filter(|length| *length > 0)?)
        };
        return Some(Slice { start, end });
    }
    // The first character may be a minus sign.
    if let Some((hyphen, _)) = text.char_indices().skip(1).find(|(_, c)| *c == '-') {
        let start = number(&text[..hyphen])?;
        let end = End::Last(number(&text[hyphen + 1..])?);
        return Some(Slice { start, end });
    }
    let start = number(text)?;
    let end = End::Length(1);
    Some(Slice { start, end })
}

impl Slice {
    /// Whether it takes in the layer with this `number`, from 1, of `count` there are.
    pub(super) fn takes(&self, number: usize, count: usize) -> bool {
        let (number, count) = (number as i64, count as i64);
        let from_first = |index: i64| match index {
            ..0 => count.saturating_add(index).saturating_add(1),
            _ => index,
        };
        let first = from_first(self.start);
        let last = match self.end {
            End::Length(length) => first.saturating_add(length - 1),
            End::Last(last) => from_first(last),
            End::Open => count,
        };
        (first..=last).contains(&number)
    }

    /// The bytes of the slice; nothing when they are not all there.
    pub(super) fn of<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let all = bytes.len() as i64;
        let from_start = |index: i64| match index {
            ..0 => all.saturating_add(index),
            _ => index,
        };
        let start = from_start(self.start);
        let end = match self.end {
            End::Length(length) => start.saturating_add(length),
            End::Last(last) => from_start(last).saturating_add(1),
            End::Open => all,
        };
        let cut = bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)?;
        (!cut.is_empty()).then_some(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_counted_from_one() {
        for (text, taken) in [
            ("1", &[1][..]),
            ("2-3", &[2, 3]),
            ("-1", &[4]),
            ("-2:", &[3, 4]),
            (":2", &[1]),
            ("2:2", &[2, 3]),
            ("3-2", &[]),
            ("5", &[]),
            ("2147483647:2147483647", &[]),
        ] {
            let slice = read(text).unwrap_or_else(|| panic!("{text}"));
            let takes: Vec<usize> = (1..=4).filter(|number| slice.takes(*number, 4)).collect();
            assert_eq!(takes, taken, "{text}");
        }
    }

    #[test]
    fn every_way_of_writing_a_slice() {
        for (text, cut) in [
            ("0:2", Some("ab")),
            ("1-2", Some("bc")),
            (":3", Some("abc")),
            ("3:", Some("de")),
            ("-2:", Some("de")),
            ("-3:2", Some("cd")),
            ("-3--2", Some("cd")),
            ("-1", Some("e")),
            (" 4 ", Some("e")),
            ("5", None),
            ("3:3", None),
            ("-6", None),
            ("2-1", None),
            ("3-1", None),
        ] {
            let slice = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(slice.of(b"abcde"), cut.map(str::as_bytes), "{text}");
        }
        for text in [
            "",
            "a",
            "1:0",
            "1:-1",
            "1:2:3",
            "--",
            "1-",
            "99999999999",
            "0:2147483648",
            "99999999999999999999",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let huge = read("2147483647:2147483647").unwrap();
        assert_eq!(huge.of(b"abc"), None);
    }
}
