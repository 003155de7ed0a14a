//! Where this kernel keeps what the programs for packets that pass read, and what it offers them.

use super::super::btf::{Bits, Btf, BtfError};

/// Where this kernel keeps what the programs read, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offsets {
    pub(super) skb_len: i16,
    pub(super) skb_data_len: i16,
    pub(super) skb_data: i16,
    pub(super) skb_dev: i16,
    pub(super) skb_protocol: i16,
    pub(super) skb_type: Bits,
    pub(super) skb_summed: Bits,
    pub(super) dev_net: i16,
    pub(super) dev_type: i16,
    pub(super) dev_index: i16,
    pub(super) dev_name: i16,
    pub(super) net_inum: i16,
    pub(super) in_place: Option<InPlace>,
    /// The number of the function `bpf_cast_to_kern_ctx` (Linux 6.2), by which a program at a device
    /// comes to the kernel's own struct.
    pub(super) kernel_context: Option<u32>,
}

/// What makes bytes at any address readable as those of a struct, without a call that copies them
/// (Linux 6.2). A bad address reads as zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InPlace {
    /// The number of the function `bpf_rdonly_cast`, which costs nothing: the kernel takes it out.
    pub(super) cast: u32,
    /// The number of a struct that is nothing but bytes, more of them than are read.
    pub(super) bytes: u32,
}

impl InPlace {
    fn of(btf: &Btf) -> Option<InPlace> {
        Some(InPlace {
            cast: btf.function("bpf_rdonly_cast")?,
            bytes: btf.structure_number("new_utsname")?,
        })
    }
}

impl Offsets {
    /// The same for a program that copies what it reads of a packet.
    pub(super) fn copying(&self) -> Offsets {
        Offsets {
            in_place: None,
            ..*self
        }
    }

    /// Reads them from the kernel's description of itself.
    pub(super) fn of(btf: &Btf) -> Result<Offsets, BtfError> {
        let [skb, dev] = [btf.structure("sk_buff")?, btf.structure("net_device")?];
        // Structs of the kernel are shorter than 32 KB.
        let near = |offset: u32| offset as i16;
        Ok(Offsets {
            skb_len: near(skb.offset(&["len"])?),
            skb_data_len: near(skb.offset(&["data_len"])?),
            skb_data: near(skb.offset(&["data"])?),
            skb_dev: near(skb.offset(&["dev"])?),
            skb_protocol: near(skb.offset(&["protocol"])?),
            skb_type: skb.bits(&["pkt_type"])?,
            skb_summed: skb.bits(&["ip_summed"])?,
            dev_net: near(dev.offset(&["nd_net", "net"])?),
            dev_type: near(dev.offset(&["type"])?),
            dev_index: near(dev.offset(&["ifindex"])?),
            dev_name: near(dev.offset(&["name"])?),
            net_inum: near(btf.structure("net")?.offset(&["ns", "inum"])?),
            in_place: InPlace::of(btf),
            kernel_context: btf.function("bpf_cast_to_kern_ctx"),
        })
    }
}
