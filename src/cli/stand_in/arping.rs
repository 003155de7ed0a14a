//! `tunlab arping`: asks by ARP who has an address, in the words of iputils' arping.

use super::super::Outcome;
use super::super::args::When;
use super::super::commands::Runs;
use super::super::failure::{Failure, print};
use crate::sys::errno;
use crate::sys::netlink::Netlink;
use clap::Args;
use pnet::datalink::{self, Channel, DataLinkReceiver, DataLinkSender};
use pnet::util::MacAddr;
use pnet_packet::Packet;
use pnet_packet::arp::{ArpHardwareTypes, ArpOperations, ArpPacket, MutableArpPacket};
use pnet_packet::ethernet::{EtherTypes, EthernetPacket, MutableEthernetPacket};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Between two questions.
const INTERVAL: Duration = Duration::from_secs(1);

/// How long one look for an answer takes.
const LOOK: Duration = Duration::from_millis(50);

/// An Ethernet header and an ARP message of IPv4 (RFC 826).
const FRAME: usize = 14 + 28;

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(in crate::cli) struct Arping {
    /// The address
    address: Ipv4Addr,

    /// The device to ask on
    #[arg(short = 'I', value_name = "DEV")]
    device: String,

    /// Stop after N questions
    #[arg(short, value_name = "N", default_value_t = 3)]
    count: u32,
}

/// Who asks, and through what.
struct Asker {
    mac: MacAddr,
    own: Ipv4Addr,
    target: Ipv4Addr,
    sender: Box<dyn DataLinkSender>,
    receiver: Box<dyn DataLinkReceiver>,
}

impl Runs for Arping {
    fn run(self, _color: When) -> Outcome {
        let mut asker = self.open()?;
        print(&format!(
            "ARPING {} from {} {}\n",
            self.address, asker.own, self.device
        ))?;
        let mut answers = 0;
        for question in 0..self.count {
            let asked = Instant::now();
            asker.ask().map_err(|error| self.failed("ask", &error))?;
            // After the last question nobody is waited for longer than for the others.
            while asked.elapsed() < INTERVAL {
                let Some(mac) = asker.answer() else { continue };
                let millis = asked.elapsed().as_secs_f64() * 1e3;
                let mac = mac.to_string().to_uppercase();
                print(&format!(
                    "Unicast reply from {} [{mac}]  {millis:.3}ms\n",
                    self.address
                ))?;
                answers += 1;
                if question + 1 == self.count {
                    break;
                }
            }
        }
        let count = self.count;
        print(&format!(
            "Sent {count} probes ({count} broadcast(s))\nReceived {answers} response(s)\n"
        ))?;
        Ok(ExitCode::from(u8::from(answers == 0)))
    }
}

impl Arping {
    fn open(&self) -> Result<Asker, Failure> {
        let netlink = Netlink::open()?;
        let link = netlink.link(&self.device)?;
        let addresses = netlink.addresses()?;
        let own = addresses.iter().find_map(|one| match one.address {
            IpAddr::V4(address) if one.index == link.index => Some(address),
            _ => None,
        });
        let (Some(mac), Some(own)) = (link.mac, own) else {
            let message = format!("{}: no hardware address or no IPv4 address", self.device);
            return Err(Failure::usage(message));
        };
        let all = datalink::interfaces();
        let interface = all.iter().find(|one| one.name == self.device);
        let interface =
            interface.ok_or_else(|| Failure::usage(format!("{}: no such device", self.device)))?;
        let config = datalink::Config {
            read_timeout: Some(LOOK),
            ..datalink::Config::default()
        };
        match datalink::channel(interface, config) {
            Ok(Channel::Ethernet(sender, receiver)) => Ok(Asker {
                mac: mac.into(),
                own,
                target: self.address,
                sender,
                receiver,
            }),
            Ok(_) => Err(Failure::usage(format!(
                "{}: not an Ethernet device",
                self.device
            ))),
            Err(error) => Err(self.failed("open a packet socket", &error)),
        }
    }

    fn failed(&self, operation: &str, error: &std::io::Error) -> Failure {
        let why = errno::text(errno::of(error));
        Failure::refused(format!("{operation} on {}: {why}", self.device), None)
    }
}

impl Asker {
    fn ask(&mut self) -> std::io::Result<()> {
        let frame = question(self.mac, self.own, self.target);
        self.sender.send_to(&frame, None).unwrap_or(Ok(()))
    }

    /// The hardware address in an answer, if one comes soon.
    fn answer(&mut self) -> Option<MacAddr> {
        told(self.receiver.next().ok()?, self.target)
    }
}

/// Who has `target`? To everyone.
fn question(mac: MacAddr, own: Ipv4Addr, target: Ipv4Addr) -> [u8; FRAME] {
    let mut frame = [0; FRAME];
    if let Some(mut ether) = MutableEthernetPacket::new(&mut frame) {
        ether.set_destination(MacAddr::broadcast());
        ether.set_source(mac);
        ether.set_ethertype(EtherTypes::Arp);
    }
    if let Some(mut arp) = MutableArpPacket::new(&mut frame[14..]) {
        arp.set_hardware_type(ArpHardwareTypes::Ethernet);
        arp.set_protocol_type(EtherTypes::Ipv4);
        arp.set_hw_addr_len(6);
        arp.set_proto_addr_len(4);
        arp.set_operation(ArpOperations::Request);
        arp.set_sender_hw_addr(mac);
        arp.set_sender_proto_addr(own);
        arp.set_target_proto_addr(target);
    }
    frame
}

/// The hardware address that the frame tells of `target`, if it is an answer about it.
fn told(frame: &[u8], target: Ipv4Addr) -> Option<MacAddr> {
    let ether = EthernetPacket::new(frame)?;
    if ether.get_ethertype() != EtherTypes::Arp {
        return None;
    }
    let arp = ArpPacket::new(ether.payload())?;
    let is_answer = arp.get_operation() == ArpOperations::Reply;
    (is_answer && arp.get_sender_proto_addr() == target).then(|| arp.get_sender_hw_addr())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::frame::is_at;

    #[test]
    fn an_answer_is_about_what_was_asked() {
        let (own, target) = (
            Ipv4Addr::new(192, 168, 53, 99),
            Ipv4Addr::new(192, 168, 53, 1),
        );
        let asked = question(MacAddr::new(2, 0, 0, 0, 0, 1), own, target);
        assert_eq!(told(&asked, target), None, "a question is no answer");
        let answer = is_at(&asked, [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]).unwrap();
        assert_eq!(
            told(&answer, target).unwrap().to_string(),
            "aa:bb:cc:dd:ee:ff"
        );
        assert_eq!(told(&answer, own), None);
        assert_eq!(told(&answer[..20], target), None);
    }
}
