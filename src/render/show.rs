//! Field by field, as scapy 2.8.0's `show()`, with explanations and remarks on request.

use super::remarks;
use super::{Paint, Role, View, value};
use crate::model::{Field, Kind, Label, Layer, Present, Text, Value};
use crate::packet::dissect;

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
            self.layer(layer, STEP * index);
            if self.remarks {
                remarks::of_layer(view.packet, index, self.paint, self.text);
            }
        }
        if self.remarks {
            remarks::of_packet(view, self.paint, self.text);
        }
        self.text.str("\n");
    }

    fn layer(&mut self, layer: &Layer, indent: usize) {
        self.text.all_ascii(self.prefix.as_bytes()).str("###[ ");
        self.paint.with(Role::Title, self.text, |text| {
            text.str(layer.title());
        });
        self.text.str(" ]###\n");
        for present in layer.fields() {
            self.field(layer, &present, indent);
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
        let outer = self.prefix.len();
        self.prefix.spaces(indent).str("   |");
        self.children(layer, present.value);
        self.prefix.truncate(outer);
    }

    /// The headers inside a field; those that are another one's payload stand deeper.
    fn children(&mut self, layer: &Layer, value: Value) {
        match value {
            Value::Packets(children) => {
                let step = if children.chained { STEP } else { 0 };
                for (index, child) in children.of(layer).enumerate() {
                    self.layer(&child, step * index);
                }
            }
            Value::Frame(link, bytes) => {
                for (index, child) in dissect(link, bytes).layers.iter().enumerate() {
                    self.layer(child, STEP * index);
                }
            }
            _ => {}
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
