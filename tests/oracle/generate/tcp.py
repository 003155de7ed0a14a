"""TCP."""
import struct

from scapy.all import TCP, Raw, raw

from values import ETHERNET, R, data, ether, ip, ip6, port


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
    for kind in range(256):
        length = R.choice([2, 3, 4, 6, 10, 16, 18, 18, 34])
        options = bytes([kind, length]) + R.randbytes(length - 2)
        options += bytes([1] * (-len(options) % 4))
        segment = bytearray(raw(TCP(sport=port(), dport=port(), chksum=1)))
        segment[12] = (5 + len(options) // 4) << 4
        yield raw(ether() / ip(proto=6) / Raw(bytes(segment) + options + data()))
    for kind in [2, 3, 4, 5, 8, 14, 15, 19, 25, 28, 29, 30, 34, 69, 253, 254]:
        for length in range(0, 24):
            segment = bytearray(raw(TCP(sport=port(), dport=port(), chksum=1)))
            segment[12] = 11 << 4
            yield raw(ether() / ip(proto=6) / Raw(bytes(segment) + bytes([kind, length]) + R.randbytes(R.choice([22, 22, 30]))))
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


MAKERS = [(tcp, ETHERNET)]
