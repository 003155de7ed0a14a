//! `tunlab forward`: the course's tunnel, both ends (tasks 3 to 9).

use super::Outcome;
use super::args::{DeviceArgs, When, stdout_is_terminal};
use super::commands::Runs;
use super::failure::{Failure, status};
use super::number;
use super::station::{Defaults, Station, Wanted};
use crate::capture::Mode;
use crate::lab::Cidr;
use crate::lab::running::IN_A_LAB;
use crate::sys::signals::Signals;
use crate::sys::udp_socket::Udp;
use crate::tunnel::{
    ETHERNET, Ends, Host, HostWatch, Peers, Pin, Pipe, Reason, Role, Tunnel, Watcher, Way, simple,
};
use clap::Args;
use nix::sys::signal::Signal;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::process::ExitCode;

/// The tunnel's UDP port, as in the course.
const PORT: u16 = 9090;

/// Bytes of text collected before they go to a file or pipe.
const BLOCK: usize = 16 * 1024;

#[derive(Args)]
#[command(group = clap::ArgGroup::new("end").required(true))]
pub(super) struct Forward {
    /// Be the client: send what is routed into the device to the server at A, port P
    /// [default port: 9090]
    #[arg(long, value_name = "A:P", group = "end", value_parser = remote)]
    server: Option<Endpoint>,

    /// Be the server: hear clients on this host's address A (0.0.0.0 is any), port P
    /// [default port: 9090]
    #[arg(long, value_name = "A:P", group = "end", value_parser = local)]
    listen: Option<Endpoint>,

    /// The port where A has none
    #[arg(long, value_name = "PORT", default_value_t = PORT, hide_default_value = true,
          value_parser = number::whole::<u16>(number::PORTS))]
    tunnel_port: u16,

    /// Only print what arrives, and where from: no device (task 3)
    #[arg(long, conflicts_with_all = ["server", "tap", "peers", "one_way"])]
    print_only: bool,

    /// Only one way: the client only sends, the server only receives (tasks 3 and 4)
    #[arg(long)]
    one_way: bool,

    /// The inner network CIDR belongs to the client at A (port P); with this, clients that no
    /// --peer names are dropped; may be repeated
    #[arg(
        long = "peer",
        value_name = "CIDR=A[:P]",
        conflicts_with_all = ["server", "tap"]
    )]
    peers: Vec<Pin>,

    /// Carry Ethernet frames, with a TAP device
    #[arg(long)]
    tap: bool,

    /// Print no line for each packet
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

/// An address, and a port if one was typed.
#[derive(Debug, Clone, Copy)]
struct Endpoint {
    address: IpAddr,
    port: Option<u16>,
}

impl Endpoint {
    fn with_port(self, default: u16) -> SocketAddr {
        SocketAddr::new(self.address, self.port.unwrap_or(default))
    }
}

