"""DNS, multicast DNS and LLMNR: every type of record, compression, broken names."""
import struct

from scapy.all import TCP, UDP, Raw, raw

from values import ETHERNET, R, address, data, ether, ip, ip6, port

NAMES = ["example.org", "www.example.org", "mail.example.org", "a.b.c.example.net", "_http._tcp.local", "printer.local", "4.3.2.1.in-addr.arpa", "xn--bcher-kva.example", "x" * 63 + ".org", "a\\b.example", "0", ""]


class Message:
    """Bytes, and where which name stands, so that later ones can point at it."""

    def __init__(self):
        self.bytes, self.places = bytearray(12), {}

    def name(self, name=None, base=0):
        """A name at the end; `base` bytes are not written yet."""
        labels = [label for label in (R.choice(NAMES) if name is None else name).split(".") if label]
        written = b""
        while labels:
            rest = ".".join(labels)
            if rest in self.places and R.random() < 0.8:
                return written + struct.pack("!H", 0xC000 | self.places[rest])
            self.places.setdefault(rest, len(self.bytes) + base + len(written))
            label = labels.pop(0).encode()
            written += bytes([len(label)]) + label
        return written + b"\0"

    def question(self, kind=None):
        kind = R.choice([1, 2, 5, 6, 12, 15, 16, 28, 33, 48, 65, 255, R.randrange(70), R.randrange(65536)]) if kind is None else kind
        self.bytes += self.name() + struct.pack("!HH", kind, R.choice([1, 1, 1, 3, 4, 255, 0x8001, R.randrange(65536)]))

    def record(self, kind=None):
        kind = R.choice(KINDS) if kind is None else kind
        self.bytes += self.name()
        rdata = self.rdata(kind, 10)
        length = len(rdata) if R.random() < 0.999 else R.randrange(40)
        family = R.choice([512, 1232, 4096]) if kind == 41 else R.choice([1, 1, 1, 1, 3, 0x8001])
        lifetime = R.choice([0, 0x8000, 0x01008000]) if kind == 41 else R.randrange(1 << 32)
        self.bytes += struct.pack("!HHIH", kind, family, lifetime, length) + rdata

    def rdata(self, kind, base):
        if kind == 1:
            return R.randbytes(4)
        if kind == 28:
            return R.choice([R.randbytes(16), b"\x20\x01\x0d\xb8" + bytes(11) + b"\1"])
        if kind in (2, 3, 4, 5, 7, 8, 9, 12, 39):
            return self.name(base=base)
        if kind == 6:
            first = self.name(base=base)
            return first + self.name(base=base + len(first)) + R.randbytes(20)
        if kind == 13:
            return text() + text()
        if kind in (15, 18, 21, 36):
            return struct.pack("!H", R.randrange(100)) + self.name(base=base + 2)
        if kind in (16, 99):
            return b"".join(text() for _ in range(R.randrange(1, 4)))
        if kind == 33:
            return struct.pack("!HHH", R.randrange(9), R.randrange(9), R.randrange(65536)) + self.name(base=base + 6)
        if kind == 35:
            return struct.pack("!HH", R.randrange(9), R.randrange(9)) + text(b"U") + text(b"E2U+sip") + text(b"!^.*$!sip:a@b!") + self.name(base=base + 25)
        if kind == 41:
            return b"".join(option() for _ in range(R.randrange(3)))
        if kind in (43, 59, 32769):
            return struct.pack("!HBB", R.randrange(65536), R.choice([5, 7, 8, 13]), R.choice([1, 2, 4])) + R.randbytes(R.choice([20, 32]))
        if kind == 46:
            return struct.pack("!HBBIIIH", R.choice([1, 2, 6, 28]), R.choice([5, 8, 13]), 2, 3600, R.randrange(1 << 32), R.randrange(1 << 32), R.randrange(65536)) + b"\7example\3org\0" + R.randbytes(64)
        if kind == 47:
            return b"\1a\7example\3org\0" + bitmap()
        if kind in (48, 60):
            return struct.pack("!HBB", R.choice([256, 257, 0, R.randrange(65536)]), 3, R.choice([5, 8, 13])) + R.randbytes(64)
        if kind == 50:
            return struct.pack("!BBHB", 1, R.randrange(2), R.randrange(20), 4) + R.randbytes(4) + b"\x14" + R.randbytes(20) + bitmap()
        if kind == 51:
            return struct.pack("!BBHB", 1, 0, R.randrange(20), 4) + R.randbytes(4)
        if kind in (64, 65):
            return struct.pack("!H", R.randrange(3)) + R.choice([b"\0", b"\3svc\0"]) + b"".join(parameter(key) for key in sorted(R.sample([0, 1, 2, 3, 4, 5, 6, 7, 9], R.randrange(4))))
        if kind == 250:
            return b"\x08hmac-md5\x07sig-alg\0" + R.randbytes(6) + struct.pack("!HH", 300, 16) + R.randbytes(16) + struct.pack("!HHH", R.randrange(65536), 0, 0)
        return data(24)


