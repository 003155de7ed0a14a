"""IPv4: options, fragments, lengths that lie, packets in packets."""
import struct

from scapy.all import *

from values import ETHERNET, RAW, R, address, data, ether, ip, ip6, port


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
    for kind in range(256):
        length = R.choice([3, 4, 4, 7, 8, 11, 12, 20])
        option = bytes([kind, R.choice([length, length, length, 0, 1, 2])]) + R.randbytes(length - 2)
        option += bytes(-len(option) % 4)
        head = bytearray(raw(ip(proto=17)) + option)
        head[0] = 0x45 + len(option) // 4
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
    for _ in range(220):
        whole = raw(ip() / R.choice([UDP(sport=port(), dport=port()), TCP(sport=port(), dport=port()), ICMP(id=1)]) / R.randbytes(64))
        at = R.choice([0, 0, 8, 24])
        part = whole[20 + at:20 + at + R.choice([8, 16, 24, 80])]
        yield raw(ether() / ip(flags=R.choice(["MF", "MF", 0]), frag=at // 8, proto=whole[9]) / Raw(part))
    for protocol in range(256):
        yield raw(ether() / ip(proto=protocol) / Raw(R.randbytes(R.randrange(40))))
    for protocol in (2, 41):
        yield raw(ether() / ip(proto=protocol, frag=9) / Raw(R.randbytes(50)))
    for _ in range(30):
        body = raw(ether() / ip() / ip(proto=R.choice([253, 17])) / Raw(R.randbytes(20)))
        yield body + bytes(R.randrange(8))


MAKERS = [(ipv4, ETHERNET)]
