"""ARP."""
import struct

from scapy.all import ARP, raw

from values import ETHERNET, R, address, ether, mac


def arp():
    for _ in range(240):
        source, target = address(), address()
        packet = ARP(op=R.choice([1, 1, 2, 2, R.randrange(12)]), hwsrc=mac(), psrc=source, hwdst=mac(), pdst=target)
        shape = R.randrange(10)
        if shape == 0:
            packet.pdst = source
        elif shape == 1:
            packet.psrc = "0.0.0.0"
        elif shape == 2:
            packet.pdst, packet.hwdst = source, "00:00:00:00:00:00"
        elif shape == 3:
            packet.pdst, packet.hwdst = source, "ff:ff:ff:ff:ff:ff"
        body = raw(ether(0x0806) / packet)
        yield body + bytes(max(0, 60 - len(body))) if R.random() < 0.5 else body
    for hwtype, ptype, hwlen, plen in [(6, 0x800, 6, 4), (1, 0x86DD, 6, 16), (1, 0x800, 8, 4), (32, 0x800, 20, 4), (1, 0x800, 6, 0), (1, 0x800, 0, 4), (24, 0x800, 8, 4), (1, 0x1234, 6, 4)]:
        for op in (1, 2):
            sizes = 2 * (hwlen + plen)
            yield raw(ether(0x0806)) + struct.pack("!HHBBH", hwtype, ptype, hwlen, plen, op) + R.randbytes(sizes)


MAKERS = [(arp, ETHERNET)]
