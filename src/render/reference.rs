//! The reference page of a protocol, made from its table: what it is for, its diagram, its
//! fields with their meanings and filter names, what it rides on and what may follow.

use super::bits::Bits;
use super::forms::forms;
use super::wrap::words;
use super::{Paint, Role};
use crate::model::json::string;
use crate::model::{Field, Kind, Layer, Names, Protocol, Text, Under, Width};
use crate::packet::filter;
use crate::proto;

/// Columns of the explanations.
const LINE: usize = 80;

/// Blanks between the columns of the list.
const GAP: usize = 2;

/// Writes the list of all protocols: a line each, or more where `width` columns are all there is.
pub fn list(width: Option<u16>, paint: &Paint, text: &mut Text) {
    let widest = |of: fn(&Protocol) -> &str| proto::all().map(|one| of(one).len()).max();
    let names = widest(|protocol| protocol.name).unwrap_or(0) + GAP;
    let references = widest(|protocol| protocol.reference).unwrap_or(0) + GAP;
    let about = names + references;
    let line = match width.map(usize::from) {
        Some(width) if width >= about + LEAST => width,
        Some(width) => return narrow_list(width, names, paint, text),
        None => usize::MAX,
    };
    for protocol in proto::all() {
        paint.with(Role::Title, text, |text| {
            text.str(protocol.name);
        });
        text.spaces(names - protocol.name.len());
        text.str(protocol.reference);
        text.spaces(references - protocol.reference.len());
        words(first_sentence(protocol.about), about, about, line, text);
    }
}

/// Columns below which a text is no pleasure to read.
const LEAST: usize = 40;

/// The list where three columns do not fit: what a protocol is for goes below its name.
fn narrow_list(width: usize, names: usize, paint: &Paint, text: &mut Text) {
    for protocol in proto::all() {
        paint.with(Role::Title, text, |text| {
            text.str(protocol.name);
        });
        text.spaces(names - protocol.name.len());
        text.str(protocol.reference).str("\n").spaces(4);
        words(first_sentence(protocol.about), 4, 4, width, text);
    }
}

/// Writes the page of one protocol.
pub fn page(protocol: &'static Protocol, paint: &Paint, text: &mut Text) {
    paint.with(Role::Title, text, |text| {
        text.str(protocol.name);
    });
    if protocol.title != protocol.name {
        text.str(": ").str(protocol.title);
    }
    text.str(" (").str(protocol.reference).str(")\n");
    wrapped(protocol.about, 0, text);
    if !protocol.fields.is_empty() {
        text.str("\n");
        diagrams(protocol, paint, text);
        text.str("\nFields\n");
    }
    for field in protocol.fields {
        self::field(protocol, field, paint, text);
    }
    if !protocol.computed.is_empty() {
        text.str("\nFor filters alone\n");
    }
    for computed in protocol.computed {
        text.str("  ");
        paint.with(Role::Name, text, |text| {
            text.str(&computed.names.join(", "));
        });
        text.str("\n");
        wrapped(computed.doc, 6, text);
        if let Some(Names(values)) = computed.values {
            let values = values.iter().map(|(value, name)| format!("{value} {name}"));
            wrapped(&values.collect::<Vec<_>>().join(", "), 6, text);
        }
    }
    if protocol.under.iter().any(|under| !under.parent.is_empty()) {
        text.str("\nRides on\n");
        for under in protocol.under {
            text.str("  ");
            place(under, text);
            text.str("\n");
        }
    }
    let riders: Vec<_> = riders(protocol).collect();
    if !riders.is_empty() {
        text.str("\nMay be followed by\n");
        for (rider, under) in riders {
            text.str("  ");
            paint.with(Role::Title, text, |text| {
                text.str(rider.name);
            });
            text.str(", when ").str(under.field).str(" is ");
            text.dec(under.value).str("\n");
        }
    }
    family(protocol, paint, text);
}

/// The protocols that `line` or Wireshark calls alike, as the messages of ICMPv6.
fn family(protocol: &'static Protocol, paint: &Paint, text: &mut Text) {
    // What holds bytes, or nothing, is named after what it is in.
    let has_fields = |one: &Protocol| !one.opaque && !one.fields.is_empty();
    let alike = |other: &Protocol| {
        let mut aliases = other.aliases.iter();
        other.column == protocol.column || aliases.any(|alias| protocol.aliases.contains(alias))
    };
    let others = proto::all().filter(|other| !std::ptr::eq(*other, protocol));
    let mut members = others
        .filter(|other| has_fields(other) && alike(other))
        .peekable();
    if members.peek().is_none() || !has_fields(protocol) {
        return;
    }
    text.str("\nOf the same family\n");
    for member in members {
        text.str("  ");
        paint.with(Role::Title, text, |text| {
            text.str(member.name);
        });
        text.str("\n");
        wrapped(first_sentence(member.about), 6, text);
    }
}

