"""Datagrams that a well-behaved client would not send.

forge.py OUTER SERVER text WORDS             no packet at all
forge.py OUTER SERVER packet INNER LENGTH    a packet from INNER, so long
forge.py OUTER SERVER flood COUNT            packets from so many inner addresses
forge.py OUTER SERVER clients COUNT          so many clients, each of which must get its own answer
"""

import socket
import struct
import sys
import time

DESTINATION = "192.168.53.5"


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, payload, protocol=253):
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0)
    ends = socket.inet_aton(source) + socket.inet_aton(DESTINATION)
    sums = struct.pack("!H", checksum(header + ends))
    return header[:10] + sums + ends + payload


def echo_request(source, number):
    message = struct.pack("!BBHHH", 8, 0, 0, 4242, number)
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return packet(source, message, protocol=1)


def inner(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def make_socket(outer):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((outer, 0))
    return sock


def main():
    outer, server, what, *rest = sys.argv[1:]
    there = (server, 9090)
    if what == "text":
        make_socket(outer).sendto(rest[0].encode(), there)
    elif what == "packet":
        make_socket(outer).sendto(packet(rest[0], bytes(int(rest[1]) - 20)), there)
    elif what == "flood":
        sock = make_socket(outer)
        for number in range(1, int(rest[0]) + 1):
            sock.sendto(packet(inner(number), b""), there)
            if number % 100 == 0:
                time.sleep(0.001)
    elif what == "clients":
        clients = [make_socket(outer) for _ in range(int(rest[0]))]
        addresses = [f"192.168.53.{100 + number}" for number in range(len(clients))]
        for number, (sock, address) in enumerate(zip(clients, addresses)):
            sock.sendto(echo_request(address, number), there)
        for number, (sock, address) in enumerate(zip(clients, addresses)):
            sock.settimeout(5)
            reply = sock.recv(2048)
            kind, got = reply[20], struct.unpack("!H", reply[26:28])[0]
            to = socket.inet_ntoa(reply[16:20])
            assert (kind, got, to) == (0, number, address), (kind, got, to)
        print(len(clients), "clients, each with its own answer")


main()
