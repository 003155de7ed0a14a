//! `tunlab telnet`: lines go to a far port, what comes back is printed. It negotiates nothing:
//! offers of the other end are declined (RFC 854).

use super::super::Outcome;
use super::super::args::When;
use super::super::commands::Runs;
use super::super::failure::print;
use crate::sys::errno;
use clap::Args;
use std::io::{self, BufRead, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::thread;

#[derive(Args)]
pub(in crate::cli) struct Telnet {
    /// The host
    host: String,

    /// Its port
    #[arg(default_value_t = 23)]
    port: u16,
}

impl Runs for Telnet {
    fn run(self, _color: When) -> Outcome {
        let host = &self.host;
        print(&format!("Trying {host}...\n"))?;
        let mut stream = match TcpStream::connect((host.as_str(), self.port)) {
            Ok(stream) => stream,
            Err(error) => {
                let why = errno::text(errno::of(&error));
                print(&format!(
                    "telnet: Unable to connect to remote host: {why}\n"
                ))?;
                return Ok(ExitCode::from(1));
            }
        };
        print(&format!("Connected to {host}.\n"))?;
        let sender = stream.try_clone()?;
        thread::spawn(move || send_lines(sender));
        let mut options = Options::default();
        let mut bytes = [0; 1024];
        loop {
            match stream.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => {
                    let (text, answer) = options.hear(&bytes[..count]);
                    stream.write_all(&answer)?;
                    print(&printable(&text))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let why = errno::text(errno::of(&error));
                    print(&format!("telnet: read: {why}\n"))?;
                    return Ok(ExitCode::from(1));
                }
            }
        }
        print("Connection closed by foreign host.\n")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Sends what is typed, line by line; the end of stdin is the end of what is sent.
fn send_lines(mut stream: TcpStream) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if stream.write_all(format!("{line}\r\n").as_bytes()).is_err() {
            return;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
}

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;

/// Takes Telnet's commands out of what comes.
#[derive(Debug, Default)]
struct Options {
    /// The bytes of a command that has not come whole.
    begun: Vec<u8>,
}

impl Options {
    /// The text in these bytes, and what to answer.
    fn hear(&mut self, bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut text, mut answer) = (Vec::new(), Vec::new());
        for &byte in bytes {
            match (self.begun.as_slice(), byte) {
                ([], IAC) => self.begun.push(IAC),
                ([], _) => text.push(byte),
                ([IAC], WILL | WONT | DO | DONT) => self.begun.push(byte),
                ([IAC, verb], option) => {
                    match *verb {
                        WILL => answer.extend([IAC, DONT, option]),
                        DO => answer.extend([IAC, WONT, option]),
                        _ => {}
                    }
                    self.begun.clear();
                }
                _ => self.begun.clear(),
            }
        }
        (text, answer)
    }
}

/// The text without what would steer a terminal.
fn printable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars()
        .filter(|letter| *letter == '\n' || !letter.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_declined_even_when_cut_in_two() {
        let mut options = Options::default();
        let (text, answer) = options.hear(b"a\xff");
        assert_eq!((text, answer), (b"a".to_vec(), Vec::new()));
        let (text, answer) = options.hear(b"\xfb\x01b\xff\xfd\x18\xff\xfc\x03");
        assert_eq!(text, b"b");
        assert_eq!(answer, [IAC, DONT, 1, IAC, WONT, 24]);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable(b"v> \x1b[2J\r\n"), "v> [2J\n");
    }
}
