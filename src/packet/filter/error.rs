//! What is wrong with a filter, and where.

use unicode_width::UnicodeWidthChar;

/// A filter that cannot be compiled. Reads as three lines: what is wrong, the filter, and a caret
/// under the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter: {message}\n{}", self.picture())]
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

impl FilterError {
    /// The filter, and below it carets under the place.
    pub fn picture(&self) -> String {
        // Control characters of a pasted filter must not move the caret.
        let shown: String = self
            .text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let width = |range: std::ops::Range<usize>| shown_width(self.text.get(range));
        let columns = width(0..self.at);
        let carets = "^".repeat(width(self.at..self.at + self.len).max(1));
        format!("  {shown}\n  {:columns$}{carets}", "")
    }
}

/// Columns that a piece of the filter takes on a terminal.
fn shown_width(piece: Option<&str>) -> usize {
    let characters = piece.unwrap_or_default().chars();
    characters
        .map(|c| {
            if c.is_control() {
                1
            } else {
                c.width().unwrap_or(0)
            }
        })
        .sum()
}
