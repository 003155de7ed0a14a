//! `tunlab spoof`: answer each packet with one that claims to come from elsewhere (task 2.d).

use super::Outcome;
use super::args::{DeviceArgs, PacketArgs, PrivateArgs, When};
use super::commands::Runs;
use super::failure::{Failure, status};
use super::station::{Defaults, Station, Wanted};
use super::two_way::TwoWay;
use crate::answer::ip::{self, Source, Style};
use crate::capture::Mode;
use crate::causes;
use crate::sys::readings;
use clap::Args;
use nix::errno::Errno;
use std::net::{IpAddr, Ipv4Addr};

#[derive(Args)]
pub(super) struct Spoof {
    /// Who the answers claim to come from; `same` is whoever was asked
    #[arg(long, value_name = "ADDR", default_value = "1.2.3.4", value_parser = source)]
    src: Source,

    /// A new IP header before the payload as it came: an echo request stays one
    #[arg(long)]
    verbatim: bool,

    #[command(flatten)]
    packets: PacketArgs,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    private: PrivateArgs,
}

fn source(text: &str) -> Result<Source, String> {
    if text == "same" {
        return Ok(Source::Asked);
    }
    match text.parse() {
        Ok(address) => Ok(Source::Forged(address)),
        Err(_) => Err("write an IPv4 address such as 1.2.3.4, or `same`".to_owned()),
    }
}

impl Runs for Spoof {
    fn run(self, color: When) -> Outcome {
        let station = Station::open(&Wanted {
            mode: Mode::Tun,
            packet_information: false,
            device: &self.device,
            private: Some(&self.private),
            defaults: Defaults::course(),
        })?;
        if let Source::Forged(forged) = self.src {
            warn(&station, forged)?;
        }
        let style = if self.verbatim {
            Style::Verbatim
        } else {
            Style::Reply
        };
        let respond = Box::new(|packet: &[u8]| ip::answer(packet, self.src, style));
        let mut two_way = TwoWay::new(&self.packets, color, &station.device, respond)?;
        let code = station.run(&self.private, &mut two_way)?;
        two_way.finish()?;
        drop(two_way);
        station.close()?;
        Ok(code)
    }
}

/// Warns beforehand when the kernel will lose what comes from `forged`. The kernel itself is
/// asked: a route lookup with this source and input device fails where the filter would drop.
fn warn(station: &Station, forged: Ipv4Addr) -> Result<(), Failure> {
    let dev = station.device.name();
    let Some(IpAddr::V4(own)) = own_address(station)? else {
        return Ok(()); // without an address nothing is routed here, and nobody waits for answers
    };
    let index = station.netlink.link(dev)?.index;
    let lookup = station
        .netlink
        .route_lookup(own.into(), Some(forged.into()), Some(index));
    // EINVAL or, on older kernels, EXDEV: fib_validate_source() in net/ipv4/fib_frontend.c.
    let lost = lookup.err().and_then(|error| error.errno());
    if !matches!(lost, Some(Errno::EINVAL | Errno::EXDEV)) {
        return Ok(());
    }
    let cause = match filter(dev) {
        2 => &causes::RP_FILTER_LOOSE,
        _ => &causes::RP_FILTER,
    };
    let source = forged.to_string();
    let places = [("dev", dev), ("src", &source)];
    status(&format!(
        "warning: the answers will be lost: {} ({} counts them)",
        cause.clause(&places),
        cause.counters.first().unwrap_or(&"nothing")
    ));
    if let Some(cure) = cause.cure(&places) {
        status(&format!("  to let them in: {}", cure.join(" && ")));
    }
    Ok(())
}

fn own_address(station: &Station) -> Result<Option<IpAddr>, Failure> {
    if let Some(addr) = station.addr {
        return Ok(Some(addr.address()));
    }
    let index = station.netlink.link(station.device.name())?.index;
    let addresses = station.netlink.addresses()?;
    let own = addresses
        .iter()
        .find(|address| address.index == index && address.address.is_ipv4());
    Ok(own.map(|address| address.address))
}

/// The filter in effect: the larger of `all` and the device's own (ip-sysctl.rst).
fn filter(dev: &str) -> u8 {
    let read = |scope: &str| -> u8 {
        readings::sysctl(&format!("net.ipv4.conf.{scope}.rp_filter"))
            .ok()
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(0)
    };
    read("all").max(read(dev))
}
