#!/usr/bin/env python3
"""Makes captures of what real ones rarely hold, from fixed seeds: every kind of message, every
option, wrong lengths, quotes cut at every length. The argument is the folder to write into.
"""
import logging
import os
import random
import struct
import sys

logging.getLogger("scapy").setLevel(logging.CRITICAL)

from scapy.all import (
    ARP, ICMP, IP, Ether, IPv6, Raw, TCP, UDP, ICMPv6DestUnreach, ICMPv6EchoReply,
    ICMPv6EchoRequest, ICMPv6MLDone, ICMPv6MLQuery, ICMPv6MLQuery2, ICMPv6MLReport,
    ICMPv6MLReport2, ICMPv6MLDMultAddrRec, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS,
    ICMPv6ND_Redirect, ICMPv6NDOptDstLLAddr, ICMPv6NDOptEFA, ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo, ICMPv6NDOptRDNSS, ICMPv6NDOptRedirectedHdr, ICMPv6NDOptRouteInfo,
    ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, ICMPv6ParamProblem, ICMPv6TimeExceeded,
    ICMPExtension_Header, ICMPExtension_InterfaceInformation, IPOption_RR, IPOption_LSRR,
    IPOption_SSRR, IPOption_Router_Alert, IPOption_Timestamp, IPOption_Security,
    IPOption_Stream_Id, IPOption_MTU_Probe, IPOption_MTU_Reply, IPOption_Traceroute,
    IPOption_Address_Extension, IPOption_SDBM, IPOption_NOP, IPOption_EOL, IPOption, raw,
)

ETHERNET, RAW = 1, 101
R = random.Random()


def data(most=40):
    return R.randbytes(R.randrange(most + 1))


def mac():
    return ":".join("%02x" % b for b in R.randbytes(6))


def address():
    return ".".join(str(b) for b in (R.choice([10, 172, 192, 203]), R.randrange(256), R.randrange(256), R.randrange(1, 255)))


def address6():
    start = R.choice(["2001:db8", "fe80:0", "fd00:1", "2002:a00", "2001:0"])
    return start + ":" + ":".join("%x" % R.choice([0, 0, R.randrange(65536)]) for _ in range(6))


def port():
    """A port that no peer takes for a protocol of its own."""
    return R.randrange(50100, 50900)


def ether(kind=0x0800):
    return Ether(src=mac(), dst=mac(), type=kind)


def ip(**fields):
    fields = {"src": address(), "dst": address(), "id": R.randrange(65536), "ttl": R.randrange(1, 256), **fields}
    return IP(**fields)


def ip6(**fields):
    fields = {"src": address6(), "dst": address6(), "hlim": R.randrange(1, 256), **fields}
    return IPv6(**fields)


def arp():
    for _ in range(240):
        source, target = address(), address()
        packet = ARP(op=R.choice([1, 1, 2, 2, R.randrange(12)]), hwsrc=mac(), psrc=source, hwdst=mac(), pdst=target)
        shape = R.randrange(10)
        if shape == 0:
            packet.pdst = source
        elif shape == 1:
            packet.psrc = "0.0.0.0"
        elif shape == 2:
            packet.pdst, packet.hwdst = source, "00:00:00:00:00:00"
        elif shape == 3:
            packet.pdst, packet.hwdst = source, "ff:ff:ff:ff:ff:ff"
        body = raw(ether(0x0806) / packet)
        yield body + bytes(max(0, 60 - len(body))) if R.random() < 0.5 else body
    for hwtype, ptype, hwlen, plen in [(6, 0x800, 6, 4), (1, 0x86DD, 6, 16), (1, 0x800, 8, 4), (32, 0x800, 20, 4), (1, 0x800, 6, 0), (1, 0x800, 0, 4), (24, 0x800, 8, 4), (1, 0x1234, 6, 4)]:
        for op in (1, 2):
            sizes = 2 * (hwlen + plen)
            yield raw(ether(0x0806)) + struct.pack("!HHBBH", hwtype, ptype, hwlen, plen, op) + R.randbytes(sizes)


