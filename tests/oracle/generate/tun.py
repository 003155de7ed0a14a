"""What is read from a TUN device: no Ethernet below."""
from scapy.all import ICMP, UDP, ICMPv6EchoRequest, raw

from values import R, RAW, data, ip, ip6, port


def tun():
    """What is read from a TUN device: no Ethernet below."""
    for _ in range(100):
        yield raw(ip() / ICMP(id=R.randrange(65536), seq=R.randrange(65536)) / data(64))
        yield raw(ip6() / ICMPv6EchoRequest(id=R.randrange(65536), seq=R.randrange(65536), data=data(64)))
    for length in range(48):
        yield raw(ip() / UDP(sport=port(), dport=port()) / R.randbytes(20))[:length]
        yield raw(ip6() / UDP(sport=port(), dport=port()) / R.randbytes(20))[:length]


MAKERS = [(tun, RAW)]
