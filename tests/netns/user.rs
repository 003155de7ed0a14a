//! Who runs tunlab in a test, and around it what keeps the machine's own network out of reach.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::process::Command;

/// The number of the ordinary user when the tests are started by root: nobody's.
const NOBODY: &str = "65534";

/// Who runs tunlab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// Root, in a network namespace made for the run.
    Root,
    /// An ordinary user that root has become; like [`User::Root`] in a namespace made for the
    /// run, in which an ordinary user can change nothing.
    Nobody,
    /// The ordinary user who started the tests.
    Own,
}

/// What a run starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// As a student would: root with everything, an ordinary user with nothing.
    Plain,
    /// As root of a fresh, empty network; an ordinary user is that in a user namespace.
    FreshNetwork,
    /// With a `/dev` in which there is no `/dev/net/tun`.
    NoDriver,
    /// With a `/dev/net/tun` that only its owner, root, may open.
    ClosedDriver,
    /// Where user namespaces are forbidden.
    NoUserNamespaces,
    /// With a `/run` of its own: a lab that root builds has names there.
    OwnRun,
    /// Like [`Start::OwnRun`], and kernel settings cannot be changed, as in a container.
    FixedSettings,
}

impl User {
    /// Those that whoever runs the tests can be.
    pub(crate) fn candidates() -> Vec<User> {
        if nix::unistd::geteuid().is_root() {
            vec![User::Root, User::Nobody]
        } else {
            vec![User::Own]
        }
    }

    /// Whether root of the machine runs tunlab.
    pub(crate) fn is_root(self) -> bool {
        self == User::Root
    }

    /// `program` as this user, from `start`.
    pub(crate) fn command(self, start: Start, program: &Path, args: &[OsString]) -> Command {
        let mut words: Vec<OsString> = Vec::new();
        let mut add = |line: &[&str]| words.extend(line.iter().map(OsString::from));
        match (self, start) {
            (User::Root | User::Nobody, _) => add(&["unshare", "--mount", "--net"]),
            // In a user namespace of one's own a folder can be hidden.
            (User::Own, Start::NoDriver) => {
                add(&["unshare", "--user", "--map-root-user", "--mount", "--net"]);
            }
            (User::Own, _) => {}
        }
        let mounts = mounts(self, start);
        if !mounts.is_empty() {
            let mounts = mounts.join(" && ");
            add(&["sh", "-c", &format!("{mounts} && exec \"$@\""), "sh"]);
        }
        if self == User::Nobody {
            add(&["setpriv", "--reuid", NOBODY, "--regid", NOBODY]);
            add(&["--clear-groups"]);
        }
        if start == Start::FreshNetwork && !self.is_root() {
            add(&["unshare", "--user", "--map-root-user", "--net"]);
        }
        if start == Start::NoUserNamespaces {
            // The limit holds within the user namespace in which it was set.
            let script = "echo 0 > /proc/sys/user/max_user_namespaces && \
                          exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"";
            add(&["unshare", "--user", "--map-root-user"]);
            add(&["sh", "-c", script, "sh"]);
        }
        words.push(program.into());
        words.extend(args.iter().cloned());
        let (first, rest) = words.split_first().expect("there is at least the program");
        let mut command = Command::new(first);
        command.args(rest).current_dir("/");
        command
    }
}

/// What is mounted in the mount namespace made for the run, as commands.
fn mounts(user: User, start: Start) -> Vec<&'static str> {
    let mut mounts = Vec::new();
    match (user, start) {
        (_, Start::NoDriver) => mounts.push("mount -t tmpfs none /dev/net"),
        (User::Nobody, Start::ClosedDriver) => {
            mounts.push("mount -t tmpfs none /dev/net && mknod -m 600 /dev/net/tun c 10 200")
        }
        // The machine's own node may be root's alone; this one is everyone's, and goes with the
        // namespace.
        (User::Nobody, _) => {
            mounts.push("mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200")
        }
        (User::Root | User::Own, _) => {}
    }
    if user != User::Own && matches!(start, Start::OwnRun | Start::FixedSettings) {
        mounts.push("mount -t tmpfs none /run");
    }
    if user != User::Own && start == Start::FixedSettings {
        mounts.push("mount --bind /proc/sys /proc/sys");
        mounts.push("mount -o remount,bind,ro /proc/sys");
    }
    mounts
}

impl fmt::Display for User {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            User::Root => "root",
            User::Nobody | User::Own => "user",
        })
    }
}
