"""IGMP, versions 1 to 3, behind the router alert option as it is on the wire."""
import struct

from scapy.all import IPOption_Router_Alert, Raw, raw

from values import ETHERNET, R, address, checked, data, ether, ip


def group():
    return bytes([224 + R.randrange(16), R.randrange(256), R.randrange(256), R.randrange(256)])


def host():
    return bytes(int(part) for part in address().split("."))


def message():
    version = R.randrange(5)
    if version < 2:
        kind = R.choice([0x11, 0x12, 0x16, 0x17, 0x13, 0x22, R.randrange(256)])
        return struct.pack("!BBH", kind, R.choice([0, 100, R.randrange(256)]), 0) + group() + R.choice([b"", b"", data()])
    if version == 2:
        sources = [host() for _ in range(R.randrange(4))]
        count = len(sources) if R.random() < 0.9 else R.randrange(9)
        return struct.pack("!BBH", 0x11, R.randrange(256), 0) + R.choice([bytes(4), group()]) + struct.pack("!BBH", R.randrange(16), R.randrange(256), count) + b"".join(sources)
    records = [record() for _ in range(R.randrange(5))]
    count = len(records) if R.random() < 0.9 else R.randrange(9)
    return struct.pack("!BBHHH", 0x22, 0, 0, 0, count) + b"".join(records)


def record():
    sources = [host() for _ in range(R.choice([0, 0, 1, 3]))]
    auxiliary = 1 if R.random() < 0.01 else 0
    return struct.pack("!BBH", R.choice([1, 2, 3, 4, 5, 6, R.randrange(256)]), auxiliary, len(sources)) + group() + b"".join(sources) + bytes(4 * auxiliary)


def igmp():
    for _ in range(400):
        options = [IPOption_Router_Alert()] if R.random() < 0.95 else []
        body = raw(ether() / ip(proto=2, ttl=R.choice([1, 1, 5]), options=options) / Raw(checked(message())))
        yield body + bytes(max(0, 60 - len(body)))
    for length in range(1, 20):
        yield raw(ether() / ip(proto=2) / Raw(message()[:length]))


MAKERS = [(igmp, ETHERNET)]
