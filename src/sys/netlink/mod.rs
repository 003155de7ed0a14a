//! Devices, addresses and routes of one network namespace, over rtnetlink (`man 7 rtnetlink`).
//!
//! 1. A typed operation (`link.rs`, `address.rs`, `route.rs`, `rule.rs`) builds one message.
//! 2. [`Netlink`] sends it and collects the answer: an acknowledgement, one message, or a dump.
//! 3. A refusal becomes a [`NetlinkError`], with the kernel's own sentence where it gave one
//!    (extended acknowledgement, `Documentation/userspace-api/netlink/intro.rst`).
//!
//! Synchronous: one request, one answer, on a socket that nothing else reads.

mod address;
mod link;
mod neighbour;
mod route;
mod rule;

use std::{cell::Cell, io};

use netlink_packet_core::{
    ErrorMessage, NLM_F_ACK, NLM_F_ACK_TLVS, NLM_F_CREATE, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_EXCL,
    NLM_F_MULTIPART, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage, NetlinkPayload,
    NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use nix::errno::Errno;

use super::errno;

pub use address::Address;
pub use link::Link;
pub use neighbour::Neighbour;
pub use netlink_packet_route::neighbour::NeighbourState;
pub use route::{LOCAL, Lookup, MAIN, Route, RouteKind};
pub use rule::{Action, Rule};

/// A connection to the routing tables of the network namespace it was opened in.
#[derive(Debug)]
pub struct Netlink {
    socket: Socket,
    sequence: Cell<u32>,
}

/// What the kernel would not do. Reads `add address 192.168.53.99/24 to tun0: file exists (EEXIST)`.
#[derive(Debug, thiserror::Error)]
pub enum NetlinkError {
    /// The kernel answered with an error number.
    #[error("{operation}: {}{}", errno::text(*errno), quoted(detail))]
    Refused {
        /// What was asked, with its object: `bring tun0 up`.
        operation: String,
        /// Why not.
        errno: Errno,
        /// The kernel's own sentence (extended acknowledgement), if it gave one.
        detail: Option<String>,
    },
    /// The kernel answered with something that is no answer to this question.
    #[error("{operation}: the kernel's answer is not understood: {why}")]
    Answer {
        /// What was asked, with its object.
        operation: String,
        /// What is wrong with the answer.
        why: String,
    },
}

impl NetlinkError {
    /// The error number, where the kernel gave one.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            NetlinkError::Refused { errno, .. } => Some(*errno),
            NetlinkError::Answer { .. } => None,
        }
    }

    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self.errno()? {
            Errno::EPERM | Errno::EACCES => Some(
                "run as root (`sudo`), or in a private network: end the command with `-- CMD`"
                    .to_owned(),
            ),
            Errno::ENODEV => Some("list the devices with `ip link`".to_owned()),
            _ => None,
        }
    }
}

impl Netlink {
    /// Opens a connection in the calling thread's network namespace, where it stays even if the
    /// thread moves on.
    pub fn open() -> Result<Self, NetlinkError> {
        let open = || -> io::Result<Socket> {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            // Comforts of newer kernels (4.12, 4.20): error sentences, short error messages, and
            // filtered dumps. Everything works without them.
            let _ = socket.set_ext_ack(true);
            let _ = socket.set_cap_ack(true);
            let _ = socket.set_netlink_get_strict_chk(true);
            Ok(socket)
        };
        let socket = open().map_err(|error| refused("open a netlink socket", &error))?;
        Ok(Netlink {
            socket,
            sequence: Cell::new(0),
        })
    }

