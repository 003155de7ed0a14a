//! Packets of all kinds, each with addresses, numbers, sizes and options of its own, and right
//! lengths and checksums: what a program knows about one helps it with no other.

/// Numbers that look random and are the same in every run (SplitMix64, Steele et al. 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.word() % limit
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.word() as u8)
    }

    fn data(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.word() as u8).collect()
    }

    fn u16(&mut self) -> [u8; 2] {
        self.bytes()
    }

    /// A port that clients use, and that nobody decodes.
    fn port(&mut self) -> u16 {
        32768 + self.below(28000) as u16
    }

    /// Random bytes that are those of one of the hosts: the same for the same host and `kind`.
    fn of_host<const N: usize>(&mut self, kind: u64) -> [u8; N] {
        Random(self.below(HOSTS) << 8 | kind).bytes()
    }

    fn mac(&mut self) -> [u8; 6] {
        let mut address = self.of_host(1);
        // A station's, not a group's.
        address[0] &= 0xfe;
        address
    }

    fn ipv4(&mut self) -> [u8; 4] {
        let [net, third, fourth]: [u8; 3] = self.of_host(2);
        let [first, second] = [[10, 0], [192, 168], [172, 16], [203, 0]][usize::from(net % 4)];
        [first, second, third, fourth]
    }

    fn ipv6(&mut self) -> [u8; 16] {
        let mut address: [u8; 16] = self.of_host(3);
        if address[0] & 1 == 0 {
            address[..8].copy_from_slice(&[0xfe, 0x80, 0, 0, 0, 0, 0, 0]);
        } else {
            address[..6].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8, 0, 0]);
        }
        address
    }
}

/// Hosts that talk. tcpdump keeps the text of every address it has met in lists that it walks
/// from the start: among millions of hosts it would stand still, and no comparison would be fair.
const HOSTS: u64 = 2000;

/// The Internet checksum (RFC 1071).
fn checksum(pieces: &[&[u8]]) -> [u8; 2] {
    let mut sum = 0u64;
    for piece in pieces {
        for pair in piece.chunks(2) {
            sum += u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0));
        }
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    (!(sum as u16)).to_be_bytes()
}

/// The addresses and the protocol that a checksum of an upper layer covers, too.
struct Ends {
    addresses: Vec<u8>,
    protocol: u8,
}

/// Sets the checksum at byte `at` of the upper layer's message.
fn sealed(mut message: Vec<u8>, at: usize, ends: Option<&Ends>) -> Vec<u8> {
    let sum = match ends {
        Some(ends) => {
            let length = (message.len() as u16).to_be_bytes();
            let last = [0, ends.protocol, length[0], length[1]];
            checksum(&[&ends.addresses, &last, &message])
        }
        None => checksum(&[&message]),
    };
    message[at..at + 2].copy_from_slice(&sum);
    message
}

/// An IPv4 packet; `upper` makes what it carries.
fn ipv4_with(
    random: &mut Random,
    protocol: u8,
    fragment: u16,
    upper: impl FnOnce(&mut Random, &Ends) -> Vec<u8>,
) -> Vec<u8> {
    let addresses = [random.ipv4(), random.ipv4()].concat();
    let ends = Ends {
        addresses,
        protocol,
    };
    let payload = upper(random, &ends);
    let mut packet = vec![0x45, random.one_of(&[0, 0, 0, 0x10, 0xb8])];
    packet.extend((20 + payload.len() as u16).to_be_bytes());
    packet.extend(random.u16());
    packet.extend(fragment.to_be_bytes());
    packet.extend([1 + random.below(255) as u8, protocol, 0, 0]);
    packet.extend(&ends.addresses);
    let sum = checksum(&[&packet]);
    packet[10..12].copy_from_slice(&sum);
    packet.extend(payload);
    packet
}

const DONT_FRAGMENT: u16 = 0x4000;
const MORE_FRAGMENTS: u16 = 0x2000;

fn ipv6_with(
    random: &mut Random,
    next: u8,
    upper: impl FnOnce(&mut Random, &Ends) -> Vec<u8>,
) -> Vec<u8> {
    let addresses = [random.ipv6(), random.ipv6()].concat();
    let ends = Ends {
        addresses,
        protocol: next,
    };
    let payload = upper(random, &ends);
    let mut packet = vec![0x60, 0];
    packet.extend(random.u16());
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, random.one_of(&[64, 255, 57])]);
    packet.extend(&ends.addresses);
    packet.extend(payload);
    packet
}

