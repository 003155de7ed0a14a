//! The packet that is sent to be followed.

use super::identity::Seed;
use super::ip_packet::Data;
use super::prefilter::{Ports, Wanted};
use crate::sys::icmp_socket::{Heard, IcmpError, IcmpSocket};
use crate::sys::probe_socket::{ProbeError, ProbeSocket, Transport};
use pnet_packet::util::checksum;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Whom it is for.
    pub to: IpAddr,
    /// How it travels.
    pub kind: ProbeKind,
    /// Its TTL, unless it is the host's own.
    pub ttl: Option<u8>,
    /// Its length in bytes, IP header included. A SYN has the kernel's.
    pub size: u16,
}

/// How a probe travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// An ICMP echo request.
    Icmp,
    /// A TCP SYN to this port.
    Tcp(u16),
    /// A UDP datagram to this port.
    Udp(u16),
}

/// The length of ping's packets.
pub const PING_SIZE: u16 = 84;

/// The length of the kernel's SYN over IPv4, with its options, in bytes.
pub const SYN_SIZE: u16 = 60;

/// Headers of an echo request or a UDP datagram above IP's.
const ABOVE_IP: u16 = 8;

/// What identifies the probes of a run: random bytes, then the probe's number.
const NONCE: usize = 8;

/// How long an answer may take from the device to the socket, on a machine that is busy.
pub const EARSHOT: Duration = Duration::from_millis(200);

/// Why a probe could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Of an echo request.
    #[error(transparent)]
    Icmp(#[from] IcmpError),
    /// Of a datagram or a SYN.
    #[error(transparent)]
    Transport(#[from] ProbeError),
}

impl SendError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            SendError::Icmp(error) => error.remedy(),
            SendError::Transport(error) => error.remedy(),
        }
    }

    /// What the kernel said.
    pub fn errno(&self) -> nix::errno::Errno {
        match self {
            SendError::Icmp(error) => error.errno,
            SendError::Transport(error) => error.errno,
        }
    }
}

impl Probe {
    /// The shortest that can be sent, in bytes.
    pub fn shortest(to: IpAddr) -> u16 {
        ip_header(to) + ABOVE_IP
    }
}

fn ip_header(to: IpAddr) -> u16 {
    if to.is_ipv6() { 40 } else { 20 }
}

impl ProbeKind {
    /// As the JSON has it: `icmp`, `tcp`, `udp`.
    pub fn name(self) -> &'static str {
        match self {
            ProbeKind::Icmp => "icmp",
            ProbeKind::Tcp(_) => "tcp",
            ProbeKind::Udp(_) => "udp",
        }
    }
}

/// Sends probes from the network namespace that it was opened in.
#[derive(Debug)]
pub struct Prober {
    probe: Probe,
    sockets: Sockets,
    nonce: [u8; NONCE],
    /// Echo requests whose replies have come to the socket, and were not asked for yet.
    heard: HashSet<u16>,
}

#[derive(Debug)]
enum Sockets {
    Icmp(IcmpSocket, u16),
    Udp(ProbeSocket),
    /// A connection is asked for once a socket.
    Tcp(Vec<ProbeSocket>),
}

impl Prober {
    /// Opens what `count` probes need, in the calling thread's network namespace.
    pub fn open(probe: Probe, count: u16) -> Result<Prober, SendError> {
        let open = |transport| ProbeSocket::open(transport, probe.to, probe.ttl);
        let sockets = match probe.kind {
            ProbeKind::Icmp => {
                let socket = IcmpSocket::open(probe.to)?;
                if let Some(ttl) = probe.ttl {
                    socket.set_ttl(ttl)?;
                }
                let own = std::process::id() as u16;
                let id = socket.identifier().unwrap_or(own);
                Sockets::Icmp(socket, id)
            }
            ProbeKind::Udp(_) => Sockets::Udp(open(Transport::Udp)?),
            ProbeKind::Tcp(_) => {
                let sockets = (0..count).map(|_| open(Transport::Tcp));
                Sockets::Tcp(sockets.collect::<Result<_, _>>()?)
            }
        };
        // The standard library seeds its hashes with random numbers.
        let nonce = RandomState::new().build_hasher().finish().to_le_bytes();
        Ok(Prober {
            probe,
            sockets,
            nonce,
            heard: HashSet::new(),
        })
    }

    /// What is sent.
    pub fn probe(&self) -> &Probe {
        &self.probe
    }

