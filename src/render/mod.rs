//! A dissected packet and a writer in, text out. Renderers never parse and never ask which
//! protocol they print: all they know is in the tables.

mod bits;
mod forms;
mod hex;
mod json;
mod line;
mod paint;
pub mod reference;
mod remarks;
mod show;
mod table;
mod value;
pub(crate) mod wrap;

pub use paint::{Paint, Role};

use crate::capture::{Frame, Timestamp};
use crate::model::{Packet, Text};

/// A packet to print, and where it came from.
pub struct View<'v> {
    /// Time, interface and direction.
    pub frame: &'v Frame<'v>,
    /// Its layers.
    pub packet: &'v Packet<'v>,
    /// Remarks that only the caller can make, such as why nobody will answer.
    pub notes: &'v [&'v str],
}

/// How packets are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Field by field, as scapy's `show()`.
    Show,
    /// One line a packet, as tshark.
    Line,
    /// One JSON object a line.
    Json,
    /// The columns of `line` in a table.
    Table,
    /// Offsets, bytes and characters, as `tcpdump -XX`.
    Hex,
    /// Each header as the RFCs draw it.
    Bits,
}

/// What is printed beside the packets themselves.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The shape.
    pub format: Format,
    /// Explanations under each field (`show` only).
    pub explain: bool,
    /// Remarks on what is odd (`json` always has them).
    pub remarks: bool,
}

/// Prints packets one after the other.
pub struct Renderer {
    options: Options,
    paint: Paint,
    scratch: Text,
    page: table::Page,
    started: Option<Timestamp>,
}

impl Renderer {
    /// A renderer that has printed nothing yet.
    pub fn new(options: Options, paint: Paint) -> Renderer {
        Renderer {
            options,
            paint,
            scratch: Text::with_capacity(256),
            page: table::Page::default(),
            started: None,
        }
    }

    /// Fits tables to a terminal of so many columns.
    pub fn fit(mut self, width: Option<u16>) -> Renderer {
        self.page.width = width;
        self
    }

    /// Times are counted from the first packet; call it for one that is not printed.
    pub fn begin(&mut self, time: Timestamp) {
        self.started.get_or_insert(time);
    }

    /// Appends the packet to `text`. Nothing is allocated once `text` is large enough.
    pub fn packet(&mut self, view: &View, text: &mut Text) {
        let started = *self.started.get_or_insert(view.frame.time);
        let (paint, options) = (&self.paint, &self.options);
        match options.format {
            Format::Show => {
                let mut show = show::Show {
                    paint,
                    explain: options.explain,
                    remarks: options.remarks,
                    prefix: &mut self.scratch,
                    text,
                };
                show.packet(view);
            }
            Format::Line => {
                line::packet(view, started, paint, text);
                if options.remarks {
                    remarks::all(view, paint, text);
                }
            }
            Format::Table => self.page.packet(view, started, text),
            Format::Bits => {
                let mut bits = bits::Bits {
                    paint,
                    values: true,
                    scratch: &mut self.scratch,
                    text,
                };
                bits.packet(view);
                if options.remarks {
                    remarks::all(view, paint, text);
                }
            }
            Format::Json => json::packet(view, text),
            Format::Hex => {
                line::packet(view, started, paint, text);
                hex::packet(view, paint, text);
                if options.remarks {
                    remarks::all(view, paint, text);
                }
            }
        }
    }

    /// Appends what is held back to fill a page.
    pub fn flush(&mut self, text: &mut Text) {
        self.page.flush(text);
    }
}
