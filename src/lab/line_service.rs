//! What V offers to a real telnet client: a banner, a prompt, and each letter typed comes back, as
//! from a shell on a far machine (tasks 5 and 6). It runs nothing.
//!
//! [`Session`] is pure: bytes in, bytes out. It speaks as much of Telnet (RFC 854) as an ordinary
//! client needs to send letter by letter: it offers to echo (RFC 857) and to suppress go-ahead
//! (RFC 858), and declines all else. A client that negotiates nothing, such as netcat, gets the
//! same.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::fd::AsFd,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

/// Telnet's port.
pub(super) const PORT: u16 = 23;

/// The name of the process.
pub(super) const PROCESS: &str = "tunlab-lines";

/// More clients at a time are turned away.
const CLIENTS: usize = 16;

/// A longer line is cut.
const LINE: usize = 1_000;

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const WONT: u8 = 252;
const DO: u8 = 253;
const DONT: u8 = 254;
const IAC: u8 = 255;

const ECHO: u8 = 1;
const SUPPRESS_GO_AHEAD: u8 = 3;

/// Opens the port in the calling thread's network namespace.
pub(super) fn listen(ipv6: bool) -> io::Result<TcpListener> {
    let any = if ipv6 {
        SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT))
    } else {
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT))
    };
    let listener = TcpListener::bind(any)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves clients for ever.
pub(super) fn serve(listener: &TcpListener, host: &str) -> Result<(), Errno> {
    let mut clients: Vec<(TcpStream, Session)> = Vec::new();
    loop {
        let sockets = clients.iter().map(|(stream, _)| stream.as_fd());
        let mut ready: Vec<PollFd> = std::iter::once(listener.as_fd())
            .chain(sockets)
            .map(|socket| PollFd::new(socket, PollFlags::POLLIN))
            .collect();
        match poll(&mut ready, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            outcome => outcome?,
        };
        let ready: Vec<bool> = ready.iter().map(|one| one.any() == Some(true)).collect();
        let mut is_ready = ready[1..].iter();
        clients.retain_mut(|(stream, session)| match is_ready.next() {
            Some(true) => hear(stream, session).is_ok(),
            _ => true,
        });
        if ready[0]
            && let Ok((mut stream, _)) = listener.accept()
            && clients.len() < CLIENTS
        {
            let session = Session::new(host);
            let greeted = stream.set_nonblocking(true);
            if greeted
                .and_then(|()| stream.write_all(&session.greeting()))
                .is_ok()
            {
                clients.push((stream, session));
            }
        }
    }
}

