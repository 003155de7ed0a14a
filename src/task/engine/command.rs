//! What a typed command is carried out with: a change of the network over netlink, tunlab's own
//! executable, an installed program, or a small one of tunlab's that stands in for it.

use super::look::Look;
use crate::lab::Op;
use crate::sys::child::is_executable;
use crate::task::prompt::Prompt;
use std::path::{Path, PathBuf};

/// How a command is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Means {
    /// By tunlab itself, as `ip` or `sysctl` would.
    Change(Box<Op>),
    /// By tunlab itself, which looks where `ip` would, because that is not installed.
    Look(Look),
    /// By a program, with these arguments.
    Program(PathBuf, Vec<String>),
    /// By a subcommand of tunlab that does the same, because the program is not installed.
    StandIn(PathBuf, Vec<String>),
    /// Not at all: there is no such program.
    Missing(String),
}

/// Programs that tunlab has a small one for.
const STAND_INS: [&str; 3] = ["ping", "telnet", "arping"];

/// How to carry out what is typed. `own` is tunlab's executable, `folders` those of PATH.
pub(super) fn means(prompt: &Prompt, own: &Path, folders: &[PathBuf]) -> Means {
    let Some((program, args)) = prompt.words.split_first() else {
        return Means::Missing(String::new());
    };
    if program == "tunlab" {
        return Means::Program(own.to_owned(), args.to_vec());
    }
    if matches!(program.as_str(), "ip" | "sysctl")
        && let Ok(op) = Op::parse(&prompt.command)
    {
        return Means::Change(Box::new(op));
    }
    let installed = folders.iter().map(|folder| folder.join(program));
    if let Some(path) = installed.into_iter().find(|path| is_executable(path)) {
        return Means::Program(path, args.to_vec());
    }
    if STAND_INS.contains(&program.as_str()) {
        return Means::StandIn(own.to_owned(), prompt.words.clone());
    }
    if let Some(look) = Look::of(&prompt.words) {
        return Means::Look(look);
    }
    Means::Missing(program.clone())
}

/// The folders in which programs are looked for; Debian keeps some where an ordinary user does
/// not look.
pub(super) fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means_of(text: &str, folders: &[&str]) -> Means {
        let prompt = Prompt::try_from(text.to_owned()).unwrap();
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        means(&prompt, Path::new("/opt/tunlab"), &folders)
    }

    #[test]
    fn changes_of_the_network_need_no_program() {
        for change in ["ip link set dev tun0 up", "sysctl -w net.ipv4.ip_forward=1"] {
            let means = means_of(&format!("u# {change}"), &[]);
            assert!(matches!(means, Means::Change(_)), "{change}: {means:?}");
        }
        assert_eq!(
            means_of("u# ip rule list", &[]),
            Means::Missing("ip".to_owned())
        );
    }

    #[test]
    fn what_is_not_installed_has_a_stand_in() {
        let own = PathBuf::from("/opt/tunlab");
        assert_eq!(
            means_of("u# ping -c 1 10.0.2.11", &[]),
            Means::StandIn(
                own.clone(),
                ["ping", "-c", "1", "10.0.2.11"].map(String::from).to_vec()
            )
        );
        assert_eq!(means_of("u# ip route", &[]), Means::Look(Look::Routes));
        assert_eq!(
            means_of("u# ip addr show", &[]),
            Means::Look(Look::Addresses)
        );
        let shell = means_of("u# sh -c true", &["/nonexistent", "/bin"]);
        assert!(
            matches!(&shell, Means::Program(path, _) if path.ends_with("sh")),
            "{shell:?}"
        );
        assert_eq!(
            means_of("u# tunlab read", &["/bin"]),
            Means::Program(own, vec!["read".to_owned()])
        );
        assert_eq!(
            means_of("u# no-such-program", &["/bin"]),
            Means::Missing("no-such-program".to_owned())
        );
    }
}
