//! How far a packet gets through the firewall's hooks, and which rule ends it: tracing by
//! nf_tables (`meta nftrace set 1`, `nft monitor trace`), spoken over nfnetlink.
//!
//! Tables of our own have a chain at each hook that marks packets of the wanted lengths: one table
//! for the hooks of IPv4 and IPv6, one for what devices take in, which comes before them. A mark
//! stays with a packet until it leaves the host, so that the way out of a device needs none. The
//! tables belong to the socket that made them (`NFT_TABLE_F_OWNER`, Linux 5.12): nobody else can
//! change them, and when the socket closes, for whatever reason, they are gone.

mod message;
mod table;

use std::{io, net::IpAddr, os::fd::AsFd, os::fd::BorrowedFd};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use nix::errno::Errno;

use super::errno;
use message::{Message, attributes};

/// What is traced from the moment it is started until it is dropped.
#[derive(Debug)]
pub struct TraceWatch {
    socket: Socket,
}

/// Why packets cannot be traced. Reads
/// `make a table for tracing: operation not permitted (EPERM)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{step}: {}", errno::text(*errno))]
pub struct TraceError {
    /// What was asked.
    pub step: &'static str,
    /// Why not.
    pub errno: Errno,
}

impl TraceError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self.errno {
            Errno::EPERM | Errno::EACCES => Some("run it as root (`sudo`)".to_owned()),
            Errno::EPROTONOSUPPORT | Errno::EINVAL | Errno::ENOENT | Errno::EOPNOTSUPP => {
                Some("load the module: `modprobe nf_tables` (Linux 5.12 or later)".to_owned())
            }
            _ => None,
        }
    }
}

/// A step of a traced packet: a chain or a rule that looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The same for all steps of one packet, on its way through one host.
    pub id: u32,
    /// The family of the table, as nft(8) writes it: `ip`, `inet`.
    pub family: &'static str,
    /// The table.
    pub table: String,
    /// The chain; of ours for IPv4 and IPv6, the name of its hook: `forward`.
    pub chain: String,
    /// The rule's handle; none where the chain's policy spoke.
    pub rule: Option<u64>,
    /// What was decided.
    pub verdict: Verdict,
    /// The number of the device it came in through; like the other one, in each chain's first step
    /// only.
    pub iif: Option<u32>,
    /// The number of the device it is to leave through.
    pub oif: Option<u32>,
    /// Its IP header and what follows, in each chain's first step only: at most 60 bytes.
    pub bytes: Vec<u8>,
}

/// What a rule or a policy decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Goes,
    /// It ends here.
    Drop,
}

/// The hooks at which the firewall looks at packets, in a packet's order
/// (`enum nf_inet_hooks`).
pub const HOOKS: [&str; 5] = ["prerouting", "input", "forward", "output", "postrouting"];

/// The hooks of a device, which the chains of the family `netdev` are for: in, out.
pub const DEVICE_HOOKS: [&str; 2] = ["ingress", "egress"];

/// The name of our tables.
pub const TABLE: &str = "tunlab-trace";

impl TraceWatch {
    /// Starts to trace packets of these lengths (bytes, from the IP header on) in the calling
    /// thread's network namespace, which has these devices.
    pub fn start(lengths: &[u32], devices: &[&str]) -> Result<TraceWatch, TraceError> {
        let failed = |step| {
            move |error: io::Error| TraceError {
                step,
                errno: errno::of(&error),
            }
        };
        let open = || -> io::Result<Socket> {
            let mut socket = Socket::new(NETLINK_NETFILTER)?;
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            socket.set_rx_buf_sz(1 << 20)?;
            Ok(socket)
        };
        let socket = open().map_err(failed("open a netlink socket for nf_tables"))?;
        table::hooks(lengths)
            .commit(&socket)
            .map_err(failed("make a table for tracing"))?;
        match table::ingress(lengths, devices).commit(&socket) {
            // A kernel that knows no such chains: nobody else can have one, either.
            Err(error) if errno::of(&error) == Errno::EOPNOTSUPP => {}
            Err(error) if errno::of(&error) == Errno::ENOENT => {}
            done => done.map_err(failed("trace what devices take in"))?,
        }
        // NFNLGRP_NFTRACE; not before, so that nothing comes between the acknowledgement and us.
        socket
            .add_membership(9)
            .map_err(failed("listen to traces"))?;
        socket
            .set_non_blocking(true)
            .map_err(failed("listen to traces"))?;
        Ok(TraceWatch { socket })
    }

    /// The steps since the last call, in the kernel's order, and whether some were lost because
    /// there were too many.
    pub fn drain(&mut self) -> (Vec<Step>, bool) {
        let (mut steps, mut lost) = (Vec::new(), false);
        loop {
            match self.socket.recv_from_full() {
                Ok((datagram, _)) => steps.extend(
                    Message::all(&datagram)
                        .filter(Message::is_trace)
                        .filter_map(|message| step(&message)),
                ),
                Err(error) if errno::of(&error) == Errno::ENOBUFS => lost = true,
                Err(_) => return (steps, lost),
            }
        }
    }
}

