//! What the kernel counted, before and after: the evidence of what became of a packet.
//!
//! Keys are the kernel's own names: `Ip.InHdrErrors` (RFC 4293) from /proc/net/snmp,
//! `TcpExt.IPReversePathFilter` and `IpExt.InTruncatedPkts` from /proc/net/netstat,
//! `Ip6InDiscards` from /proc/net/snmp6, `tun0.rx_dropped` from /proc/net/dev.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek},
};

/// All counters of one network namespace at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters(BTreeMap<String, u64>);

/// The files that the counters of one namespace are in, open: they can be read again from
/// anywhere, and by whoever has given up all privileges.
#[derive(Debug)]
pub struct CounterFiles(Vec<(File, Parse)>);

type Parse = fn(&str, &mut Counters);

impl CounterFiles {
    /// Opens those of the calling thread's namespace. A file that this kernel does not have
    /// (snmp6, without IPv6) adds nothing.
    pub fn open() -> io::Result<Self> {
        let mut files: Vec<(File, Parse)> = Vec::new();
        for (file, parse) in [
            ("snmp", parse_tables as Parse),
            ("netstat", parse_tables),
            ("snmp6", parse_pairs),
            ("dev", parse_devices),
        ] {
            match File::open(format!("/proc/thread-self/net/{file}")) {
                Ok(file) => files.push((file, parse)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(CounterFiles(files))
    }

    /// Reads them now.
    pub fn read(&mut self) -> io::Result<Counters> {
        let mut counters = Counters::default();
        let mut text = String::new();
        for (file, parse) in &mut self.0 {
            text.clear();
            file.rewind()?;
            file.read_to_string(&mut text)?;
            parse(&text, &mut counters);
        }
        Ok(counters)
    }
}

impl Counters {
    /// Reads those of the calling thread's namespace.
    pub fn read() -> io::Result<Self> {
        CounterFiles::open()?.read()
    }

    /// The counter called `name`; 0 if there is none.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// What has changed from `self` to `after`, by name, with how much. A few (`Tcp.CurrEstab`)
    /// can fall.
    pub fn moved(&self, after: &Counters) -> Vec<(String, i64)> {
        let change = |(name, &value): (&String, &u64)| {
            let delta = value.wrapping_sub(self.get(name)) as i64;
            (delta != 0).then(|| (name.clone(), delta))
        };
        after.0.iter().filter_map(change).collect()
    }
}

/// `snmp` and `netstat`: a line of names and a line of values for each protocol. Values that are
/// no counters (`Tcp.MaxConn` is -1) are left out.
fn parse_tables(text: &str, into: &mut Counters) {
    let mut lines = text.lines();
    while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
        let (Some((protocol, names)), Some((_, values))) =
            (names.split_once(':'), values.split_once(':'))
        else {
            continue;
        };
        for (name, value) in names.split_whitespace().zip(values.split_whitespace()) {
            if let Ok(value) = value.parse() {
                into.0.insert(format!("{protocol}.{name}"), value);
            }
        }
    }
}

/// `snmp6`: a name and a value on each line.
fn parse_pairs(text: &str, into: &mut Counters) {
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(Ok(value))) = (words.next(), words.next().map(str::parse)) {
            into.0.insert(name.to_owned(), value);
        }
    }
}

/// `dev`: two lines of headings, then a line for each device.
fn parse_devices(text: &str, into: &mut Counters) {
    for line in text.lines().skip(2) {
        // A device's name may hold a colon (`eth0:1`), the values do not.
        let Some((device, values)) = line.rsplit_once(':') else {
            continue;
        };
        for (name, value) in DEVICE_COUNTERS.iter().zip(values.split_whitespace()) {
            if let Ok(value) = value.parse() {
                into.0.insert(format!("{}.{name}", device.trim()), value);
            }
        }
    }
}

/// The columns of /proc/net/dev (net/core/net-procfs.c), under the names that
/// /sys/class/net/DEVICE/statistics gives them.
const DEVICE_COUNTERS: [&str; 16] = [
    "rx_bytes",
    "rx_packets",
    "rx_errors",
    "rx_dropped",
    "rx_fifo_errors",
    "rx_frame_errors",
    "rx_compressed",
    "multicast",
    "tx_bytes",
    "tx_packets",
    "tx_errors",
    "tx_dropped",
    "tx_fifo_errors",
    "collisions",
    "tx_carrier_errors",
    "tx_compressed",
];

#[cfg(test)]
mod tests {
    use super::*;

    const SNMP: &str = "\
Ip: Forwarding DefaultTTL InReceives InHdrErrors
Ip: 2 64 10 1
Tcp: RtoAlgorithm MaxConn CurrEstab
Tcp: 1 -1 3
";

    fn parsed(parse: fn(&str, &mut Counters), text: &str) -> Counters {
        let mut counters = Counters::default();
        parse(text, &mut counters);
        counters
    }

    #[test]
    fn tables() {
        let counters = parsed(parse_tables, SNMP);
        assert_eq!(counters.get("Ip.InHdrErrors"), 1);
        assert_eq!(counters.get("Tcp.CurrEstab"), 3);
        assert_eq!(counters.get("Tcp.MaxConn"), 0);
        assert_eq!(parsed(parse_tables, "Ip: a b\nIp: 1").get("Ip.b"), 0);
        assert_eq!(parsed(parse_tables, "nonsense\n\n"), Counters::default());
    }

    #[test]
    fn pairs() {
        let counters = parsed(parse_pairs, "Ip6InReceives   \t2\nIp6InDiscards   \t7\n");
        assert_eq!(counters.get("Ip6InDiscards"), 7);
    }

    #[test]
    fn devices() {
        let text = "Inter-|   Receive  |  Transmit\n face |bytes ... |bytes ...\n\
                    \x20   lo:  840 10 0 0 0 0 0 0  840 10 0 0 0 0 0 0\n\
                    \x20 tun0:       0       0    1    2    0     0          0         0 \
                    252 3 0 4 0 0 0 0\n";
        let counters = parsed(parse_devices, text);
        assert_eq!(counters.get("lo.rx_packets"), 10);
        assert_eq!(counters.get("tun0.rx_errors"), 1);
        assert_eq!(counters.get("tun0.rx_dropped"), 2);
        assert_eq!(counters.get("tun0.tx_bytes"), 252);
        assert_eq!(counters.get("tun0.tx_dropped"), 4);
    }

    #[test]
    fn only_what_moved() {
        let before = parsed(parse_tables, SNMP);
        let later = SNMP.replace("64 10 1", "64 12 1").replace("-1 3", "-1 2");
        let after = parsed(parse_tables, &later);
        let moved = before.moved(&after);
        assert_eq!(
            moved,
            [
                ("Ip.InReceives".to_owned(), 2),
                ("Tcp.CurrEstab".to_owned(), -1)
            ]
        );
    }

    #[test]
    fn this_machine_counts() {
        assert!(Counters::read().unwrap().0.contains_key("Ip.InReceives"));
    }
}
