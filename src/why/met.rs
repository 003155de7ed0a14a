//! Where a cause can be met at all: what a host does with packets there.

use super::point::Phase;
use crate::causes::{self, Cause};

/// Whether a cause can be met in a phase at all.
pub(super) fn can_be(cause: &Cause, phase: Phase) -> bool {
    use causes::Stage::{
        Arriving, Delivering, Forwarding, Leaving, Program, Sending, Waiting, Writing,
    };
    let name = cause.name;
    match cause.stage {
        Waiting => false,
        Sending => match phase {
            Phase::Sending => true,
            // A router meets it, too.
            Phase::In => matches!(name, "blackhole" | "device_down_send"),
            _ => false,
        },
        Leaving => match phase {
            Phase::Wrapping => matches!(name, "no_reader" | "queue_full" | "qdisc"),
            Phase::Out => name == "qdisc",
            Phase::Sending | Phase::In => true,
            Phase::Unwrapping | Phase::Garbled | Phase::Entering => false,
        },
        // What a device refuses the program is told, and nobody else.
        Writing => {
            let silent = matches!(name, "no_packet_information" | "short_frame");
            phase == Phase::Unwrapping && !silent
        }
        Program => matches!(phase, Phase::Unwrapping | Phase::Wrapping),
        Arriving => match phase {
            Phase::Garbled => is_header(name) || name == "unknown_protocol",
            phase => phase == Phase::In,
        },
        Forwarding => match name {
            "nft_drop" => matches!(phase, Phase::In | Phase::Out | Phase::Sending),
            "too_big" => matches!(phase, Phase::In | Phase::Out | Phase::Entering),
            _ => phase == Phase::In,
        },
        Delivering => phase == Phase::In,
    }
}

/// Whether a cause is something that IP finds wrong in the packet itself.
pub(super) fn is_header(name: &str) -> bool {
    matches!(
        name,
        "ip_header" | "ip_checksum" | "ip_truncated" | "ipv6_header" | "ipv6_off"
    )
}
