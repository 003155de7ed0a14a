//! The parts of JSON that several folders write (RFC 8259): a string in quotes, a list.

use super::Text;

/// Writes a string in quotes, escaped.
pub fn string(content: &str, text: &mut Text) {
    quoted(text, |text| _ = text.str(content));
}

/// Puts what `write` writes in quotes, escaped (RFC 8259 section 7).
pub fn quoted(text: &mut Text, write: impl FnOnce(&mut Text)) {
    text.str("\"");
    let start = text.len();
    write(text);
    text.escape_json(start);
    text.str("\"");
}

/// Writes a list of what `write` makes of each item.
pub fn list<T>(
    items: impl IntoIterator<Item = T>,
    text: &mut Text,
    mut write: impl FnMut(T, &mut Text),
) {
    text.str("[");
    for (index, item) in items.into_iter().enumerate() {
        text.str(if index > 0 { "," } else { "" });
        write(item, text);
    }
    text.str("]");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_strings() {
        let mut text = Text::with_capacity(32);
        list(["a", "b\"\n"], &mut text, string);
        list([""; 0], &mut text, string);
        assert_eq!(text.as_bytes(), br#"["a","b\"\u000a"][]"#);
    }
}
