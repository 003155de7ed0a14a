//! Field by field, as scapy 2.8.0's `show()`, with explanations and remarks on request.

use super::remarks;
use super::{Paint, Role, View, value};
use crate::model::{Field, Kind, Label, Layer, Packets, Phantom, Present, Text, Value};
use crate::packet::dissect;
use crate::proto;

/// Blanks that each layer is further to the right.
const STEP: usize = 3;

pub(super) struct Show<'s> {
    pub(super) paint: &'s Paint,
    pub(super) explain: bool,
    pub(super) remarks: bool,
    /// What stands before every line of a header inside a header.
    pub(super) prefix: &'s mut Text,
    pub(super) text: &'s mut Text,
}

impl Show<'_> {
    pub(super) fn packet(&mut self, view: &View) {
        for (index, layer) in view.packet.layers.iter().enumerate() {
            let above = view.packet.layers.get(index + 1);
            let phantom = above.and_then(|above| above.protocol.phantom);
            let below = |phantom: &Phantom| phantom.below == layer.protocol.name;
            self.layer(layer, phantom.filter(below), STEP * index);
            if self.remarks {
                remarks::of_layer(view.packet, index, self.paint, self.text);
            }
        }
        if self.remarks {
            remarks::of_packet(view, self.paint, self.text);
        }
        self.text.str("\n");
    }

    fn layer(&mut self, layer: &Layer, phantom: Option<Phantom>, indent: usize) {
        self.text.all_ascii(self.prefix.as_bytes()).str("###[ ");
        self.paint.with(Role::Title, self.text, |text| {
            text.str(layer.title());
        });
        self.text.str(" ]###\n");
        for present in layer.fields() {
            self.field(layer, &present, indent);
            if let Some(phantom) = phantom {
                self.phantom(layer, &present, phantom, indent);
            }
        }
    }

    /// What scapy lists although it is not there, and that it is not.
    fn phantom(&mut self, layer: &Layer, present: &Present, phantom: Phantom, indent: usize) {
        let Value::Packets(children) = present.value else {
            return;
        };
        if present.field.name != phantom.field || present.bits > 0 {
            return;
        }
        let holder = Layer {
            packet: phantom.bytes,
            ..*layer
        };
        let children = Packets {
            start: 0,
            end: phantom.bytes.len(),
            ..children
        };
        self.deeper(&holder, Value::Packets(children), indent);
        if self.remarks {
            remarks::of_phantom(&phantom, self.paint, self.text);
        }
    }

    #[inline]
    fn field(&mut self, layer: &Layer, present: &Present, indent: usize) {
        if !self.prefix.is_empty() {
            self.text.all_ascii(self.prefix.as_bytes());
        }
        self.text.spaces(indent + 2);
        if matches!(present.value, Value::Packets(_) | Value::Frame(..)) {
            return self.headers(layer, present, indent);
        }
        self.name(present.field);
        self.paint.with(Role::Value, self.text, |text| {
            value::write(layer, present, text);
        });
        self.text.str("\n");
        if self.explain {
            self.explain(layer, present);
        }
    }

    /// A field's name, up to where its value begins.
    #[inline]
    fn name(&mut self, field: &Field) {
        if self.paint.is_plain() {
            self.text.label(&field.label);
            return;
        }
        self.paint.with(Role::Name, self.text, |text| {
            text.str(field.name);
        });
        let padding = Label::WIDTH.saturating_sub(field.name.len());
        self.text.spaces(padding).str("= ");
    }

    /// A field full of headers: its name between strokes, and they below it.
    fn headers(&mut self, layer: &Layer, present: &Present, indent: usize) {
        let name = present.field.name;
        self.text.str("\\");
        self.paint.with(Role::Name, self.text, |text| {
            text.str(name);
        });
        let padding = Label::WIDTH.saturating_sub(name.len());
        self.text.spaces(padding).str("\\\n");
        if self.explain {
            self.explain(layer, present);
        }
        self.deeper(layer, present.value, indent);
    }

    /// The headers inside a field, behind a stroke.
    fn deeper(&mut self, layer: &Layer, value: Value, indent: usize) {
        let outer = self.prefix.len();
        self.prefix.spaces(indent).str("   |");
        self.children(layer, value);
        self.prefix.truncate(outer);
    }

    /// The headers inside a field; those that are another one's payload stand deeper.
    fn children(&mut self, layer: &Layer, value: Value) {
        match value {
            Value::Packets(children) => {
                let step = if children.chained { STEP } else { 0 };
                for (index, child) in children.of(layer).enumerate() {
                    self.layer(&child, None, step * index);
                    if let Some(blanks) = child.protocol.spills {
                        self.spilt(&child, blanks);
                    }
                }
            }
            Value::Frame(link, bytes) => {
                for (index, child) in dissect(link, bytes).layers.iter().enumerate() {
                    self.layer(child, None, STEP * index);
                }
            }
            _ => {}
        }
    }

    /// What the fields of a header inside a header leave of its bytes.
    fn spilt(&mut self, child: &Layer, blanks: usize) {
        let ends = child
            .fields()
            .map(|present| present.position + present.bits);
        let used = ends.max().unwrap_or(0).div_ceil(8);
        let start = child.start + used;
        if start < child.end {
            let padding = Layer {
                protocol: proto::padding(),
                start,
                ..*child
            };
            self.layer(&padding, None, blanks);
        }
    }

    /// A line with the field's meaning, and one with what this packet's value says.
    fn explain(&mut self, layer: &Layer, present: &Present) {
        let field = present.field;
        self.paint.with(Role::Explain, self.text, |text| {
            text.str(EXPLAIN).str(field.doc);
        });
        self.text.str("\n");
        let start = self.text.len();
        self.paint.with(Role::Explain, self.text, |text| {
            text.str(EXPLAIN).str("Here: ");
        });
        let said = self.text.len();
        if let (Kind::Flags(set), Value::Uint(number)) = (field.kind, present.value) {
            for (index, flag) in set.set_in(number).enumerate() {
                self.text
                    .str(if index > 0 { "; " } else { "" })
                    .str(flag.meaning);
            }
        }
        if let Some(says) = field.says {
            says(layer, present.value, self.text);
        }
        if self.text.len() == said {
            self.text.truncate(start);
        } else {
            self.text.str("\n");
        }
    }
}

/// What stands before an explanation: the place where values begin.
const EXPLAIN: &str = "             | ";
