"""Packets in packets: GRE, VXLAN, IP in IP, 6in4, 4in6."""
import struct

from scapy.all import ARP, GRE, ICMP, TCP, UDP, VXLAN, Ether, ICMPv6EchoRequest, Raw, raw

from values import ETHERNET, R, address, data, ether, ip, ip6, mac, port


def inner():
    """A packet, and its EtherType."""
    return R.choice([
        lambda: (0x0800, ip() / UDP(sport=port(), dport=port()) / data()),
        lambda: (0x0800, ip() / TCP(sport=port(), dport=port()) / data()),
        lambda: (0x0800, ip() / ICMP(id=R.randrange(65536)) / data()),
        lambda: (0x86DD, ip6() / ICMPv6EchoRequest(id=7, seq=R.randrange(65536), data=data())),
        lambda: (0x6558, ether() / ip() / UDP(sport=port(), dport=port()) / data()),
        lambda: (0x0806, ARP(hwsrc=mac(), psrc=address(), hwdst=mac(), pdst=address())),
    ])()


def outer(proto):
    return ether() / ip(proto=proto) if R.random() < 0.7 else ether(0x86DD) / ip6(nh=proto)


def gre():
    for flags in range(32):
        for _ in range(8):
            code, packet = inner()
            header = GRE(
                chksum_present=flags & 1, key_present=flags >> 1 & 1, seqnum_present=flags >> 2 & 1, proto=code,
                key=R.randrange(1 << 32) if flags & 2 else None, sequence_number=R.randrange(1 << 32) if flags & 4 else None,
                strict_route_source=flags >> 3 & 1, recursion_control=R.choice([0, 0, R.randrange(8)]), offset=0 if flags & 1 else None,
            )
            body = bytearray(raw(header / packet))
            if flags & 1 and R.random() < 0.2:
                body[5] ^= 1
            if flags >> 4:
                body[1] |= R.choice([0, R.randrange(256)])
            yield raw(outer(47) / Raw(bytes(body)))
    for _ in range(60):
        code, packet = inner()
        yield raw(outer(47) / Raw(R.randbytes(2) + struct.pack("!H", R.choice([code, 0x1234, 122, 0x8100])) + R.randbytes(R.choice([0, 4, 8, 12])) + raw(packet)))
    for _ in range(40):
        flags = R.choice([0x3001, 0x3081, 0x2081, 0x2001])
        body = data()
        yield raw(outer(47) / Raw(struct.pack("!HHHH", flags, 0x880B, len(body), R.randrange(65536)) + R.randbytes(4 * (flags >> 12 & 1) + 4 * (flags >> 7 & 1)) + body))
    for length in range(20):
        yield raw(ether() / ip(proto=47) / Raw(raw(GRE(chksum_present=1, key_present=1, seqnum_present=1, key=1, sequence_number=2, chksum=3, offset=0))[:length]))


def vxlan():
    for _ in range(240):
        frame = ether(R.choice([0x0800, 0x0800, 0x86DD, 0x0806]))
        packet = {0x0800: lambda: ip() / R.choice([UDP(sport=port(), dport=port()), TCP(sport=port(), dport=port()), ICMP(id=3)]) / data(), 0x86DD: lambda: ip6() / UDP(sport=port(), dport=port()) / data(), 0x0806: lambda: ARP(hwsrc=mac(), psrc=address(), hwdst=mac(), pdst=address())}[frame.type]()
        header = VXLAN(vni=R.randrange(1 << 24), flags=R.choice([8, 8, 8, R.randrange(256)]), reserved1=R.choice([0, 0, 5]), gpflags=R.choice([0, 0, R.randrange(256)]))
        yield raw(R.choice([ether() / ip(), ether(0x86DD) / ip6()]) / UDP(sport=port(), dport=R.choice([4789, 4789, 4789, 4790, 6633, 8472]), chksum=R.choice([0, None])) / header / frame / packet)
    for _ in range(60):
        yield raw(ether() / ip() / UDP(sport=port(), dport=4789) / Raw(R.randbytes(R.randrange(40))))
    for _ in range(20):
        yield raw(ether() / ip() / UDP(sport=4789, dport=port()) / VXLAN(vni=7) / ether() / ip() / ICMP())


def nested():
    for _ in range(220):
        yield raw(ether() / ip() / ip(frag=R.choice([0, 0, 0, 9])) / R.choice([UDP(sport=port(), dport=port()), TCP(sport=port(), dport=port()), ICMP(id=1)]) / data())
        yield raw(ether() / ip(proto=41) / ip6() / R.choice([UDP(sport=port(), dport=port()), TCP(sport=port(), dport=port()), ICMPv6EchoRequest()]) / data())
        yield raw(ether(0x86DD) / ip6(nh=4) / ip() / R.choice([UDP(sport=port(), dport=port()), ICMP(id=2)]) / data())
        yield raw(ether(0x86DD) / ip6(nh=41) / ip6() / R.choice([UDP(sport=port(), dport=port()), ICMPv6EchoRequest()]) / data())
    for _ in range(60):
        body = raw(ip() / UDP(sport=port(), dport=port()) / data())
        yield raw(ether() / ip(proto=R.choice([4, 41]), len=R.randrange(70)) / Raw(body[:R.randrange(len(body))]))
    for depth in range(2, 12):
        packet = ip() / UDP(sport=port(), dport=port())
        for _ in range(depth):
            packet = ip() / packet
        yield raw(ether() / packet)


MAKERS = [(gre, ETHERNET), (vxlan, ETHERNET), (nested, ETHERNET)]
