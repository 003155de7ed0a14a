//! What tunlab prints of every packet of every capture.

use super::common;
use super::differences::FURTHER;
use super::peers::CAPTURES;
use serde_json::{Value, json};
use std::sync::LazyLock;
use tunlab::model::Text;
use tunlab::packet::dissect_captured;
use tunlab::render::{Format, Options, Paint, Renderer, View};

/// One packet in two formats.
pub(crate) struct Printed {
    pub(crate) show: String,
    pub(crate) json: Value,
    /// Whether tunlab decodes more than the peers do, so that they cannot judge.
    pub(crate) further: bool,
}

/// Every packet of every capture.
pub(crate) static OURS: LazyLock<Result<Vec<Vec<Printed>>, String>> = LazyLock::new(|| {
    CAPTURES
        .as_ref()?
        .iter()
        .map(|capture| print(capture))
        .collect()
});

/// Every packet of one capture.
pub(crate) fn print(capture: &std::path::Path) -> Result<Vec<Printed>, String> {
    let renderer = |format| {
        let options = Options {
            format,
            explain: false,
            remarks: false,
        };
        Renderer::new(options, Paint::new(false))
    };
    let (mut show, mut json) = (renderer(Format::Show), renderer(Format::Json));
    let mut text = Text::default();
    let mut printed = Vec::new();
    let mut source = tunlab::capture::open(capture).map_err(|error| error.to_string())?;
    while let Ok(Some(frame)) = source.next() {
        let packet = dissect_captured(frame.link, frame.bytes, frame.wire_len as usize);
        let view = View {
            frame: &frame,
            packet: &packet,
            notes: &[],
        };
        text.clear();
        show.packet(&view, &mut text);
        let shown = text.as_str().to_owned();
        text.clear();
        json.packet(&view, &mut text);
        common::fit("json", false, text.as_bytes())?;
        printed.push(Printed {
            show: shown,
            json: serde_json::from_str(text.as_str()).map_err(|error| error.to_string())?,
            further: packet
                .layers
                .iter()
                .any(|layer| FURTHER.contains(&layer.protocol.name)),
        });
    }
    Ok(printed)
}

impl Printed {
    pub(crate) fn protocol(&self) -> &str {
        self.json["protocol"].as_str().unwrap_or_default()
    }

    pub(crate) fn info(&self) -> &str {
        self.json["info"].as_str().unwrap_or_default()
    }

    pub(crate) fn layers(&self) -> &[Value] {
        self.json["layers"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
    }

    fn remarks(&self) -> &[Value] {
        self.json["remarks"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
    }

    /// The values of a field in all layers of a name, in order; the name ends in `*` when it
    /// stands for all that start so.
    pub(crate) fn values(&self, layer: &str, field: &str) -> Vec<Value> {
        let named = self
            .layers()
            .iter()
            .filter(|found| is_named(&found["name"], layer));
        named
            .filter_map(|layer| layer["fields"].get(field).cloned())
            .collect()
    }

    /// How many remarks say that a checksum of such layers is not the right one.
    pub(crate) fn wrong_checksums(&self, layer: &str, field: &str) -> usize {
        let about = |remark: &&Value| is_named(&remark["layer"], layer) && remark["field"] == field;
        self.remarks().iter().filter(about).count()
    }

    /// Whether the packet's own header promises more bytes than there ever were.
    pub(crate) fn announces_more(&self) -> bool {
        let says_so = |remark: &Value| {
            let text = remark["text"].as_str().unwrap_or_default();
            text.contains(" bytes announced, ") && text.ends_with("cut off")
        };
        self.json["caplen"] == self.json["len"] && self.remarks().iter().any(says_so)
    }

    /// Whether an ICMP error quotes only a part of a packet, or something follows that part.
    pub(crate) fn quotes_a_part(&self) -> bool {
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        let end = number(&self.json["caplen"]);
        let errors = self
            .layers()
            .iter()
            .skip_while(|layer| !is_named(&layer["name"], "ICMP*"));
        errors
            .clone()
            .any(|layer| layer["fields"]["ext"].is_array())
            || errors.clone().any(|layer| {
                let whole = match layer["name"].as_str() {
                    Some("IP") => number(&layer["fields"]["len"]),
                    Some("IPv6") => 40 + number(&layer["fields"]["plen"]),
                    _ => 0,
                };
                number(&layer["offset"]) + whole > end
            })
    }
}

fn is_named(name: &Value, wanted: &str) -> bool {
    let name = name.as_str().unwrap_or_default();
    match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == wanted,
    }
}

/// A JSON value as text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value without what JSON says of a header beside its name and fields.
pub(crate) fn bare(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(bare).collect(),
        Value::Object(header) if header.contains_key("fields") => {
            json!({ "name": header["name"], "fields": bare(&header["fields"]) })
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), bare(value)))
            .collect(),
        plain => plain.clone(),
    }
}

/// The titles of the layers in a `show`, those of headers inside headers too.
pub(crate) fn titles(show: &str) -> Vec<&str> {
    show.lines()
        .filter_map(|line| {
            let title = line.trim_start_matches([' ', '|']).strip_prefix("###[ ")?;
            title.strip_suffix(" ]###")
        })
        .collect()
}
