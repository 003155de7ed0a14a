//! What a machine refuses: exit code 3, cause and next step; and doctor knows it beforehand.

use super::super::run::Bench;
use super::super::user::Start;
use super::super::{Problem, Test};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("lab::refused::no_driver_for_the_tunnel", no_driver),
    ("lab::refused::no_user_namespaces", no_user_namespaces),
    ("lab::refused::no_folder_for_the_record", no_folder),
    ("lab::refused::not_to_root_of_a_user_namespace", inner_root),
];

/// What root must prepare.
pub(crate) const ROOT_PREPARES: &[(&str, Test)] =
    &[("lab::refused::settings_that_are_read_only", fixed_settings)];

/// A lab needs no TUN device, its tunnel does.
fn no_driver(bench: &Bench) -> Result<(), Problem> {
    let ended = bench
        .start(Start::NoDriver, "lab up --tunnel --lab no-driver", &[])?
        .wait()?;
    ended.exits(3)?.says(&[
        "tunlab: open /dev/net/tun: no such file or directory (ENOENT); ",
        "sudo modprobe tun",
    ])?;
    Ok(())
}

fn no_user_namespaces(bench: &Bench) -> Result<(), Problem> {
    if bench.user.is_root() {
        return Ok(()); // who needs none
    }
    let script = "tunlab lab up; echo code $?; ls -A $XDG_RUNTIME_DIR/tunlab; tunlab doctor";
    let ended = bench.shell(Start::NoUserNamespaces, script)?;
    ended.exits(1)?.says(&[
        "create a network namespace: no space left on device (ENOSPC): ",
        "user.max_user_namespaces is 0; ",
        "sysctl -w user.max_user_namespaces=",
    ])?;
    ended.prints(&[
        "code 3\nlock\n",
        "no  private network   create a network namespace: no space left on device (ENOSPC)",
    ])?;
    Ok(())
}

fn fixed_settings(bench: &Bench) -> Result<(), Problem> {
    let script = "tunlab lab up; echo code $?; ls /run/netns; \
                  ls /run/tunlab $XDG_RUNTIME_DIR/tunlab 2> /dev/null | grep lab$; tunlab doctor";
    let ended = bench.shell(Start::FixedSettings, script)?;
    ended.exits(1)?.says(&[
        "tunlab: ip netns exec tunlab-u sysctl -qw net.ipv4.",
        "read-only file system (EROFS); containers mount /proc/sys read-only: ",
        "`--privileged`",
    ])?;
    ended.prints(&[
        "code 3\n",
        "no  private network   change net.ipv4.ip_forward in a new network namespace: \
         read-only file system (EROFS): /proc/sys is mounted read-only\n",
        "--privileged",
    ])?;
    Ok(())
}

fn no_folder(bench: &Bench) -> Result<(), Problem> {
    if bench.user.is_root() {
        return Ok(()); // whom no folder stops
    }
    // Someone else's folder where ours should be: it is not used.
    let script =
        "export XDG_RUNTIME_DIR=$T/no TMPDIR=$T/no; tunlab lab up; echo code $?; tunlab doctor";
    let ended = bench.lab(script)?;
    ended.exits(1)?.says(&[
        "create folder ",
        "/no/tunlab: no such file or directory (ENOENT)",
    ])?;
    ended.prints(&["code 3\n", "no  labs              create folder "])?;
    Ok(())
}

/// Root of a user namespace cannot name hosts under /run/netns, and needs not.
fn inner_root(bench: &Bench) -> Result<(), Problem> {
    if bench.user.is_root() {
        return Ok(()); // who is root of the machine
    }
    let script = "tunlab lab up && tunlab lab exec u -- ping -q -c 1 -W 1 10.0.2.11; echo $?; \
                  tunlab lab down; echo $?";
    let ended = bench.shell(Start::FreshNetwork, script)?;
    ended.prints(&["1 received", "0\n0\n"])?;
    Ok(())
}
