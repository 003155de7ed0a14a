"""Random values, always the same ones: every maker starts from a seed of its own."""
import random
import struct

from scapy.all import IP, Ether, IPv6

ETHERNET, RAW, COOKED, COOKED2, NULL, LOOP = 1, 101, 113, 276, 0, 108
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
