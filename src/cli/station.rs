//! What a live command works with: a device, maybe in a private network, maybe with CMD.
//!
//! ```text
//!   tunlab ── reads and writes ──▶ tun0 ◀── routes ── CMD (or the machine's own programs)
//! ```

use super::args::{DeviceArgs, PrivateArgs};
use super::failure::{Failure, status};
use super::watch::{DevicePackets, Ended, Handler, end, watch};
use crate::capture::{DeviceName, Mode, TunDevice, TunError, TunOptions, driver};
use crate::lab::conflict::Conflict;
use crate::lab::private::{self, PrivateNetwork};
use crate::lab::{Applied, Cidr, Op, Plan, apply, conflict, device_plan};
use crate::sys::child::Child;
use crate::sys::netlink::Netlink;
use crate::sys::signals::Signals;
use std::process::ExitCode;

/// U's address on the tunnel's network, as in the course.
const DEFAULT_ADDR: &str = "192.168.53.99/24";

/// What to do where a command may create no device and takes no `-- CMD`.
const ON_A_HOST: &str = "run as root, or on a host of a lab: `tunlab lab up`, then `tunlab lab exec HOST -- tunlab ...`";

/// A device that is ready, and the network around it.
pub(super) struct Station {
    pub(super) device: TunDevice,
    pub(super) netlink: Netlink,
    /// The device's address and network, when tunlab gave it one.
    pub(super) addr: Option<Cidr>,
    pub(super) signals: Signals,
    applied: Applied,
    keep: bool,
}

/// What kind of device a command wants.
pub(super) struct Wanted<'w> {
    pub(super) mode: Mode,
    pub(super) packet_information: bool,
    pub(super) device: &'w DeviceArgs,
    /// None for a command that only makes sense on a host with a network around it.
    pub(super) private: Option<&'w PrivateArgs>,
    pub(super) defaults: Defaults,
}

/// How a device is configured where nothing was typed.
pub(super) struct Defaults {
    pub(super) addr: Cidr,
    /// The kernel's own, if none.
    pub(super) mtu: Option<u32>,
}

impl Defaults {
    /// U's device, as in the course.
    pub(super) fn course() -> Defaults {
        Defaults {
            addr: DEFAULT_ADDR.parse().expect("the default address is valid"),
            mtu: None,
        }
    }
}

impl Wanted<'_> {
    /// A network that is in use already.
    fn taken(&self, taken: Conflict) -> Failure {
        match self.private {
            Some(_) => taken.into(),
            None => Failure::usage(taken).with_hint("choose another network".to_owned()),
        }
    }

    /// A device that is refused. Where there is no private network, none is recommended.
    fn refused(&self, error: TunError) -> Failure {
        match error {
            TunError::NotPermitted { attach: false, .. } if self.private.is_none() => {
                Failure::refused(error, Some(ON_A_HOST.to_owned()))
            }
            error => error.into(),
        }
    }
}

impl Station {
    /// Enters the private network if one is wanted, creates or attaches the device, configures
    /// it, and says its name on stderr.
    pub(super) fn open(wanted: &Wanted) -> Result<Station, Failure> {
        Station::open_with(wanted, Signals::take_over()?)
    }

    /// The same with signals that were taken over before.
    pub(super) fn open_with(wanted: &Wanted, signals: Signals) -> Result<Station, Failure> {
        let args = wanted.device;
        let private = wanted.private.filter(|private| !private.cmd.is_empty());
        if private.is_some() {
            // Asked first: inside a user namespace the device's owner has no name.
            driver::check().map_err(|error| as_ordinary_user(TunError::from(error).into()))?;
        }
        let netlink = match private {
            Some(private) => enter(private.ipv6, args.verbose)?.netlink,
            None => Netlink::open()?,
        };
        let name = match (&args.name, wanted.mode) {
            (Some(name), _) => name.clone(),
            (None, Mode::Tun) => fixed_name("tun"),
            (None, Mode::Tap) => fixed_name("tap"),
        };
        let addr = args.addr.unwrap_or(wanted.defaults.addr);
        let configures = !args.no_config;
        // Asked before the device exists: a refusal then leaves nothing to undo.
        if configures && private.is_none() {
            for network in std::iter::once(addr).chain(args.routes.iter().copied()) {
                if let Some(taken) = conflict::look(&netlink, network, name.as_str())? {
                    return Err(wanted.taken(taken));
                }
            }
        }
        let options = TunOptions::new(name, wanted.mode)
            .packet_information(wanted.packet_information)
            .persist(args.persist);
        let device = TunDevice::open(&options).map_err(|error| {
            let failure = wanted.refused(error);
            if private.is_some() {
                as_ordinary_user(failure)
            } else {
                failure
            }
        })?;
        let plan = plan_for(&device, wanted, addr);
        let created = (!device.attached()).then(|| Op::DeviceCreate {
            dev: device.name().to_owned(),
            mode: wanted.mode,
        });
        if args.verbose {
            for command in created.iter().chain(&plan.ops).map(Op::command) {
                status(&format!("# {command}"));
            }
        }
        let applied = apply(&plan, &netlink)?;
        // Whoever waits for this line goes on with the device.
        status(&format!("Interface Name: {}", device.name()));
        let configured = plan.ops.iter().any(|op| matches!(op, Op::AddrAdd { .. }));
        Ok(Station {
            keep: args.persist,
            device,
            netlink,
            addr: configured.then_some(addr),
            signals,
            applied,
        })
    }

