"""BOOTP and DHCP: every kind of message, every option, options cut and repeated."""
import struct

from scapy.all import UDP, Raw, raw

from values import ETHERNET, R, data, ether, ip

#: Options that clients and servers really send, with lengths that fit them.
USUAL = {
    1: [4], 2: [4], 3: [4, 8], 4: [4], 5: [4], 6: [4, 8, 12], 12: [5, 9], 13: [2], 14: [6], 15: [11], 19: [1], 22: [2],
    23: [1], 26: [2], 28: [4], 31: [1], 33: [8, 16], 42: [4, 8], 43: [6], 44: [4], 46: [1], 50: [4], 51: [4], 54: [4],
    55: [1, 7, 13], 56: [12], 57: [2], 58: [4], 59: [4], 60: [8], 61: [7, 19], 66: [9], 67: [10], 69: [4], 77: [5],
    80: [0], 81: [3, 12], 82: [8, 14], 93: [2], 94: [3], 97: [17], 100: [4], 101: [5], 108: [4], 114: [10], 116: [1],
    118: [4], 119: [13], 121: [8, 9, 16], 125: [9], 150: [4], 249: [8, 9], 252: [12],
}


def option(kind, length):
    body = R.randbytes(length)
    if kind in (12, 14, 15, 56, 60, 66, 67, 77, 100, 101, 114, 252):
        body = bytes(R.choice(b"abcdefghijklmnop.-/") for _ in range(length))
    elif kind == 55:
        body = bytes(R.choice([1, 3, 6, 12, 15, 26, 28, 33, 42, 51, 54, 58, 59, 81, 119, 121, 249, 252]) for _ in range(length))
    elif kind in (121, 249):
        body = {8: b"\x18\x0a\x00\x01\x0a\x00\x02\x02", 9: b"\x20\x08\x08\x08\x08\x0a\x00\x02\x02", 16: b"\x18\x0a\x00\x01\x0a\x00\x02\x02\x18\x0a\x00\x02\x0a\x00\x02\x02"}[length]
    elif kind == 119:
        body = b"\7example\3org\0"
    elif kind == 61 and length == 7:
        body = b"\1" + body[1:]
    elif kind == 81:
        body = bytes([R.choice([0, 1, 4, 5]), 0, 0]) + bytes(R.choice(b"abc") for _ in range(length - 3))
    elif kind == 82:
        body = {8: b"\1\2ab\2\2cd", 14: b"\1\6\0\4\0\1\0\2\2\4abcd"}[length]
    return bytes([kind, length]) + body


def header(reply, xid):
    mac = R.randbytes(6)
    return struct.pack("!BBBBIHH", 2 if reply else 1, 1, 6, R.randrange(3), xid, R.randrange(20), R.choice([0, 0x8000])) + b"".join(R.choice([bytes(4), R.randbytes(4)]) for _ in range(4)) + mac + bytes(10) + R.choice([bytes(64), b"server".ljust(64, b"\0")]) + R.choice([bytes(128), b"boot/linux.0".ljust(128, b"\0")])


def datagram(body, reply=False):
    ports = {"sport": 67, "dport": 68} if reply else {"sport": 68, "dport": 67}
    return raw(ether() / ip() / UDP(**ports) / Raw(body))


def message():
    kind = R.randrange(1, 9)
    reply = kind in (2, 5, 6)
    chosen = R.sample(sorted(USUAL), R.randrange(2, 12))
    options = bytes([53, 1, kind]) + b"".join(option(code, R.choice(USUAL[code])) for code in chosen)
    return header(reply, R.randrange(1 << 32)) + b"\x63\x82\x53\x63" + options, reply


def dhcp():
    for _ in range(260):
        body, reply = message()
        yield datagram(body + b"\xff" + bytes(R.choice([0, 0, 1, 20])), reply)
    for kind in range(256):
        length = R.choice(USUAL.get(kind, [R.randrange(12)]))
        body = header(False, kind) + b"\x63\x82\x53\x63\x35\x01" + bytes([R.choice([1, 3, 8, 9, 13, 14, 18, 19, 200])]) + option(kind, length) + b"\xff"
        yield datagram(body)


def dhcp_odd():
    for kind in sorted(USUAL):
        for length in sorted({0, 1, 2, 3, 4, 5, 7, R.randrange(20)}):
            odd = bytes([kind, length]) + R.randbytes(length)
            yield datagram(header(True, kind) + b"\x63\x82\x53\x63\x35\x01\x05" + odd + R.choice([b"\xff", b"", b"\0\0\xff"]), True)
    for _ in range(60):
        body, reply = message()
        yield datagram(body[:R.randrange(len(body))], reply)
    for _ in range(20):
        body = header(False, 7) + R.choice([b"", bytes(64), data(64), b"\x63\x82\x53\x63", b"\x63\x82\x53"])
        yield datagram(body)


MAKERS = [(dhcp, ETHERNET), (dhcp_odd, ETHERNET)]