KINDS = [1, 1, 2, 5, 6, 12, 13, 15, 16, 28, 28, 33, 35, 39, 41, 43, 46, 47, 48, 50, 51, 52, 64, 65, 99, 250, 257, 32769, 10, 29, 37, 44, 59, 60, 249, 65280]


def text(said=None):
    said = R.choice([b"v=spf1 -all", b"", b"path=/", data(20)]) if said is None else said
    return bytes([len(said)]) + said


def bitmap():
    return b"".join(bytes([window]) + bytes([length]) + R.randbytes(length) for window, length in sorted({0: R.randrange(1, 8), R.choice([0, 1]): R.randrange(1, 4)}.items()))


def option():
    code = R.choice([3, 4, 5, 6, 7, 8, 8, 9, 10, 10, 11, 12, 15, 65001])
    body = {
        5: lambda: R.randbytes(3), 6: lambda: b"\1\2", 7: lambda: b"\1",
        8: lambda: R.choice([struct.pack("!HBB", 1, 24, 0) + R.randbytes(3), struct.pack("!HBB", 2, 56, 0) + R.randbytes(7), struct.pack("!HBB", 1, 32, 0) + R.randbytes(4)]),
        10: lambda: R.randbytes(R.choice([8, 16, 24])), 12: lambda: bytes(R.randrange(20)),
        15: lambda: struct.pack("!H", R.randrange(30)) + R.choice([b"", b"no way"]),
        4: lambda: R.choice([b"\0\0" + R.randbytes(6), b"\0\0" + R.randbytes(12)]),
    }.get(code, lambda: data(12))()
    return struct.pack("!HH", code, len(body)) + body


def parameter(key):
    body = {
        0: b"\0\1\0\4", 1: R.choice([b"\2h2", b"\2h2\2h3"]), 2: b"", 3: struct.pack("!H", R.randrange(65536)),
        4: b"".join(R.randbytes(4) for _ in range(R.randrange(1, 3))), 5: R.randbytes(8), 6: R.randbytes(16),
    }.get(key, data(8))
    return struct.pack("!HH", key, len(body)) + body


def message(questions, counts, flags):
    built = Message()
    for _ in range(questions):
        built.question()
    for _ in range(sum(counts)):
        built.record()
    built.bytes[:12] = struct.pack("!HHHHHH", R.randrange(65536), flags, questions, *counts)
    return bytes(built.bytes)


def datagram(payload, source=None, target=53):
    below = R.choice([ether() / ip(), ether() / ip(), ether(0x86DD) / ip6()])
    return raw(below / UDP(sport=source or port(), dport=target) / Raw(payload))


def dns():
    for _ in range(220):
        yield datagram(message(1, (0, 0, R.choice([0, 0, 1])), R.choice([0x0100, 0x0120, 0x2800, R.randrange(65536)])))
    for _ in range(320):
        counts = tuple(R.choice([0, 0, 1, 1, 2, 4]) for _ in range(3))
        yield datagram(message(R.choice([1, 1, 1, 0, 2]), counts, R.choice([0x8180, 0x8583, 0x8400, R.randrange(65536)])), 53, port())
    for kind in KINDS:
        for _ in range(12):
            built = Message()
            built.question(kind if kind < 65536 else 1)
            built.record(kind)
            built.bytes[:12] = struct.pack("!HHHHHH", 7, 0x8180, 1, 1, 0, 0)
            yield datagram(bytes(built.bytes), 53, port())


def dns_broken():
    for _ in range(150):
        body = message(1, (2, 1, 1), 0x8180)
        yield datagram(body[:R.randrange(len(body))], 53, port())
    for _ in range(60):
        body = bytearray(message(1, (2, 0, 1), 0x8180))
        body[R.randrange(len(body))] = R.choice([0, 0xC0, 0xFF, R.randrange(256)])
        yield datagram(bytes(body), 53, port())
    for _ in range(60):
        yield datagram(R.randbytes(R.randrange(40)))
    for _ in range(60):
        body = message(1, (1, 0, 0), 0x8180)
        body = struct.pack("!H", len(body)) + body
        yield raw(ether() / ip() / TCP(sport=53, dport=port(), flags="PA") / Raw(R.choice([body, body, body[:30], body + body])))


def mdns():
    for _ in range(240):
        counts = tuple(R.choice([0, 0, 1, 2]) for _ in range(3))
        yield datagram(message(R.choice([0, 1, 2]), counts, R.choice([0, 0x8400])), 5353, 5353)


def llmnr():
    for _ in range(240):
        flags = R.choice([0, 0x8000, 0x8400, R.randrange(65536)])
        counts = (R.randrange(3), 0, 0) if flags & 0x8000 else (0, 0, 0)
        source, target = (5355, port()) if flags & 0x8000 else (port(), 5355)
        yield datagram(message(1, counts, flags), source, target)
    for length in range(14):
        yield datagram(R.randbytes(length), port(), 5355)


MAKERS = [(dns, ETHERNET), (dns_broken, ETHERNET), (mdns, ETHERNET), (llmnr, ETHERNET)]
