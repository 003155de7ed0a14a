//! Standard input, named pipes, terminals: packets as they come, bounded memory, a quiet end.

use super::packets::{Kept, mixed, new_path, of_link, write};
use super::peers::tunlab;
use super::{Outcome, Problem, Test, wrong};
use flate2::Compression;
use flate2::write::GzEncoder;
use nix::pty::openpty;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;
use tunlab::model::LinkType;

pub(crate) const TESTS: &[Test] = &[
    ("a_slow_pipe_shows_packets_as_they_come", slow_pipe),
    ("a_slow_gzip_shows_packets_as_they_come", slow_gzip),
    ("a_named_pipe_shows_packets_as_they_come", named_pipe),
    ("a_slow_pipe_is_streamed_on_as_it_comes", streamed_on),
    ("a_stream_larger_than_the_memory_it_may_use", large),
    ("a_closed_pipe_ends_it_quietly", closed_pipe),
    ("a_capture_is_nothing_for_a_terminal", to_terminal),
    ("a_bar_for_a_terminal_that_is_not_in_the_way", bar),
];

/// Kilobytes that tunlab may use for its data.
pub(crate) const MEMORY: u32 = 32 * 1024;

/// Long enough for a busy machine; nothing is waited for longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file's packets: what stands before the first, and each by itself.
fn pieces(packets: &[Kept], form: &str) -> Result<Vec<Vec<u8>>, Problem> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut before = 0;
    for count in 0..=packets.len() {
        let whole = fs::read(write(&packets[..count], form)?).unwrap();
        pieces.push(whole[before..].to_vec());
        before = whole.len();
    }
    Ok(pieces)
}

/// A program that ends when the test does.
struct Running(Child);

impl Running {
    /// tunlab, its ends being pipes.
    fn tunlab(arguments: &[&str]) -> Running {
        Running::start(tunlab().args(arguments))
    }

    fn start(command: &mut Command) -> Running {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Running(piped.spawn().unwrap())
    }

    fn input(&mut self) -> ChildStdin {
        self.0.stdin.take().unwrap()
    }

    fn output(&mut self) -> ChildStdout {
        self.0.stdout.take().unwrap()
    }