fn echo(random: &mut Random, kind: u8, data: usize, ends: Option<&Ends>) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0];
    message.extend(random.bytes::<4>());
    message.extend(random.data(data));
    sealed(message, 2, ends)
}

/// A ping of 84 bytes as it passes a TUN device: request or reply.
pub(crate) fn ping(random: &mut Random) -> Vec<u8> {
    let kind = random.one_of(&[8, 0]);
    ipv4_with(random, 1, DONT_FRAGMENT, |random, _| {
        echo(random, kind, 56, None)
    })
}

fn udp(ends: &Ends, ports: (u16, u16), data: &[u8]) -> Vec<u8> {
    let mut datagram = [ports.0.to_be_bytes(), ports.1.to_be_bytes()].concat();
    datagram.extend((8 + data.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(data);
    sealed(datagram, 6, Some(ends))
}

fn udp_packet(random: &mut Random, ports: (u16, u16), data: &[u8]) -> Vec<u8> {
    ipv4_with(random, 17, DONT_FRAGMENT, |_, ends| udp(ends, ports, data))
}

fn tcp(random: &mut Random, ends: &Ends) -> Vec<u8> {
    let opening = random.below(10) == 0;
    let length = if opening {
        0
    } else {
        random.one_of(&[0, 0, 12, 80, 300, 900])
    };
    let data = random.below(length + 1) as usize;
    let mut options = Vec::new();
    if opening {
        options.extend([2, 4]);
        options.extend(random.one_of(&[1460u16, 1440, 1380, 8960]).to_be_bytes());
        options.extend([4, 2]);
    } else {
        options.extend([1, 1]);
    }
    options.extend([8, 10]);
    options.extend(random.bytes::<8>());
    if opening {
        options.extend([1, 3, 3, random.below(15) as u8]);
    } else if random.below(8) == 0 {
        options.extend([1, 1, 5, 10]);
        options.extend(random.bytes::<8>());
    }
    let server = random.one_of(&[443, 5001, 8443, 50000]);
    let mut segment = [random.port().to_be_bytes(), u16::to_be_bytes(server)].concat();
    segment.extend(random.bytes::<8>());
    segment.push((5 + options.len() as u8 / 4) << 4);
    segment.push(if opening {
        0x02
    } else {
        random.one_of(&[0x10, 0x10, 0x18, 0x18, 0x11])
    });
    segment.extend(random.u16());
    segment.extend([0; 4]);
    segment.extend(options);
    segment.extend(random.data(data));
    sealed(segment, 16, Some(ends))
}

/// A question, or its answer with compressed names (RFC 1035).
fn dns(random: &mut Random, answers: bool) -> Vec<u8> {
    let mut message = random.u16().to_vec();
    message.extend(if answers { [0x81, 0x80] } else { [0x01, 0x00] });
    let count = if answers {
        1 + random.below(3) as u8
    } else {
        0
    };
    message.extend([0, 1, 0, count, 0, 0, 0, 0]);
    for _ in 0..1 + random.below(2) {
        let label = 3 + random.below(9);
        message.push(label as u8);
        message.extend((0..label).map(|_| b'a' + random.below(26) as u8));
    }
    message.extend(random.one_of(&[b"\x03com\0", b"\x03org\0", b"\x03net\0"]));
    let wide = random.below(3) == 0;
    let kind = [0, if wide { 28 } else { 1 }, 0, 1];
    message.extend(kind);
    for _ in 0..count {
        message.extend([0xc0, 12]);
        message.extend(kind);
        message.extend([0, 0]);
        message.extend(random.u16());
        if wide {
            message.extend([0, 16]);
            message.extend(random.ipv6());
        } else {
            message.extend([0, 4]);
            message.extend(random.ipv4());
        }
    }
    message
}

fn dhcp(random: &mut Random) -> Vec<u8> {
    let kind = random.one_of(&[1, 2, 3, 5]);
    let mut message = vec![if kind & 1 == 1 { 1 } else { 2 }, 1, 6, 0];
    message.extend(random.bytes::<4>());
    message.extend([0; 8]);
    message.extend(random.ipv4());
    message.extend([0; 8]);
    message.extend(random.mac());
    message.extend([0; 10 + 64 + 128]);
    message.extend([0x63, 0x82, 0x53, 0x63, 53, 1, kind, 54, 4]);
    message.extend(random.ipv4());
    message.extend([51, 4, 0, 0]);
    message.extend(random.u16());
    message.extend([55, 4, 1, 3, 6, 15, 255]);
    message
}

/// An error that quotes the packet it is about, as much of it as Linux does or RFC 792 asks.
fn icmp_error(random: &mut Random) -> Vec<u8> {
    let (kind, code) = random.one_of(&[(3, 1), (3, 3), (11, 0)]);
    let mut quoted = if random.below(2) == 0 {
        let ports = (random.port(), random.port());
        let data = random.data(40);
        udp_packet(random, ports, &data)
    } else {
        ping(random)
    };
    quoted.truncate(random.one_of(&[28, 84]));
    ipv4_with(random, 1, 0, |_, _| {
        let mut message = vec![kind, code, 0, 0, 0, 0, 0, 0];
        message.extend(quoted);
        sealed(message, 2, None)
    })
}

/// A solicitation or advertisement with the option that both have (RFC 4861).
fn neighbour(random: &mut Random, ends: &Ends) -> Vec<u8> {
    let advertises = random.below(2) == 0;
    let mut message = if advertises {
        vec![136, 0, 0, 0, 0x60]
    } else {
        vec![135, 0, 0, 0, 0]
    };
    message.extend([0; 3]);
    message.extend(random.ipv6());
    message.extend([if advertises { 2 } else { 1 }, 1]);
    message.extend(random.mac());
    sealed(message, 2, Some(ends))
}

fn arp(random: &mut Random) -> Vec<u8> {
    let reply = random.below(2) == 0;
    let mut message = vec![0, 1, 8, 0, 6, 4, 0, if reply { 2 } else { 1 }];
    message.extend(random.mac());
    message.extend(random.ipv4());
    message.extend(if reply { random.mac() } else { [0; 6] });
    message.extend(random.ipv4());
    message.extend([0; 18]);
    message
}

const ARP: u16 = 0x0806;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const VLAN: u16 = 0x8100;

fn ether(random: &mut Random, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [random.mac(), random.mac()].concat();
    frame.extend(kind.to_be_bytes());
    frame.extend(payload);
    frame.resize(frame.len().max(60), 0);
    frame
}

/// A frame such as a busy host's interface sees.
pub(crate) fn mixed(random: &mut Random) -> Vec<u8> {
    let (kind, packet) = match random.below(100) {
        0..5 => (ARP, arp(random)),
        5..48 => (IPV4, ipv4_with(random, 6, DONT_FRAGMENT, tcp)),
        48..56 => {
            let (ports, length) = ((random.port(), random.port()), random.below(400) as usize);
            let data = random.data(length);
            (IPV4, udp_packet(random, ports, &data))
        }
        56..68 => {
            let answers = random.below(2) == 0;
            let (client, data) = (random.port(), dns(random, answers));
            let ports = if answers { (53, client) } else { (client, 53) };
            (IPV4, udp_packet(random, ports, &data))
        }
        68..70 => {
            let data = dhcp(random);
            let ports = if data[0] == 1 { (68, 67) } else { (67, 68) };
            (IPV4, udp_packet(random, ports, &data))
        }
        70..75 => (IPV4, ping(random)),
        75..78 => (IPV4, icmp_error(random)),
        78..84 => (IPV6, ipv6_with(random, 6, tcp)),
        84..88 => (IPV6, ipv6_with(random, 58, neighbour)),
        88..90 => {
            let kind = random.one_of(&[128, 129]);
            let upper = |random: &mut Random, ends: &Ends| echo(random, kind, 40, Some(ends));
            (IPV6, ipv6_with(random, 58, upper))
        }
        90..93 => {
            let mut tag = random.below(4095).to_be_bytes()[6..].to_vec();
            tag.extend(IPV4.to_be_bytes());
            tag.extend(ipv4_with(random, 6, DONT_FRAGMENT, tcp));
            (VLAN, tag)
        }
        93..95 => {
            let inner = ping(random);
            let mut data = vec![0x08, 0, 0, 0, 0, 0, 0, 0];
            data[4..7].copy_from_slice(&random.bytes::<3>());
            data.extend(ether(random, IPV4, &inner));
            let ports = (random.port(), 4789);
            (IPV4, udp_packet(random, ports, &data))
        }
        95..97 => {
            let fragment = random.one_of(&[MORE_FRAGMENTS | 185, 185, 370]);
            let piece = |random: &mut Random, _: &Ends| random.data(200);
            (IPV4, ipv4_with(random, 17, fragment, piece))
        }
        _ => {
            let inner = ping(random);
            let ports = (random.port(), 9090);
            (IPV4, udp_packet(random, ports, &inner))
        }
    };
    ether(random, kind, &packet)
}
