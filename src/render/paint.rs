//! Colour: it marks what a word is, and never changes the words.

use crate::model::Text;
use colored::{Color, ColoredString, Colorize};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A layer's title.
    Title,
    /// A field's name.
    Name,
    /// A field's value.
    Value,
    /// A source or destination in `line`.
    Address,
    /// An explanation.
    Explain,
    /// A remark worth knowing.
    Note,
    /// A remark on something unusual.
    Warning,
    /// A remark on something wrong.
    Error,
    /// What is as it should be.
    Good,
    /// The bytes of the layer at this depth.
    Depth(usize),
}

/// Colours of a packet's layers from the outside in, repeated for deeper ones.
const DEPTHS: [Color; 6] = [
    Color::Blue,
    Color::Green,
    Color::Yellow,
    Color::Magenta,
    Color::Cyan,
    Color::Red,
];

/// The escape sequences before and after each role, worked out once; empty without colour.
pub struct Paint {
    plain: bool,
    fixed: [(String, String); 9],
    depths: [(String, String); DEPTHS.len()],
}

impl Paint {
    /// Colours, or none.
    pub fn new(coloured: bool) -> Paint {
        if !coloured {
            return Paint {
                plain: true,
                fixed: Default::default(),
                depths: Default::default(),
            };
        }
        colored::control::set_override(true);
        let paint = Paint {
            plain: false,
            fixed: [
                ends("|".red().bold()),
                ends("|".blue()),
                ends("|".magenta()),
                ends("|".cyan()),
                ends("|".dimmed()),
                ends("|".cyan()),
                ends("|".yellow()),
                ends("|".red().bold()),
                ends("|".green()),
            ],
            depths: DEPTHS.map(|color| ends("|".color(color))),
        };
        colored::control::unset_override();
        paint
    }

    /// Whether there is no colour.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// Writes `write`'s text in the colour of `role`.
    #[inline]
    pub fn with(&self, role: Role, text: &mut Text, write: impl FnOnce(&mut Text)) {
        if self.plain {
            return write(text);
        }
        let (before, after) = self.ends_of(role);
        text.str(before);
        write(text);
        text.str(after);
    }

    fn ends_of(&self, role: Role) -> &(String, String) {
        match role {
            Role::Title => &self.fixed[0],
            Role::Name => &self.fixed[1],
            Role::Value => &self.fixed[2],
            Role::Address => &self.fixed[3],
            Role::Explain => &self.fixed[4],
            Role::Note => &self.fixed[5],
            Role::Warning => &self.fixed[6],
            Role::Error => &self.fixed[7],
            Role::Good => &self.fixed[8],
            Role::Depth(depth) => &self.depths[depth % DEPTHS.len()],
        }
    }
}

/// What stands before and after the `|` of a coloured string.
fn ends(sample: ColoredString) -> (String, String) {
    let sample = sample.to_string();
    match sample.split_once('|') {
        Some((before, after)) => (before.to_owned(), after.to_owned()),
        None => (String::new(), String::new()),
    }
}
