//! What is odd about a packet, each on a line of its own that starts with `  ! `.

use super::{Paint, Role, View};
use crate::model::{End, Level, Packet, Phantom, Remark, Remarks, Text};
use std::fmt::Write;

/// Everything there is to say about the packet.
pub(super) fn all(view: &View, paint: &Paint, text: &mut Text) {
    each(view, &mut |remark| line(&remark, true, paint, text));
}

/// Calls `sink` with every remark: the layers' from the outside in, then the packet's.
pub(super) fn each(view: &View, sink: &mut dyn FnMut(Remark)) {
    for (index, layer) in view.packet.layers.iter().enumerate() {
        let mut remarks = Remarks::new(layer.protocol.name, sink);
        (layer.protocol.check)(view.packet, index, &mut remarks);
    }
    each_of_packet(view, sink);
}

/// The remarks on one layer.
pub(super) fn of_layer(packet: &Packet, index: usize, paint: &Paint, text: &mut Text) {
    let protocol = packet.layers[index].protocol;
    let mut sink = |remark: Remark| line(&remark, false, paint, text);
    (protocol.check)(packet, index, &mut Remarks::new(protocol.name, &mut sink));
}

/// That something `show` lists is not there.
pub(super) fn of_phantom(phantom: &Phantom, paint: &Paint, text: &mut Text) {
    let remark = Remark {
        layer: phantom.below,
        field: phantom.field,
        level: Level::Note,
        text: format_args!(
            "empty: the {} is not in the packet, scapy's show() lists one all the same",
            phantom.what
        ),
    };
    line(&remark, false, paint, text);
}

/// The remarks on the packet as a whole.
pub(super) fn of_packet(view: &View, paint: &Paint, text: &mut Text) {
    each_of_packet(view, &mut |remark| line(&remark, false, paint, text));
}

fn each_of_packet(view: &View, sink: &mut dyn FnMut(Remark)) {
    let mut remarks = Remarks::new("", sink);
    match view.packet.end {
        End::Truncated {
            protocol,
            needed,
            had,
            ..
        } => {
            let title = protocol.title;
            remarks.warn(
                "",
                format_args!("{title} needs {needed} bytes, {had} are left: cut off"),
            );
        }
        End::TooDeep => {
            let most = crate::model::MAX_LAYERS;
            remarks.warn(
                "",
                format_args!("more than {most} layers: the rest is not decoded"),
            );
        }
        End::Complete | End::Payload => {}
    }
    let (captured, wire) = (view.frame.bytes.len(), view.frame.wire_len);
    if (wire as usize) > captured {
        remarks.note("", format_args!("{captured} of {wire} bytes were captured"));
    }
    for note in view.notes {
        remarks.note("", format_args!("{note}"));
    }
}

fn line(remark: &Remark, name_layer: bool, paint: &Paint, text: &mut Text) {
    let role = match remark.level {
        Level::Note => Role::Note,
        Level::Warning => Role::Warning,
        Level::Error => Role::Error,
    };
    text.str("  ! ");
    paint.with(role, text, |text| {
        if name_layer && !remark.layer.is_empty() {
            text.str(remark.layer)
                .str(if remark.field.is_empty() { ": " } else { "." });
        }
        if !remark.field.is_empty() {
            text.str(remark.field).str(": ");
        }
        // Writing into a buffer in memory cannot fail.
        let _ = text.write_fmt(remark.text);
    });
    text.str("\n");
}
