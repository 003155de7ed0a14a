//! Which protocols may stand for a field's value, found by the value at once.

/// Who claims a value.
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
pub(super) struct Choices {
    sorted: Vec<Choice>,
    /// Where each bucket starts; the last one's end, too.
    starts: [u16; 257],
}

impl FromIterator<Choice> for Choices {
    fn from_iter<I: IntoIterator<Item = Choice>>(choices: I) -> Choices {
        let mut sorted: Vec<_> = choices.into_iter().collect();
        // Stable: who claims the same value keeps its order.
        sorted.sort_by_key(|choice| bucket(choice.value));
        let mut starts = [0; 257];
        let mut before = 0;
        for (number, start) in starts.iter_mut().enumerate() {
            let lower = |choice: &&Choice| bucket(choice.value) < number;
            before += sorted[before..].iter().take_while(lower).count();
            *start = before as u16;
        }
        Choices { sorted, starts }
    }
}

impl Choices {
    /// Those that claim `value`, in the order in which they were added.
    pub(super) fn of(&self, value: u64) -> impl Iterator<Item = &Choice> {
        let bucket = bucket(value);
        let (start, end) = (self.starts[bucket], self.starts[bucket + 1]);
        self.sorted[start.into()..end.into()]
            .iter()
            .filter(move |choice| choice.value == value)
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
        let values = [0x0800, 6, 0x86dd, 0x0806, 6, 0x0800, 0xff, 0];
        let choice = |(entry, value)| Choice {
            value,
            accept: |_| true,
            also: None,
            entry,
        };
        let choices: Choices = values.into_iter().enumerate().map(choice).collect();
        let found =
            |value| -> Vec<usize> { choices.of(value).map(|choice| choice.entry).collect() };
        assert_eq!(found(0x0800), [0, 5]);
        assert_eq!(found(6), [1, 4]);
        assert_eq!(found(0x0806), [3]);
        assert_eq!(found(0xff), [6]);
        assert_eq!(found(0), [7]);
        assert!(found(0x1_0006).is_empty());
        assert_eq!(choices.sorted.len(), values.len());
    }
}
