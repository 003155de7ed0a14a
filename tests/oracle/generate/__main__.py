"""Makes captures of what real ones rarely hold, from fixed seeds: every kind of message, every
option, wrong lengths, quotes cut at every length. The argument is the folder to write into.
"""
import logging
import os
import struct
import sys

logging.getLogger("scapy").setLevel(logging.CRITICAL)

import arp
import cut
import dhcp
import dns
import icmp
import icmpv6
import igmp
import ipv4
import ipv6
import link
import tcp
import tun
import tunnels
import udp
from values import R

MODULES = [arp, cut, dhcp, dns, icmp, icmpv6, igmp, ipv4, ipv6, link, tcp, tun, tunnels, udp]


def write(path, link_type, packets):
    """A classic pcap file. A packet is its bytes, or its bytes and the length it had."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type))
        for number, packet in enumerate(packets):
            packet, length = packet if isinstance(packet, tuple) else (packet, len(packet))
            file.write(struct.pack("<IIII", 1600754581 + number, 0, len(packet), length) + packet)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for module in MODULES:
        for maker, link_type in module.MAKERS:
            R.seed("tunlab " + maker.__name__)
            write(os.path.join(folder, maker.__name__ + ".pcap"), link_type, maker())


if __name__ == "__main__":
    main()
