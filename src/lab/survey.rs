//! What a lab looks like at this moment: hosts, devices, addresses, and what runs on them; as a
//! drawing and as JSON.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::Path};

use super::error::LabError;
use super::running::{Lab, LabHost};
use super::topology::{self, Cable, Topology};
use super::{Cidr, LabName, line_service};
use crate::model::Text;
use crate::model::json::{list, string};
use crate::sys::netlink::{Netlink, NetlinkError};

/// A look at a lab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The lab's name, if it has one.
    pub lab: Option<LabName>,
    /// The name of its topology.
    pub topology: String,
    /// The processes that hold it.
    pub pids: Vec<i32>,
    /// Its hosts, from left to right.
    pub hosts: Vec<HostSurvey>,
}

/// A look at a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSurvey {
    /// Its name.
    pub name: String,
    /// The name of its namespace.
    pub netns: String,
    /// Its devices but for `lo`, in the order of their numbers.
    pub devices: Vec<DeviceSurvey>,
    /// The command lines of the programs on it.
    pub programs: Vec<String>,
}

/// A look at a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSurvey {
    /// Its name.
    pub name: String,
    /// Whether it is up.
    pub up: bool,
    /// Its addresses, each with its network.
    pub addrs: Vec<Cidr>,
}

impl Survey {
    /// Looks now. An ordinary user joins the lab first.
    pub fn take(lab: &Lab) -> Result<Survey, LabError> {
        let mut programs = programs(lab);
        let mut look = |host: &LabHost| -> Result<HostSurvey, LabError> {
            let devices = host.run(devices)?.map_err(|error| LabError::Namespace {
                operation: format!("list the devices of {}", host.netns()),
                errno: error.errno().unwrap_or(nix::errno::Errno::EPROTO),
            })?;
            Ok(HostSurvey {
                name: host.name().to_owned(),
                netns: host.netns().to_owned(),
                devices,
                programs: programs.remove(&host.inode()).unwrap_or_default(),
            })
        };
        Ok(Survey {
            lab: lab.name().cloned(),
            topology: lab.topology().to_owned(),
            pids: lab.pids(),
            hosts: lab
                .hosts()
                .iter()
                .map(&mut look)
                .collect::<Result<_, _>>()?,
        })
    }

    /// `{"lab":null,"topology":"seed1","pids":[1],"hosts":[{"name":"u","netns":"tunlab-u",
    /// "devices":[{"name":"eth0","addrs":["10.0.2.8/24"]}]}]}` and a line end.
    pub fn json(&self) -> String {
        let mut text = Text::default();
        text.str("{\"lab\":");
        match &self.lab {
            Some(name) => string(name.as_str(), &mut text),
            None => drop(text.str("null")),
        }
        text.str(",\"topology\":");
        string(&self.topology, &mut text);
        text.str(",\"pids\":");
        list(&self.pids, &mut text, |pid, text| {
            text.str(&pid.to_string());
        });
        text.str(",\"hosts\":");
        list(&self.hosts, &mut text, |host, text| {
            text.str("{\"name\":");
            string(&host.name, text);
            text.str(",\"netns\":");
            string(&host.netns, text);
            text.str(",\"devices\":");
            list(&host.devices, text, |device, text| {
                text.str("{\"name\":");
                string(&device.name, text);
                text.str(",\"addrs\":");
                list(&device.addrs, text, |addr, text| {
                    string(&addr.to_string(), text);
                });
                text.str("}");
            });
            text.str("}");
        });
        text.str("}\n");
        String::from_utf8_lossy(text.as_bytes()).into_owned()
    }

    /// The topology drawn, then what runs on each host.
    ///
    /// ```text
    /// lab seed1, held by 4711, 4710
    ///
    ///   u (tunlab-u), the VPN client
    ///   │ eth0  10.0.2.8/24 ──────── s eth0
    ///   │ tun0  192.168.53.99/24
    ///   ╰ runs: tunlab forward --server 10.0.2.11:9090
    /// ```
    pub fn drawing(&self) -> String {
        let topology = topology::find(&self.topology);
        let name = match &self.lab {
            Some(name) => format!("lab {name}: {}", self.topology),
            None => format!("lab {}", self.topology),
        };
        let pids: Vec<String> = self.pids.iter().map(i32::to_string).collect();
        let mut out = format!("{name}, held by {}\n", pids.join(", "));
        for host in &self.hosts {
            let known = topology.and_then(|one| one.hosts.iter().find(|h| h.name == host.name));
            let role = known.map_or_else(String::new, |host| format!(", {}", host.role));
            out += &format!("\n  {} ({}){role}\n", host.name, host.netns);
            for device in &host.devices {
                let addrs: Vec<String> = device.addrs.iter().map(Cidr::to_string).collect();
                let state = if device.up { "" } else { " (down)" };
                let text = format!("{}{state}", addrs.join(", "));
                let cable = match topology.and_then(|one| other_end(one, host, device)) {
                    Some((host, dev)) => format!(" ──────── {host} {dev}"),
                    None => String::new(),
                };
                let line = format!("  │ {:<6} {text:<18}{cable}", device.name);
                out += line.trim_end();
                out += "\n";
            }
            for program in &host.programs {
                out += &format!("  │ runs   {program}\n");
            }
        }
        out
    }
}

