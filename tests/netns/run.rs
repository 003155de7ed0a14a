//! Running tunlab in a test: bounded in time, its output taken apart, nothing left of it.

use super::ended::Ended;
use super::processes::{TAG, describe, processes_of};
use super::user::{Start, User};
use super::{Problem, missing, wrong};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// No run takes longer.
const LIMIT: Duration = Duration::from_secs(45);

/// How long a process may take to disappear after its parent has.
const GONE: Duration = Duration::from_secs(1);

static RUNS: AtomicU64 = AtomicU64::new(0);

/// A folder that every user can read, with a copy of tunlab in it.
pub(crate) struct Folder(PathBuf);

/// A user and the tools of a test.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) user: User,
    folder: Arc<Path>,
}

/// A process that runs.
pub(crate) struct Running {
    child: Child,
    tag: String,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

impl Folder {
    pub(crate) fn make() -> Folder {
        let path = std::env::temp_dir().join(format!("tunlab-netns-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        open_to_all(&path, 0o777);
        let copy = path.join("tunlab");
        fs::copy(env!("CARGO_BIN_EXE_tunlab"), &copy).unwrap();
        open_to_all(&copy, 0o755);
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Bench {
    pub(crate) fn new(user: User, folder: &Folder) -> Bench {
        let folder = Arc::from(folder.0.as_path());
        Bench { user, folder }
    }

    /// Whether a private network can be had at all; else why not.
    pub(crate) fn ready(&self) -> Result<(), String> {
        match self.tunlab("read -q -- true") {
            Ok(ended) if ended.code() == Some(0) => Ok(()),
            Ok(ended) => Err(ended.stderr.trim().to_owned()),
            Err(Problem::Missing(why) | Problem::Wrong(why)) => Err(why),
        }
    }

    /// The copy of tunlab.
    pub(crate) fn program(&self) -> PathBuf {
        self.folder.join("tunlab")
    }

    /// A file of this test's own that every user can write.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{number}-{name}"))
    }

    /// Runs tunlab with these arguments, split at spaces, as a student would.
    pub(crate) fn tunlab(&self, line: &str) -> Result<Ended, Problem> {
        self.tunlab_with(line, &[])
    }

    /// The same with more arguments, which may hold spaces: a script for `sh -c`.
    pub(crate) fn tunlab_with(&self, line: &str, more: &[&str]) -> Result<Ended, Problem> {
        self.start(Start::Plain, line, more)?.wait()
    }

    /// Starts tunlab.
    pub(crate) fn start(
        &self,
        start: Start,
        line: &str,
        more: &[&str],
    ) -> Result<Running, Problem> {
        let mut args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        args.extend(more.iter().map(OsString::from));
        self.spawn(start, &self.program(), &args)
    }

    /// Runs a shell script in a fresh network that it may do anything with.
    pub(crate) fn script(&self, script: &str) -> Result<Ended, Problem> {
        self.shell(Start::FreshNetwork, script)
    }

    /// Runs a shell script; tunlab is in its PATH, `$T` is a folder for its files, and
    /// `until_said WORDS FILE` waits for words.
    pub(crate) fn shell(&self, start: Start, script: &str) -> Result<Ended, Problem> {
        let path = std::env::var("PATH").unwrap_or_default();
        let folder = self.file("files");
        fs::create_dir(&folder).map_err(|error| Problem::Wrong(error.to_string()))?;
        open_to_all(&folder, 0o777);
        let own = self.folder.display();
        let files = folder.display();
        let preamble = format!(
            "export PATH='{own}:{path}:/usr/sbin:/sbin' T='{files}' XDG_RUNTIME_DIR='{files}'\n\
             until_said() {{ for try in $(seq 3000); do grep -q \"$1\" \"$2\" && return; \
             sleep 0.01; done; echo \"never said: $1\"; cat \"$2\"; exit 99; }}\n"
        );
        let args = ["-c".into(), (preamble + script).into()];
        self.spawn(start, Path::new("/bin/sh"), &args)?.wait()
    }

    /// Runs a shell script that builds labs, which nobody else sees: those of root in a `/run` of
    /// their own, those of others in the folder `$T`. `lab_mounts` prints what has been mounted
    /// for them; the machine's own labs are under that `/run`, and do not count.
    pub(crate) fn lab(&self, script: &str) -> Result<Ended, Problem> {
        let preamble = "find_mounts() { grep -E 'nsfs|/run/netns' /proc/self/mountinfo; }
             lab_mounts() { find_mounts | grep -vxFf $T/mounts; }
             find_mounts > $T/mounts\n";
        self.shell(Start::OwnRun, &format!("{preamble}{script}"))
    }

    fn spawn(&self, start: Start, program: &Path, args: &[OsString]) -> Result<Running, Problem> {
        let number = RUNS.fetch_add(1, Ordering::Relaxed);
        let tag = format!("{TAG}={}-{number}", std::process::id());
        let (key, value) = tag.split_once('=').unwrap_or_default();
        let spawned = self
            .user
            .command(start, program, args)
            .env(key, value)
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn();
        let mut child = spawned.map_err(|error| Problem::Wrong(error.to_string()))?;
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        Ok(Running {
            child,
            tag,
            stdout,
            stderr,
        })
    }
}

impl Running {
    /// The process's number; [`User::command`] replaces programs and forks none, so it is
    /// tunlab's own.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// The processes of this run.
    pub(crate) fn processes(&self) -> Vec<Pid> {
        processes_of(&self.tag)
    }

    /// Waits until it has ended, and makes sure that nothing is left of it.
    pub(crate) fn wait(self) -> Result<Ended, Problem> {
        self.wait_at_most(LIMIT)
    }

    /// The same with more patience.
    pub(crate) fn wait_at_most(mut self, limit: Duration) -> Result<Ended, Problem> {
        let started = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) if started.elapsed() > limit => break None,
                Ok(None) => sleep(Duration::from_millis(5)),
                Err(error) => return wrong(error.to_string()),
            }
        };
        let took = started.elapsed();
        let left = self.left();
        self.end_all();
        let _ = self.child.wait();
        let stdout = self.stdout.join().unwrap_or_default();
        let stderr = self.stderr.join().unwrap_or_default();
        let Some(status) = status else {
            return wrong(format!("still running after {limit:?}: {stderr}{stdout}"));
        };
        if !left.is_empty() {
            return wrong(format!("processes are left behind: {left:?}: {stderr}"));
        }
        Ok(Ended {
            status,
            stdout,
            stderr,
            took,
        })
    }

    /// The processes that stay, after a moment of patience.
    fn left(&self) -> Vec<String> {
        let started = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                return Vec::new();
            }
            if started.elapsed() > GONE {
                return left.into_iter().map(describe).collect();
            }
            sleep(Duration::from_millis(5));
        }
    }

    fn end_all(&self) {
        let _ = killpg(self.pid(), Signal::SIGKILL);
        for pid in self.processes() {
            let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
        }
    }
}

/// The test needs these programs.
pub(crate) fn needs(programs: &[&str]) -> Result<(), Problem> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .collect();
    for program in programs {
        if !folders.iter().any(|folder| folder.join(program).is_file()) {
            return missing(format!("{program} is not installed"));
        }
    }
    Ok(())
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn open_to_all(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
