//! Where this kernel keeps what the program for dropped packets reads.

use super::super::btf::{Btf, BtfError};
use super::super::reasons::Reasons;

/// Where this kernel keeps what the program reads, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offsets {
    pub(super) skb_len: u32,
    pub(super) skb_data_len: u32,
    pub(super) skb_dev: u32,
    pub(super) skb_sk: u32,
    pub(super) skb_head: u32,
    pub(super) skb_data: u32,
    pub(super) skb_protocol: u32,
    pub(super) skb_network_header: u32,
    pub(super) dev_ifindex: u32,
    pub(super) dev_name: u32,
    pub(super) dev_net: u32,
    pub(super) sk_net: u32,
    pub(super) net_inum: u32,
    /// Whether the tracepoint gives a reason.
    pub(crate) has_reason: bool,
    /// Whether it gives the socket that the packet was for.
    pub(crate) has_receiver: bool,
    pub(crate) reading: Option<Reading>,
}

/// What tells whose packet it is that a program was about to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The number of the reason that is found out then.
    pub(super) udp_csum: i32,
    pub(super) task_nsproxy: u32,
    pub(super) nsproxy_net: u32,
}

impl Reading {
    fn of(btf: &Btf) -> Option<Reading> {
        let offset = |name, field| btf.structure(name).ok()?.offset(&[field]).ok();
        Some(Reading {
            udp_csum: Reasons::of(btf).number("UDP_CSUM")? as i32,
            task_nsproxy: offset("task_struct", "nsproxy")?,
            nsproxy_net: offset("nsproxy", "net_ns")?,
        })
    }
}

impl Offsets {
    /// Reads them from the kernel's description of itself.
    pub(crate) fn of(btf: &Btf) -> Result<Offsets, BtfError> {
        let [skb, dev] = [btf.structure("sk_buff")?, btf.structure("net_device")?];
        Ok(Offsets {
            skb_len: skb.offset(&["len"])?,
            skb_data_len: skb.offset(&["data_len"])?,
            skb_dev: skb.offset(&["dev"])?,
            skb_sk: skb.offset(&["sk"])?,
            skb_head: skb.offset(&["head"])?,
            skb_data: skb.offset(&["data"])?,
            skb_protocol: skb.offset(&["protocol"])?,
            skb_network_header: skb.offset(&["network_header"])?,
            dev_ifindex: dev.offset(&["ifindex"])?,
            dev_name: dev.offset(&["name"])?,
            dev_net: dev.offset(&["nd_net", "net"])?,
            sk_net: btf
                .structure("sock")?
                .offset(&["__sk_common", "skc_net", "net"])?,
            net_inum: btf.structure("net")?.offset(&["ns", "inum"])?,
            has_reason: btf.tracepoint_arguments("kfree_skb") >= Some(3),
            has_receiver: btf.tracepoint_arguments("kfree_skb") >= Some(4),
            reading: Reading::of(btf),
        })
    }
}