    /// Asks for a change. `flags` are on top of request and acknowledgement.
    fn change(
        &self,
        operation: String,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<(), NetlinkError> {
        self.exchange(&operation, message, NLM_F_ACK | flags)
            .map(drop)
    }

    /// Asks for something new, which must not exist yet.
    fn create(&self, operation: String, message: RouteNetlinkMessage) -> Result<(), NetlinkError> {
        self.change(operation, message, NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Asks for one thing.
    fn get(
        &self,
        operation: &str,
        message: RouteNetlinkMessage,
    ) -> Result<RouteNetlinkMessage, NetlinkError> {
        let answer = self.exchange(operation, message, 0)?.messages.pop();
        answer.ok_or_else(|| unexpected(operation, "it is empty"))
    }

    /// Asks for all there is of a kind. A table that changes while it is read is read again.
    fn dump(
        &self,
        operation: &str,
        message: RouteNetlinkMessage,
    ) -> Result<Vec<RouteNetlinkMessage>, NetlinkError> {
        for _ in 0..8 {
            let answer = self.exchange(operation, message.clone(), NLM_F_DUMP)?;
            if !answer.interrupted {
                return Ok(answer.messages);
            }
        }
        Err(refused(operation, &Errno::EBUSY.into()))
    }

    /// Sends one request and reads until its answer is complete.
    fn exchange(
        &self,
        operation: &str,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> Result<Answer, NetlinkError> {
        let sequence = self.sequence.get().wrapping_add(1);
        self.sequence.set(sequence);
        let request = encode(message, NLM_F_REQUEST | flags, sequence);
        self.socket
            .send(&request, 0)
            .map_err(|error| refused(operation, &error))?;

        let mut answer = Answer::default();
        loop {
            let (datagram, _) = self
                .socket
                .recv_from_full()
                .map_err(|error| refused(operation, &error))?;
            for bytes in split(&datagram) {
                if answer.take(operation, bytes, sequence)? {
                    return Ok(answer);
                }
            }
        }
    }
}

/// What has been heard so far in answer to one request.
#[derive(Default)]
struct Answer {
    messages: Vec<RouteNetlinkMessage>,
    interrupted: bool,
}

impl Answer {
    /// Takes one message; true when it was the last one of the answer.
    fn take(&mut self, operation: &str, bytes: &[u8], sequence: u32) -> Result<bool, NetlinkError> {
        let decoded = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes);
        let (header, payload) = match decoded {
            Ok(message) => message.into_parts(),
            // One device with attributes newer than this program must not hide all the others.
            Err(_) if is_part(bytes) => return Ok(false),
            Err(error) => return Err(unexpected(operation, &error.to_string())),
        };
        if header.sequence_number != sequence {
            return Ok(false);
        }
        self.interrupted |= header.flags & NLM_F_DUMP_INTR != 0;
        match payload {
            NetlinkPayload::InnerMessage(message) => {
                self.messages.push(message);
                Ok(header.flags & NLM_F_MULTIPART == 0)
            }
            NetlinkPayload::Done(done) if done.code == 0 => Ok(true),
            NetlinkPayload::Done(done) => Err(NetlinkError::Refused {
                operation: operation.to_owned(),
                errno: Errno::from_raw(done.code.wrapping_neg()),
                detail: sentence(&done.extended_ack),
            }),
            NetlinkPayload::Error(error) if error.code.is_none() => Ok(true),
            NetlinkPayload::Error(error) => Err(NetlinkError::Refused {
                operation: operation.to_owned(),
                errno: Errno::from_raw(error.raw_code().wrapping_neg()),
                detail: error_sentence(&error, header.flags),
            }),
            _ => Ok(false),
        }
    }
}

fn encode(message: RouteNetlinkMessage, flags: u16, sequence: u32) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    header.sequence_number = sequence;
    let mut request = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    bytes
}

/// The messages of one datagram, each aligned to four bytes (`NLMSG_ALIGN`).
fn split(datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = NetlinkBuffer::new_checked(rest).ok()?.length() as usize;
        let message = &rest[..length];
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

fn is_part(bytes: &[u8]) -> bool {
    NetlinkBuffer::new_checked(bytes).is_ok_and(|buffer| buffer.flags() & NLM_F_MULTIPART != 0)
}

/// The kernel's sentence in an error message, which stands behind the header of the request
/// (shortened to that by `NETLINK_CAP_ACK`).
fn error_sentence(error: &ErrorMessage, flags: u16) -> Option<String> {
    const HEADER_LEN: usize = 16;
    if flags & NLM_F_ACK_TLVS == 0 {
        return None;
    }
    sentence(error.header.get(HEADER_LEN..)?)
}

/// `NLMSGERR_ATTR_MSG` (include/uapi/linux/netlink.h) among the attributes.
fn sentence(attributes: &[u8]) -> Option<String> {
    const NLMSGERR_ATTR_MSG: u16 = 1;
    let text = NlasIterator::new(attributes)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == NLMSGERR_ATTR_MSG)?;
    let text = String::from_utf8_lossy(text.value());
    let text = text.trim_end_matches(['\0', '.']);
    (!text.is_empty()).then(|| text.to_owned())
}

fn quoted(detail: &Option<String>) -> String {
    detail
        .as_ref()
        .map_or_else(String::new, |text| format!("; the kernel says: {text}"))
}

fn refused(operation: &str, error: &io::Error) -> NetlinkError {
    NetlinkError::Refused {
        operation: operation.to_owned(),
        errno: errno::of(error),
        detail: None,
    }
}

fn unexpected(operation: &str, why: &str) -> NetlinkError {
    NetlinkError::Answer {
        operation: operation.to_owned(),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_sentence_is_quoted() {
        let error = NetlinkError::Refused {
            operation: "set mtu 1 on tun0".to_owned(),
            errno: Errno::EINVAL,
            detail: Some("mtu less than device minimum".to_owned()),
        };
        assert_eq!(
            error.to_string(),
            "set mtu 1 on tun0: invalid argument (EINVAL); \
             the kernel says: mtu less than device minimum"
        );
    }

    #[test]
    fn a_sentence_is_found_among_attributes() {
        // An offset (kind 2) before the message (kind 1), as the kernel sends them.
        let attributes = [8, 0, 2, 0, 20, 0, 0, 0, 8, 0, 1, 0, b'n', b'o', b'.', 0];
        assert_eq!(sentence(&attributes).as_deref(), Some("no"));
        assert_eq!(sentence(&[]), None);
        assert_eq!(sentence(&[255, 255, 1, 0]), None);
    }

    #[test]
    fn a_datagram_splits_into_messages() {
        let message = encode(
            RouteNetlinkMessage::GetLink(Default::default()),
            NLM_F_DUMP,
            7,
        );
        let mut datagram = message.clone();
        datagram.extend_from_slice(&message);
        assert_eq!(split(&datagram).count(), 2);
        assert_eq!(split(&datagram[..message.len() + 5]).count(), 1);
        assert_eq!(split(&[]).count(), 0);
    }

    #[test]
    fn lo_exists_everywhere() {
        let netlink = Netlink::open().unwrap();
        let lo = netlink.link("lo").unwrap();
        assert_eq!((lo.name.as_str(), lo.kind), ("lo", None));
        assert!(
            netlink
                .links()
                .unwrap()
                .iter()
                .any(|link| link.index == lo.index)
        );
        let missing = netlink.link("no-such-device").unwrap_err();
        assert_eq!(missing.errno(), Some(Errno::ENODEV));
    }
}
