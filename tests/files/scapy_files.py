#!/usr/bin/env python3
"""Capture files as scapy reads and writes them.

read FILE           prints a line for each packet: time, length on the wire, interface, direction,
                    bytes in hexadecimal; what scapy does not know is `-`
write LINK FOLDER   takes lines of seconds, nanoseconds and bytes in hexadecimal from stdin and
                    writes them in every format that scapy has
"""
import logging
import sys

logging.getLogger("scapy").setLevel(logging.CRITICAL)

from scapy.config import conf
from scapy.utils import PcapNgWriter, PcapWriter, RawPcapReader


def read(file):
    reader = RawPcapReader(file)
    for data, seen in reader:
        if hasattr(seen, "tshigh"):
            ticks = (seen.tshigh << 32) + seen.tslow
            nanos = ticks * 1000000000 // seen.tsresol
            name, direction = seen.ifname, seen.direction
        else:
            nanos = seen.sec * 1000000000 + seen.usec * (1 if reader.nano else 1000)
            name = direction = None
        name = name.decode() if isinstance(name, bytes) else name
        direction = {1: "in", 2: "out"}.get(direction, "-")
        time = "%d.%09d" % divmod(nanos, 1000000000)
        print(time, seen.wirelen, name or "-", direction, data.hex() or "-")


def write(link, folder):
    # Link types are bound to classes there.
    import scapy.layers.inet  # noqa: F401

    packets = []
    for line in sys.stdin:
        seconds, nanos, data = line.split()
        packets.append((int(seconds), int(nanos), bytes.fromhex(data)))
    for name, options, scale in [
        ("little.pcap", {"endianness": "<"}, 1000),
        ("big.pcap", {"endianness": ">"}, 1000),
        ("little-nano.pcap", {"endianness": "<", "nano": True}, 1),
        ("big-nano.pcap", {"endianness": ">", "nano": True}, 1),
        ("packed.pcap", {"gz": True}, 1000),
    ]:
        writer = PcapWriter(folder + "/" + name, linktype=link, **options)
        writer.write_header(None)
        for seconds, nanos, data in packets:
            writer.write_packet(data, sec=seconds, usec=nanos // scale)
        writer.close()
    # This one takes the link type from the packet's class.
    writer = PcapNgWriter(folder + "/new.pcapng")
    kind = conf.l2types.num2layer[link]
    for seconds, nanos, data in packets:
        packet = kind(data)
        # scapy rounds a float down to microseconds.
        packet.time = seconds + (nanos // 1000 + 0.5) / 1e6
        writer.write(packet)
    writer.close()


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(sys.argv[2])
    else:
        write(int(sys.argv[2]), sys.argv[3])
