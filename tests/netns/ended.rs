//! What is left of a run: how it ended, what it printed, the packets in that.

use super::{Problem, wrong};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ended {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The exit code must be this one.
    pub(crate) fn exits(&self, code: i32) -> Result<&Self, Problem> {
        if self.code() == Some(code) {
            return Ok(self);
        }
        let how = match self.status.signal() {
            Some(signal) => format!("killed by signal {signal}"),
            None => format!("exit code {:?}", self.code()),
        };
        wrong(format!(
            "{how}, expected {code}:\n{}{}",
            self.stderr, self.stdout
        ))
    }

    /// Stderr must hold each of these.
    pub(crate) fn says(&self, parts: &[&str]) -> Result<&Self, Problem> {
        for part in parts {
            if !self.stderr.contains(part) {
                return wrong(format!("stderr lacks {part:?}:\n{}", self.stderr));
            }
        }
        Ok(self)
    }

    /// Stderr must hold none of these.
    pub(crate) fn says_not(&self, parts: &[&str]) -> Result<&Self, Problem> {
        for part in parts {
            if self.stderr.contains(part) {
                return wrong(format!("stderr holds {part:?}:\n{}", self.stderr));
            }
        }
        Ok(self)
    }

    /// Stdout must hold each of these.
    pub(crate) fn prints(&self, parts: &[&str]) -> Result<&Self, Problem> {
        for part in parts {
            if !self.stdout.contains(part) {
                return wrong(format!(
                    "stdout lacks {part:?}:\n{}{}",
                    self.stdout, self.stderr
                ));
            }
        }
        Ok(self)
    }

    /// The packets of `-o json`.
    pub(crate) fn packets(&self) -> Result<Vec<Packet>, Problem> {
        let parse = |line: &str| match serde_json::from_str(line) {
            Ok(value) => Ok(Packet(value)),
            Err(error) => wrong(format!("no JSON: {error}: {line}")),
        };
        self.stdout.lines().map(parse).collect()
    }

    /// As many packets as said.
    pub(crate) fn packets_are(&self, count: usize) -> Result<Vec<Packet>, Problem> {
        let packets = self.packets()?;
        if packets.len() == count {
            return Ok(packets);
        }
        let (got, stderr) = (packets.len(), &self.stderr);
        wrong(format!(
            "{got} packets, expected {count}:\n{}{stderr}",
            self.stdout
        ))
    }
}

/// A packet of `-o json`.
#[derive(Debug, Clone)]
pub(crate) struct Packet(pub(crate) Value);

impl Packet {
    /// A value of the packet itself: `/src`, `/layers/0/fields/id`.
    pub(crate) fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// A field of the layer called so.
    pub(crate) fn field(&self, layer: &str, field: &str) -> &Value {
        let layers = self.0["layers"].as_array();
        let found = layers.and_then(|layers| layers.iter().find(|one| one["name"] == layer));
        found.map_or(&Value::Null, |found| &found["fields"][field])
    }

    /// The texts of its remarks, together.
    pub(crate) fn remarks(&self) -> String {
        let remarks = self.0["remarks"].as_array().cloned().unwrap_or_default();
        let texts = remarks.iter().filter_map(|remark| remark["text"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// These values must be these.
    pub(crate) fn holds(&self, expected: &[(&str, Value)]) -> Result<&Self, Problem> {
        for (pointer, value) in expected {
            if self.at(pointer) != value {
                let got = self.at(pointer);
                return wrong(format!("{pointer} is {got}, expected {value}: {}", self.0));
            }
        }
        Ok(self)
    }
}

/// The value of a counter in the text of /proc/net/snmp or netstat, wherever it stands in `text`;
/// `which` counts its occurrences.
pub(crate) fn counter(
    text: &str,
    protocol: &str,
    name: &str,
    which: usize,
) -> Result<u64, Problem> {
    let start = format!("{protocol}: ");
    let lines: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(&start))
        .collect();
    let found = lines.chunks(2).nth(which).and_then(|pair| {
        let place = pair.first()?.split(' ').position(|one| one == name)?;
        pair.get(1)?.split(' ').nth(place)?.parse().ok()
    });
    match found {
        Some(value) => Ok(value),
        None => wrong(format!(
            "no counter {protocol}.{name} number {which} in:\n{text}"
        )),
    }
}
