//! What is wrong with a filter, and where.

use std::fmt;

/// A filter that cannot be compiled. Reads as three lines: what is wrong, the filter, and a caret
/// under the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FilterError {
    /// The filter.
    pub text: String,
    /// Where the trouble starts, in bytes.
    pub at: usize,
    /// How many bytes it covers.
    pub len: usize,
    /// What it is.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        // One column a character: control characters of a pasted filter must not move the caret.
        let shown: String = self
            .text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let columns = self
            .text
            .get(..self.at)
            .unwrap_or(&self.text)
            .chars()
            .count();
        let covered = self.text.get(self.at..self.at + self.len);
        let carets = covered.map_or(1, |covered| covered.chars().count().max(1));
        write!(
            formatter,
            "filter: {}\n  {shown}\n  {:columns$}{}",
            self.message,
            "",
            "^".repeat(carets)
        )
    }
}
