//! The name of a lab, for several side by side.

use std::{fmt, str::FromStr};

/// A lab's name: it becomes part of a file's name and of its namespaces' names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabName(String);

/// Why a text is no [`LabName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name for a lab: write 1 to 32 letters, digits, `-` and `_`")]
pub struct LabNameError(String);

impl LabName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LabName {
    type Err = LabNameError;

    fn from_str(text: &str) -> Result<Self, LabNameError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        // A leading dash would look like an option to `ip`.
        let valid = (1..=32).contains(&text.len())
            && text.bytes().all(fits)
            && text.as_bytes()[0].is_ascii_alphanumeric();
        if valid {
            Ok(LabName(text.to_owned()))
        } else {
            Err(LabNameError(text.to_owned()))
        }
    }
}

impl fmt::Display for LabName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "lab-2", "Group_7", &"x".repeat(32)] {
            assert_eq!(good.parse::<LabName>().unwrap().as_str(), good);
        }
        for bad in ["", "-a", "a/b", "..", "a b", "\u{e4}", &"x".repeat(33)] {
            assert!(bad.parse::<LabName>().is_err(), "{bad}");
        }
    }
}
