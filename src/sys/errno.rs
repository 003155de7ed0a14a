//! How an error number reads in a message: `permission denied (EACCES)`.
//!
//! The words are for a reader, the symbolic name is for a search engine and `man 3 errno`.

use std::io;

use nix::errno::Errno;

/// The kernel's words for `errno`, lower-case, with its symbolic name:
/// `no such file or directory (ENOENT)`.
pub fn text(errno: Errno) -> String {
    format!("{} ({errno:?})", lower_first(errno.desc()))
}

/// The error number inside an I/O error. An error that Rust's library made up itself has none;
/// it becomes the closest one, `EINVAL`.
pub fn of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EINVAL, Errno::from_raw)
}

/// `Permission denied` in the middle of a sentence; abbreviations (`I/O error`) stay as they are.
fn lower_first(words: &str) -> String {
    let mut letters = words.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(words.chars().skip(1)).collect()
        }
        _ => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_name() {
        assert_eq!(text(Errno::EACCES), "permission denied (EACCES)");
        assert_eq!(text(Errno::EPERM), "operation not permitted (EPERM)");
        assert_eq!(text(Errno::EIO), "I/O error (EIO)");
    }

    #[test]
    fn from_an_io_error() {
        assert_eq!(of(&io::Error::from_raw_os_error(13)), Errno::EACCES);
        assert_eq!(of(&io::Error::other("made up")), Errno::EINVAL);
    }
}
