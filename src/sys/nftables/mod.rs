//! How far a packet gets through the firewall's hooks, and which rule ends it: tracing by
//! nf_tables (`meta nftrace set 1`, `nft monitor trace`), spoken over nfnetlink.
//!
//! A table of our own has a chain at each hook that marks packets of the wanted lengths. The table
//! belongs to the socket that made it (`NFT_TABLE_F_OWNER`, Linux 5.12): nobody else can change
//! it, and when the socket closes, for whatever reason, it is gone.

mod message;

use std::{io, net::IpAddr, os::fd::AsFd, os::fd::BorrowedFd};

use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use nix::errno::Errno;

use super::errno;
use message::{Batch, Kind, Message, attribute, attributes, nested, number, text};

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
    /// The chain; of ours, the name of its hook: `forward`.
    pub chain: String,
    /// The rule's handle; none where the chain's policy spoke.
    pub rule: Option<u64>,
    /// What was decided.
    pub verdict: Verdict,
    /// The number of the device it came in through.
    pub iif: Option<u32>,
    /// The number of the device it is to leave through.
    pub oif: Option<u32>,
    /// Its IP header and what follows, in the first step only: at most 60 bytes.
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

/// The table's name.
pub const TABLE: &str = "tunlab-trace";

/// `NFPROTO_INET`: IPv4 and IPv6 in one table.
const INET: u8 = 1;

/// Before everything that a user would put there (`NF_IP_PRI_RAW` is -300).
const PRIORITY: i32 = -350;

impl TraceWatch {
    /// Starts to trace packets of these lengths (bytes, from the IP header on) in the calling
    /// thread's network namespace.
    pub fn start(lengths: &[u32]) -> Result<TraceWatch, TraceError> {
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
        let table = "make a table for tracing";
        socket
            .send(batch(lengths).bytes(), 0)
            .map_err(failed(table))?;
        acknowledged(&socket).map_err(failed(table))?;
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

/// The table, its chains, and a rule for each length in each.
fn batch(lengths: &[u32]) -> Batch {
    let mut batch = Batch::default();
    batch.message(Kind::BatchBegin, 0, |_| {});
    batch.message(Kind::NewTable, INET, |table| {
        const OWNER: u32 = 2;
        text(table, 1, TABLE);
        number(table, 2, OWNER);
    });
    for (hook, name) in (0..).zip(HOOKS) {
        batch.message(Kind::NewChain, INET, |chain| {
            text(chain, 1, TABLE);
            text(chain, 3, name);
            nested(chain, 4, |place| {
                number(place, 1, hook);
                number(place, 2, PRIORITY as u32);
            });
            text(chain, 7, "filter");
        });
        for &length in lengths {
            batch.message(Kind::NewRule, INET, |rule| {
                text(rule, 1, TABLE);
                text(rule, 2, name);
                nested(rule, 4, |list| mark(list, length));
            });
        }
    }
    batch.message(Kind::BatchEnd, 0, |_| {});
    batch
}

/// `meta length LENGTH meta nftrace set 1`, as nft(8) compiles it.
fn mark(list: &mut Vec<u8>, length: u32) {
    const REGISTER: u32 = 1;
    const LENGTH: u32 = 0;
    const TRACE: u32 = 12;
    let mut expression = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
        nested(list, 1, |one| {
            text(one, 1, name);
            nested(one, 2, |data| write(data));
        });
    };
    expression("meta", &|data| {
        number(data, 2, LENGTH);
        number(data, 1, REGISTER);
    });
    expression("cmp", &|data| {
        number(data, 1, REGISTER);
        number(data, 2, 0); // equal
        // A length is compared in the machine's byte order.
        nested(data, 3, |value| attribute(value, 1, &length.to_ne_bytes()));
    });
    expression("immediate", &|data| {
        number(data, 1, REGISTER);
        nested(data, 2, |value| attribute(value, 1, &[1]));
    });
    expression("meta", &|data| {
        number(data, 2, TRACE);
        number(data, 3, REGISTER);
    });
}

/// Waits for the kernel's word on the batch.
fn acknowledged(socket: &Socket) -> io::Result<()> {
    loop {
        let (datagram, _) = socket.recv_from_full()?;
        for message in Message::all(&datagram) {
            match message.error() {
                Some(0) => return Ok(()),
                Some(code) => return Err(io::Error::from_raw_os_error(code)),
                None => {}
            }
        }
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
    /// Source and destination of an IPv4 packet, where the step shows it.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        let four = |at: usize| -> Option<IpAddr> {
            Some(
                <[u8; 4]>::try_from(self.bytes.get(at..at + 4)?)
                    .ok()?
                    .into(),
            )
        };
        let is_v4 = self.bytes.first()? >> 4 == 4;
        is_v4.then(|| Some((four(12)?, four(16)?)))?
    }
}

#[cfg(test)]
mod tests {
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
