//! The private network of `-- CMD`: one host, in a network namespace of its own.
//!
//! ```text
//!   tunlab ─────────── tun0   lo          CMD, in a PID namespace of its own
//!      └──────────────── one network namespace ──────────────┘
//! ```
//!
//! 1. [`enter`] the namespaces, and apply [`plan`]: forwarding and filters off, `lo` up.
//! 2. Create and configure the device.
//! 3. [`launch`] says what to start for CMD, and `sys::child` starts it.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::{Applied, ApplyError, Op, Plan, apply};
use crate::sys::{
    child::{CommandSpec, is_executable},
    namespace::{self, EnterError, Entered},
    netlink::{Netlink, NetlinkError},
    readings,
};

/// The private network that the process is now in; it ends with the process.
#[derive(Debug)]
pub struct PrivateNetwork {
    /// How it was entered.
    pub entered: Entered,
    /// What was set in it.
    pub plan: Plan,
    /// A connection to its devices and routes.
    pub netlink: Netlink,
}

impl PrivateNetwork {
    /// The equivalent commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = String> + '_ {
        std::iter::once(self.entered.command().to_owned()).chain(self.plan.commands())
    }
}

/// Why there is no private network.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// The machine does not let us in.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// We are in, and cannot talk to its routing tables.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
    /// We are in, and one of its settings cannot be made.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl PrivateError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            PrivateError::Enter(error) => error.remedy(),
            PrivateError::Netlink(error) => error.remedy(),
            PrivateError::Apply(error) => error.remedy(),
        }
    }
}

/// Moves the process into a fresh private network and makes it ready. There is no way back.
///
/// Call it while the process has one thread.
pub fn enter(ipv6: bool) -> Result<PrivateNetwork, PrivateError> {
    let entered = namespace::enter()?;
    let netlink = Netlink::open()?;
    let plan = plan(ipv6, readings::has_sysctl("net.ipv6"));
    let _: Applied = apply(&plan, &netlink)?; // undone by the end of the namespace
    Ok(PrivateNetwork {
        entered,
        plan,
        netlink,
    })
}

/// Every setting that matters, set explicitly: a new namespace copies some of them from the
/// machine (net/ipv4/devinet.c, `devinet_init_net`). `kernel_ipv6` is whether the kernel has IPv6
/// settings at all.
pub fn plan(ipv6: bool, kernel_ipv6: bool) -> Plan {
    // Forwarding first: writing it resets other settings of the host (RFC 1122, RFC 1812).
    let mut ops = vec![Op::sysctl("net.ipv4.ip_forward", 0)];
    for scope in ["all", "default"] {
        // Replies from forged addresses must come through.
        ops.push(Op::sysctl(&format!("net.ipv4.conf.{scope}.rp_filter"), 0));
        ops.push(Op::sysctl(
            &format!("net.ipv4.conf.{scope}.send_redirects"),
            0,
        ));
    }
    // Each ping gets its error message, not one a second.
    ops.push(Op::sysctl("net.ipv4.icmp_ratelimit", 0));
    if kernel_ipv6 {
        for scope in ["all", "default"] {
            let key = format!("net.ipv6.conf.{scope}.disable_ipv6");
            ops.push(Op::sysctl(&key, i32::from(!ipv6)));
        }
    }
    ops.push(Op::LinkUp {
        dev: "lo".to_owned(),
    });
    Plan { ops }
}

/// What to start for CMD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// The command.
    pub command: CommandSpec,
    /// Whether that is tunlab's own ping, because there is no other.
    pub built_in_ping: bool,
}

impl Launch {
    /// Whether the program is there.
    pub fn is_installed(&self) -> bool {
        let path = self.command.env.iter().find(|(name, _)| name == "PATH");
        let folders = path.map(|(_, path)| env::split_paths(path));
        let mut files = folders
            .into_iter()
            .flatten()
            .map(|one| one.join(&self.command.program));
        files.any(|file| is_executable(&file))
    }
}

/// Prepares CMD for running on this machine: tunlab's own folder comes first in its PATH, and
/// where no `ping` is installed one of that name is tunlab's.
pub fn launch(program: &OsStr, args: &[OsString]) -> Launch {
    let own = env::current_exe().unwrap_or_else(|_| PathBuf::from("tunlab"));
    launch_on(
        &own,
        env::var_os("PATH").as_deref(),
        is_executable,
        program,
        args,
    )
}

