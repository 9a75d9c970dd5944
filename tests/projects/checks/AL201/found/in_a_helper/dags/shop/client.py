import socket


def currencies():
    try:
        with socket.create_connection(("192.0.2.10", 7000), timeout=2) as server:  # expect: AL201
            return server.recv(1000).decode().split()
    except OSError:
        return ["eur"]


CURRENCIES = currencies()
