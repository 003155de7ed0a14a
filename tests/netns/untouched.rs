//! The machine's own network before and after every test: devices, addresses, routes, settings,
//! packet filter.

use super::{Problem, wrong};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tunlab::sys::netlink::Netlink;

/// Settings that change by themselves.
const RESTLESS: &[&str] = &["nf_conntrack_count", "ipv4/route/gc_elasticity"];

/// What the machine's network is like, one entry a thing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Machine(BTreeMap<String, String>);

impl Machine {
    /// Looks now.
    pub(crate) fn look() -> Machine {
        let mut things = BTreeMap::new();
        if let Ok(netlink) = Netlink::open() {
            for link in netlink.links().unwrap_or_default() {
                things.insert(format!("device {}", link.index), format!("{link:?}"));
            }
            for address in netlink.addresses().unwrap_or_default() {
                things.insert(format!("address {address:?}"), String::new());
            }
            for route in netlink.routes().unwrap_or_default() {
                things.insert(format!("route {route:?}"), String::new());
            }
        }
        settings(Path::new("/proc/sys/net"), &mut things);
        let rules = Command::new("nft")
            .args(["--stateless", "list", "ruleset"])
            .stderr(Stdio::null())
            .output();
        if let Ok(rules) = rules {
            let text = String::from_utf8_lossy(&rules.stdout).into_owned();
            things.insert("nft".to_owned(), text);
        }
        Machine(things)
    }

    /// Whether it is still like this.
    pub(crate) fn is_untouched(&self) -> Result<(), Problem> {
        let now = Machine::look();
        for (thing, value) in &self.0 {
            match now.0.get(thing) {
                Some(same) if same == value => {}
                other => return wrong(format!("the machine's {thing} was {value}, is {other:?}")),
            }
        }
        match now.0.keys().find(|thing| !self.0.contains_key(*thing)) {
            Some(thing) => wrong(format!("the machine has got a {thing}")),
            None => Ok(()),
        }
    }
}

fn settings(folder: &Path, things: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            settings(&path, things);
        } else if !RESTLESS.iter().any(|one| path.ends_with(one))
            && let Ok(value) = fs::read_to_string(&path)
        {
            things.insert(path.display().to_string(), value);
        }
    }
}