def quotes():
    """Packets that an error may quote."""
    kind = R.randrange(8)
    if kind < 3:
        return ip() / UDP(sport=port(), dport=port()) / data()
    if kind < 5:
        return ip() / TCP(sport=port(), dport=port(), seq=R.randrange(1 << 32), ack=R.randrange(1 << 32), flags=R.randrange(512), options=tcp_options()) / data()
    if kind == 5:
        return ip() / ICMP(type=8, id=R.randrange(65536), seq=R.randrange(65536)) / data()
    if kind == 6:
        return ip(flags="MF", frag=R.randrange(2000), proto=17) / Raw(data())
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
            yield raw(ether() / ip() / ICMP(type=kind, id=R.randrange(65536), seq=R.randrange(65536)) / data(64))
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


def checked(message):
    """An ICMP message with its checksum, one in ten wrong."""
    message = message[:2] + b"\0\0" + message[4:]
    even = message + b"\0" * (len(message) % 2)
    total = sum(struct.unpack("!%dH" % (len(even) // 2), even))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    right = ~total & 0xFFFF
    if R.random() < 0.1:
        right ^= 1 << R.randrange(16)
    return message[:2] + struct.pack("!H", right) + message[4:]


def nd_options():
    options = [
        ICMPv6NDOptSrcLLAddr(lladdr=mac()),
        ICMPv6NDOptDstLLAddr(lladdr=mac()),
        ICMPv6NDOptPrefixInfo(prefixlen=R.randrange(129), L=R.randrange(2), A=R.randrange(2), R=R.randrange(2), validlifetime=R.randrange(1 << 32), preferredlifetime=R.randrange(1 << 32), prefix=address6()),
        ICMPv6NDOptRedirectedHdr(pkt=ip6() / UDP(sport=port(), dport=port()) / data()),
        ICMPv6NDOptMTU(mtu=R.randrange(65536)),
        ICMPv6NDOptRouteInfo(len=R.choice([1, 2, 3]), plen=64, prf=R.randrange(4), prefix=address6()),
        ICMPv6NDOptRDNSS(lifetime=R.randrange(9999), dns=[address6() for _ in range(R.randrange(1, 4))]),
        ICMPv6NDOptEFA(res=R.randrange(1 << 48)),
        Raw(struct.pack("!BB", R.choice([13, 14, 200, 253]), 2) + R.randbytes(14)),
    ]
    packet = None
    for option in R.sample(options, R.randrange(4)):
        packet = option if packet is None else packet / option
    return packet


def record():
    return ICMPv6MLDMultAddrRec(rtype=R.randrange(1, 8), dst="ff02::1:%x" % R.randrange(65536), sources=[address6() for _ in range(R.choice([0, 0, 1, 2]))])


def quotes6():
    kind = R.randrange(5)
    if kind < 2:
        return ip6() / UDP(sport=port(), dport=port()) / data()
    if kind == 2:
        return ip6() / TCP(sport=port(), dport=port(), flags=R.randrange(256), options=tcp_options()) / data()
    if kind == 3:
        return ip6() / ICMPv6EchoRequest(id=R.randrange(65536), seq=R.randrange(65536), data=data())
    return ip6(nh=99) / Raw(data())


def icmpv6():
    makers = [
        lambda: ICMPv6DestUnreach(code=R.randrange(8)) / quotes6(),
        lambda: ICMPv6PacketTooBig(mtu=R.randrange(1280, 9000)) / quotes6(),
        lambda: ICMPv6TimeExceeded(code=R.randrange(3)) / quotes6(),
        lambda: ICMPv6ParamProblem(code=R.randrange(5), ptr=R.randrange(60)) / quotes6(),
        lambda: ICMPv6EchoRequest(id=R.randrange(65536), seq=R.randrange(65536), data=data()),
        lambda: ICMPv6EchoReply(id=R.randrange(65536), seq=R.randrange(65536), data=data()),
        lambda: ICMPv6MLQuery(mladdr="ff02::%x" % R.randrange(65536), mrd=R.randrange(65536)),
        lambda: ICMPv6MLReport(mladdr="ff02::%x" % R.randrange(65536)),
        lambda: ICMPv6MLDone(mladdr="ff02::%x" % R.randrange(65536)),
        lambda: ICMPv6MLQuery2(mladdr="ff02::%x" % R.randrange(65536), S=R.randrange(2), QRV=R.randrange(8), sources=[address6() for _ in range(R.randrange(3))]),
        lambda: ICMPv6MLReport2(records=[record() for _ in range(R.randrange(5))]),
        lambda: with_options(ICMPv6ND_RS()),
        lambda: with_options(ICMPv6ND_RA(M=R.randrange(2), O=R.randrange(2), H=R.randrange(2), prf=R.randrange(4), chlim=R.randrange(256), routerlifetime=R.randrange(9000), reachabletime=R.randrange(9000))),
        lambda: with_options(ICMPv6ND_NS(tgt=address6())),
        lambda: with_options(ICMPv6ND_NA(tgt=address6(), R=R.randrange(2), S=R.randrange(2), O=R.randrange(2))),
        lambda: with_options(ICMPv6ND_Redirect(tgt=address6(), dst=address6())),
    ]
    for maker in makers:
        for _ in range(24):
            yield raw(ether(0x86DD) / ip6(nh=58, hlim=R.choice([1, 64, 255])) / maker())


def with_options(message):
    options = nd_options()
    return message if options is None else message / options


def icmpv6_cut():
    for kind in range(3):
        R.seed(kind)
        quote = raw([ip6() / UDP(sport=port(), dport=port()) / data(), ip6() / TCP(sport=port(), dport=port()), ip6() / ICMPv6EchoRequest(data=b"abcdef")][kind])
        for length in range(len(quote) + 1):
            yield raw(ether(0x86DD) / ip6(nh=58) / ICMPv6DestUnreach(code=4) / Raw(quote[:length]))
    for _ in range(60):
        quote = raw(ip6() / UDP(sport=port(), dport=port()) / R.randbytes(R.randrange(40, 140)))
        added = raw(extension()) if R.random() < 0.7 else b""
        padded = quote[:128].ljust(128, b"\0")
        maker = R.choice([ICMPv6DestUnreach, ICMPv6TimeExceeded])
        yield raw(ether(0x86DD) / ip6(nh=58) / maker(length=R.choice([0, 16])) / Raw(padded + added))


def ip_options():
    return [
        IPOption_RR(pointer=4, routers=[address() for _ in range(R.randrange(4))]),
        IPOption_LSRR(pointer=4, routers=[address() for _ in range(R.randrange(4))]),
        IPOption_SSRR(pointer=4, routers=[address() for _ in range(R.randrange(4))]),
        IPOption_Router_Alert(alert=R.choice([0, 1, 500])),
        IPOption_Timestamp(flg=0, timestamp=R.randrange(1 << 32)),
        IPOption_Timestamp(flg=1, internet_address=address(), timestamp=R.randrange(1 << 32)),
        IPOption_Security(security=R.randrange(65536)),
        IPOption_Stream_Id(security=R.randrange(65536)),
        IPOption_MTU_Probe(mtu=R.randrange(65536)),
        IPOption_MTU_Reply(mtu=R.randrange(65536)),
        IPOption_Traceroute(id=R.randrange(65536)),
        IPOption_Address_Extension(),
        IPOption_SDBM(addresses=[address(), address()]),
        IPOption_NOP(),
        IPOption_EOL(),
        IPOption(copy_flag=1, optclass=R.randrange(4), option=R.choice([10, 13, 24, 29]), value=data(6)),
    ]


def ipv4():
    for place in range(16):
        for _ in range(6):
            chosen = [ip_options()[place]]
            if R.random() < 0.4:
                chosen.insert(0, IPOption_NOP())
            yield raw(ether() / ip(options=chosen) / UDP(sport=port(), dport=port()) / data())
    for _ in range(60):
        words = R.randrange(6, 16)
        head = bytearray(raw(ip(proto=17)) + R.randbytes(4 * words - 20))
        head[0] = 0x40 | words
        head[2:4] = struct.pack("!H", len(head) + 16)
        yield raw(ether()) + bytes(head) + raw(UDP(sport=port(), dport=port(), len=16)) + R.randbytes(8)
    for words in range(5):
        for length in (0, 4, 19, 20, 60, 2000):
            head = bytearray(raw(ip(proto=17, len=length, chksum=7)))
            head[0] = 0x40 | words
            yield raw(ether()) + bytes(head) + raw(UDP(sport=port(), dport=port(), len=16)) + R.randbytes(8)
    for length in list(range(0, 40, 3)) + [46, 47, 100, 65535]:
        yield raw(ether() / ip(len=length) / UDP(sport=port(), dport=port()) / R.randbytes(19))
        yield raw(ether() / ip(len=length, proto=253) / R.randbytes(19))
    for _ in range(80):
        yield raw(ether() / ip(flags=R.randrange(8), frag=R.choice([0, 0, 1, 185, 8191]), proto=R.choice([1, 6, 17, 253])) / Raw(R.randbytes(32)))
    for protocol in [3, 5, 9, 99, 100, 200, 252, 253, 254, 255, 61, 63, 68, 0x72]:
        yield raw(ether() / ip(proto=protocol) / Raw(data()))
    for _ in range(30):
        body = raw(ether() / ip() / ip(proto=R.choice([253, 17])) / Raw(R.randbytes(20)))
        yield body + bytes(R.randrange(8))


def ipv6():
    for _ in range(120):
        yield raw(ether(0x86DD) / ip6(tc=R.randrange(256), fl=R.randrange(1 << 20)) / R.choice([UDP(sport=port(), dport=port()), TCP(sport=port(), dport=port())]) / data())
    for length in list(range(0, 40, 3)) + [46, 47, 100, 65535]:
        yield raw(ether(0x86DD) / ip6(plen=length) / UDP(sport=port(), dport=port()) / R.randbytes(19))
        yield raw(ether(0x86DD) / ip6(plen=length, nh=253) / R.randbytes(19))
    for header in [61, 63, 99, 253, 254, 255, 59, 200]:
        yield raw(ether(0x86DD) / ip6(nh=header) / Raw(data()))
    for _ in range(40):
        yield raw(ether(0x86DD) / ip6() / ip6(nh=253) / Raw(data()))
        yield raw(ether(0x86DD) / ip6() / ip() / UDP(sport=port(), dport=port()) / Raw(data()))
        yield raw(ether() / ip() / ip6() / UDP(sport=port(), dport=port()) / Raw(data()))


def udp():
    for _ in range(120):
        packet = R.choice([ether() / ip(), ether(0x86DD) / ip6()]) / UDP(sport=port(), dport=port()) / data(80)
        body = raw(packet)
        if R.random() < 0.2:
            at = len(body) - 1
            body = body[:at] + bytes([body[at] ^ 0x55])
        yield body + bytes(R.randrange(6))
    for length in [0, 1, 7, 8, 9, 20, 27, 28, 29, 40, 65535]:
        for checksum in (None, 0, 0x1234, 0xFFFF):
            yield raw(ether() / ip() / UDP(sport=port(), dport=port(), len=length, chksum=checksum) / R.randbytes(20))
            yield raw(ether(0x86DD) / ip6() / UDP(sport=port(), dport=port(), len=length, chksum=checksum) / R.randbytes(20))
    for length in range(9):
        yield raw(ether() / ip(proto=17) / Raw(struct.pack("!HHHH", port(), port(), 8, 0)[:length]))


def tcp_options():
    options = [
        ("NOP", None), ("MSS", R.randrange(65536)), ("WScale", R.randrange(16)), ("SAckOK", b""),
        ("Timestamp", (R.randrange(1 << 32), R.randrange(1 << 32))),
        ("SAck", (R.randrange(1 << 32), R.randrange(1 << 32))), ("UTO", R.randrange(65536)),
        (R.choice([76, 77, 200, 253]), data(4)), ("TFO", (1, 2)),
    ]
    chosen, room = [], 40
    for option in R.sample(options, R.randrange(5)):
        room -= 12
        if room >= 0:
            chosen.append(option)
    return chosen + ([("EOL", None)] if R.random() < 0.2 else [])


def tcp():
    for _ in range(240):
        segment = TCP(sport=port(), dport=port(), seq=R.randrange(1 << 32), ack=R.randrange(1 << 32), reserved=R.choice([0, 0, R.randrange(8)]), flags=R.randrange(512) if R.random() < 0.5 else R.choice(["S", "SA", "A", "PA", "FA", "R"]), window=R.randrange(65536), urgptr=R.choice([0, R.randrange(99)]), options=tcp_options())
        body = raw(R.choice([ether() / ip(), ether(0x86DD) / ip6()]) / segment / data())
        if R.random() < 0.15:
            at = len(body) - 1
            body = body[:at] + bytes([body[at] ^ 0x55])
        yield body
    for words in range(16):
        for rest in (0, 12, 40):
            segment = bytearray(raw(TCP(sport=port(), dport=port(), chksum=1)))
            segment[12] = words << 4
            yield raw(ether() / ip(proto=6) / Raw(bytes(segment) + R.randbytes(rest)))
    for _ in range(60):
        rest = R.choice([4, 8, 12, 20])
        segment = bytearray(raw(TCP(sport=port(), dport=port(), chksum=1)))
        segment[12] = (5 + rest // 4) << 4
        kinds = bytes([R.choice([2, 3, 4, 5, 8, 14, 15, 19, 28, 34, 200]), R.randrange(12)])
        yield raw(ether() / ip(proto=6) / Raw(bytes(segment) + (kinds + R.randbytes(rest))[:rest] + data()))
    for length in range(21):
        yield raw(ether() / ip(proto=6) / Raw(raw(TCP(sport=port(), dport=port()))[:length]))


def tun():
    """What is read from a TUN device: no Ethernet below."""
    for _ in range(100):
        yield raw(ip() / ICMP(id=R.randrange(65536), seq=R.randrange(65536)) / data(64))
        yield raw(ip6() / ICMPv6EchoRequest(id=R.randrange(65536), seq=R.randrange(65536), data=data(64)))
    for length in range(48):
        yield raw(ip() / UDP(sport=port(), dport=port()) / R.randbytes(20))[:length]
        yield raw(ip6() / UDP(sport=port(), dport=port()) / R.randbytes(20))[:length]


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for maker, link in [(arp, ETHERNET), (icmp, ETHERNET), (icmp_cut, ETHERNET), (icmp_extended, ETHERNET), (icmpv6, ETHERNET), (icmpv6_cut, ETHERNET), (ipv4, ETHERNET), (ipv6, ETHERNET), (udp, ETHERNET), (tcp, ETHERNET), (tun, RAW)]:
        R.seed("tunlab " + maker.__name__)
        with open(os.path.join(folder, maker.__name__ + ".pcap"), "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link))
            for number, packet in enumerate(maker()):
                file.write(struct.pack("<IIII", 1600754581 + number, 0, len(packet), len(packet)) + packet)


if __name__ == "__main__":
    main()
