//! Running the program and taking its answer apart.

use super::common;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

/// How a run ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// tunlab with these arguments, in surroundings that change nothing.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tunlab"));
    command.args(args).stdin(Stdio::null());
    command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
    command
}

/// Runs it.
pub(crate) fn tunlab(args: &[&str]) -> Ended {
    ended(&mut command(args))
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Ended {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// What stdout shows on a terminal, with these variables set besides.
pub(crate) fn on_terminal(args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut line = format!("'{}'", env!("CARGO_BIN_EXE_tunlab"));
    for arg in args {
        line += &format!(" '{arg}'");
    }
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]);
    script.stdin(Stdio::null()).env_remove("NO_COLOR");
    script.env("TERM", "xterm-256color");
    script.envs(variables.iter().copied());
    ended(&mut script).stdout.replace("\r\n", "\n")
}

/// The capture of a fixture.
pub(crate) fn capture(fixture: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let file = folder.join(fixture).join("capture.pcap");
    file.to_str().unwrap().to_owned()
}

/// Every fixture's folder and capture.
pub(crate) fn captures() -> Vec<(PathBuf, String)> {
    let pair = |folder: PathBuf| {
        let capture = folder.join("capture.pcap").to_str().unwrap().to_owned();
        (folder, capture)
    };
    common::fixtures().into_iter().map(pair).collect()
}

/// A file of the test's own, gone with this.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str, content: &[u8]) -> Scratch {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tunlab-cli-{}-{number}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Scratch(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