/// Reads what has come, and answers. An error ends the client: it has gone, or does not read.
fn hear(stream: &mut TcpStream, session: &mut Session) -> io::Result<()> {
    let mut bytes = [0; 512];
    let length = match stream.read(&mut bytes) {
        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
        length => length?,
    };
    let mut answer = Vec::new();
    let stays = session.hear(&bytes[..length], &mut answer);
    stream.write_all(&answer)?;
    if stays {
        Ok(())
    } else {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

/// One client's conversation.
#[derive(Debug)]
struct Session {
    prompt: String,
    state: State,
    /// What has been typed since the last prompt.
    line: Vec<u8>,
    /// Whether letters come back one by one; else lines do.
    echo: bool,
}

/// Where in Telnet's grammar the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// After a carriage return, which a line feed or a NUL may follow (RFC 854).
    Return,
    /// After IAC.
    Command,
    /// After IAC and a verb: an option follows.
    Option(u8),
    /// In a subnegotiation, which ends with IAC SE.
    Sub,
    /// After IAC in a subnegotiation.
    SubCommand,
}

impl Session {
    fn new(host: &str) -> Self {
        Session {
            prompt: format!("{host}> "),
            state: State::Text,
            line: Vec::new(),
            echo: true,
        }
    }

    /// What a client hears first.
    fn greeting(&self) -> Vec<u8> {
        let mut bytes = vec![IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD];
        bytes.extend(b"tunlab's line service: what you type comes back; `exit` ends it\r\n");
        bytes.extend(self.prompt.as_bytes());
        bytes
    }

    /// Takes what came and adds the answer to `out`. False when the conversation is over.
    fn hear(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        for &byte in bytes {
            match (self.state, byte) {
                (State::Text | State::Return, IAC) => self.state = State::Command,
                (State::Return, b'\n' | 0) => self.state = State::Text,
                (State::Text | State::Return, byte) => {
                    self.state = State::Text;
                    if !self.typed(byte, out) {
                        return false;
                    }
                }
                (State::Command, WILL | WONT | DO | DONT) => self.state = State::Option(byte),
                (State::Command, SB) => self.state = State::Sub,
                (State::Command, _) => self.state = State::Text,
                (State::Option(verb), option) => {
                    self.state = State::Text;
                    self.negotiate(verb, option, out);
                }
                (State::Sub, IAC) => self.state = State::SubCommand,
                (State::SubCommand, SE) => self.state = State::Text,
                (State::SubCommand, _) => self.state = State::Sub,
                (State::Sub, _) => {}
            }
        }
        true
    }

    /// A letter, or the end of a line.
    fn typed(&mut self, byte: u8, out: &mut Vec<u8>) -> bool {
        const END_OF_INPUT: u8 = 4;
        const BACKSPACE: u8 = 8;
        const DELETE: u8 = 127;
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' {
                    self.state = State::Return;
                }
                if self.echo {
                    out.extend(b"\r\n");
                } else {
                    out.extend(&self.line);
                    out.extend(b"\r\n");
                }
                let line = std::mem::take(&mut self.line);
                if line == b"exit" || line == b"logout" {
                    return false;
                }
                out.extend(self.prompt.as_bytes());
            }
            END_OF_INPUT if self.line.is_empty() => return false,
            BACKSPACE | DELETE => {
                let rubbed_out = self.line.pop().is_some();
                if rubbed_out && self.echo {
                    out.extend(b"\x08 \x08");
                }
            }
            control if control < b' ' => {}
            letter if self.line.len() < LINE => {
                self.line.push(letter);
                if self.echo {
                    out.push(letter);
                }
            }
            _ => {}
        }
        true
    }

    /// RFC 854: an answer only to what changes something, or the two would never stop.
    fn negotiate(&mut self, verb: u8, option: u8, out: &mut Vec<u8>) {
        match (verb, option) {
            (DO, ECHO) => self.echo = true,
            (DONT, ECHO) => self.echo = false,
            (DO, SUPPRESS_GO_AHEAD) | (DONT | WONT, _) => {}
            (DO, _) => out.extend([IAC, WONT, option]),
            (WILL, SUPPRESS_GO_AHEAD) => out.extend([IAC, DO, option]),
            (_, _) => out.extend([IAC, DONT, option]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client that sends these pieces hears after the greeting; `None` at the end if the
    /// conversation is over.
    fn talk(pieces: &[&[u8]]) -> (String, bool) {
        let mut session = Session::new("v");
        let mut out = Vec::new();
        let stays = pieces.iter().all(|piece| session.hear(piece, &mut out));
        (String::from_utf8_lossy(&out).into_owned(), stays)
    }

    #[test]
    fn letters_come_back_one_by_one() {
        assert_eq!(talk(&[b"h", b"i"]), ("hi".to_owned(), true));
        // The ways of ending a line, one of them torn apart.
        let pieces: [&[&[u8]]; 4] = [
            &[b"hi\r\n", b"x"],
            &[b"hi\r", b"\0x"],
            &[b"hi\n", b"x"],
            &[b"hi\rx"],
        ];
        for pieces in pieces {
            assert_eq!(talk(pieces), ("hi\r\nv> x".to_owned(), true));
        }
        assert_eq!(talk(&[b"ab\x7fc"]).0, "ab\x08 \x08c");
    }

    #[test]
    fn exit_and_the_end_of_input_end_it() {
        assert_eq!(talk(&[b"exit\r\n"]), ("exit\r\n".to_owned(), false));
        assert_eq!(talk(&[b"\x04"]), (String::new(), false));
        assert!(talk(&[b"x\x04"]).1);
    }

    #[test]
    fn a_client_that_echoes_itself_gets_lines() {
        let (heard, _) = talk(&[&[IAC, DONT, ECHO], b"hi\r\n"]);
        assert_eq!(heard, "hi\r\nv> ");
        let (letters, _) = talk(&[&[IAC, DONT, ECHO], b"hi"]);
        assert_eq!(letters, "");
    }

    #[test]
    fn options_are_declined_but_for_the_two() {
        let answer = |bytes: &[u8]| {
            let mut out = Vec::new();
            Session::new("v").hear(bytes, &mut out);
            out
        };
        // What Linux's telnet says first: suppress go-ahead, terminal type, window size.
        assert_eq!(answer(&[IAC, DO, 3, IAC, DO, ECHO]), [0_u8; 0]);
        assert_eq!(answer(&[IAC, WILL, 24]), [IAC, DONT, 24]);
        assert_eq!(answer(&[IAC, DO, 31]), [IAC, WONT, 31]);
        assert_eq!(answer(&[IAC, WONT, 24, IAC, DONT, 31]), [0_u8; 0]);
        // A subnegotiation is skipped, also one with a doubled IAC in it.
        assert_eq!(answer(&[IAC, SB, 24, IAC, IAC, 1, IAC, SE, b'x']), b"x");
    }

    #[test]
    fn nothing_makes_it_grow_or_panic() {
        let mut session = Session::new("v");
        let mut out = Vec::new();
        let mut random: u64 = 1;
        for _ in 0..200_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let byte = (random >> 56) as u8;
            // No line ends, so that the line would grow.
            if byte != b'\r' && byte != b'\n' && byte != 4 {
                assert!(session.hear(&[byte], &mut out));
            }
        }
        assert!(session.line.len() <= LINE);
    }
}