/// Writes the page as one JSON object.
pub fn json(protocol: &'static Protocol, text: &mut Text) {
    text.str("{\"name\":");
    string(protocol.name, text);
    text.str(",\"title\":");
    string(protocol.title, text);
    text.str(",\"reference\":");
    string(protocol.reference, text);
    text.str(",\"about\":");
    string(protocol.about, text);
    text.str(",\"fields\":[");
    for (index, field) in protocol.fields.iter().enumerate() {
        text.str(if index > 0 {
            ",{\"name\":"
        } else {
            "{\"name\":"
        });
        string(field.name, text);
        text.str(",\"bits\":");
        match bits(field) {
            Some(bits) => _ = text.dec(bits as u64),
            None => _ = text.str("null"),
        }
        text.str(",\"optional\":").str(if field.when.is_some() {
            "true"
        } else {
            "false"
        });
        text.str(",\"filters\":[");
        for (index, name) in filter::names_of(protocol, field).iter().enumerate() {
            text.str(if index > 0 { "," } else { "" });
            string(name, text);
        }
        text.str("],\"meaning\":");
        string(field.doc, text);
        text.str("}");
    }
    text.str("],\"computed\":[");
    for (index, computed) in protocol.computed.iter().enumerate() {
        text.str(if index > 0 { "," } else { "" });
        text.str("{\"filters\":[");
        for (index, name) in computed.names.iter().enumerate() {
            text.str(if index > 0 { "," } else { "" });
            string(name, text);
        }
        text.str("],\"meaning\":");
        string(computed.doc, text);
        text.str("}");
    }
    text.str("],\"under\":[");
    for (index, under) in protocol.under.iter().enumerate() {
        text.str(if index > 0 {
            ",{\"parent\":"
        } else {
            "{\"parent\":"
        });
        string(under.parent, text);
        text.str(",\"field\":");
        string(under.field, text);
        text.str(",\"value\":").dec(under.value).str("}");
    }
    text.str("],\"riders\":[");
    for (index, (rider, _)) in riders(protocol).enumerate() {
        text.str(if index > 0 { "," } else { "" });
        string(rider.name, text);
    }
    text.str("]}\n");
}

/// The header as the RFC draws it, without values, in each form that it has.
fn diagrams(protocol: &'static Protocol, paint: &Paint, text: &mut Text) {
    for (index, form) in forms(protocol).iter().enumerate() {
        let header = form.layer(protocol);
        if header.header().is_empty() {
            continue;
        }
        let types = form.types.iter();
        let types: Vec<_> = types
            .map(|(type_, name)| format!("{type_} {name}"))
            .collect();
        if !types.is_empty() {
            text.str(if index > 0 { "\n" } else { "" });
            wrapped(&format!("Type {}", types.join(", ")), 0, text);
        }
        diagram(&header, paint, text);
    }
}

fn diagram(header: &Layer, paint: &Paint, text: &mut Text) {
    let mut scratch = Text::default();
    let mut bits = Bits {
        paint,
        values: false,
        scratch: &mut scratch,
        text,
    };
    bits.header(header);
}

fn field(protocol: &'static Protocol, field: &'static Field, paint: &Paint, text: &mut Text) {
    text.str("  ");
    paint.with(Role::Name, text, |text| {
        text.str(field.name);
    });
    text.str("  ");
    match (field.width, bits(field)) {
        (_, Some(1)) => _ = text.str("1 bit"),
        (Width::Bits(_), Some(bits)) => _ = text.dec(bits as u64).str(" bits"),
        (_, Some(bits)) => _ = text.dec(bits as u64 / 8).str(" bytes"),
        (_, None) => _ = text.str("as long as the header says"),
    }
    if field.when.is_some() {
        text.str(", not in every header");
    }
    text.str("\n");
    wrapped(field.doc, 6, text);
    let names = filter::names_of(protocol, field);
    wrapped(&format!("filter: {}", names.join(", ")), 6, text);
    if let Kind::Flags(set) = field.kind {
        for flag in set.flags.iter().filter(|flag| !flag.mark.is_empty()) {
            wrapped(&format!("{}: {}", flag.mark, flag.meaning), 6, text);
        }
    }
}

fn bits(field: &Field) -> Option<usize> {
    match field.width {
        Width::Bits(bits) => Some(bits),
        Width::Bytes(bytes) => Some(8 * bytes),
        _ => None,
    }
}

fn place(under: &Under, text: &mut Text) {
    if under.parent == "link" {
        text.str("captures of link type ").dec(under.value);
    } else {
        text.str(under.parent).str(", when ").str(under.field);
        text.str(" is ").dec(under.value);
    }
}

/// Who declared to ride on the protocol.
fn riders(
    protocol: &'static Protocol,
) -> impl Iterator<Item = (&'static Protocol, &'static Under)> {
    proto::all().flat_map(move |rider| {
        rider
            .under
            .iter()
            .filter(move |under| under.parent == protocol.name)
            .map(move |under| (rider, under))
    })
}

fn first_sentence(about: &str) -> &str {
    match about.find(". ") {
        Some(end) => &about[..=end],
        None => about,
    }
}

/// Writes a text in lines of at most [`LINE`] columns, each after `indent` blanks.
fn wrapped(content: &str, indent: usize, text: &mut Text) {
    text.spaces(indent);
    words(content, indent, indent, LINE, text);
}