/// The devices of the calling thread's namespace.
fn devices() -> Result<Vec<DeviceSurvey>, NetlinkError> {
    let netlink = Netlink::open()?;
    let addresses = netlink.addresses()?;
    let links = netlink.links()?;
    let devices = links.into_iter().filter(|link| link.name != "lo");
    Ok(devices
        .map(|link| {
            let own = addresses.iter().filter(|one| one.index == link.index);
            DeviceSurvey {
                name: link.name,
                up: link.up,
                addrs: own
                    .filter_map(|one| Cidr::new(one.address, one.prefix_len))
                    .collect(),
            }
        })
        .collect())
}

/// The command lines of all programs on hosts, by their host's network namespace. Those that hold
/// the lab are left out.
fn programs(lab: &Lab) -> BTreeMap<u64, Vec<String>> {
    let mut programs: BTreeMap<u64, Vec<(i32, String)>> = BTreeMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let own = std::process::id() as i32;
    let holders = lab.pids();
    // Inside of the lab's PID namespace the holder has number 1.
    let is_holder = |pid: i32| pid == 1 || holders.contains(&pid);
    for pid in numbers.filter(|pid: &i32| *pid != own) {
        let folder = Path::new("/proc").join(pid.to_string());
        // Its files are another user's, or it has just ended.
        let Ok(network) = fs::metadata(folder.join("ns/net")) else {
            continue;
        };
        if !is_holder(pid)
            && lab.hosts().iter().any(|host| host.inode() == network.ino())
            && let Some(line) = command_line(&folder)
        {
            programs.entry(network.ino()).or_default().push((pid, line));
        }
    }
    let in_order = |(network, mut programs): (u64, Vec<(i32, String)>)| {
        programs.sort_unstable();
        (
            network,
            programs.into_iter().map(|(_, line)| line).collect(),
        )
    };
    programs.into_iter().map(in_order).collect()
}

/// The words a program was started with, its folder left out, fit for a terminal.
fn command_line(folder: &Path) -> Option<String> {
    let name = fs::read_to_string(folder.join("comm")).ok()?;
    if name.trim_end() == line_service::PROCESS {
        return Some(format!(
            "tunlab's line service, port {}",
            line_service::PORT
        ));
    }
    let bytes = fs::read(folder.join("cmdline")).ok()?;
    let words = String::from_utf8_lossy(&bytes);
    let words = words.trim_end_matches('\0').replace('\0', " ");
    let (program, rest) = words.split_once(' ').unwrap_or((&words, ""));
    let program = program.rsplit('/').next().unwrap_or(program);
    let line = format!("{program} {rest}");
    let printable = line.trim().chars().flat_map(|letter| match letter {
        control if control.is_control() => control.escape_default().collect::<Vec<_>>(),
        other => vec![other],
    });
    Some(printable.collect())
}

/// The host and device at the other end of a device's cable.
fn other_end<'t>(
    topology: &'t Topology,
    host: &HostSurvey,
    device: &DeviceSurvey,
) -> Option<(&'t str, &'t str)> {
    let is_this = |end: &(&str, &str)| *end == (host.name.as_str(), device.name.as_str());
    topology.cables.iter().find_map(|Cable([one, other])| {
        if is_this(one) {
            Some(*other)
        } else {
            is_this(other).then_some(*one)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey() -> Survey {
        let device = |name: &str, up, addrs: &[&str]| DeviceSurvey {
            name: name.to_owned(),
            up,
            addrs: addrs.iter().map(|addr| addr.parse().unwrap()).collect(),
        };
        Survey {
            lab: None,
            topology: "seed1".to_owned(),
            pids: vec![1],
            hosts: vec![HostSurvey {
                name: "u".to_owned(),
                netns: "tunlab-u".to_owned(),
                devices: vec![
                    device("eth0", true, &["10.0.2.8/24"]),
                    device("tun0", false, &[]),
                ],
                programs: vec!["sleep 5".to_owned()],
            }],
        }
    }

    #[test]
    fn json_to_the_letter() {
        let mut survey = survey();
        survey.hosts[0].devices.pop();
        assert_eq!(
            survey.json(),
            "{\"lab\":null,\"topology\":\"seed1\",\"pids\":[1],\"hosts\":[{\"name\":\"u\",\
             \"netns\":\"tunlab-u\",\"devices\":[{\"name\":\"eth0\",\
             \"addrs\":[\"10.0.2.8/24\"]}]}]}\n"
        );
        survey.lab = Some("two".parse().unwrap());
        survey.pids = vec![7, 8];
        survey.hosts[0].devices[0].name = "a\"b".to_owned();
        let json = survey.json();
        assert!(json.starts_with("{\"lab\":\"two\",\"topology\":\"seed1\",\"pids\":[7,8],"));
        assert!(json.contains("{\"name\":\"a\\\"b\","), "{json}");
    }

    #[test]
    fn a_drawing() {
        assert_eq!(
            survey().drawing(),
            "lab seed1, held by 1\n\n  u (tunlab-u), the VPN client\n  \
             │ eth0   10.0.2.8/24        ──────── s eth0\n  \
             │ tun0    (down)\n  \
             │ runs   sleep 5\n"
        );
    }
}
