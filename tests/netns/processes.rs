//! The processes of a run: found by a mark in their environment, which offspring inherits.

use nix::unistd::Pid;
use std::fs;

/// Marks every process of a run.
pub(crate) const TAG: &str = "TUNLAB_TEST_RUN";

/// The processes, zombies excluded (they have no environment), that carry the tag.
pub(crate) fn processes_of(tag: &str) -> Vec<Pid> {
    let carries = |pid: &Pid| environment(*pid).any(|one| one == tag.as_bytes());
    all_processes().filter(carries).collect()
}

/// Every process that can be seen.
pub(crate) fn all_processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.map(Pid::from_raw)
}

/// Whether it is a process of any test's run.
pub(crate) fn is_of_a_run(pid: Pid) -> bool {
    environment(pid).any(|one| one.starts_with(TAG.as_bytes()))
}

fn environment(pid: Pid) -> impl Iterator<Item = Vec<u8>> {
    let bytes = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let variables: Vec<Vec<u8>> = bytes.split(|&byte| byte == 0).map(<[u8]>::to_vec).collect();
    variables.into_iter()
}

/// Its number and command line.
pub(crate) fn describe(pid: Pid) -> String {
    let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
    format!("{pid} {line}")
}