    /// What the kernel is to look for.
    pub fn wanted(&self, tunnel_ports: &[u16]) -> Wanted {
        let ports = match (&self.sockets, self.probe.kind) {
            (Sockets::Udp(socket), ProbeKind::Udp(destination)) => Some(Ports {
                protocol: 17,
                source: socket.port(),
                destination,
            }),
            (Sockets::Tcp(sockets), ProbeKind::Tcp(destination)) => Some(Ports {
                protocol: 6,
                source: sockets.first().map_or(0, ProbeSocket::port),
                destination,
            }),
            _ => None,
        };
        Wanted {
            tunnel_ports: tunnel_ports.to_vec(),
            ports,
            len: self.probe.size.into(),
            // RFC 1812 section 4.3.2.3, RFC 4443 section 2.4.
            error_len: if self.probe.to.is_ipv4() { 576 } else { 1280 },
        }
    }

    /// How the probe of that number, from 1, will be recognised.
    pub fn seed(&self, number: u16) -> Seed {
        let data = || Data::of(&self.data(number));
        match (&self.sockets, self.probe.kind) {
            (Sockets::Udp(socket), ProbeKind::Udp(dport)) => Seed::Udp {
                sport: socket.port(),
                dport,
                data: data(),
            },
            (Sockets::Tcp(sockets), ProbeKind::Tcp(dport)) => Seed::Tcp {
                sport: of_number(sockets, number).map_or(0, ProbeSocket::port),
                dport,
            },
            (Sockets::Icmp(_, id), _) => Seed::Echo {
                id: *id,
                seq: number,
                data: data(),
            },
            _ => unreachable!("the sockets are those of the kind"),
        }
    }

    /// Sends the probe of that number.
    pub fn send(&self, number: u16) -> Result<(), SendError> {
        let to = self.probe.to;
        match (&self.sockets, self.probe.kind) {
            (Sockets::Icmp(socket, id), _) => {
                let message = echo_request(to, *id, number, &self.data(number));
                socket.send(&message, to)?;
            }
            (Sockets::Udp(socket), ProbeKind::Udp(port)) => {
                socket.send(&self.data(number), SocketAddr::new(to, port))?;
            }
            (Sockets::Tcp(sockets), ProbeKind::Tcp(port)) => {
                if let Some(socket) = of_number(sockets, number) {
                    socket.send(&[], SocketAddr::new(to, port))?;
                }
            }
            _ => unreachable!("the sockets are those of the kind"),
        }
        Ok(())
    }

    /// Whether the answer to the probe of that number has come to its socket, and not only to the
    /// device: what the host does with it in between nobody else sees. Waits for it at most that
    /// long. Each answer is told of once.
    pub fn has_heard(&mut self, number: u16, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        match &self.sockets {
            Sockets::Icmp(socket, id) => loop {
                if self.heard.remove(&number) {
                    return true;
                }
                let mut buffer = [0; 512];
                let left = until.saturating_duration_since(Instant::now());
                let arrival = match socket.receive(&mut buffer, left) {
                    Ok(Some(arrival)) => arrival,
                    Ok(None) if !left.is_zero() => continue,
                    Ok(None) | Err(_) => return false,
                };
                let reply = matches!(buffer[0], 0 | 129) && buffer[4..6] == id.to_be_bytes();
                if reply && matches!(arrival.what, Heard::Message { .. }) {
                    // That of any probe: they come in the order in which they are answered.
                    self.heard
                        .insert(u16::from_be_bytes([buffer[6], buffer[7]]));
                }
            },
            Sockets::Udp(socket) => socket.has_heard(patience),
            Sockets::Tcp(sockets) => {
                of_number(sockets, number).is_some_and(|socket| socket.has_heard(patience))
            }
        }
    }

    /// Random bytes, the number, then counting bytes as ping's.
    fn data(&self, number: u16) -> Vec<u8> {
        let headers = ip_header(self.probe.to) + ABOVE_IP;
        let size = self.probe.size.saturating_sub(headers);
        let marks = self.nonce.into_iter().chain(number.to_be_bytes());
        let counting = (NONCE as u16 + 2..).map(|index| index as u8);
        marks.chain(counting).take(size.into()).collect()
    }
}

fn of_number(sockets: &[ProbeSocket], number: u16) -> Option<&ProbeSocket> {
    sockets.get(usize::from(number).checked_sub(1)?)
}

fn echo_request(to: IpAddr, id: u16, seq: u16, data: &[u8]) -> Vec<u8> {
    let kind = if to.is_ipv6() { 128 } else { 8 };
    let mut message = vec![kind, 0, 0, 0];
    message.extend(id.to_be_bytes());
    message.extend(seq.to_be_bytes());
    message.extend(data);
    if to.is_ipv4() {
        // The kernel computes ICMPv6's, which covers the addresses.
        let sum = checksum(&message, 1);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    message
}
