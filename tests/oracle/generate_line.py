#!/usr/bin/env python3
"""Makes captures for `line`, from fixed seeds: every protocol as tshark's columns name it, and
packets of which the capture kept only a part. The argument is the folder to write into.
"""
import logging
import os
import random
import struct
import sys

logging.getLogger("scapy").setLevel(logging.CRITICAL)

from scapy.all import (
    ARP, BOOTP, DHCP, DNS, DNSQR, DNSRR, DNSRRMX, DNSRROPT, DNSRRSOA, DNSRRSRV, Dot1AD, Dot1Q, Dot3, Ether, GRE,
    ICMP, IP, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
    LLC, LLMNRQuery, LLMNRResponse, PadN, Raw, RouterAlert, SNAP, STP, TCP, UDP, VXLAN, raw,
    ICMPv6EchoRequest, ICMPv6MLReport2, ICMPv6MLDMultAddrRec, ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr,
)
from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mq, IGMPv3mr

ETHERNET, RAW, NULL, LOOP, SLL, SLL2 = 1, 101, 0, 108, 113, 276
R = random.Random()


def data(most=40):
    return R.randbytes(R.randrange(most + 1))


def mac():
    return ":".join("%02x" % b for b in R.randbytes(6))


def address():
    return ".".join(str(R.randrange(1, 255)) for _ in range(4))


def address6():
    return R.choice(["2001:db8", "fe80:0"]) + ":" + ":".join("%x" % R.choice([0, R.randrange(65536)]) for _ in range(6))


def port():
    """A port that no peer takes for a protocol of its own."""
    return R.randrange(50100, 50900)


def ether(kind=0x0800):
    return Ether(src="02:" + mac()[3:], dst="02:" + mac()[3:], type=kind)


def ip(**fields):
    return IP(**{"src": address(), "dst": address(), "id": R.randrange(65536), "ttl": R.randrange(1, 256), **fields})


def ip6(**fields):
    return IPv6(**{"src": address6(), "dst": address6(), "hlim": R.randrange(1, 256), **fields})


def inner():
    """What a tunnel carries."""
    return R.choice([
        lambda: UDP(sport=port(), dport=port()) / data(),
        lambda: TCP(sport=port(), dport=port(), flags=R.choice(["S", "SA", "A", "FA", "R"])) / data(),
        lambda: ICMP(type=R.choice([0, 8]), id=R.randrange(65536), seq=R.randrange(65536)) / data(),
    ])()


def inner6():
    return R.choice([
        lambda: UDP(sport=port(), dport=port()) / data(),
        lambda: TCP(sport=port(), dport=port(), flags="S"),
        lambda: ICMPv6EchoRequest(id=R.randrange(65536), seq=R.randrange(65536), data=data()),
    ])()