/// [`launch`] as a pure function: `own` is tunlab's executable, `path` the PATH there is.
pub fn launch_on(
    own: &Path,
    path: Option<&OsStr>,
    is_executable: impl Fn(&Path) -> bool,
    program: &OsStr,
    args: &[OsString],
) -> Launch {
    let folders = search_path(own, path);
    let installed = || {
        folders
            .iter()
            .any(|folder| is_executable(&folder.join(program)))
    };
    let built_in_ping = program == "ping" && !installed();
    let (program, args) = if built_in_ping {
        let with_subcommand = std::iter::once(OsString::from("ping")).chain(args.iter().cloned());
        (own.as_os_str().to_owned(), with_subcommand.collect())
    } else {
        (program.to_owned(), args.to_vec())
    };
    let env = match env::join_paths(&folders) {
        Ok(path) => vec![(OsString::from("PATH"), path)],
        // Our own folder has a colon in its name: PATH cannot hold it.
        Err(_) => Vec::new(),
    };
    Launch {
        command: CommandSpec { program, args, env },
        built_in_ping,
    }
}

/// tunlab's folder, the folders of PATH, and at the end those where Debian keeps `ip`, `arping`
/// and `sysctl`, which are not in an ordinary user's PATH.
fn search_path(own: &Path, path: Option<&OsStr>) -> Vec<PathBuf> {
    let path = path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    let mut folders: Vec<PathBuf> = own.parent().map(Path::to_owned).into_iter().collect();
    folders.extend(env::split_paths(path));
    for folder in ["/usr/sbin", "/sbin"].map(PathBuf::from) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The line that works where a private network is refused to an ordinary user: the same command
/// under sudo, with the executable's full path, for sudo has a PATH of its own.
pub fn sudo_line(args: impl IntoIterator<Item = OsString>) -> String {
    let own = env::current_exe().unwrap_or_else(|_| PathBuf::from("tunlab"));
    let words = std::iter::once(own.into_os_string()).chain(args);
    words.fold("sudo".to_owned(), |line, word| {
        line + " " + &shell_word(&word.to_string_lossy())
    })
}

/// A word as a shell would have to be given it.
fn shell_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch_ping(path: Option<&str>, installed: &[&str]) -> Launch {
        let is_executable = |path: &Path| installed.iter().any(|one| Path::new(one) == path);
        let args = ["-c".into(), "1".into()];
        let own = Path::new("/opt/tunlab/tunlab");
        launch_on(
            own,
            path.map(OsStr::new),
            is_executable,
            OsStr::new("ping"),
            &args,
        )
    }

    #[test]
    fn the_plan_is_explicit_and_starts_with_forwarding() {
        let commands: Vec<_> = plan(false, true).commands().collect();
        assert_eq!(
            commands,
            [
                "sysctl -qw net.ipv4.ip_forward=0",
                "sysctl -qw net.ipv4.conf.all.rp_filter=0",
                "sysctl -qw net.ipv4.conf.all.send_redirects=0",
                "sysctl -qw net.ipv4.conf.default.rp_filter=0",
                "sysctl -qw net.ipv4.conf.default.send_redirects=0",
                "sysctl -qw net.ipv4.icmp_ratelimit=0",
                "sysctl -qw net.ipv6.conf.all.disable_ipv6=1",
                "sysctl -qw net.ipv6.conf.default.disable_ipv6=1",
                "ip link set dev lo up",
            ]
        );
        let with_ipv6: Vec<_> = plan(true, true).commands().collect();
        assert_eq!(with_ipv6[6], "sysctl -qw net.ipv6.conf.all.disable_ipv6=0");
        assert!(
            plan(true, false)
                .commands()
                .all(|command| !command.contains("ipv6"))
        );
    }

    #[test]
    fn an_installed_ping_is_preferred() {
        let launch = launch_ping(Some("/usr/bin:/bin"), &["/bin/ping"]);
        assert!(!launch.built_in_ping);
        assert_eq!(launch.command.program, "ping");
        let path = "/opt/tunlab:/usr/bin:/bin:/usr/sbin:/sbin";
        assert_eq!(launch.command.env, [("PATH".into(), path.into())]);
    }

    #[test]
    fn without_one_there_is_the_built_in() {
        for path in [Some("/usr/bin:/bin"), None] {
            let launch = launch_ping(path, &[]);
            assert!(launch.built_in_ping);
            assert_eq!(launch.command.program, "/opt/tunlab/tunlab");
            assert_eq!(launch.command.args, ["ping", "-c", "1"]);
        }
    }

    #[test]
    fn words_for_a_shell() {
        assert_eq!(shell_word("192.168.53.1"), "192.168.53.1");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
        let line = sudo_line(["read".into(), "--".into(), "sh".into(), "a b".into()]);
        assert!(
            line.starts_with("sudo /") && line.ends_with(" read -- sh 'a b'"),
            "{line}"
        );
    }
}
