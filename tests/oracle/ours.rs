//! What tunlab prints of every packet of every capture.

use super::common;
use super::differences::FURTHER;
use super::peers::CAPTURES;
use serde_json::Value;
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

fn print(capture: &std::path::Path) -> Result<Vec<Printed>, String> {
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
            frame,
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

    /// The values of a field in all layers of a name, in order.
    pub(crate) fn values(&self, layer: &str, field: &str) -> Vec<Value> {
        let layers = self.json["layers"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let named = layers.iter().filter(|candidate| candidate["name"] == layer);
        named
            .filter_map(|layer| layer["fields"].get(field).cloned())
            .collect()
    }

    /// How many remarks say that a checksum of such a layer is not the right one; the name ends
    /// in `*` when it stands for all that start so.
    pub(crate) fn wrong_checksums(&self, layer: &str, field: &str) -> usize {
        let remarks = self.json["remarks"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let about = |remark: &&Value| {
            let name = remark["layer"].as_str().unwrap_or_default();
            let named = match layer.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == layer,
            };
            named && remark["field"] == field
        };
        remarks.iter().filter(about).count()
    }
}

/// A JSON value as text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
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
