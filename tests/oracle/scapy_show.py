#!/usr/bin/env python3
"""Prints scapy's show() of every packet of the captures named in the arguments.

Before each packet stands `=== FILE NUMBER`, FILE being the argument's place from 0. Ports are
printed as numbers. A packet at which scapy itself fails prints `!!!` and the reason.
"""
import logging
import os
import sys

logging.getLogger("scapy").setLevel(logging.CRITICAL)
os.environ["NO_COLOR"] = "1"

import scapy.all as scapy
from scapy.config import conf
from scapy.utils import PcapReader

VERSION = "2.8.0"


def main():
    if sys.argv[1:] == ["--version"]:
        print(scapy.conf.version)
        return
    conf.verb = 0
    conf.debug_dissector = 0
    conf.noenum.add(scapy.TCP.sport, scapy.TCP.dport, scapy.UDP.sport, scapy.UDP.dport)
    write = sys.stdout.write
    for place, name in enumerate(sys.argv[1:]):
        try:
            packets = PcapReader(name)
        except Exception as error:
            write("=== %d 0\n!!! %s\n" % (place, error))
            continue
        number = 0
        while True:
            try:
                packet = packets.read_packet()
            except EOFError:
                break
            number += 1
            write("=== %d %d\n" % (place, number))
            try:
                write(packet.show(dump=True))
            except Exception as error:
                write("!!! %s: %s\n" % (type(error).__name__, error))


if __name__ == "__main__":
    main()
