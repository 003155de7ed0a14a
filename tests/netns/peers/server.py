"""The tunnel's server in Python, as the course has its students write it: it answers whoever was
heard last.

server.py ADDR
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


def make_tun(addr):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    answer = fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun%d", IFF_TUN | IFF_NO_PI))
    name = answer[:16].rstrip(b"\0").decode()
    subprocess.run(["ip", "addr", "add", addr, "dev", name], check=True)
    subprocess.run(["ip", "link", "set", "dev", name, "mtu", "1472", "up"], check=True)
    return tun, name


def main():
    tun, name = make_tun(sys.argv[1])
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("0.0.0.0", 9090))
    print(f"Interface Name: {name}", file=sys.stderr, flush=True)
    client = None
    while True:
        ready, _, _ = select.select([sock, tun], [], [])
        if sock in ready:
            packet, client = sock.recvfrom(2048)
            os.write(tun, packet)
        if tun in ready:
            packet = os.read(tun, 2048)
            if client is not None:
                sock.sendto(packet, client)


main()
