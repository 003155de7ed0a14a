//! Sentences in lines that fit.

use crate::model::Text;
use unicode_width::UnicodeWidthStr;

/// Writes a text that starts in `column` and goes on in lines of at most `line` columns, each
/// after `indent` blanks.
pub(crate) fn words(content: &str, mut column: usize, indent: usize, line: usize, text: &mut Text) {
    for (index, word) in content.split(' ').enumerate() {
        let width = word.width();
        if index > 0 && column + 1 + width > line {
            text.str("\n").spaces(indent);
            column = indent;
        } else if index > 0 {
            text.str(" ");
            column += 1;
        }
        text.str(word);
        column += width;
    }
    text.str("\n");
}
