"""A tunnel's end that spoils the packets it carries, in the way that the file MODE says.

mangler.py server ADDR MODE            spoils what comes out of the tunnel
mangler.py client ADDR MODE SERVER     spoils the datagrams around it
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


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def sealed(packet):
    """With the right checksum of its IP header."""
    sums = struct.pack("!H", checksum(packet[:10] + b"\0\0" + packet[12:20]))
    return packet[:10] + sums + packet[12:]


def spoil(packet, mode):
    if mode == "checksum":
        return packet[:10] + bytes([packet[10] ^ 1]) + packet[11:]
    if mode == "truncated":
        return packet[:60]
    if mode == "header":
        return b"\x44" + packet[1:]
    if mode == "nibble":
        return packet[20:]
    if mode == "empty":
        return b""
    if mode == "six":
        return b"\x65" + packet[1:]
    if mode == "loopback":
        return sealed(packet[:12] + socket.inet_aton("127.0.0.1") + packet[16:])
    if mode == "tcp":
        return packet[:36] + bytes([packet[36] ^ 1]) + packet[37:]
    if mode == "udp":
        return packet[:26] + bytes([packet[26] ^ 1]) + packet[27:]
    return packet


def make_tun(addr):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"tun0", IFF_TUN | IFF_NO_PI))
    for command in ["addr add %s dev tun0", "link set dev tun0 mtu 1472 up"]:
        command = command % addr if "%" in command else command
        subprocess.run(["ip", *command.split()], check=True)
    return tun


def main():
    role, addr, mode, *server = sys.argv[1:]
    tun = make_tun(addr)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there = None
    if role == "server":
        sock.bind(("0.0.0.0", 9090))
    else:
        there = (server[0], 9090)
        sock.connect(there)
        subprocess.run(["ip", "route", "add", "192.168.70.0/24", "dev", "tun0"], check=True)
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([sock, tun], [], [])
        how = open(mode).read().strip()
        if sock in ready:
            packet, there = sock.recvfrom(2048)
            try:
                os.write(tun, spoil(packet, how) if role == "server" else packet)
            except OSError as error:
                print(error, flush=True)
        if tun in ready:
            packet = os.read(tun, 2048)
            if role == "client" and how == "datagram":
                ports = sock.getsockname()[1], 9090
                header = struct.pack("!HHHH", *ports, 8 + len(packet), 0xDEAD)
                raw.sendto(header + packet, (there[0], 0))
            elif there:
                sock.send(packet) if role == "client" else sock.sendto(packet, there)


main()
