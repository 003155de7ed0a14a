//! The TCP connections of a network namespace, from `/proc/net/tcp` and `/proc/net/tcp6`
//! (`Documentation/networking/proc_net_tcp.rst`, `get_tcp4_sock` in net/ipv4/tcp_ipv4.c).

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A TCP socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpConnection {
    /// This end.
    pub own: SocketAddr,
    /// The other end; of a listening socket `0.0.0.0:0` or `[::]:0`.
    pub peer: SocketAddr,
    /// As ss(8) writes it.
    pub state: &'static str,
    /// What it waits for.
    pub timer: TcpTimer,
    /// How often what was sent last has been sent again without an answer.
    pub retransmits: u64,
    /// How often the peer has been asked in vain whether it has room.
    pub probes: u64,
    /// Bytes that wait to be sent or acknowledged.
    pub queued: u64,
}

/// The timer that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpTimer {
    /// None.
    Off,
    /// What was sent is to be sent again.
    Retransmit,
    /// A keepalive, or the delay of an answer to a SYN.
    Keepalive,
    /// The end of TIME-WAIT.
    TimeWait,
    /// The peer's closed window is to be probed; also what waits when nothing could be sent.
    ZeroWindowProbe,
}

/// States by their numbers (include/net/tcp_states.h), in ss(8)'s words.
const STATES: [&str; 13] = [
    "UNKNOWN",
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "UNCONN",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "NEW-SYN-RECV",
];

/// Those of the calling thread's namespace.
pub fn connections() -> io::Result<Vec<TcpConnection>> {
    let mut all = of_table("/proc/thread-self/net/tcp")?;
    match of_table("/proc/thread-self/net/tcp6") {
        // A kernel without IPv6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        more => all.extend(more?),
    }
    Ok(all)
}

fn of_table(path: &str) -> io::Result<Vec<TcpConnection>> {
    let table = fs::read_to_string(path)?;
    Ok(table.lines().skip(1).filter_map(parse).collect())
}

/// One row: number, own address, peer's address, state, queues, timer, retransmits, user, probes.
fn parse(row: &str) -> Option<TcpConnection> {
    let mut words = row.split_whitespace().skip(1);
    let own = address(words.next()?)?;
    let peer = address(words.next()?)?;
    let state = usize::from_str_radix(words.next()?, 16).ok()?;
    let (queued, _) = words.next()?.split_once(':')?;
    let (timer, _) = words.next()?.split_once(':')?;
    let retransmits = u64::from_str_radix(words.next()?, 16).ok()?;
    let probes = words.nth(1)?.parse().ok()?;
    Some(TcpConnection {
        own,
        peer,
        state: STATES.get(state).copied().unwrap_or(STATES[0]),
        timer: match timer {
            "01" => TcpTimer::Retransmit,
            "02" => TcpTimer::Keepalive,
            "03" => TcpTimer::TimeWait,
            "04" => TcpTimer::ZeroWindowProbe,
            _ => TcpTimer::Off,
        },
        retransmits,
        probes,
        queued: u64::from_str_radix(queued, 16).ok()?,
    })
}

/// `0100007F:0017`: the address as a number of this machine's byte order, four of them for IPv6, the
/// port as a plain one. IPv4 over a socket of IPv6 is IPv4.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| {
        let word = u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok()?;
        Some(word.to_ne_bytes())
    };
    let address: IpAddr = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some((address, u16::from_str_radix(port, 16).ok()?).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_row_is_a_connection() {
        let row = "   1: 6335A8C0:9C40 6546A8C0:0017 01 00000005:00000000 01:0000012C 00000003     0        2 31337 4 00 1600 4 30 10 -1";
        if cfg!(target_endian = "little") {
            let connection = parse(row).unwrap();
            assert_eq!(connection.own, "192.168.53.99:40000".parse().unwrap());
            assert_eq!(connection.peer, "192.168.70.101:23".parse().unwrap());
            assert_eq!(
                (connection.state, connection.timer),
                ("ESTAB", TcpTimer::Retransmit)
            );
            assert_eq!((connection.retransmits, connection.probes), (3, 2));
            assert_eq!(connection.queued, 5);
        }
        assert_eq!(parse("nonsense"), None);
    }

    #[test]
    fn sockets_of_ipv6_were_no_sockets() {
        let read = |text| address(text).map(|address| address.to_string());
        if cfg!(target_endian = "little") {
            let own = "000000FD000000000000000065000000:0017";
            assert_eq!(read(own).unwrap(), "[fd00::65]:23");
            let mapped = "0000000000000000FFFF00000100007F:0017";
            assert_eq!(read(mapped).unwrap(), "127.0.0.1:23");
        }
        assert_eq!(
            read("00000000000000000000000000000000:0017").unwrap(),
            "[::]:23"
        );
        assert_eq!(read("0000:0017"), None);
    }

    #[test]
    fn the_kernel_s_own_table_is_understood() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let there = listener.local_addr().unwrap();
        let stream = TcpStream::connect(there).unwrap();
        let all = connections().unwrap();
        let ours = all
            .iter()
            .find(|one| one.own == stream.local_addr().unwrap())
            .unwrap();
        assert_eq!((ours.peer, ours.state), (there, "ESTAB"));
        assert!(
            all.iter()
                .any(|one| one.own == there && one.state == "LISTEN")
        );
    }
}
