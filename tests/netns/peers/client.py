"""The tunnel's client in Python, as the course has its students write it.

client.py SERVER ADDR [ROUTE...]
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import sys

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000


def make_tun(addr, routes):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    answer = fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun%d", IFF_TUN | IFF_NO_PI))
    name = answer[:16].rstrip(b"\0").decode()
    for command in [
        ["addr", "add", addr, "dev", name],
        ["link", "set", "dev", name, "mtu", "1472", "up"],
        *(["route", "add", route, "dev", name] for route in routes),
    ]:
        subprocess.run(["ip", *command], check=True)
    return tun, name


def ends(packet):
    if packet[0] >> 4 == 6:
        pair = packet[8:24], packet[24:40]
        family = socket.AF_INET6
    else:
        pair = packet[12:16], packet[16:20]
        family = socket.AF_INET
    source, destination = (socket.inet_ntop(family, one) for one in pair)
    return f"{source} --> {destination}"


def main():
    server = (sys.argv[1], 9090)
    tun, name = make_tun(sys.argv[2], sys.argv[3:])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    print(f"Interface Name: {name}", file=sys.stderr, flush=True)
    while True:
        ready, _, _ = select.select([sock, tun], [], [])
        if sock in ready:
            packet, _ = sock.recvfrom(2048)
            print("From socket <==:", ends(packet))
            os.write(tun, packet)
        if tun in ready:
            packet = os.read(tun, 2048)
            print("From tun    ==>:", ends(packet))
            sock.sendto(packet, server)


main()