def stp():
    for _ in range(160):
        yield raw(Dot3(src=mac(), dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(
            version=R.choice([0, 0, 2]), bpdutype=R.choice([0, 0, 0, 0x80, 2]), bpduflags=R.choice([0, 1, 0x3c, 0x80, R.randrange(256)]),
            rootid=R.randrange(65536), rootmac=mac(), pathcost=R.randrange(1 << 32), bridgeid=R.randrange(65536),
            bridgemac=mac(), portid=R.randrange(65536), age=R.randrange(20), maxage=20, hellotime=2, fwddelay=15))
    for bpdu in (bytes([0, 0, 0, 0x80]), bytes([0, 0, 2, 2, 0x3c])):
        for length in range(2, 36):
            yield raw(Dot3(src=mac(), dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / Raw((bpdu + R.randbytes(40))[:length]))


def llc():
    for _ in range(120):
        yield raw(Dot3(src=mac(), dst=mac()) / LLC(dsap=R.choice([0x02, 0x10, 0x7e, 0xa0, 0xc8]), ssap=R.choice([0x02, 0x03, 0x10, 0xc9]), ctrl=R.choice([3, 3, 0xaf, 0x7f, 0x43, 0x0f, 0x63, 0xe3, 0xbf])) / data())
    for kind in (0x0800, 0x0806, 0x86DD, 0x1234):
        for _ in range(12):
            inside = {0x0800: lambda: ip() / inner(), 0x0806: lambda: ARP(psrc=address(), pdst=address()), 0x86DD: lambda: ip6() / inner6()}.get(kind, lambda: Raw(data()))()
            yield raw(Dot3(src=mac(), dst=mac()) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0, code=kind) / inside)


def vlan():
    for _ in range(60):
        tag = Dot1Q(vlan=R.randrange(4096), prio=R.randrange(8), id=R.randrange(2))
        yield raw(ether(0x8100) / tag / ip() / inner())
        yield raw(ether(0x8100) / tag / ip6() / inner6())
        yield raw(ether(0x8100) / tag / ARP(psrc=address(), pdst=address()))
        tag.type = R.choice([0x1234, 0x3030, 0x5678])
        yield raw(ether(0x8100) / tag / Raw(data()))
        yield raw(ether(0x88A8) / Dot1AD(vlan=R.randrange(4096)) / Dot1Q(vlan=R.randrange(4096)) / ip() / inner())
    for length in [1, 2, 3] + list(range(5, 24)):
        yield raw(ether(0x8100) / Dot1Q(vlan=5) / ip() / inner())[:14 + length]


def igmp():
    for _ in range(60):
        yield raw(ether() / ip(proto=2, ttl=1) / Raw(summed(struct.pack("!BBHI", R.choice([0x11, 0x12, 0x16, 0x17]), R.randrange(256), 0, R.choice([0, R.randrange(1 << 32)])))))
        yield raw(ether() / ip(proto=2, ttl=1) / Raw(summed(struct.pack("!BBHI", R.randrange(256), R.randrange(256), 0, R.randrange(1 << 32)))))
    for _ in range(60):
        records = [IGMPv3gr(rtype=R.randrange(1, 7), maddr=multicast(), srcaddrs=[address() for _ in range(R.randrange(3))]) for _ in range(R.randrange(1, 5))]
        yield raw(ether() / ip(proto=2, ttl=1) / IGMPv3(type=0x22) / IGMPv3mr(records=records))
        yield raw(ether() / ip(proto=2, ttl=1) / IGMPv3(type=0x11) / IGMPv3mq(gaddr=R.choice(["0.0.0.0", multicast()]), srcaddrs=[address() for _ in range(R.randrange(3))]))
    for kind in (0x11, 0x12, 0x16, 0x17, 0x22):
        for length in range(13):
            yield raw(ether() / ip(proto=2) / Raw((bytes([kind]) + R.randbytes(11))[:length]))


def multicast():
    return "239.%d.%d.%d" % tuple(R.randbytes(3))


def summed(message):
    total = sum(struct.unpack("!%dH" % (len(message) // 2), message))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return message[:2] + struct.pack("!H", ~total & 0xFFFF) + message[4:]


def gre():
    for _ in range(60):
        header = dict(chksum_present=R.randrange(2), key_present=R.randrange(2), seqnum_present=R.randrange(2), key=R.randrange(1 << 32))
        yield raw(ether() / ip() / GRE(**header) / ip() / inner())
        yield raw(ether() / ip() / GRE(**header) / ip6() / inner6())
        yield raw(ether() / ip() / GRE(proto=0x6558, **header) / ether() / ip() / inner())
        yield raw(ether() / ip() / GRE(proto=R.choice([0x1234, 0x3030, 0x0808, 0x8137]), **header) / Raw(data()))
        yield raw(ether(0x86DD) / ip6() / GRE(**header) / ip() / inner())
    for length in range(24):
        yield raw(ether() / ip(proto=47) / Raw(raw(GRE(chksum_present=1, key_present=1) / ip() / inner())[:length]))


def vxlan():
    for _ in range(100):
        yield raw(ether() / ip() / UDP(sport=port(), dport=4789, chksum=0) / VXLAN(vni=R.randrange(1 << 24), flags="Instance") / ether() / ip() / inner())
        yield raw(ether() / ip() / UDP(sport=port(), dport=4789) / VXLAN(vni=R.randrange(1 << 24)) / ether(0x0806) / ARP(psrc=address(), pdst=address()))
    for length in list(range(1, 8)) + list(range(9, 22)) + list(range(23, 60)):
        yield raw(ether() / ip() / UDP(sport=port(), dport=4789) / Raw(raw(VXLAN(vni=7) / ether() / ip() / inner())[:length]))


def name():
    return R.choice(["example.com", "www.example.org", "a.b.c.example.net", "_http._tcp.local", "host-%d.local" % R.randrange(99), "1.2.0.192.in-addr.arpa", "."])


def record():
    return R.choice([
        lambda: DNSRR(rrname=name(), type="A", rdata=address()),
        lambda: DNSRR(rrname=name(), type="AAAA", rdata=address6()),
        lambda: DNSRR(rrname=name(), type=R.choice(["CNAME", "NS", "PTR"]), rdata=name()),
        lambda: DNSRR(rrname=name(), type="TXT", rdata=[b"v=spf1 -all", b"x" * R.randrange(60)]),
        lambda: DNSRRSRV(rrname=name(), priority=R.randrange(99), weight=R.randrange(99), port=R.randrange(65536), target=name()),
        lambda: DNSRRMX(rrname=name(), preference=R.randrange(99), exchange=name()),
        lambda: DNSRRSOA(rrname=name(), mname=name(), rname=name(), serial=R.randrange(1 << 32)),
        lambda: DNSRROPT(rclass=4096),
    ])()


def message(**fields):
    answer = R.randrange(2)
    records = lambda most: [record() for _ in range(R.randrange(most) if answer else 0)]
    return DNS(**{"id": R.randrange(65536), "qr": answer, "opcode": R.choice([0, 0, 0, 0, 2, 4, 5, R.randrange(16)]), "rcode": R.choice([0, 0, 2, 3, 5, R.randrange(16)]) if answer else 0,
        "qd": [DNSQR(qname=name(), qtype=R.choice(["A", "AAAA", "MX", "NS", "PTR", "SRV", "TXT", "SOA", "DS", 65, 255, 999]), qclass=R.choice([1, 1, 1, 3, 255])) for _ in range(R.choice([0, 1, 1, 1, 2]))],
        "an": records(4), "ns": records(2), "ar": records(3), **fields})


def dns():
    for _ in range(160):
        yield raw(R.choice([ether() / ip(), ether(0x86DD) / ip6()]) / UDP(sport=53, dport=port()) / message())
    for _ in range(40):
        body = raw(message())
        yield raw(ether() / ip() / TCP(sport=53, dport=port(), flags="PA") / Raw(struct.pack("!H", len(body)) + body))
    for _ in range(4):
        whole = raw(message())
        for length in range(1, len(whole), 3):
            yield raw(ether() / ip() / UDP(sport=53, dport=port()) / Raw(whole[:length]))


def mdns():
    for _ in range(200):
        yield raw(ether() / ip(dst="224.0.0.251") / UDP(sport=5353, dport=5353) / message(id=0, opcode=0, rcode=0))


def llmnr():
    for _ in range(100):
        question = DNSQR(qname=R.choice(["host", "wpad", "printer"]), qtype=R.choice(["A", "AAAA", 255, "PTR"]))
        yield raw(ether() / ip(dst="224.0.0.252") / UDP(sport=port(), dport=5355) / LLMNRQuery(id=R.randrange(65536), qd=question))
        yield raw(ether() / ip() / UDP(sport=5355, dport=port()) / LLMNRResponse(id=R.randrange(65536), qd=question, an=DNSRR(rrname="host", type="A", rdata=address())))


def dhcp():
    kinds = ["discover", "offer", "request", "decline", "ack", "nak", "release", "inform", "force_renew", "lease_query"]
    for _ in range(200):
        client = R.randrange(2)
        options = [("message-type", R.choice(kinds))] + R.sample([("requested_addr", address()), ("server_id", address()), ("hostname", b"student"), ("lease_time", R.randrange(9999)), ("subnet_mask", "255.255.255.0"), ("router", address()), ("name_server", address())], R.randrange(5))
        if R.random() < 0.1:
            options = options[1:]
        R.shuffle(options)
        ports = (68, 67) if client else (67, 68)
        yield raw(ether() / ip() / UDP(sport=ports[0], dport=ports[1]) / BOOTP(op=1 if client else 2, xid=R.randrange(1 << 32), chaddr=R.randbytes(6), yiaddr=address()) / DHCP(options=options + ["end"]))
    for op in (0, 1, 2, 3):
        for _ in range(3):
            yield raw(ether() / ip() / UDP(sport=68, dport=67) / BOOTP(op=op, xid=R.randrange(1 << 32), chaddr=R.randbytes(6)))
    whole = raw(BOOTP(op=1, xid=7, chaddr=R.randbytes(6)) / DHCP(options=[("message-type", "discover"), ("hostname", b"student"), "end"]))
    for length in list(range(0, 240, 12)) + list(range(236, len(whole))):
        yield raw(ether() / ip() / UDP(sport=68, dport=67) / Raw(whole[:length]))


def telnet():
    for _ in range(200):
        ports = R.choice([(23, port()), (port(), 23)])
        payload = R.choice([b"login: ", b"l", b"\r\n", bytes([255, 251, 1, 255, 253, 3]), bytes([255, 250, 24, 0]) + b"xterm" + bytes([255, 240]), b"", b"Last login: Tue\r\n$ "])
        yield raw(ether() / ip() / TCP(sport=ports[0], dport=ports[1], flags="PA", seq=R.randrange(1 << 32)) / payload)


def tunnels():
    for _ in range(60):
        yield raw(ether() / ip() / ip() / inner())
        yield raw(ether() / ip() / ip6() / inner6())
        yield raw(ether(0x86DD) / ip6() / ip() / inner())
        yield raw(ether(0x86DD) / ip6() / ip6() / inner6())


def extensions():
    headers = lambda: R.sample([IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0\0\0")]), IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0\0\0\0")]), IPv6ExtHdrRouting(addresses=[address6()], segleft=0)], R.randrange(1, 3))
    for _ in range(100):
        packet = ether(0x86DD) / ip6()
        for header in headers():
            packet = packet / header
        yield raw(packet / inner6())
        yield raw(packet / Raw(data(12)))
        packet.lastlayer().nh = R.choice([59, 99, 253, 61])
        yield raw(packet / Raw(data(12)))
    for _ in range(100):
        start = R.choice([0, 0, 1, 185])
        packet = ether(0x86DD) / ip6() / IPv6ExtHdrFragment(offset=start, m=R.randrange(2), id=R.randrange(1 << 32), nh=R.choice([6, 17, 58, 253, 59]))
        yield raw(packet / Raw(raw(R.choice([UDP(sport=port(), dport=port(), len=40), TCP(sport=port(), dport=port())])) + R.randbytes(32)))
    for _ in range(60):
        yield raw(ether(0x86DD) / ip6() / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN()]) / ICMPv6MLReport2(records=[ICMPv6MLDMultAddrRec(dst="ff02::fb")]))
        yield raw(ether(0x86DD) / ip6() / ICMPv6ND_NS(tgt=address6()) / ICMPv6NDOptSrcLLAddr(lladdr=mac()))


