"""ICMP: every kind, every cut of a quoted packet, extensions."""
import struct

from scapy.all import (
    DNS, DNSQR, ICMP, IPOption_RR, IP, TCP, UDP, ICMPExtension_Header, ICMPExtension_InterfaceInformation, Raw, raw,
)

from tcp import tcp_options
from values import ETHERNET, R, address, address6, checked, data, ether, ip, ip6, port


def quotes():
    """Packets that an error may quote."""
    kind = R.randrange(12)
    if kind < 3:
        return ip() / UDP(sport=port(), dport=port()) / data()
    if kind < 5:
        return ip() / TCP(sport=port(), dport=port(), seq=R.randrange(1 << 32), ack=R.randrange(1 << 32), flags=R.randrange(512), options=tcp_options()) / data()
    if kind == 5:
        return ip() / ICMP(type=8, id=R.randrange(65536), seq=R.randrange(65536)) / data()
    if kind == 6:
        return ip(flags="MF", frag=R.randrange(2000), proto=17) / Raw(data())
    if kind == 7:
        return ip() / ip6() / UDP(sport=port(), dport=port()) / data()
    if kind == 8:
        return ip() / UDP(sport=port(), dport=53) / DNS(qd=DNSQR(qname="example.org"))
    if kind == 9:
        return ip(options=[IPOption_RR(routers=[address()])]) / UDP(sport=port(), dport=port()) / data()
    if kind == 10:
        return ip() / ICMP(type=3, code=1) / ip() / UDP(sport=port(), dport=port()) / data()
    return ip() / ip() / UDP(sport=port(), dport=port()) / data()


def icmp():
    for kind in range(0, 46):
        for code in sorted({0, 1, R.randrange(17), R.randrange(256)}):
            body = struct.pack("!BB", kind, code) + b"\0\0" + R.randbytes(4 + R.randrange(24))
            if kind in (3, 4, 5, 11, 12):
                body = body[:8] + raw(quotes())
            yield raw(ether() / ip(proto=1) / Raw(checked(body)))
    for kind in (0, 8, 13, 14, 15, 16, 17, 18):
        for _ in range(8):
            yield raw(ether() / ip() / ICMP(type=kind, id=R.randrange(65536), seq=R.randrange(65536), ts_ori=R.randrange(1 << 32), ts_rx=R.randrange(1 << 32), ts_tx=R.randrange(86400000), addr_mask="255.255.255.0") / data(64))
    for kind in (0, 8, 13, 14, 15, 16, 17, 18, 37, 38, 9, 10, 40):
        whole = struct.pack("!BB", kind, 0) + b"\0\0" + R.randbytes(20)
        for length in range(0, 25, 2):
            yield raw(ether() / ip(proto=1) / Raw(checked(whole)[:length]))
    for code in range(17):
        for kind in (3, 4, 5, 11, 12):
            message = struct.pack("!BBHI", kind, code, 0, R.choice([0, 1400, R.randrange(1 << 32)]))
            yield raw(ether() / ip(proto=1) / Raw(checked(message + raw(quotes())[:R.choice([28, 100])])))


def icmp_cut():
    """Errors whose quote is cut at every length."""
    for kind in range(6):
        R.seed(kind)
        quote = [
            ip() / UDP(sport=port(), dport=port()) / data(),
            ip() / TCP(sport=port(), dport=port(), flags="S", options=[("MSS", 1460), ("SAckOK", b"")]),
            ip() / ICMP(type=8, id=7, seq=9) / data(),
            ip(options=[IPOption_RR(routers=["1.2.3.4"])]) / UDP(sport=port(), dport=port()) / data(),
            ip() / ip() / TCP(sport=port(), dport=port()),
            ip(proto=99) / Raw(R.randbytes(20)),
        ][kind]
        quote = raw(quote)
        for length in range(len(quote) + 1):
            message = struct.pack("!BBHI", R.choice([3, 11]), R.randrange(2), 0, 0) + quote[:length]
            yield raw(ether() / ip(proto=1) / Raw(checked(message)))


def extension():
    return ICMPExtension_Header() / R.choice([
        ICMPExtension_InterfaceInformation(has_ifindex=1, ifindex=R.randrange(99)),
        ICMPExtension_InterfaceInformation(has_ifindex=1, ifindex=3, has_ipaddr=1, afi=1, ip4=address()),
        ICMPExtension_InterfaceInformation(has_ipaddr=1, afi=2, ip6=address6(), has_mtu=1, mtu=1400),
        ICMPExtension_InterfaceInformation(has_ifname=1, ifname_len=8, ifname="eth0\0\0\0"),
        Raw(struct.pack("!HBB", 8, 1, 1) + R.randbytes(4)),
        Raw(struct.pack("!HBB", 12, 3, 1) + R.randbytes(8)),
    ])


def icmp_extended():
    """Errors of 144 bytes and more, with and without extensions (RFC 4884)."""
    for _ in range(120):
        quote = raw(ip() / UDP(sport=port(), dport=port()) / R.randbytes(R.randrange(60, 140)))
        added = raw(extension()) if R.random() < 0.7 else b""
        padded = quote[:128].ljust(128, b"\0")
        words = R.choice([0, len(padded) // 4])
        message = struct.pack("!BBHBBH", R.choice([3, 11, 12]), R.randrange(3), 0, 0, words, 0) + padded + added
        yield raw(ether() / ip(proto=1) / Raw(checked(message)))
    for length in range(120, 180):
        message = struct.pack("!BBHBBH", 3, 3, 0, 0, 0, 0) + raw(ip() / UDP(sport=port(), dport=port()) / R.randbytes(200))[:length]
        yield raw(ether() / ip(proto=1) / Raw(checked(message)))


MAKERS = [(icmp, ETHERNET), (icmp_cut, ETHERNET), (icmp_extended, ETHERNET)]
