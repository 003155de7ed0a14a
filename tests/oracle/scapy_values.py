#!/usr/bin/env python3
"""Prints the values that scapy reads in every packet of the captures named in the arguments: a
line with the capture's place from 0 and a JSON list of layers, those that tunlab is compared in.
"""
import json
import logging
import sys

logging.getLogger("scapy").setLevel(logging.CRITICAL)

from scapy.all import ARP, ICMP, IP, TCP, UDP, IPv6, Packet
from scapy.fields import FlagValue
from scapy.layers.inet import TCPAOValue
from scapy.utils import PcapReader

#: Quoted layers are classes of their own, derived from these.
COMPARED = (ARP, ICMP, IP, TCP, UDP, IPv6)


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, FlagValue):
        return str(value)
    if isinstance(value, TCPAOValue):
        return value.original.hex()
    if isinstance(value, Packet):
        return [layer(part) for part in parts(value)]
    if isinstance(value, (list, tuple)):
        flat = []
        for item in value:
            chain = isinstance(item, Packet) and not isinstance(item, TCPAOValue)
            item = plain(item)
            flat += item if chain else [item]
        return flat
    return value


def parts(packet):
    while packet:
        yield packet
        packet = packet.payload


def layer(part, name=None):
    # What was read, not what a cut header has by default.
    read = [field for field in part.fields_desc if field.name in part.fields]
    fields = {field.name: plain(part.fields[field.name]) for field in read}
    if not fields.get("extpad"):
        # No padding is there.
        fields.pop("extpad", None)
    return {"name": name or type(part).__name__, "fields": fields}


def compared(packet):
    for part in parts(packet):
        for kind in COMPARED:
            if isinstance(part, kind):
                yield layer(part, kind.__name__)


def main():
    write = sys.stdout.write
    for place, name in enumerate(sys.argv[1:]):
        packets = PcapReader(name)
        while True:
            try:
                packet = packets.read_packet()
            except EOFError:
                break
            write("%d %s\n" % (place, json.dumps(list(compared(packet)))))


if __name__ == "__main__":
    main()
