//! The other programs: whether they are there, and what they read.

use super::packets::{Kept, Row};
use super::{Problem, wrong};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tunlab::capture::Direction;

/// The program under test.
pub(crate) fn tunlab() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tunlab"));
    command.stdin(Stdio::null());
    command
}

/// Runs a program that may be missing, and that must succeed; gives its stdout.
pub(crate) fn run(command: &mut Command) -> Result<String, Problem> {
    let output = start(command)?;
    if !output.status.success() {
        return wrong(format!("{command:?}: {}", described(&output)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program that may be missing.
pub(crate) fn start(command: &mut Command) -> Result<Output, Problem> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.output() {
        Ok(output) => Ok(output),
        Err(error) => Err(Problem::Missing(format!("{program}: {error}"))),
    }
}

/// How a program ended, and its last word.
pub(crate) fn described(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    format!("{}: {words}", output.status)
}

/// A program with its arguments, each of which is one word.
pub(crate) fn words(line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).stdin(Stdio::null());
    command
}

/// tshark, asked for fields of each packet.
pub(crate) fn tshark(file: &Path, fields: &[&str]) -> Result<Vec<Vec<String>>, Problem> {
    let mut command = words("tshark -n -T fields");
    command.arg("-r").arg(file);
    for field in fields {
        command.args(["-e", field]);
    }
    Ok(split(&run(&mut command)?))
}

fn split(said: &str) -> Vec<Vec<String>> {
    let split = |line: &str| line.split('\t').map(str::to_owned).collect();
    said.lines().map(split).collect()
}

/// Fields of tshark that make a row.
pub(crate) const ROW: [&str; 3] = ["frame.time_epoch", "frame.cap_len", "frame.len"];

/// The row in tshark's answer for [`ROW`].
pub(crate) fn row(said: &[String]) -> Row {
    (
        said[0].clone(),
        said[1].parse().unwrap_or_default(),
        said[2].parse().unwrap_or_default(),
    )
}

/// Time and bytes of each packet as tcpdump reads them.
pub(crate) fn tcpdump(file: &Path) -> Result<Vec<(String, String)>, Problem> {
    let mut command = words("tcpdump -nn -tt --time-stamp-precision=nano -xx");
    let said = run(command.arg("-r").arg(file))?;
    let mut packets: Vec<(String, String)> = Vec::new();
    for line in said.lines() {
        let hex = line
            .strip_prefix('\t')
            .and_then(|line| line.split_once(':'));
        match (hex, packets.last_mut()) {
            (Some((offset, hex)), Some((_, bytes))) if offset.starts_with("0x") => {
                if offset == "0x0000" {
                    // What came before was a payload that tcpdump does not know.
                    bytes.clear();
                }
                bytes.extend(hex.split_whitespace());
            }
            (None, _) if line.starts_with(|first: char| first.is_ascii_digit()) => {
                let time = line.split(' ').next().unwrap_or_default();
                packets.push((time.to_owned(), String::new()));
            }
            // More lines of the same packet.
            _ => {}
        }
    }
    Ok(packets)
}

/// Every packet as scapy reads it; the link type is not said.
pub(crate) fn scapy(file: &Path) -> Result<Vec<Kept>, Problem> {
    let said = run(scapy_script()?.arg("read").arg(file))?;
    said.lines()
        .map(|line| {
            let [time, length, interface, direction, bytes] =
                line.split(' ').collect::<Vec<_>>()[..]
            else {
                return wrong(format!("scapy said {line}"));
            };
            Ok(Kept {
                time: time.replace('.', "").parse().unwrap_or_default(),
                link: 0,
                length: length.parse().unwrap_or_default(),
                bytes: unhex(bytes),
                interface: (interface != "-").then(|| interface.to_owned()),
                direction: match direction {
                    "in" => Some(Direction::In),
                    "out" => Some(Direction::Out),
                    _ => None,
                },
            })
        })
        .collect()
}

/// Lets scapy write packets of one link type into a folder, in every format it has.
pub(crate) fn scapy_writes(packets: &[Kept], folder: &Path) -> Result<(), Problem> {
    let link = packets.first().map_or(0, |kept| kept.link);
    let lines: String = packets
        .iter()
        .map(|kept| format!("{} {}\n", kept.time().replace('.', " "), hex(&kept.bytes)))
        .collect();
    let mut child = scapy_script()?
        .args(["write", &link.to_string()])
        .arg(folder)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Problem::Missing(format!("python3: {error}")))?;
    let mut stdin = child.stdin.take().expect("it is piped");
    let written = stdin.write_all(lines.as_bytes());
    drop(stdin);
    match child.wait_with_output() {
        Ok(output) if output.status.success() && written.is_ok() => Ok(()),
        Ok(output) => wrong(format!("scapy: {}", described(&output))),
        Err(error) => wrong(format!("scapy: {error}")),
    }
}

fn scapy_script() -> Result<Command, Problem> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/scapy_files.py");
    let mut command = words("python3");
    if !start(command.args(["-c", "import scapy"]))?
        .status
        .success()
    {
        return Err(Problem::Missing("scapy for python3".to_owned()));
    }
    let mut command = words("python3");
    command.arg(&script);
    Ok(command)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    digits
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