    fn ends_well(mut self) -> Outcome {
        match self.0.wait().unwrap() {
            status if status.success() => Ok(()),
            status => wrong(status.to_string()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Lines as they arrive.
fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Writes piece by piece, each of which must show as one line before the next is written.
fn each_shows(pieces: &[Vec<u8>], mut input: impl Write, shown: &Receiver<String>) -> Outcome {
    for (piece, number) in pieces.iter().zip(0..) {
        input.write_all(piece).unwrap();
        input.flush().unwrap();
        if number == 0 {
            continue;
        }
        match shown.recv_timeout(PATIENCE) {
            Ok(line) if line.trim_start().starts_with(&number.to_string()) => {}
            other => return wrong(format!("packet {number}: {other:?}")),
        }
    }
    Ok(())
}

fn slow_pipe() -> Outcome {
    for form in [".pcap", ".pcapng"] {
        let mut child = Running::tunlab(&["read", "-", "-o", "line"]);
        let (shown, input) = (lines(child.output()), child.input());
        each_shows(&pieces(&of_link(LinkType::RAW)[..5], form)?, input, &shown)?;
        child.ends_well()?;
    }
    Ok(())
}

fn slow_gzip() -> Outcome {
    let mut child = Running::tunlab(&["read", "-", "-o", "line"]);
    let (shown, input) = (lines(child.output()), child.input());
    let packed = GzEncoder::new(input, Compression::default());
    each_shows(
        &pieces(&of_link(LinkType::RAW)[..5], ".pcap")?,
        packed,
        &shown,
    )?;
    child.ends_well()
}

fn named_pipe() -> Outcome {
    let pipe = new_path("-pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    let mut child = Running::tunlab(&["read", "-o", "line", pipe.to_str().unwrap()]);
    let shown = lines(child.output());
    let input = File::options().write(true).open(&pipe).unwrap();
    each_shows(
        &pieces(&of_link(LinkType::RAW)[..5], ".pcapng")?,
        input,
        &shown,
    )?;
    child.ends_well()
}

/// What Wireshark's `-k -i -` needs: the start at once, and each packet as it comes.
fn streamed_on() -> Outcome {
    let mut child = Running::tunlab(&["read", "-", "-w", "-"]);
    let (mut output, mut input) = (child.output(), child.input());
    let (sender, arrived) = mpsc::channel();
    thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut block) {
            if sender.send(block[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    for (piece, number) in pieces(&of_link(LinkType::RAW)[..4], ".pcap")?
        .iter()
        .zip(0..)
    {
        input.write_all(piece).unwrap();
        let Ok(bytes) = arrived.recv_timeout(PATIENCE) else {
            return wrong(format!("nothing arrived after packet {number}"));
        };
        if number == 0 {
            assert!(bytes.starts_with(b"\x0a\x0d\x0d\x0a"));
        }
    }
    drop(input);
    child.ends_well()
}

/// Three times what it may use, in either format and packed.
fn large() -> Outcome {
    let packets = of_link(LinkType::RAW);
    let packed = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    for (form, is_packed) in [(".pcap", false), (".pcapng", false), (".pcapng", true)] {
        let start = fs::read(write(&packets[..1], form)?).unwrap();
        let whole = fs::read(write(&packets, form)?).unwrap();
        let rest = &whole[start.len()..];
        let many = rest.repeat((1 << 20) / rest.len() + 1);
        let (start, many) = if is_packed {
            (packed(&start), packed(&many))
        } else {
            (start, many)
        };
        let wanted = 1 + 96 * ((1 << 20) / rest.len() + 1) * (packets.len() - 1);
        let line = format!(
            "ulimit -d {MEMORY}; exec '{}' read - -o line --skip {}",
            tunlab().get_program().display(),
            wanted - 1
        );
        let mut child = Running::start(Command::new("sh").arg("-c").arg(line));
        let (shown, mut input) = (lines(child.output()), child.input());
        input.write_all(&start).unwrap();
        for _ in 0..96 {
            if let Err(error) = input.write_all(&many) {
                return wrong(format!("{form}: it ended early: {error}"));
            }
        }
        drop(input);
        child.ends_well()?;
        let count = shown.iter().count();
        if count != 1 {
            return wrong(format!("{form}: {count} lines"));
        }
    }
    Ok(())
}

fn closed_pipe() -> Outcome {
    let packets = vec![mixed(); 200].concat();
    let file = write(&packets, ".pcapng")?;
    for arguments in [["-o", "show"], ["-w", "-"]] {
        let mut command = tunlab();
        command.arg("read").arg(&file).args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() || !stderr.is_empty() {
            return wrong(format!("{arguments:?}: {}: {stderr}", output.status));
        }
    }
    Ok(())
}

fn to_terminal() -> Outcome {
    let terminal = openpty(None, None).unwrap();
    let file = write(&mixed(), ".pcapng")?;
    let mut command = tunlab();
    command.arg("read").arg(&file).args(["-w", "-"]);
    command.stdout(terminal.slave).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(2) || !stderr.contains("wireshark -k -i -") {
        return wrong(format!("{}: {stderr}", output.status));
    }
    Ok(())
}

/// What a terminal on stderr shows of a read that takes a while, stdout being one, too, or not.
fn seen_on_terminal(stdout_too: bool) -> String {
    let terminal = openpty(None, None).unwrap();
    let slave = |()| Stdio::from(terminal.slave.try_clone().unwrap());
    let mut command = tunlab();
    command.args(["read", "-", "-q"]).env("TERM", "xterm");
    command.stdin(Stdio::piped()).stderr(slave(()));
    command.stdout(if stdout_too { slave(()) } else { Stdio::null() });
    let mut child = command.spawn().unwrap();
    drop(command);
    let pieces = pieces(&of_link(LinkType::RAW)[..3], ".pcap").unwrap();
    let mut input = child.stdin.take().unwrap();
    for piece in pieces {
        input.write_all(&piece).unwrap();
        thread::sleep(Duration::from_millis(250));
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    drop(terminal.slave);
    let mut seen = Vec::new();
    // A terminal without its other end is an I/O error once it has been read.
    let _ = File::from(terminal.master).read_to_end(&mut seen);
    String::from_utf8_lossy(&seen).into_owned()
}

fn bar() -> Outcome {
    let seen = seen_on_terminal(false);
    // The line is erased at the end.
    if !seen.contains(" B read, ") || !seen.ends_with("\r\x1b[2K") {
        return wrong(format!("the bar is {seen:?}"));
    }
    match seen_on_terminal(true).as_str() {
        "" => Ok(()),
        seen => wrong(format!("beside packets on a terminal: {seen:?}")),
    }
}
