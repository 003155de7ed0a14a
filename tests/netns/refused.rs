//! What the machine refuses: exit code 3, the errno, and the next step to take.

use super::run::Bench;
use super::user::Start;
use super::{Problem, Test};

pub(crate) const TESTS: &[(&str, Test)] = &[("refused::no_driver", no_driver)];

/// What root is not refused.
pub(crate) const ORDINARY: &[(&str, Test)] = &[
    ("refused::without_privilege", no_privilege),
    ("refused::without_user_namespaces", no_user_namespaces),
];

/// What only root can set up, and only another user is refused.
pub(crate) const NOBODY: &[(&str, Test)] = &[("refused::a_driver_for_root_alone", closed_driver)];

fn no_driver(bench: &Bench) -> Result<(), Problem> {
    for line in [
        "read -- true",
        "spoof -- true",
        "tap-dump -- true",
        "write-garbage -- true",
    ] {
        let ended = bench.start(Start::NoDriver, line, &[])?.wait()?;
        ended.exits(3)?.says(&[
            "tunlab: open /dev/net/tun: no such file or directory (ENOENT); ",
            "sudo modprobe tun",
            "--device /dev/net/tun",
        ])?;
    }
    Ok(())
}

fn closed_driver(bench: &Bench) -> Result<(), Problem> {
    let ended = bench
        .start(Start::ClosedDriver, "read -- ping", &["a b"])?
        .wait()?;
    ended.exits(3)?.says(&[
        "tunlab: open /dev/net/tun: permission denied (EACCES); its mode is 0600, its owner 0; ",
        "sudo chmod 666 /dev/net/tun",
        &format!(
            "this works:\n  sudo {} read -- ping 'a b'\n",
            bench.program().display()
        ),
    ])?;
    Ok(())
}

fn no_privilege(bench: &Bench) -> Result<(), Problem> {
    let table = [
        ("read", "create TUN device tun%d"),
        ("spoof --name yujie0", "create TUN device yujie0"),
        ("tap-dump", "create TAP device tap%d"),
        ("write-garbage", "create TUN device tun%d"),
    ];
    for (line, operation) in table {
        let ended = bench.start(Start::Plain, line, &[])?.wait()?;
        ended.exits(3)?.says(&[&format!(
            "tunlab: {operation}: operation not permitted (EPERM); \
             run as root, or add `-- CMD` to use a private network\n"
        )])?;
    }
    let ended = bench.start(Start::Plain, "read -i lo", &[])?.wait()?;
    ended
        .exits(3)?
        .says(&["lo", "operation not permitted (EPERM)", "root"])?;
    Ok(())
}

fn no_user_namespaces(bench: &Bench) -> Result<(), Problem> {
    let ended = bench
        .start(Start::NoUserNamespaces, "read -- true", &[])?
        .wait()?;
    ended.exits(3)?.says(&[
        "tunlab: create a network namespace: no space left on device (ENOSPC): ",
        "user.max_user_namespaces is 0",
        "sysctl -w user.max_user_namespaces=",
        &format!(
            "this works:\n  sudo {} read -- true\n",
            bench.program().display()
        ),
    ])?;
    Ok(())
}
