//! The words of a cause, from its file in `causes/`.
//!
//! ```text
//! # Title
//!
//! One sentence, which may hold {places}.
//!
//! ## A heading
//!
//! Paragraphs; commands are indented by four blanks.
//! ```

/// A page, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What it is called.
    pub title: &'static str,
    /// What happens, in a sentence a student understands; may hold `{places}`.
    pub sentence: &'static str,
    /// The rest: each heading with its text.
    pub sections: Vec<(&'static str, &'static str)>,
}

/// The headings of every page, in this order.
pub const HEADINGS: [&str; 3] = ["What the kernel checks", "See it by hand", "In the course"];

impl Words {
    pub(super) fn parse(text: &'static str) -> Words {
        let mut parts = text.split("\n## ");
        let opening = parts.next().unwrap_or_default();
        let (title, sentence) = opening.split_once('\n').unwrap_or((opening, ""));
        Words {
            title: title.trim_start_matches('#').trim(),
            sentence: sentence.trim(),
            sections: parts
                .map(|part| {
                    let (heading, text) = part.split_once('\n').unwrap_or((part, ""));
                    (heading.trim(), text.trim_matches('\n'))
                })
                .collect(),
        }
    }
}

/// `The filter drops` in the middle of a sentence; abbreviations (`IPv6 is off`) stay as they are.
pub(super) fn lower_first(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first
            .to_lowercase()
            .chain(sentence.chars().skip(1))
            .collect(),
        _ => sentence.to_owned(),
    }
}
