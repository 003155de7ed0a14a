//! Which protocols may stand for a field's value, found by the value at once.

/// Who claims a value.
#[derive(Clone)]
pub(super) struct Choice {
    pub(super) value: u64,
    pub(super) accept: fn(&[u8]) -> bool,
    pub(super) also: Option<Also>,
    /// Its place among the entries.
    pub(super) entry: usize,
}

/// What a second field must hold.
#[derive(Clone, Copy)]
pub(super) struct Also {
    pub(super) position: usize,
    pub(super) width: usize,
    pub(super) value: u64,
}

/// All who claim values of one field, in buckets by the value's last byte: nearly every value has
/// a bucket of its own.
#[derive(Clone)]
pub(super) struct Choices {
    sorted: Vec<Choice>,
    /// Where each bucket starts; the last one's end, too.
    starts: [u16; 257],
}

impl Choices {
    pub(super) fn new() -> Choices {
        Choices {
            sorted: Vec::new(),
            starts: [0; 257],
        }
    }

    /// Adds a choice behind those that claim the same value.
    pub(super) fn insert(&mut self, choice: Choice) {
        let bucket = bucket(choice.value);
        self.sorted.insert(self.starts[bucket + 1].into(), choice);
        for start in &mut self.starts[bucket + 1..] {
            *start += 1;
        }
    }

    /// Those that claim `value`, in the order in which they were added.
    pub(super) fn of(&self, value: u64) -> impl Iterator<Item = &Choice> {
        let bucket = bucket(value);
        let (start, end) = (self.starts[bucket], self.starts[bucket + 1]);
        self.sorted[start.into()..end.into()]
            .iter()
            .filter(move |choice| choice.value == value)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Choice> {
        self.sorted.iter()
    }
}

fn bucket(value: u64) -> usize {
    usize::from(value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_finds_its_claims_in_order() {
        let mut choices = Choices::new();
        let values = [0x0800, 6, 0x86dd, 0x0806, 6, 0x0800, 0xff, 0];
        for (entry, value) in values.into_iter().enumerate() {
            choices.insert(Choice {
                value,
                accept: |_| true,
                also: None,
                entry,
            });
        }
        let found =
            |value| -> Vec<usize> { choices.of(value).map(|choice| choice.entry).collect() };
        assert_eq!(found(0x0800), [0, 5]);
        assert_eq!(found(6), [1, 4]);
        assert_eq!(found(0x0806), [3]);
        assert_eq!(found(0xff), [6]);
        assert_eq!(found(0), [7]);
        assert!(found(0x1_0006).is_empty());
        assert_eq!(choices.iter().count(), values.len());
    }
}
