"""IPv6 and its extension headers."""
import struct

from scapy.all import *

from values import ETHERNET, R, address6, data, ether, ip, ip6, port


def ipv6():
    for _ in range(120):
        yield raw(ether(0x86DD) / ip6(tc=R.randrange(256), fl=R.randrange(1 << 20)) / R.choice([UDP(sport=port(), dport=port()), TCP(sport=port(), dport=port())]) / data())
    for length in list(range(0, 40, 3)) + [46, 47, 100, 65535]:
        yield raw(ether(0x86DD) / ip6(plen=length) / UDP(sport=port(), dport=port()) / R.randbytes(19))
        yield raw(ether(0x86DD) / ip6(plen=length, nh=253) / R.randbytes(19))
    for header in range(256):
        yield raw(ether(0x86DD) / ip6(nh=header) / Raw(R.randbytes(R.randrange(40))))
    for _ in range(40):
        yield raw(ether(0x86DD) / ip6() / ip6(nh=253) / Raw(data()))
        yield raw(ether(0x86DD) / ip6() / ip() / UDP(sport=port(), dport=port()) / Raw(data()))
        yield raw(ether() / ip() / ip6() / UDP(sport=port(), dport=port()) / Raw(data()))


def option():
    kind = R.randrange(10)
    if kind == 0:
        return b"\0"
    if kind < 3:
        length = R.randrange(7)
        return bytes([1, length]) + bytes(length)
    if kind == 3:
        return b"\5\2" + struct.pack("!H", R.choice([0, 1, 2, 3, 68, 69, 65535]))
    if kind == 4:
        return b"\xc2\4" + R.randbytes(4)
    if kind == 5:
        return b"\xc9\x10" + R.randbytes(16)
    if kind == 6:
        return b"\x63\4" + R.randbytes(4)
    length = R.randrange(9)
    return bytes([R.choice([4, 6, 7, 0x1E, 0x3E, 0x5E, 0x8A, 0x8B, 0x9E, 0xDE, 0xFE, R.randrange(256)]), R.choice([length, length, length, R.randrange(256)])]) + R.randbytes(length)


def options(following):
    """Hop-by-hop or destination options."""
    body = b"".join(option() for _ in range(R.randrange(4)))
    while (len(body) + 2) % 8:
        room = 8 - (len(body) + 2) % 8
        body += b"\0" if room == 1 else bytes([1, room - 2]) + bytes(room - 2)
    words = (len(body) + 2) // 8 - 1
    if R.random() < 0.05:
        words = R.randrange(12)
    return bytes([following, words & 0xFF]) + body


def routing(following):
    kind = R.choice([0, 2, 4, 4, 4, 253, R.randrange(5, 256)])
    count = R.randrange(1, 4)
    addresses = R.randbytes(16 * count)
    if kind == 4:
        extra = R.choice([b"", b"", b"\4\6" + bytes(6), b"\1\x12" + R.randbytes(18) + b"\4\2\0\0", b"\5\x26\x80\0" + R.randbytes(36), b"\0" * 8, b"\x7c\6abcdef"])
        body = struct.pack("!BBH", count - 1 if R.random() < 0.995 else R.randrange(6), R.randrange(256), R.randrange(65536)) + addresses + extra
    else:
        body = R.choice([bytes(4), R.randbytes(4)]) + addresses
    words = (len(body) + 4) // 8 - 1
    if R.random() < 0.05:
        words = R.randrange(12)
    return struct.pack("!BBBB", following, words, kind, R.choice([0, count, R.randrange(256)])) + body


def fragment(following):
    return struct.pack("!BBHI", following, R.choice([0, 0, R.randrange(256)]), R.choice([0, 1, 6, R.randrange(65536)]), R.randrange(1 << 32))


def uppers():
    """A transport header with its number, over addresses that only the checksum knows."""
    return R.choice([
        lambda: (17, UDP(sport=port(), dport=port()) / data()),
        lambda: (6, TCP(sport=port(), dport=port()) / data()),
        lambda: (58, ICMPv6EchoRequest(id=R.randrange(65536), seq=R.randrange(65536), data=data())),
        lambda: (59, Raw(data())),
        lambda: (99, Raw(data())),
    ])()


def headers(makers):
    """A packet with the extension headers that `makers` make."""
    number, upper = uppers()
    below = ip6()
    # Over plain IPv6, for the checksum; stations and home addresses make some of them wrong.
    payload = raw(IPv6(src=below.src, dst=below.dst, nh=number) / upper)[40:]
    for maker, own in reversed(makers):
        payload = maker(number) + payload
        number = own
    return raw(ether(0x86DD) / below.__class__(src=below.src, dst=below.dst, nh=number) / Raw(payload))


def ipv6_headers():
    hop, route, cut, target = (options, 0), (routing, 43), (fragment, 44), (options, 60)
    for chosen in [[hop], [target], [cut], [route]]:
        for _ in range(220):
            yield headers(chosen)
    for chosen in [[hop, route], [hop, cut], [hop, target, route, cut, target], [route, target], [cut, target], [cut, cut], [target, hop]]:
        for _ in range(20):
            yield headers(chosen)
    for chosen in [[hop], [target], [cut], [route]]:
        whole = headers(chosen)
        for length in range(54, min(len(whole), 100)):
            yield whole[:length], len(whole)
            yield whole[:18] + struct.pack("!H", length - 54) + whole[20:length]
    for number in [50, 51, 132, 135, 139, 140]:
        for _ in range(5):
            yield raw(ether(0x86DD) / ip6(nh=number) / Raw(R.randbytes(R.randrange(8, 60))))


MAKERS = [(ipv6, ETHERNET), (ipv6_headers, ETHERNET)]
