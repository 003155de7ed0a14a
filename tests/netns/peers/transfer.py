"""Two files over one TCP connection, one in each direction, one after the other.

transfer.py serve PORT RECEIVED SENT
transfer.py call HOST PORT SENT RECEIVED
"""

import socket
import sys


def send(connection, name):
    with open(name, "rb") as file:
        connection.sendfile(file)
    connection.shutdown(socket.SHUT_WR)


def receive(connection, name):
    with open(name, "wb") as file:
        while block := connection.recv(65536):
            file.write(block)


def main():
    if sys.argv[1] == "serve":
        listener = socket.create_server(("0.0.0.0", int(sys.argv[2])))
        print("listening", flush=True)
        connection, _ = listener.accept()
        receive(connection, sys.argv[3])
        send(connection, sys.argv[4])
    else:
        connection = socket.create_connection((sys.argv[2], int(sys.argv[3])), timeout=15)
        send(connection, sys.argv[4])
        receive(connection, sys.argv[5])


main()
