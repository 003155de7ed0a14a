//! Names of TUN and TAP devices, as typed with `--name`.

use std::fmt;
use std::str::FromStr;

/// The kernel's IFNAMSIZ is 16 with the terminating zero (`linux/if.h`).
const MAX_LEN: usize = 15;

/// What the kernel replaces by the first free number.
const NUMBER: &str = "%d";

/// A name, or a pattern with one `%d`, that the kernel will take for a device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceName(String);

/// A name that the kernel would refuse, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("name a device {name:?}: {why}")]
pub struct NameError {
    name: String,
    why: String,
}

impl DeviceName {
    /// The name or pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the kernel chooses the number, so that no existing device can be meant.
    pub fn is_pattern(&self) -> bool {
        self.0.contains(NUMBER)
    }
}

impl FromStr for DeviceName {
    type Err = NameError;

    /// A name that ends in a digit or holds `%d` is used as it is; to any other `%d` is appended.
    fn from_str(typed: &str) -> Result<DeviceName, NameError> {
        let refuse = |why: String| {
            let name = typed.to_owned();
            Err(NameError { name, why })
        };
        if let Some(why) = forbidden(typed) {
            return refuse(why);
        }
        let numbered = typed.ends_with(|last: char| last.is_ascii_digit());
        let name = if numbered || typed.contains(NUMBER) {
            typed.to_owned()
        } else {
            format!("{typed}{NUMBER}")
        };
        if name.len() > MAX_LEN {
            let (length, room) = (typed.len(), MAX_LEN - NUMBER.len());
            return refuse(match typed.len() > MAX_LEN {
                true => format!("it has {length} characters, the kernel allows {MAX_LEN}"),
                false => format!(
                    "it has {length} characters, and with the number that the kernel adds there is \
                     room for {room}"
                ),
            });
        }
        Ok(DeviceName(name))
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl NameError {
    /// The next step to take.
    pub fn remedy(&self) -> Option<String> {
        Some("use letters and digits, such as --name tun or --name yujie0".into())
    }
}

/// What the kernel's dev_valid_name() and its pattern of one `%d` forbid. It allows bytes beyond
/// ASCII, as long as none of them is a space in Latin-1; so few expect that, that we do not.
fn forbidden(typed: &str) -> Option<String> {
    if typed.is_empty() {
        return Some("it is empty".into());
    }
    if typed == "." || typed == ".." {
        return Some("this name is a folder's".into());
    }
    let bad = |c: &char| !c.is_ascii_graphic() || matches!(c, '/' | ':');
    if let Some(bad) = typed.chars().find(bad) {
        return Some(format!("{bad:?} cannot stand in a name"));
    }
    if typed.replacen(NUMBER, "", 1).contains('%') {
        return Some("% may stand only once, in %d".into());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_typed_and_as_used() {
        let table = [
            ("tun", "tun%d"),
            ("yujie", "yujie%d"),
            ("yujie0", "yujie0"),
            ("tun%d", "tun%d"),
            ("a%db", "a%db"),
            ("t-1.5_x", "t-1.5_x%d"),
            ("abcdefghijklm", "abcdefghijklm%d"),
            ("abcdefghijklmn0", "abcdefghijklmn0"),
        ];
        for (typed, used) in table {
            let name: DeviceName = typed.parse().unwrap();
            assert_eq!(name.as_str(), used);
            assert_eq!(name.is_pattern(), used.contains("%d"));
        }
    }

    #[test]
    fn names_the_kernel_would_refuse() {
        let table = [
            ("", "it is empty"),
            (".", "this name is a folder's"),
            ("..", "this name is a folder's"),
            ("a/b", "'/' cannot stand in a name"),
            ("a b", "' ' cannot stand in a name"),
            ("eth0:1", "':' cannot stand in a name"),
            ("a\x1b[0", r"'\u{1b}' cannot stand in a name"),
            ("à0", "'à' cannot stand in a name"),
            ("a%s", "% may stand only once, in %d"),
            ("a%d%d", "% may stand only once, in %d"),
            ("100%1", "% may stand only once, in %d"),
            (
                "abcdefghijklmno0",
                "it has 16 characters, the kernel allows 15",
            ),
            (
                "abcdefghijklmn",
                "it has 14 characters, and with the number that the kernel adds there is room for 13",
            ),
        ];
        for (typed, why) in table {
            let error = typed.parse::<DeviceName>().unwrap_err();
            assert_eq!(error.to_string(), format!("name a device {typed:?}: {why}"));
        }
    }
}
