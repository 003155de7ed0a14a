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
}
