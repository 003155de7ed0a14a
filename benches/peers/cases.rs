//! Who is compared with whom, at what, and how much faster tunlab means to be.

use crate::captures::Traffic::{self, Icmp, Mixed};

/// One line of the table: tunlab against another program, or against itself.
pub(crate) struct Case {
    pub(crate) traffic: Traffic,
    /// tunlab's arguments after `read FILE`.
    pub(crate) ours: &'static str,
    pub(crate) theirs: Peer,
    /// Whether both write through a pipe.
    pub(crate) piped: bool,
    /// How many times as fast tunlab is to be.
    pub(crate) target: f64,
}

/// The other program.
#[derive(Clone, Copy)]
pub(crate) enum Peer {
    Tcpdump(&'static str),
    Tshark(&'static str),
    /// What scapy does with each packet.
    Scapy(&'static str),
    /// tunlab with these arguments.
    Tunlab(&'static str),
}

const fn case(traffic: Traffic, ours: &'static str, theirs: Peer, target: f64) -> Case {
    Case {
        traffic,
        ours,
        theirs,
        piped: false,
        target,
    }
}

impl Case {
    const fn piped(mut self) -> Case {
        self.piped = true;
        self
    }
}

const LINE: &str = "-o line";
const SHOW: &str = "-o show";
const HEX: &str = "-o hex";

pub(crate) const CASES: &[Case] = &[
    case(Icmp, LINE, Peer::Tcpdump("-nn"), 8.0),
    case(Icmp, LINE, Peer::Tshark("-n"), 30.0),
    case(Mixed, LINE, Peer::Tcpdump("-nn"), 6.0),
    case(Icmp, LINE, Peer::Tcpdump("-nn"), 4.0).piped(),
    case(Mixed, LINE, Peer::Tcpdump("-nn"), 4.0).piped(),
    case(Icmp, SHOW, Peer::Tcpdump("-nn -v"), 3.0),
    case(Mixed, SHOW, Peer::Tcpdump("-nn -v"), 3.0),
    case(Icmp, SHOW, Peer::Scapy("show"), 500.0),
    case(Mixed, SHOW, Peer::Scapy("show"), 500.0),
    case(Icmp, HEX, Peer::Tcpdump("-nn -X"), 8.0),
    case(Mixed, HEX, Peer::Tcpdump("-nn -X"), 8.0),
    case(
        Icmp,
        "-f icmp.type==99",
        Peer::Tcpdump("-nn icmp[0]==99"),
        0.5,
    ),
    case(
        Icmp,
        "-f icmp.type==99",
        Peer::Tshark("-n -Y icmp.type==99"),
        50.0,
    ),
    case(Icmp, "-o show --threads 2", Peer::Tunlab(SHOW), 1.4),
    case(Mixed, "-o show --threads 2", Peer::Tunlab(SHOW), 1.4),
    case(Icmp, "-o json --threads 2", Peer::Tunlab("-o json"), 1.4),
    case(Mixed, "-o json --threads 2", Peer::Tunlab("-o json"), 1.4),
];

/// scapy's own reader and printer; the text goes nowhere, as with the others.
const SCAPY: &str = "import sys; from scapy.all import PcapReader\n\
    for packet in PcapReader(sys.argv[1]): print(getattr(packet, sys.argv[2])(dump=True))";

impl Peer {
    pub(crate) fn program(self) -> &'static str {
        match self {
            Peer::Tcpdump(_) => "tcpdump",
            Peer::Tshark(_) => "tshark",
            Peer::Scapy(_) => "python3",
            Peer::Tunlab(_) => env!("CARGO_BIN_EXE_tunlab"),
        }
    }

    /// How it is called in the table.
    pub(crate) fn shown(self) -> String {
        match self {
            Peer::Tcpdump(flags) => format!("tcpdump {flags}"),
            Peer::Tshark(flags) => format!("tshark {flags}"),
            Peer::Scapy(method) => format!("scapy {method}()"),
            Peer::Tunlab(flags) => format!("tunlab {flags}"),
        }
    }

    pub(crate) fn command(self, file: &str) -> Vec<String> {
        let (before, flags) = match self {
            Peer::Tcpdump(flags) | Peer::Tshark(flags) => (vec!["-r", file], flags),
            Peer::Scapy(method) => (vec!["-c", SCAPY, file], method),
            Peer::Tunlab(flags) => (vec!["read", file], flags),
        };
        let arguments = before.into_iter().chain(flags.split(' '));
        std::iter::once(self.program())
            .chain(arguments)
            .map(str::to_owned)
            .collect()
    }

    /// The share of the packets that it is given: scapy would take minutes for all of them.
    pub(crate) fn share(self) -> f64 {
        match self {
            Peer::Tunlab(_) | Peer::Tcpdump(_) | Peer::Tshark(_) => 1.0,
            Peer::Scapy(_) => 0.005,
        }
    }
}
