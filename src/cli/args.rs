//! Flags that several commands share, named as tcpdump and iproute2 name theirs.

use super::failure::Failure;
use super::number;
use crate::capture::DeviceName;
use crate::lab::Cidr;
use crate::packet::Dissector;
use crate::packet::filter::Filter;
use crate::render::{Format, Options, Paint};
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// When to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal only.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl When {
    /// Whether to do it on stdout. Nothing typed and a set NO_COLOR means no colour
    /// (<https://no-color.org>).
    pub(super) fn colours(self) -> bool {
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                stdout_is_terminal() && !no_color && !dumb
            }
        }
    }

    fn on_terminal(self) -> bool {
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto => stdout_is_terminal(),
        }
    }
}

/// Whether somebody reads along.
pub(super) fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Columns of the terminal that stdout is.
pub(super) fn terminal_width() -> Option<u16> {
    // comfy-table asks the terminal, and only if there is one.
    comfy_table::Table::new().width()
}

/// Which packets, and how they are printed.
#[derive(Args)]
#[command(next_help_heading = "Packets")]
pub(super) struct PacketArgs {
    /// Stop after N packets
    #[arg(short, long = "count", value_name = "N", value_parser = number::whole::<u64>(1..=u64::MAX))]
    pub(super) count: Option<u64>,

    /// Leave out the first N packets
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true,
          value_parser = number::whole::<u64>(0..=u64::MAX))]
    pub(super) skip: u64,

    /// Only packets that match, in Wireshark's manner: `icmp.type == 8 && ip.src == 10.0.0.0/8`;
    /// `tunlab proto NAME` lists the names, README.md has the rules
    #[arg(short, long = "filter", value_name = "FILTER")]
    filter: Option<String>,

    /// A further UDP port whose payload is the tunnel's; 9090 is one anyway
    #[arg(long, value_name = "PORT", value_parser = number::whole::<u16>(number::PORTS))]
    tunnel_port: Option<u16>,

    /// How packets are printed
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "show"
    )]
    format: FormatArg,

    /// Explain each field: what it is for, and what this value says
    #[arg(long)]
    explain: bool,

    /// Whether remarks on what is odd stand beside the packets
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    remarks: When,

    /// Also keep the packets in a capture file: classic pcap if FILE ends in .pcap, else pcapng;
    /// compressed if it ends in .gz; `-` streams pcapng to stdout, and nothing else
    #[arg(short, value_name = "FILE")]
    pub(super) write: Option<PathBuf>,

    /// Write each packet at once, also to a file or pipe, also with -w
    #[arg(long)]
    pub(super) line_buffered: bool,

    /// Print no packets
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// `-o`'s values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// Field by field, as scapy's show()
    Show,
    /// One line a packet, as tshark
    Line,
    /// One JSON object a line
    Json,
    /// The columns of `line` in a table
    Table,
    /// Bytes in hexadecimal, each layer in its colour
    Hex,
    /// Each header as the RFCs draw it, filled with the packet's values
    Bits,
}

impl PacketArgs {
    /// The compiled filter, if one was typed.
    pub(super) fn filter(&self) -> Result<Option<Filter>, Failure> {
        Ok(self.filter.as_deref().map(Filter::compile).transpose()?)
    }

    /// How bytes are read.
    pub(super) fn dissector(&self) -> Dissector {
        match self.tunnel_port {
            Some(port) => Dissector::default().tunnel_port(port),
            None => Dissector::default(),
        }
    }

    /// Whether no text goes to stdout: a capture there leaves no room for it.
    pub(super) fn prints_nothing(&self) -> bool {
        self.quiet || self.write.as_deref().is_some_and(|path| path == "-")
    }

    /// What the renderer is told.
    pub(super) fn options(&self) -> Options {
        Options {
            format: match self.format {
                FormatArg::Show => Format::Show,
                FormatArg::Line => Format::Line,
                FormatArg::Json => Format::Json,
                FormatArg::Table => Format::Table,
                FormatArg::Hex => Format::Hex,
                FormatArg::Bits => Format::Bits,
            },
            explain: self.explain,
            remarks: self.remarks.on_terminal(),
        }
    }
}

/// The colours to print in.
pub(super) fn paint(color: When) -> Paint {
    Paint::new(color.colours())
}

/// Which device to create or attach, and how it is configured.
#[derive(Args)]
#[command(next_help_heading = "Device")]
pub(super) struct DeviceArgs {
    /// Its name; `%d` or a missing last digit is filled in by the kernel: yujie gives yujie0
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<DeviceName>,

    /// Its address and network [default: 192.168.53.99/24]
    #[arg(long, value_name = "CIDR")]
    pub(super) addr: Option<Cidr>,

    /// A network that is reached through it; may be repeated
    #[arg(long = "route", value_name = "CIDR", value_parser = Cidr::parse_network)]
    pub(super) routes: Vec<Cidr>,

    /// Its largest packet, in bytes
    #[arg(long, value_name = "N", value_parser = number::whole::<u32>(68..=65535))]
    pub(super) mtu: Option<u32>,

    /// Leave it behind when tunlab ends
    #[arg(long)]
    pub(super) persist: bool,

    /// Create it only: no address, and down
    #[arg(long, conflicts_with_all = ["addr", "routes", "mtu"])]
    pub(super) no_config: bool,

    /// Show the equivalent commands on stderr
    #[arg(short, long)]
    pub(super) verbose: bool,
}

impl DeviceArgs {
    /// Whether anything about a device was typed.
    pub(super) fn any(&self) -> bool {
        self.name.is_some()
            || self.addr.is_some()
            || !self.routes.is_empty()
            || self.mtu.is_some()
            || self.persist
            || self.no_config
    }
}

/// A command that runs in a private network.
#[derive(Args)]
#[command(next_help_heading = "Private network")]
pub(super) struct PrivateArgs {
    /// Leave IPv6 on in the private network
    #[arg(long)]
    pub(super) ipv6: bool,

    /// Exit with CMD's own exit code
    #[arg(long, requires = "cmd")]
    pub(super) exit_from_cmd: bool,

    /// Run CMD in a fresh network of its own, with the device in it, and stop when CMD does
    #[arg(last = true, value_name = "CMD")]
    pub(super) cmd: Vec<OsString>,
}