fn local(text: &str) -> Result<Endpoint, String> {
    let endpoint = |address, port| Ok(Endpoint { address, port });
    if let Ok(both) = text.parse::<SocketAddr>() {
        return match both.port() {
            0 => Err("a port is a number from 1 to 65535".to_owned()),
            port => endpoint(both.ip(), Some(port)),
        };
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match bare.unwrap_or(text).parse() {
        Ok(address) => endpoint(address, None),
        Err(_) => Err(
            "write an address and a port from 1 to 65535, such as 10.0.2.11:9090 or [fd00::1]:9090"
                .to_owned(),
        ),
    }
}

fn remote(text: &str) -> Result<Endpoint, String> {
    let endpoint = local(text)?;
    if endpoint.address.is_unspecified() || endpoint.address.is_multicast() {
        return Err("this is no host's own address; write the server's".to_owned());
    }
    Ok(endpoint)
}

impl Runs for Forward {
    fn run(self, _color: When) -> Outcome {
        if self.print_only && self.device.any() {
            return Err(Failure::usage(
                "--print-only has no device, and takes no device flags",
            ));
        }
        let signals = Signals::take_over_with(&[Signal::SIGUSR1])?;
        // Before the device: what is refused then leaves nothing behind.
        let (socket, outer, role) = self.open_socket()?;
        if self.print_only {
            return self.print(&socket, outer, &signals);
        }
        let mode = if self.tap { Mode::Tap } else { Mode::Tun };
        let wanted = Wanted {
            mode,
            packet_information: false,
            device: &self.device,
            private: None,
            defaults: Defaults {
                addr: self.default_addr(),
                mtu: Some(default_mtu(outer, mode)),
            },
        };
        let station = Station::open_with(&wanted, signals)?;
        self.announce(outer);
        let (watch, host) = HostWatch::new(&station.netlink, &station.device)?;
        let mut pipe = Pipe::new(mode, role, host);
        let mut lines = Lines::new(self.quiet, device_word(mode), None)?;
        let server = self.listen.is_some();
        let mut tunnel = Tunnel {
            device: Some(&station.device),
            host: Some(watch),
            socket: &socket,
            signals: &station.signals,
            sends: !self.one_way || !server,
            receives: !self.one_way || server,
        };
        let ended = simple::run(&mut tunnel, &mut pipe, &mut lines);
        summarize(&pipe);
        ended?;
        station.close()?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Forward {
    /// The course's task 3: no device, nothing goes further.
    fn print(&self, socket: &Udp, outer: SocketAddr, signals: &Signals) -> Outcome {
        self.announce(outer);
        let host = Host {
            mtu: usize::MAX,
            own: Vec::new(),
        };
        let mut pipe = Pipe::new(Mode::Tun, Role::PrintOnly, host);
        let mut lines = Lines::new(self.quiet, device_word(Mode::Tun), Some(outer))?;
        let mut tunnel = Tunnel {
            device: None,
            host: None,
            socket,
            signals,
            sends: false,
            receives: true,
        };
        let ended = simple::run(&mut tunnel, &mut pipe, &mut lines);
        summarize(&pipe);
        ended?;
        Ok(ExitCode::SUCCESS)
    }

    /// The socket, the outer address that was typed, and what this end is.
    fn open_socket(&self) -> Result<(Udp, SocketAddr, Role), Failure> {
        if let Some(server) = self.server {
            let server = server.with_port(self.tunnel_port);
            return Ok((Udp::connect(server)?, server, Role::Client { server }));
        }
        let listen = self.listen.expect("clap wants one of the two");
        let local = listen.with_port(self.tunnel_port);
        let role = if self.print_only {
            Role::PrintOnly
        } else {
            Role::Server(Peers::new(self.peers.clone()))
        };
        Ok((Udp::listen(local)?, local, role))
    }

    fn default_addr(&self) -> Cidr {
        let addr = if self.listen.is_some() {
            "192.168.53.5/24"
        } else {
            "192.168.53.99/24"
        };
        addr.parse().expect("the default addresses are valid")
    }

    fn announce(&self, outer: SocketAddr) {
        if self.server.is_some() {
            status(&format!("tunnel to {outer}"));
            return;
        }
        // In a lab nobody else listens in.
        if std::env::var_os(IN_A_LAB).is_none() {
            status(
                "warning: this tunnel is neither encrypted nor authenticated: \
                 whoever reaches the port can send into it, whoever is on the way can read it",
            );
        }
        status(&format!("listening on {outer}"));
    }
}

/// The largest inner packet that fits one outer packet of 1500 bytes: less IPv4's 20 or IPv6's 40
/// bytes, and UDP's 8. A TAP's MTU leaves out the Ethernet header, which is carried, too.
fn default_mtu(outer: SocketAddr, mode: Mode) -> u32 {
    let packet = if outer.is_ipv4() { 1472 } else { 1452 };
    match mode {
        Mode::Tun => packet,
        Mode::Tap => packet - ETHERNET as u32,
    }
}

fn device_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Tun => "tun",
        Mode::Tap => "tap",
    }
}

/// The counters, to stderr; the last line is for programs, too.
fn summarize(pipe: &Pipe) {
    let counters = &pipe.counters;
    status(&format!(
        "{} sent into the tunnel, {} received from it, {} with nowhere to go",
        counters.sent, counters.received, counters.nowhere
    ));
    status(&format!("dropped: {}", counters.dropped));
}

/// The course's line for each packet, to stdout.
struct Lines {
    quiet: bool,
    device: &'static str,
    /// Where the server of task 3 listens, whose lines are others.
    print_only: Option<SocketAddr>,
    text: String,
    stdout: File,
    at_once: bool,
}

impl Lines {
    fn new(quiet: bool, device: &'static str, print_only: Option<SocketAddr>) -> io::Result<Self> {
        Ok(Lines {
            quiet,
            device,
            print_only,
            text: String::new(),
            // Past std's own buffer: whole blocks are collected here.
            stdout: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            at_once: stdout_is_terminal(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.stdout.write_all(self.text.as_bytes());
        self.text.clear();
        written
    }
}

impl Watcher for Lines {
    fn passes(&mut self, way: Way, ends: &Ends) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let text = &mut self.text;
        let _ = match (way, self.print_only) {
            (Way::FromDevice, _) => writeln!(text, "From {}    ==>: {ends}", self.device),
            (Way::FromSocket(_), None) => writeln!(text, "From socket <==: {ends}"),
            (Way::FromSocket(from), Some(local)) => {
                writeln!(text, "{from} --> {local}\n Inside: {ends}")
            }
        };
        if self.at_once || self.text.len() >= BLOCK {
            self.flush()?;
        }
        Ok(())
    }

    fn drops(&mut self, reason: &Reason) -> io::Result<()> {
        self.flush()?;
        status(&format!("warning: {reason} (from now on only counted)"));
        Ok(())
    }

    fn idle(&mut self) -> io::Result<()> {
        if self.text.is_empty() {
            Ok(())
        } else {
            self.flush()
        }
    }

    fn signal(&mut self, signal: Signal, pipe: &Pipe) -> io::Result<ControlFlow<()>> {
        if signal == Signal::SIGUSR1 {
            summarize(pipe);
            return Ok(ControlFlow::Continue(()));
        }
        Ok(ControlFlow::Break(()))
    }
}
