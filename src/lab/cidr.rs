//! An address with its network: `192.168.53.99/24` (CIDR notation, RFC 4632 section 3.1).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// An IPv4 or IPv6 address and the number of its leading bits that name the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    address: IpAddr,
    prefix_len: u8,
}

/// Why a text is no [`Cidr`], with what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    /// There is no slash.
    #[error("{text}: no prefix length; write {text}/{usual}")]
    NoPrefix {
        /// What was typed.
        text: String,
        /// The prefix length that is usual for such an address.
        usual: u8,
    },
    /// What stands before the slash is no address.
    #[error("{text}: {address:?} is no IPv4 or IPv6 address; write for example 192.168.53.99/24")]
    Address {
        /// What was typed.
        text: String,
        /// The part that is no address.
        address: String,
    },
    /// What stands after the slash is no prefix length.
    #[error("{text}: the prefix length must be a number from 0 to {max}, not {prefix:?}")]
    Prefix {
        /// What was typed.
        text: String,
        /// The part that is no prefix length.
        prefix: String,
        /// The number of bits of such an address.
        max: u8,
    },
    /// A network is wanted, and this is an address in it.
    #[error("{given}: bits are set beyond the prefix length; write {network}")]
    HostBits {
        /// What was typed.
        given: Cidr,
        /// The network it is in.
        network: Cidr,
    },
}

impl Cidr {
    /// An address in a network; `None` if it has fewer bits than `prefix_len`.
    pub fn new(address: IpAddr, prefix_len: u8) -> Option<Self> {
        (prefix_len <= bits(address)).then_some(Cidr {
            address,
            prefix_len,
        })
    }

    /// Parses the destination of a route, which must be a network and no address in it.
    pub fn parse_network(text: &str) -> Result<Self, CidrError> {
        let given: Cidr = text.parse()?;
        let network = given.network();
        if given == network {
            Ok(given)
        } else {
            Err(CidrError::HostBits { given, network })
        }
    }

    /// The address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The number of bits that name the network.
    pub fn prefix_len(self) -> u8 {
        self.prefix_len
    }

    /// The network, with no bit set beyond the prefix: `192.168.53.0/24`.
    pub fn network(self) -> Cidr {
        let address = match self.address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX
                    .checked_shl(32 - u32::from(self.prefix_len))
                    .unwrap_or(0);
                Ipv4Addr::from(u32::from(v4) & mask).into()
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.prefix_len))
                    .unwrap_or(0);
                Ipv6Addr::from(u128::from(v6) & mask).into()
            }
        };
        Cidr { address, ..self }
    }

    /// Whether `address` is in the network.
    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4()
            && Cidr { address, ..self }.network() == self.network()
    }

    /// Whether some address is in both networks, which is when one contains the other.
    pub fn overlaps(self, other: Cidr) -> bool {
        if self.prefix_len <= other.prefix_len {
            self.contains(other.address)
        } else {
            other.contains(self.address)
        }
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| CidrError::Address {
            text: text.to_owned(),
            address: address.to_owned(),
        })?;
        let Some(prefix) = prefix else {
            let usual = if address.is_ipv4() { 24 } else { 64 };
            return Err(CidrError::NoPrefix {
                text: text.to_owned(),
                usual,
            });
        };
        // Digits only: Rust's own parser takes a plus sign.
        let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
        let cidr = digits
            .then(|| Cidr::new(address, prefix.parse().ok()?))
            .flatten();
        cidr.ok_or_else(|| CidrError::Prefix {
            text: text.to_owned(),
            prefix: prefix.to_owned(),
            max: bits(address),
        })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.prefix_len)
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn error(text: &str) -> String {
        text.parse::<Cidr>().unwrap_err().to_string()
    }

    #[test]
    fn text_and_back() {
        for text in [
            "192.168.53.99/24",
            "0.0.0.0/0",
            "10.0.0.1/32",
            "fd00::1/64",
            "::/0",
        ] {
            assert_eq!(cidr(text).to_string(), text);
        }
    }

    #[test]
    fn errors_say_what_to_write() {
        assert_eq!(
            error("192.168.53.99"),
            "192.168.53.99: no prefix length; write 192.168.53.99/24"
        );
        assert_eq!(
            error("fd00::1"),
            "fd00::1: no prefix length; write fd00::1/64"
        );
        assert_eq!(
            error("192.168.53/24"),
            "192.168.53/24: \"192.168.53\" is no IPv4 or IPv6 address; \
             write for example 192.168.53.99/24"
        );
        for prefix in ["33", "", "+8", "-1", "x", "8/8", "999"] {
            assert_eq!(
                error(&format!("10.0.0.1/{prefix}")),
                format!(
                    "10.0.0.1/{prefix}: the prefix length must be a number from 0 to 32, \
                     not {prefix:?}"
                )
            );
        }
    }

    #[test]
    fn a_route_leads_to_a_network() {
        let error = Cidr::parse_network("192.168.70.101/24").unwrap_err();
        assert_eq!(
            error.to_string(),
            "192.168.70.101/24: bits are set beyond the prefix length; write 192.168.70.0/24"
        );
        assert_eq!(
            Cidr::parse_network("192.168.70.0/24"),
            Ok(cidr("192.168.70.0/24"))
        );
    }

    #[test]
    fn networks() {
        assert_eq!(cidr("192.168.53.99/24").network(), cidr("192.168.53.0/24"));
        assert_eq!(cidr("192.168.53.99/0").network(), cidr("0.0.0.0/0"));
        assert_eq!(cidr("192.168.53.99/32").network(), cidr("192.168.53.99/32"));
        assert_eq!(cidr("fd00::1:2/112").network(), cidr("fd00::1:0/112"));
    }

    #[test]
    fn contains_and_overlaps() {
        assert!(cidr("10.9.0.0/16").contains("10.9.3.4".parse().unwrap()));
        assert!(!cidr("10.9.0.0/16").contains("10.8.3.4".parse().unwrap()));
        assert!(!cidr("0.0.0.0/0").contains("::1".parse().unwrap()));
        assert!(cidr("10.0.0.0/8").overlaps(cidr("10.9.0.0/16")));
        assert!(cidr("10.9.0.0/16").overlaps(cidr("10.0.0.0/8")));
        assert!(!cidr("10.9.0.0/16").overlaps(cidr("10.8.0.0/16")));
        assert!(!cidr("::/0").overlaps(cidr("0.0.0.0/0")));
    }
}