def fragments():
    for _ in range(120):
        whole = raw(R.choice([UDP(sport=port(), dport=port(), len=400), TCP(sport=port(), dport=port()), ICMP(id=3, seq=4)]) / R.randbytes(40))
        for start, more in ((0, "MF"), (R.randrange(1, 400), "MF"), (R.randrange(1, 400), 0)):
            yield raw(ether() / ip(proto=R.choice([1, 6, 17, 253]), flags=more, frag=start) / Raw(whole))


def cut():
    """Packets of which the capture kept only the start."""
    wholes = [
        ether() / ip() / UDP(sport=port(), dport=port()) / R.randbytes(60),
        ether() / ip() / TCP(sport=port(), dport=port(), flags="S", options=[("MSS", 1460), ("NOP", None), ("WScale", 7), ("SAckOK", b""), ("Timestamp", (1, 2))]) / R.randbytes(60),
        ether() / ip() / ICMP(id=7, seq=9) / R.randbytes(60),
        ether() / ip() / ICMP(type=3, code=3) / ip() / UDP(sport=port(), dport=port()) / R.randbytes(60),
        ether(0x86DD) / ip6() / UDP(sport=port(), dport=port()) / R.randbytes(60),
        ether(0x86DD) / ip6() / ICMPv6EchoRequest(id=3, seq=4, data=R.randbytes(60)),
        ether(0x86DD) / ip6() / ICMPv6ND_NS(tgt=address6()) / ICMPv6NDOptSrcLLAddr(lladdr=mac()),
        ether(0x0806) / ARP(psrc=address(), pdst=address()),
        ether(0x8100) / Dot1Q(vlan=7) / ip() / ICMP(id=7, seq=9) / R.randbytes(60),
        ether() / ip() / UDP(sport=53, dport=port()) / message(),
    ]
    for whole in map(raw, wholes):
        for length in range(15, len(whole) + 1):
            yield whole[:length], len(whole)


