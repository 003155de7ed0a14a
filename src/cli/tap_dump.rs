//! `tunlab tap-dump`: the frames of a TAP device, and answers to ARP and ping (task 9).

use super::Outcome;
use super::args::{DeviceArgs, PacketArgs, PrivateArgs, When};
use super::commands::Runs;
use super::read::Printer;
use super::station::{Defaults, Station, Wanted};
use super::two_way::TwoWay;
use crate::answer::frame;
use crate::answer::ip::{Answer, Silence};
use crate::capture::Mode;
use clap::Args;
use pnet::util::MacAddr;

#[derive(Args)]
pub(super) struct TapDump {
    /// Answer every ARP question: whatever is asked for is at MAC
    #[arg(long, value_name = "MAC", value_parser = mac)]
    arp_reply: Option<MacAddr>,

    /// Answer pings, too
    #[arg(long)]
    echo: bool,

    #[command(flatten)]
    packets: PacketArgs,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    private: PrivateArgs,
}

fn mac(text: &str) -> Result<MacAddr, String> {
    let mac: MacAddr = text
        .parse()
        .map_err(|_| "write a hardware address such as aa:bb:cc:dd:ee:ff".to_owned())?;
    if mac.is_multicast() {
        return Err(
            "a station's own address has an even first byte; this one is a group's".to_owned(),
        );
    }
    Ok(mac)
}

impl Runs for TapDump {
    fn run(self, color: When) -> Outcome {
        let station = Station::open(&Wanted {
            mode: Mode::Tap,
            packet_information: false,
            device: &self.device,
            private: Some(&self.private),
            defaults: Defaults::course(),
        })?;
        let code = if self.arp_reply.is_some() || self.echo {
            let respond = Box::new(|frame: &[u8]| self.respond(frame));
            let mut two_way = TwoWay::new(&self.packets, color, &station.device, respond)?;
            let code = station.run(&self.private, &mut two_way)?;
            two_way.finish()?;
            code
        } else {
            let mut printer = Printer::new(&self.packets, color, station.device.name())?;
            let code = station.run(&self.private, &mut printer)?;
            printer.finish()?;
            code
        };
        station.close()?;
        Ok(code)
    }
}

impl TapDump {
    fn respond(&self, bytes: &[u8]) -> Result<Answer, Silence> {
        let is_at = self
            .arp_reply
            .and_then(|mac| frame::is_at(bytes, mac.octets()));
        match is_at {
            Some(bytes) => Ok(Answer {
                bytes,
                caveat: None,
            }),
            None if self.echo => frame::echo_reply(bytes),
            None => Err(Silence::NotAsked),
        }
    }
}