impl AsFd for TraceWatch {
    /// Readable when there is something to drain.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn step(message: &Message) -> Option<Step> {
    let mut step = Step {
        id: 0,
        family: family(message.family),
        table: String::new(),
        chain: String::new(),
        rule: None,
        verdict: Verdict::Goes,
        iif: None,
        oif: None,
        bytes: Vec::new(),
    };
    let (mut network, mut transport) = (&[][..], &[][..]);
    for (kind, value) in message.attributes() {
        let four = || Some(u32::from_be_bytes(value.try_into().ok()?));
        match kind {
            1 => step.table = string(value),
            2 => step.chain = string(value),
            3 => step.rule = value.try_into().ok().map(u64::from_be_bytes),
            5 => step.verdict = verdict(value),
            // The policy speaks when all rules have.
            16 if four() == Some(0) => step.verdict = Verdict::Drop,
            6 => step.id = four()?,
            8 => network = value,
            9 => transport = value,
            10 => step.iif = four(),
            12 => step.oif = four(),
            _ => {}
        }
    }
    step.bytes = [network, transport].concat();
    Some(step)
}

/// `NFTA_VERDICT_CODE` inside: 0 is `NF_DROP`.
fn verdict(value: &[u8]) -> Verdict {
    let code = attributes(value).find(|(kind, _)| *kind == 1);
    match code {
        Some((_, [0, 0, 0, 0])) => Verdict::Drop,
        _ => Verdict::Goes,
    }
}

fn string(value: &[u8]) -> String {
    let text = value.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// `NFPROTO_*` as nft(8) writes it.
fn family(number: u8) -> &'static str {
    match number {
        1 => "inet",
        2 => "ip",
        3 => "arp",
        5 => "netdev",
        7 => "bridge",
        10 => "ip6",
        _ => "",
    }
}

impl Step {
    /// Source and destination of an IP packet, where the step shows it.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        match self.bytes.first()? >> 4 {
            4 => Some((self.part::<4>(12)?.into(), self.part::<4>(16)?.into())),
            6 => Some((self.part::<16>(8)?.into(), self.part::<16>(24)?.into())),
            _ => None,
        }
    }

    fn part<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..at + N)?.try_into().ok()
    }

    /// The hook that the step belongs to, as far as it tells by itself.
    pub fn hook(&self) -> Option<&'static str> {
        let [ingress, egress] = DEVICE_HOOKS;
        let ours = || HOOKS.into_iter().find(|hook| *hook == self.chain);
        match (self.family, self.iif, self.oif) {
            // A chain for devices sees the one that the packet is at; its first step tells.
            ("netdev", Some(_), _) => Some(ingress),
            ("netdev", _, Some(_)) => Some(egress),
            _ if self.table == TABLE => ours(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::message::{Batch, Kind, attribute, nested, number, text};
    use super::*;

    fn message(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut batch = Batch::default();
        batch.message(Kind::NewTable, 2, write);
        let mut bytes = batch.bytes().to_vec();
        bytes[4..6].copy_from_slice(&((10u16 << 8) | 17).to_ne_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Step {
        let message = Message::all(bytes).next().unwrap();
        assert!(message.is_trace());
        step(&message).unwrap()
    }

    #[test]
    fn a_rule_that_drops() {
        let bytes = message(|body| {
            text(body, 1, "filter");
            text(body, 2, "forward");
            attribute(body, 3, &4u64.to_be_bytes());
            nested(body, 5, |verdict| number(verdict, 1, 0));
            number(body, 6, 77);
            let mut header = [0u8; 20];
            header[0] = 0x45;
            header[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
            attribute(body, 8, &header);
        });
        let step = read(&bytes);
        assert_eq!((step.family, step.rule, step.id), ("ip", Some(4), 77));
        assert_eq!(step.verdict, Verdict::Drop);
        let (src, dst) = step.addresses().unwrap();
        assert_eq!(
            (src.to_string(), dst.to_string()),
            ("10.0.0.1".into(), "10.0.0.2".into())
        );
    }

    /// It was read as a packet without addresses, and so was no packet of anybody's.
    #[test]
    fn an_ipv6_packet_had_no_addresses() {
        let bytes = message(|body| {
            let mut header = [0u8; 40];
            header[0] = 0x60;
            (header[23], header[39]) = (1, 2);
            attribute(body, 8, &header);
        });
        let (src, dst) = read(&bytes).addresses().unwrap();
        assert_eq!(
            (src.to_string(), dst.to_string()),
            ("::1".into(), "::2".into())
        );
    }

    /// It was taken for the hook before it.
    #[test]
    fn a_chain_at_a_device_was_said_to_come_after_another_hook() {
        let at = |kind| {
            let bytes = message(|body| {
                text(body, 1, "wall");
                number(body, kind, 3);
            });
            let step = read(&bytes);
            Step {
                family: "netdev",
                ..step
            }
            .hook()
        };
        let (iif, oif) = (10, 12);
        assert_eq!((at(iif), at(oif)), (Some("ingress"), Some("egress")));
    }

    #[test]
    fn a_policy_that_drops() {
        let bytes = message(|body| {
            number(body, 4, 1);
            number(body, 16, 0);
        });
        let step = read(&bytes);
        assert_eq!((step.rule, step.verdict), (None, Verdict::Drop));
        assert_eq!(step.addresses(), None);
    }
}
