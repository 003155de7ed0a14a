"""ICMPv6: every kind, neighbour discovery with every option, cut quotes."""
import struct

from scapy.all import *

from icmp import extension
from tcp import tcp_options
from values import ETHERNET, R, address6, data, ether, ip6, mac, port


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


def icmpv6_odd():
    """Every type and every option, whatever their bytes."""
    for kind in range(256):
        yield raw(ether(0x86DD) / ip6(nh=58) / Raw(bytes([kind]) + R.randbytes(R.choice([3, 7, 15, 23, 27, 39, 60]))))
    for kind in list(range(128, 162)) * 4:
        yield raw(ether(0x86DD) / ip6(nh=58) / Raw(bytes([kind, R.randrange(4)]) + R.randbytes(R.randrange(70))))
    for kind in list(range(40)) * 5 + list(range(40, 256)):
        length = R.choice([1, 1, 2, 3, 4, 5])
        body = bytes([kind, length]) + R.randbytes(R.choice([8 * length - 2, 8 * length - 2, 8 * length - 2, R.randrange(40)]))
        if kind == 31:
            body = bytes([kind, 3]) + R.randbytes(6) + b"\x07example\3org\0\0\0\0"
        yield raw(ether(0x86DD) / ip6(nh=58) / ICMPv6ND_NS(tgt=address6()) / Raw(body + R.choice([b"", b"\5\1\0\0\0\0\5\xdc"])))


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


MAKERS = [(icmpv6, ETHERNET), (icmpv6_odd, ETHERNET), (icmpv6_cut, ETHERNET)]