def loopback():
    for _ in range(50):
        yield struct.pack("<I", 2) + raw(ip() / inner())
        yield struct.pack("<I", R.choice([24, 28, 30])) + raw(ip6() / inner6())
        yield struct.pack(">I", 2) + raw(ip() / inner())
        yield struct.pack("<I", R.choice([5, 99])) + data()


def cooked():
    for _ in range(60):
        head = struct.pack("!HHH", R.choice([0, 1, 2, 3, 4]), R.choice([1, 772]), 6) + R.randbytes(6) + b"\0\0"
        yield head + b"\x08\x00" + raw(ip() / inner())
        yield head + b"\x86\xdd" + raw(ip6() / inner6())
        yield head + b"\x08\x06" + raw(ARP(psrc=address(), pdst=address()))
        yield head + b"\x30\x30" + data()


def cooked2():
    for _ in range(60):
        tail = struct.pack("!HIHBB", 0, R.randrange(9), 1, R.choice([0, 1, 2, 3, 4]), 6) + R.randbytes(6) + b"\0\0"
        yield b"\x08\x00" + tail + raw(ip() / inner())
        yield b"\x86\xdd" + tail + raw(ip6() / inner6())
        yield b"\x08\x06" + tail + raw(ARP(psrc=address(), pdst=address()))
        yield b"\x30\x30" + tail + data()


def garbage():
    """What a student writes to a TUN device."""
    for nibble in range(16):
        for length in (1, 2, 8, 19, 20, 28, 40, 60):
            yield bytes([nibble << 4 | R.choice([0, 5])]) + R.randbytes(length - 1)
    for word in (b"hello", b"abc", b"This is a test", b"ping", b"garbage"):
        yield word


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    ethernet = [stp, llc, vlan, igmp, gre, vxlan, dns, mdns, llmnr, dhcp, telnet, tunnels, extensions, fragments, cut]
    for maker, link in [(maker, ETHERNET) for maker in ethernet] + [(loopback, NULL), (cooked, SLL), (cooked2, SLL2), (garbage, RAW)]:
        R.seed("line " + maker.__name__)
        with open(os.path.join(folder, "line_" + maker.__name__ + ".pcap"), "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link))
            for number, packet in enumerate(maker()):
                packet, length = packet if isinstance(packet, tuple) else (packet, len(packet))
                file.write(struct.pack("<IIII", 1600754581 + number, 0, len(packet), length) + packet)


if __name__ == "__main__":
    main()
