//! A capture file printed by several threads, in the order of the file.
//!
//! 1. The file is read here; its packets are copied into blocks.
//! 2. Block after block goes to the workers in turn, which dissect, select and render it.
//! 3. The blocks come back in the same turn, so that order needs no sorting: what was selected
//!    is kept with `-w`, the text is written, and the block is filled anew.
//!
//! Blocks are made once: nothing is allocated a packet, and memory does not grow with the file.

use super::args::{PacketArgs, When, paint};
use super::failure::Failure;
use super::output::{Output, facts};
use crate::capture::{Direction, Frame, Interface, Source, Timestamp};
use crate::model::{LinkType, Packet, Text};
use crate::packet::Dissector;
use crate::packet::filter::Filter;
use crate::render::{Renderer, View};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Packets and bytes at which a block is full.
const PACKETS: usize = 1024;
const BYTES: usize = 128 * 1024;

/// Blocks for each worker: one that it works on, one that waits.
const BLOCKS: usize = 2;

/// Prints packets to the end or until there are enough, with so many workers.
pub(super) fn print_all(
    source: &mut dyn Source,
    output: &mut Output,
    args: &PacketArgs,
    color: When,
    threads: usize,
) -> Result<(), Failure> {
    let mut workers = Vec::new();
    for _ in 0..threads {
        workers.push(Worker::new(args, color)?);
    }
    thread::scope(|scope| {
        let lanes: Vec<Lane> = workers
            .into_iter()
            .map(|mut worker| {
                let (to_worker, from_us) = sync_channel::<Block>(BLOCKS);
                let (to_us, from_worker) = sync_channel(BLOCKS);
                scope.spawn(move || {
                    for mut block in from_us {
                        worker.render(&mut block);
                        if to_us.send(block).is_err() {
                            return;
                        }
                    }
                });
                (to_worker, from_worker)
            })
            .collect();
        hand_round(source, output, &lanes)
    })
}

/// The way to a worker and the way back.
type Lane = (SyncSender<Block>, Receiver<Block>);

fn hand_round(source: &mut dyn Source, output: &mut Output, lanes: &[Lane]) -> Result<(), Failure> {
    let mut free: Vec<Block> = Vec::new();
    free.resize_with(BLOCKS * lanes.len(), Block::default);
    let mut turns = lanes.iter().cycle();
    let mut busy: VecDeque<&Lane> = VecDeque::with_capacity(free.len());
    let mut started = None;
    // The end of the file, or what is wrong with it: said when all before it is printed.
    let mut ended = None;
    while !output.has_enough() {
        if ended.is_none()
            && let Some(mut block) = free.pop()
            && let Some(lane) = turns.next()
        {
            ended = block.fill(source, output, &mut started);
            lane.0
                .send(block)
                .expect("a worker lives as long as its lane");
            busy.push_back(lane);
        } else if let Some((_, from_worker)) = busy.pop_front() {
            let block = from_worker.recv().expect("a worker returns every block");
            output.block(block.selected(), block.text.as_bytes())?;
            free.push(block);
        } else {
            return ended.unwrap_or(Ok(()));
        }
    }
    Ok(())
}

/// What one thread needs to turn packets into text.
struct Worker {
    dissector: Dissector,
    filter: Option<Filter>,
    renderer: Renderer,
    quiet: bool,
}

impl Worker {
    fn new(args: &PacketArgs, color: When) -> Result<Worker, Failure> {
        Ok(Worker {
            dissector: args.dissector(),
            filter: args.filter()?,
            renderer: Renderer::new(args.options(), paint(color)),
            quiet: args.prints_nothing(),
        })
    }

