"""Packets cut short by a snap length, with bytes behind their end, or with random ones inside."""
from scapy.all import DNS, DNSQR, TCP, UDP, Dot1Q, ICMP, ICMPv6EchoRequest, raw

from values import ETHERNET, R, data, ether, ip, ip6, port


def whole():
    return raw(R.choice([
        lambda: ether() / ip() / UDP(sport=port(), dport=port()) / data(200),
        lambda: ether() / ip() / TCP(sport=port(), dport=port(), options=[("Timestamp", (1, 2)), ("NOP", None), ("MSS", 1460)]) / data(200),
        lambda: ether() / ip() / ICMP(id=R.randrange(65536), seq=R.randrange(65536)) / data(64),
        lambda: ether() / ip() / UDP(sport=port(), dport=53) / DNS(qd=DNSQR(qname="a.example.org")),
        lambda: ether(0x8100) / Dot1Q(vlan=R.randrange(4096), type=0x0800) / ip() / TCP(sport=port(), dport=port()) / data(64),
        lambda: ether(0x86DD) / ip6() / UDP(sport=port(), dport=port()) / data(64),
        lambda: ether(0x86DD) / ip6() / ICMPv6EchoRequest(id=R.randrange(65536), data=data(64)),
    ])())


def snapped():
    for _ in range(250):
        packet = whole()
        yield packet[:R.choice([R.randrange(1, len(packet) + 1), 64, 68, 96])], len(packet)


def padded():
    for _ in range(200):
        yield whole() + R.choice([bytes, R.randbytes])(R.randrange(1, 24))


def mutated():
    """One to three bytes of the headers are others."""
    for _ in range(400):
        packet = bytearray(whole())
        for _ in range(R.randrange(1, 4)):
            packet[R.randrange(14, min(len(packet), 70))] = R.choice([0, 255, R.randrange(256)])
        yield bytes(packet)


MAKERS = [(snapped, ETHERNET), (padded, ETHERNET), (mutated, ETHERNET)]