    /// Starts CMD and hands every packet to `handler` until it is over.
    pub(super) fn run(
        &self,
        private: &PrivateArgs,
        handler: &mut impl Handler,
    ) -> Result<ExitCode, Failure> {
        let mut child = start(private)?;
        let mut packets = DevicePackets::new(&self.device);
        let end = watch(&mut packets, &self.signals, child.as_mut(), handler)?;
        Ok(exit_code(private, end))
    }

    /// Runs `work` while CMD runs, then ends CMD.
    pub(super) fn run_work(
        &self,
        private: &PrivateArgs,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<ExitCode, Failure> {
        let mut child = start(private)?;
        work()?;
        let end = match &mut child {
            Some(child) => Some(end(child)?),
            None => None,
        };
        Ok(exit_code(private, end))
    }

    /// Takes back what was changed on a device that stays.
    pub(super) fn close(self) -> Result<(), Failure> {
        if self.device.attached() && !self.keep {
            self.applied.undo(&self.netlink)?;
        }
        Ok(())
    }
}

/// Enters a private network, saying with which commands a student could.
fn enter(ipv6: bool, verbose: bool) -> Result<PrivateNetwork, Failure> {
    let network = private::enter(ipv6).map_err(|error| as_ordinary_user(error.into()))?;
    if verbose {
        for command in network.commands() {
            status(&format!("# {command}"));
        }
    }
    Ok(network)
}

/// A private network that an ordinary user is refused works as root: the line to type.
pub(super) fn as_ordinary_user(failure: Failure) -> Failure {
    if !failure.is_refusal() || nix::unistd::Uid::effective().is_root() && !in_user_namespace() {
        return failure;
    }
    let line = private::sudo_line(std::env::args_os().skip(1));
    failure.with_hint(format!("this works:\n  {line}"))
}

/// Whether we are root only in a user namespace of our own making.
fn in_user_namespace() -> bool {
    // `0 0 4294967295` is the map of the machine itself.
    std::fs::read_to_string("/proc/self/uid_map")
        .is_ok_and(|map| !map.trim_end().ends_with("4294967295"))
}

/// A new device gets everything; an existing one only what was typed.
fn plan_for(device: &TunDevice, wanted: &Wanted, addr: Cidr) -> Plan {
    let args = wanted.device;
    if args.no_config {
        return Plan::default();
    }
    if !device.attached() {
        let mtu = args.mtu.or(wanted.defaults.mtu);
        return device_plan(device.name(), Some(addr), &args.routes, mtu);
    }
    let typed = args.addr.is_some() || !args.routes.is_empty() || args.mtu.is_some();
    if typed {
        device_plan(device.name(), args.addr, &args.routes, args.mtu)
    } else {
        Plan::default()
    }
}

fn fixed_name(name: &str) -> DeviceName {
    name.parse().expect("the default names are valid")
}

/// Starts CMD, if there is one.
fn start(private: &PrivateArgs) -> Result<Option<Child>, Failure> {
    let Some((program, args)) = private.cmd.split_first() else {
        return Ok(None);
    };
    let launch = private::launch(program, args);
    if launch.built_in_ping {
        status("no ping is installed: this is tunlab's own");
    }
    Ok(Some(Child::spawn(&launch.command)?))
}

/// Reports how CMD ended; its code is ours only if that was asked for.
fn exit_code(private: &PrivateArgs, end: Option<Ended>) -> ExitCode {
    let Some(end) = end else {
        return ExitCode::SUCCESS;
    };
    let program = private.cmd.first().map(|name| name.to_string_lossy());
    status(&format!("{} {end}", program.unwrap_or_default()));
    if private.exit_from_cmd {
        ExitCode::from(end.how.code().clamp(0, 255) as u8)
    } else {
        ExitCode::SUCCESS
    }
}
