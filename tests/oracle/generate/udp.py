"""UDP."""
import struct

from scapy.all import UDP, Raw, raw

from values import ETHERNET, R, data, ether, ip, ip6, port


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
    # Ports of the protocols that ride on UDP here.
    for known in [53, 67, 68, 4754, 4789, 4790, 5353, 5355, 6633, 8472, 48879]:
        for ports in [(known, port()), (port(), known), (known, known), (known, 53), (67, known)]:
            yield raw(ether() / ip() / UDP(sport=ports[0], dport=ports[1]) / Raw(R.randbytes(R.choice([7, 12, 30, 60, 240]))))
    for length in range(9):
        yield raw(ether() / ip(proto=17) / Raw(struct.pack("!HHHH", port(), port(), 8, 0)[:length]))


MAKERS = [(udp, ETHERNET)]
