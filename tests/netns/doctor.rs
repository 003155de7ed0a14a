//! `doctor` finds beforehand what would be refused.

use super::run::Bench;
use super::user::Start;
use super::{Problem, Test};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("doctor::sound", sound),
    ("doctor::no_driver", no_driver),
    ("doctor::a_network_that_is_routed_already", network),
];

/// What stops only ordinary users.
pub(crate) const ORDINARY: &[(&str, Test)] =
    &[("doctor::without_user_namespaces", no_user_namespaces)];

/// What only root can set up, and stops only another user.
pub(crate) const NOBODY: &[(&str, Test)] = &[("doctor::a_driver_for_root_alone", closed_driver)];

fn sound(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab("doctor")?;
    ended.exits(0)?.prints(&[
        "ok  /dev/net/tun",
        "ok  private network",
        "This machine is ready.",
    ])?;
    let devices = if bench.user.is_root() {
        "ok  devices here"
    } else {
        "--  devices here"
    };
    ended.prints(&[devices])?;
    Ok(())
}

fn no_driver(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.start(Start::NoDriver, "doctor", &[])?.wait()?;
    ended.exits(1)?.prints(&[
        "no  /dev/net/tun      open /dev/net/tun: no such file or directory (ENOENT)\n",
        "→ load the module: `sudo modprobe tun`",
        "1 trouble.",
    ])?;
    Ok(())
}

fn closed_driver(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.start(Start::ClosedDriver, "doctor", &[])?.wait()?;
    ended.exits(1)?.prints(&[
        "no  /dev/net/tun      open /dev/net/tun: permission denied (EACCES); its mode is 0600",
        "sudo chmod 666 /dev/net/tun",
    ])?;
    Ok(())
}

fn no_user_namespaces(bench: &Bench) -> Result<(), Problem> {
    let ended = bench
        .start(Start::NoUserNamespaces, "doctor", &[])?
        .wait()?;
    ended.exits(1)?.prints(&[
        "no  private network   create a network namespace: no space left on device (ENOSPC): \
         user.max_user_namespaces is 0",
        "sudo sysctl -w user.max_user_namespaces=",
    ])?;
    Ok(())
}

/// A private network works all the same: no trouble.
fn network(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.script(
        "ip link set dev lo up; ip addr add 192.168.53.1/24 dev lo; tunlab doctor; echo code $?",
    )?;
    ended.prints(&[
        "--  192.168.53.0/24   192.168.53.0/24 is already ",
        "code 0\n",
    ])?;
    Ok(())
}
