//! `[HOST] DEST`, as journey and why take them: a lab's host, and an address or another host.

use super::failure::Failure;
use crate::lab::{Lab, LabHost, topology, tunnel};
use crate::sys::netlink::Netlink;
use std::net::{IpAddr, SocketAddr};

/// The host that a packet starts from when none is named: the course's client.
pub(super) const DEFAULT_HOST: &str = "u";

/// Where a demonstration's packet goes when nothing is said: behind the tunnel.
pub(super) const DEFAULT_DEST: &str = "v";

/// The host and the address that were meant.
pub(super) fn host_and_address<'l>(
    lab: &'l Lab,
    host: Option<&str>,
    dest: &str,
) -> Result<(&'l LabHost, IpAddr), Failure> {
    let from = lab.host(host.unwrap_or(DEFAULT_HOST))?;
    if let Ok(address) = dest.parse() {
        return Ok((from, address));
    }
    let to = lab.host(dest)?;
    Ok((from, address_of(from, to)?))
}

/// Where the lab's topology has its tunnel: the host that listens, and its address for the other
/// one, on the course's UDP port or another one.
pub(super) fn tunnel(lab: &Lab, port: Option<u16>) -> Option<(String, SocketAddr)> {
    let port = port.unwrap_or(tunnel::PORT);
    let tunnel = &topology::find(lab.topology())?.tunnel;
    let address: IpAddr = tunnel.server_address.parse().ok()?;
    Some((
        tunnel.server.host.to_owned(),
        SocketAddr::new(address, port),
    ))
}

/// The address by which `from` best knows `to`: one in a network that both are in, else the first.
fn address_of(from: &LabHost, to: &LabHost) -> Result<IpAddr, Failure> {
    let own = addresses(from)?;
    let theirs = addresses(to)?;
    let near = |address: &IpAddr, len: u8| {
        let mut networks = own.iter();
        networks.any(|(one, its_len)| *its_len == len && same_network(*one, *address, len))
    };
    let shared = theirs.iter().find(|(address, len)| near(address, *len));
    let chosen = shared.or(theirs.first()).map(|(address, _)| *address);
    chosen.ok_or_else(|| Failure::usage(format!("{} has no address", to.name())))
}

/// The IPv4 addresses of a host, those of loopback left out, each with its network's length; of a
/// host that has none, the IPv6 ones.
fn addresses(host: &LabHost) -> Result<Vec<(IpAddr, u8)>, Failure> {
    let all = host.run(|| Netlink::open()?.addresses())??;
    let all = all.iter().map(|one| (one.address, one.prefix_len));
    let all: Vec<_> = all.filter(|(address, _)| !address.is_loopback()).collect();
    let v4: Vec<_> = all
        .iter()
        .copied()
        .filter(|(one, _)| one.is_ipv4())
        .collect();
    Ok(if v4.is_empty() { all } else { v4 })
}

fn same_network(one: IpAddr, other: IpAddr, len: u8) -> bool {
    let same = |one: u128, other: u128, bits: u32| {
        (one ^ other)
            .checked_shr(bits.saturating_sub(len.into()))
            .unwrap_or(0)
            == 0
    };
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            same(one.to_bits().into(), other.to_bits().into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
        _ => false,
    }
}