    fn render(&mut self, block: &mut Block) {
        self.renderer.begin(block.started);
        // Text and bytes lie in one block, and only the text is written to.
        let mut text = std::mem::take(&mut block.text);
        let mut selected = std::mem::take(&mut block.selected);
        for index in 0..block.held.len() {
            let frame = block.frame(index);
            let mut packet = Packet::new(frame.link, frame.bytes, frame.wire_len as usize);
            self.dissector.find_layers(&mut packet);
            let facts = facts(&frame, block.started);
            let mut filter = self.filter.iter();
            if !filter.all(|filter| filter.selects(&packet, &facts)) {
                continue;
            }
            if !self.quiet {
                let view = View {
                    frame: &frame,
                    packet: &packet,
                    notes: &[],
                };
                self.renderer.packet(&view, &mut text);
            }
            selected.push((index, text.len()));
        }
        (block.text, block.selected) = (text, selected);
    }
}

/// Some packets of the file, and what they look like.
#[derive(Default)]
struct Block {
    /// When the file's first packet was seen.
    started: Timestamp,
    held: Vec<Held>,
    /// The packets back to back.
    bytes: Vec<u8>,
    /// Names of interfaces back to back, each once as long as it does not change.
    names: String,
    /// The packets that were selected, by their place, and where the text of each ends.
    selected: Vec<(usize, usize)>,
    text: Text,
}

/// A packet in a block: a [`Frame`] with places instead of borrows.
struct Held {
    number: u64,
    time: Timestamp,
    link: LinkType,
    wire_len: u32,
    bytes: Range<usize>,
    interface: Option<HeldInterface>,
    direction: Option<Direction>,
}

#[derive(Clone)]
struct HeldInterface {
    number: u32,
    name: Option<Range<usize>>,
    snap_len: u32,
}

impl Block {
    /// Takes the next packets in, and says so when there are no more.
    fn fill(
        &mut self,
        source: &mut dyn Source,
        output: &mut Output,
        started: &mut Option<Timestamp>,
    ) -> Option<Result<(), Failure>> {
        self.held.clear();
        self.bytes.clear();
        self.names.clear();
        self.selected.clear();
        self.text.clear();
        while self.held.len() < PACKETS && self.bytes.len() < BYTES {
            let frame = match source.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => return Some(Ok(())),
                Err(error) => return Some(Err(error.into())),
            };
            self.started = *started.get_or_insert(frame.time);
            if !output.skips() {
                self.hold(&frame);
            }
        }
        None
    }

    fn hold(&mut self, frame: &Frame) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(frame.bytes);
        let interface = frame.interface.map(|interface| HeldInterface {
            number: interface.number,
            name: interface.name.map(|name| self.place_of(name)),
            snap_len: interface.snap_len,
        });
        self.held.push(Held {
            number: frame.number,
            time: frame.time,
            link: frame.link,
            wire_len: frame.wire_len,
            bytes: start..self.bytes.len(),
            interface,
            direction: frame.direction,
        });
    }

    /// Where the name of an interface stands: most often, where the last packet's does.
    fn place_of(&mut self, name: &str) -> Range<usize> {
        let last = self.held.last().and_then(|held| held.interface.as_ref());
        if let Some(place) = last.and_then(|interface| interface.name.clone())
            && &self.names[place.clone()] == name
        {
            return place;
        }
        let start = self.names.len();
        self.names.push_str(name);
        start..self.names.len()
    }

    fn frame(&self, index: usize) -> Frame<'_> {
        let held = &self.held[index];
        Frame {
            number: held.number,
            time: held.time,
            link: held.link,
            wire_len: held.wire_len,
            bytes: &self.bytes[held.bytes.clone()],
            interface: held.interface.as_ref().map(|interface| Interface {
                number: interface.number,
                name: interface.name.clone().map(|place| &self.names[place]),
                snap_len: interface.snap_len,
            }),
            direction: held.direction,
        }
    }

    /// The selected packets, and where the text of each ends.
    fn selected(&self) -> impl Iterator<Item = (Frame<'_>, usize)> {
        let selected = self.selected.iter();
        selected.map(|&(index, end)| (self.frame(index), end))
    }
}
