//! `--peer CIDR=A[:P]`: which inner network belongs to which endpoint, whatever is heard. An address
//! without a prefix length is a network of one.

use crate::lab::{Cidr, CidrError};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// An inner network that one endpoint has for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// The inner addresses.
    pub network: Cidr,
    /// The outer address that they live behind.
    pub address: IpAddr,
    /// Its port; any, if none is given.
    pub port: Option<u16>,
}

/// Why a text is no [`Pin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The two halves are not there.
    #[error("{0}: write CIDR=ADDRESS or CIDR=ADDRESS:PORT, such as 192.168.53.99/32=10.0.2.8")]
    Form(String),
    /// What stands before `=` is no network.
    #[error(transparent)]
    Network(#[from] CidrError),
    /// What stands after `=` is no endpoint.
    #[error(
        "{0:?} is neither an address such as 10.0.2.8 nor one with a port such as 10.0.2.8:4000"
    )]
    Endpoint(String),
}

impl Pin {
    /// Whether datagrams from there are its endpoint's.
    pub fn admits(&self, from: SocketAddr) -> bool {
        self.address == from.ip() && self.port.is_none_or(|port| port == from.port())
    }

    /// Where to send, if the port is pinned, too.
    pub fn endpoint(&self) -> Option<SocketAddr> {
        self.port.map(|port| SocketAddr::new(self.address, port))
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Pin, PinError> {
        let form = || PinError::Form(text.to_owned());
        let (network, endpoint) = text.split_once('=').ok_or_else(form)?;
        let network = match network.parse::<IpAddr>() {
            Ok(v4 @ IpAddr::V4(_)) => Cidr::new(v4, 32),
            Ok(v6 @ IpAddr::V6(_)) => Cidr::new(v6, 128),
            Err(_) => None,
        }
        .map_or_else(|| Cidr::parse_network(network), Ok)?;
        let (address, port) = match (endpoint.parse::<IpAddr>(), endpoint.parse::<SocketAddr>()) {
            (Ok(address), _) => (address, None),
            (_, Ok(both)) if both.port() != 0 => (both.ip(), Some(both.port())),
            _ => return Err(PinError::Endpoint(endpoint.to_owned())),
        };
        Ok(Pin {
            network,
            address: address.to_canonical(),
            port,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_port() {
        let pin: Pin = "192.168.53.0/24=10.0.2.8".parse().unwrap();
        assert!(pin.admits("10.0.2.8:1".parse().unwrap()));
        assert!(!pin.admits("10.0.2.9:1".parse().unwrap()));
        assert_eq!(pin.endpoint(), None);
        let one: Pin = "192.168.53.99=10.0.2.8".parse().unwrap();
        assert_eq!(one.network.to_string(), "192.168.53.99/32");
        let pin: Pin = "fd53::/64=[fd00::8]:4000".parse().unwrap();
        assert!(pin.admits("[fd00::8]:4000".parse().unwrap()));
        assert!(!pin.admits("[fd00::8]:4001".parse().unwrap()));
        assert_eq!(pin.endpoint(), "[fd00::8]:4000".parse().ok());
    }

    #[test]
    fn what_is_no_pin_says_what_to_write() {
        let table = [
            ("10.0.2.8", "CIDR=ADDRESS"),
            ("192.168.53.99/24=10.0.2.8", "192.168.53.0/24"),
            ("192.168.53.0/24=server", "such as 10.0.2.8"),
            ("192.168.53.0/24=10.0.2.8:0", "such as 10.0.2.8"),
            ("192.168.53.0/24=10.0.2.8:99999", "such as 10.0.2.8"),
        ];
        for (text, part) in table {
            let error = text.parse::<Pin>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
