//! Link types: what the first byte of a captured frame belongs to.
//! Numbers are those of the pcap formats: <https://www.tcpdump.org/linktypes.html>.

/// A LINKTYPE_ value as stored in capture files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet frames from the destination MAC on, without FCS: what a TAP device carries.
    pub const ETHERNET: LinkType = LinkType(1);
    /// Bare IPv4 or IPv6, told apart by the version nibble: what a TUN device carries.
    pub const RAW: LinkType = LinkType(101);

    /// Bare IPv4.
    pub const IPV4: LinkType = LinkType(228);
    /// Bare IPv6.
    pub const IPV6: LinkType = LinkType(229);

    /// The LINKTYPE_ name without its prefix.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "NULL",
            1 => "ETHERNET",
            12 | 14 => "RAW",
            108 => "LOOP",
            101 => "RAW",
            113 => "LINUX_SLL",
            228 => "IPV4",
            229 => "IPV6",
            276 => "LINUX_SLL2",
            _ => return None,
        })
    }
}
