//! The schema of `-o json`, as `render::json` documents it: exactly these keys, of these types.

use super::run::{captures, tunlab};
use serde_json::{Map, Value};
use std::net::IpAddr;

#[test]
fn every_packet_of_every_fixture_follows_the_schema() {
    for (folder, capture) in captures() {
        let printed = tunlab(&["read", &capture, "-o", "json"]).stdout;
        for (number, line) in (1..).zip(printed.lines()) {
            let packet: Value = serde_json::from_str(line).unwrap();
            if let Err(why) = packet_follows(&packet, number) {
                panic!("{} packet {number}: {why}: {packet}", folder.display());
            }
        }
    }
}

type Follows = Result<(), String>;

fn packet_follows(packet: &Value, number: u64) -> Follows {
    let packet = packet.as_object().ok_or("no object")?;
    let keys = [
        "n", "time", "link", "iface", "dir", "caplen", "len", "src", "dst", "protocol", "info",
        "layers", "remarks",
    ];
    has_keys(packet, &keys, &["iface", "dir"])?;
    holds(packet["n"].as_u64() == Some(number), "n")?;
    let (seconds, nanoseconds) = text(packet, "time")?.split_once('.').ok_or("time")?;
    holds(seconds.parse::<u64>().is_ok(), "seconds")?;
    holds(
        nanoseconds.len() == 9 && nanoseconds.parse::<u32>().is_ok(),
        "nanoseconds",
    )?;
    let caplen = packet["caplen"].as_u64().ok_or("caplen")?;
    holds(packet["len"].as_u64() >= Some(caplen), "len")?;
    for key in ["link", "protocol", "info"] {
        text(packet, key)?;
    }
    for key in ["src", "dst"] {
        let address = text(packet, key)?;
        holds(address.is_empty() || is_address(address), key)?;
    }
    let layers = packet["layers"].as_array().ok_or("layers")?;
    holds(!layers.is_empty(), "a layer at least")?;
    let mut names = Vec::new();
    for layer in layers {
        names.push(layer_follows(layer, caplen)?);
    }
    for remark in packet["remarks"].as_array().ok_or("remarks")? {
        remark_follows(remark, &names)?;
    }
    Ok(())
}

/// A layer, or a header in a list of headers: the same shape.
fn layer_follows(layer: &Value, caplen: u64) -> Result<String, String> {
    let layer = layer.as_object().ok_or("a layer is no object")?;
    has_keys(layer, &["name", "offset", "length", "fields", "names"], &[])?;
    let name = text(layer, "name")?;
    let protocol = tunlab::proto::all().find(|protocol| protocol.name == name);
    let protocol = protocol.ok_or_else(|| format!("no protocol is called {name}"))?;
    let offset = layer["offset"].as_u64().ok_or("offset")?;
    let length = layer["length"].as_u64().ok_or("length")?;
    holds(offset + length <= caplen, "a layer within the packet")?;
    let fields = layer["fields"].as_object().ok_or("fields")?;
    for (field, value) in fields {
        let known = protocol.fields.iter().any(|known| known.name == field);
        holds(known, &format!("{name}.{field} is in the table"))?;
        value_follows(value, caplen).map_err(|why| format!("{name}.{field}: {why}"))?;
    }
    for (field, meaning) in layer["names"].as_object().ok_or("names")? {
        let number = fields
            .get(field)
            .is_some_and(|value| value.is_u64() || value.is_string());
        holds(number, &format!("{name}.{field} is named and a field"))?;
        holds(meaning.is_string(), "a name is text")?;
    }
    Ok(name.to_owned())
}

fn value_follows(value: &Value, caplen: u64) -> Follows {
    match value {
        Value::Number(number) => holds(number.is_u64(), "a whole number"),
        Value::String(_) => Ok(()),
        Value::Array(items) => items.iter().try_for_each(|item| match item {
            Value::Object(_) => layer_follows(item, caplen).map(|_| ()),
            Value::Array(pair) => option_follows(pair),
            plain => holds(plain.is_u64() || plain.is_string(), "a plain item"),
        }),
        other => Err(format!("neither number, text nor list: {other}")),
    }
}

/// An option is its name or number, and its value.
fn option_follows(pair: &[Value]) -> Follows {
    let [name, value] = pair else {
        return Err(format!("no pair: {pair:?}"));
    };
    holds(
        name.is_string() || name.is_u64() || name.is_null(),
        "an option's name",
    )?;
    holds(
        !value.is_object() && !value.is_boolean(),
        "an option's value",
    )
}

fn remark_follows(remark: &Value, layers: &[String]) -> Follows {
    let remark = remark.as_object().ok_or("a remark is no object")?;
    has_keys(remark, &["layer", "field", "level", "text"], &[])?;
    let layer = text(remark, "layer")?;
    let known = layer.is_empty() || layers.iter().any(|name| name == layer);
    holds(known, "a remark's layer is one of the packet's")?;
    text(remark, "field")?;
    let level = text(remark, "level")?;
    holds(["note", "warning", "error"].contains(&level), "level")?;
    holds(!text(remark, "text")?.is_empty(), "a remark says something")
}

/// Exactly `keys`, of which `optional` may be missing.
fn has_keys(object: &Map<String, Value>, keys: &[&str], optional: &[&str]) -> Follows {
    for key in object.keys() {
        holds(
            keys.contains(&key.as_str()),
            &format!("{key} is documented"),
        )?;
    }
    let missing = keys
        .iter()
        .find(|key| !object.contains_key(**key) && !optional.contains(key));
    missing.map_or(Ok(()), |key| Err(format!("{key} is missing")))
}

fn text<'o>(object: &'o Map<String, Value>, key: &str) -> Result<&'o str, String> {
    object[key]
        .as_str()
        .ok_or_else(|| format!("{key} is no text"))
}

fn is_address(text: &str) -> bool {
    let octets = |octet: &str| octet.len() == 2 && u8::from_str_radix(octet, 16).is_ok();
    text.parse::<IpAddr>().is_ok() || text.split(':').count() == 6 && text.split(':').all(octets)
}

fn holds(holds: bool, what: &str) -> Follows {
    match holds {
        true => Ok(()),
        false => Err(format!("not so: {what}")),
    }
}
