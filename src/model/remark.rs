//! What is odd about a packet, said in words.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Worth knowing, nothing is wrong.
    Note,
    /// Unusual; a receiver may refuse it.
    Warning,
    /// Wrong; a receiver will refuse it.
    Error,
}

impl Level {
    /// The level's name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// One remark, formatted only if somebody prints it.
#[derive(Clone, Copy)]
pub struct Remark<'r> {
    /// The layer's name, empty when the remark is about the whole packet.
    pub layer: &'r str,
    /// The field it is about, empty when it is about the whole layer.
    pub field: &'r str,
    /// How bad it is.
    pub level: Level,
    /// The sentence.
    pub text: fmt::Arguments<'r>,
}

/// Where a protocol's `check` function puts its remarks.
pub struct Remarks<'s> {
    layer: &'static str,
    sink: &'s mut dyn FnMut(Remark<'_>),
}

impl<'s> Remarks<'s> {
    /// Remarks about `layer` go to `sink`.
    pub fn new(layer: &'static str, sink: &'s mut dyn FnMut(Remark<'_>)) -> Self {
        Remarks { layer, sink }
    }

    /// Something worth knowing.
    pub fn note(&mut self, field: &str, text: fmt::Arguments) {
        self.put(field, Level::Note, text);
    }

    /// Something unusual.
    pub fn warn(&mut self, field: &str, text: fmt::Arguments) {
        self.put(field, Level::Warning, text);
    }

    /// Something wrong.
    pub fn error(&mut self, field: &str, text: fmt::Arguments) {
        self.put(field, Level::Error, text);
    }

    fn put(&mut self, field: &str, level: Level, text: fmt::Arguments) {
        (self.sink)(Remark {
            layer: self.layer,
            field,
            level,
            text,
        });
    }
}
