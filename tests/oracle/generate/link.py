"""Link layers: 802.3, LLC, SNAP, STP, VLAN tags, cooked captures, loopback."""
import struct

from scapy.all import (
    ARP, ICMP, LLC, SNAP, STP, TCP, UDP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Dot3, Ether,
    Raw, raw,
)

from values import (
    COOKED, COOKED2, ETHERNET, LOOP, NULL, R, address, data, ether, ip, ip6, mac, port,
)


def upper():
    """A packet, and its EtherType."""
    return R.choice([
        lambda: (0x0800, ip() / UDP(sport=port(), dport=port()) / data()),
        lambda: (0x0800, ip() / TCP(sport=port(), dport=port()) / data()),
        lambda: (0x0800, ip() / ICMP(id=R.randrange(65536)) / data()),
        lambda: (0x86DD, ip6() / UDP(sport=port(), dport=port()) / data()),
        lambda: (0x0806, ARP(op=R.choice([1, 2]), hwsrc=mac(), psrc=address(), hwdst=mac(), pdst=address())),
    ])()


def stp():
    kind = R.choice([0, 2])
    return STP(
        version=kind, bpdutype=kind, bpduflags=R.randrange(256), rootid=R.randrange(65536), rootmac=mac(),
        pathcost=R.randrange(1 << 24), bridgeid=R.randrange(65536), bridgemac=mac(), portid=R.randrange(65536),
        age=R.randrange(20), maxage=20, hellotime=R.choice([1, 2]), fwddelay=R.choice([4, 15]),
    )


def dot3():
    for _ in range(220):
        frame = Dot3(src=mac(), dst=R.choice(["01:80:c2:00:00:00", mac()])) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / stp()
        body = raw(frame) + (R.choice([b"\0", b""]) if frame[STP].version == 2 else b"")
        yield body + bytes(max(0, 60 - len(body))) if R.random() < 0.7 else body
    for _ in range(220):
        code, packet = upper()
        frame = Dot3(src=mac(), dst=mac()) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=R.choice([0, 0, 0, 0x00000C]), code=code) / packet
        body = raw(frame)
        yield body + bytes(max(0, 60 - len(body)))
    for _ in range(120):
        point = R.choice([(0x42, 0x42), (0xAA, 0xAA), (0xE0, 0xE0), (0xF0, 0xF1), (0xFE, 0xFE), (6, 6), (0xFF, 0xFF), (R.randrange(256), R.randrange(256))])
        yield raw(Dot3(src=mac(), dst=mac()) / LLC(dsap=point[0], ssap=point[1], ctrl=R.choice([3, 3, R.randrange(256)])) / data(50))
    for length in [0, 1, 2, 3, 4, 8, 38, 46, 200, 1500, 1501, 1535, 1536]:
        yield raw(Ether(src=mac(), dst=mac(), type=length)) + bytes([0xAA, 0xAA, 3]) + R.randbytes(R.choice([0, 2, 43]))
    for length in range(1, 18):
        yield raw(Ether(src=mac(), dst=mac(), type=R.choice([20, 0x0800])) / R.randbytes(20))[:length]


def tags():
    for _ in range(220):
        code, packet = upper()
        tag = Dot1Q(prio=R.randrange(8), dei=R.randrange(2), vlan=R.randrange(4096), type=code)
        if R.random() < 0.3:
            tag = Dot1Q(vlan=R.randrange(4096), type=0x8100) / tag
        body = raw(ether(0x8100) / tag / packet)
        yield body + bytes(max(0, 60 - len(body)))
    for _ in range(220):
        code, packet = upper()
        tag = Dot1AD(vlan=R.randrange(4096), type=R.choice([0x8100, code]))
        tag = tag / Dot1Q(vlan=R.randrange(4096), type=code) if tag.type == 0x8100 else tag
        yield raw(ether(0x88A8) / tag / packet)
    for kind in [0, 1, 38, 42, 122, 1500, 1501, 0x0600, 0x8870, 0x1234, 0x88A8, 0x8100, 0x9100]:
        for _ in range(3):
            yield raw(ether(0x8100)) + struct.pack("!HH", R.randrange(65536), kind) + bytes([0x42, 0x42, 3]) + R.randbytes(R.randrange(60))
    for length in range(4):
        yield raw(ether(R.choice([0x8100, 0x88A8]))) + R.randbytes(length)


def types():
    """Frames of types that nobody decodes, and of some that look like lengths."""
    for kind in [0x0842, 0x22F3, 0x6003, 0x8035, 0x809B, 0x80F3, 0x8137, 0x8204, 0x8808, 0x8847, 0x8848, 0x8863, 0x8864, 0x888E, 0x88CC, 0x88E5, 0x88E7, 0x88F7, 0x8902, 0x8906, 0x9000, 0x9100, 0xFFFF, 1501, 1535]:
        yield raw(ether(kind)) + data(50)


def cooked():
    for _ in range(260):
        code, packet = upper()
        shape = R.randrange(10)
        code = {0: 0x1234, 1: 1, 2: 4, 3: 0x8100, 4: 122}.get(shape, code)
        length = R.choice([6, 6, 6, 0, 8, 20])
        yield raw(CookedLinux(pkttype=R.randrange(6), lladdrtype=R.choice([1, 512, 772, 776, 778, 65534]), lladdrlen=length, src=R.randbytes(min(8, length)).ljust(8, b"\0"), proto=code) / packet)
    for length in range(17):
        yield raw(CookedLinux(proto=0x0800) / ip() / R.randbytes(8))[:length + 1]


def cooked2():
    for _ in range(260):
        code, packet = upper()
        shape = R.randrange(10)
        code = {0: 0x1234, 1: 1, 2: 4, 3: 0x8100, 4: 122}.get(shape, code)
        length = R.choice([6, 6, 6, 0, 8])
        yield raw(CookedLinuxV2(proto=code, ifindex=R.randrange(99), lladdrtype=R.choice([1, 772, 65534]), pkttype=R.randrange(6), lladdrlen=length, src=R.randbytes(length).ljust(8, b"\0")) / packet)
    for length in range(21):
        yield raw(CookedLinuxV2(proto=0x0800) / ip() / R.randbytes(8))[:length + 1]


def null():
    for _ in range(120):
        yield struct.pack("<I", 2) + raw(ip() / UDP(sport=port(), dport=port()) / data())
        yield struct.pack(">I", 2) + raw(ip() / TCP(sport=port(), dport=port()) / data())
    for family in [0, 1, 2, 7, 16, 23, 24, 28, 30, 0x1234]:
        for order in "<>":
            yield struct.pack(order + "I", family) + data()
    for length in range(5):
        yield struct.pack("<I", 2)[:length] or b"\0"


def loop():
    for _ in range(240):
        yield struct.pack(">I", 2) + raw(ip() / R.choice([UDP(sport=port(), dport=port()), TCP(sport=port(), dport=port())]) / data())
    for family in [0, 1, 2, 7, 16, 23, 24, 28, 30, 0x1234]:
        yield struct.pack(">I", family) + data()


MAKERS = [
    (dot3, ETHERNET), (tags, ETHERNET), (types, ETHERNET), (cooked, COOKED), (cooked2, COOKED2),
    (null, NULL), (loop, LOOP),
]
