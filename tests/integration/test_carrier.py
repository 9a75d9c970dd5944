"""Connections are carried whole, both ways, over real sockets."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.process import Running

CARRIER = (sys.executable, "-P", "-m", "airlock_spec.carrier")
SIZE = 3_000_000  # more than sockets buffer


@contextlib.contextmanager
def carrying(*words: str, descriptors: tuple[int, ...] = ()) -> Iterator[Running]:
    for one in descriptors:
        os.set_inheritable(one, True)  # noqa: FBT003 - the function's own shape
    running = process.start_apart([*CARRIER, *words], log=Path(os.devnull))
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def connected(address: str | tuple[str, int]) -> socket.socket:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    end = time.monotonic() + 10
    while True:
        client = socket.socket(family)
        try:
            client.connect(address)
        except OSError:
            client.close()
            assert time.monotonic() < end, f"nobody listens at {address}"
            time.sleep(0.05)
        else:
            client.settimeout(20)
            return client


def received(connection: socket.socket) -> bytes:
    pieces = []
    while piece := connection.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


def place_of(listening: socket.socket) -> str:
    return f"tcp:127.0.0.1:{listening.getsockname()[1]}"


def test_an_inherited_socket_leads_to_a_port_and_back(server: socket.socket) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as inherited,
        carrying(f"fd:{inherited.fileno()}", place_of(server), descriptors=(inherited.fileno(),)),
        connected(inherited.getsockname()) as client,
    ):
        there, _ = server.accept()
        with there:
            client.sendall(b"asked")
            client.shutdown(socket.SHUT_WR)  # one direction ends, the other goes on
            assert received(there) == b"asked"
            there.sendall(b"x" * 1000)
        assert received(client) == b"x" * 1000


def test_a_port_leads_to_a_unix_socket_and_back_however_much(server: socket.socket, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    content = os.urandom(SIZE)
    with carrying(f"unix:{path}", place_of(server)), connected(path) as client:
        there, _ = server.accept()
        child = os.fork()
        if child == 0:
            client.sendall(content)
            client.shutdown(socket.SHUT_WR)
            os._exit(0)
        with there:
            there.settimeout(20)
            assert received(there) == content
        os.waitpid(child, 0)


def test_where_nobody_listens_the_connection_ends_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with (
        carrying(f"unix:{path}", f"unix:{tmp_path / 'nobody'}"),
        connected(path) as client,
        contextlib.suppress(ConnectionError),
    ):
        assert client.recv(1) == b""


def test_one_connection_that_says_nothing_holds_up_no_other(server: socket.socket, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with carrying(f"unix:{path}", place_of(server)), connected(path) as silent, connected(path) as other:
        for _ in range(2):
            there, _ = server.accept()
            there.sendall(b"hello")
        assert (silent.recv(5), other.recv(5)) == (b"hello", b"hello")


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)])
def test_the_commands_end_is_the_carriers(tmp_path: Path, command: str, code: int) -> None:
    words = (f"unix:{tmp_path / 'socket'}", "tcp:127.0.0.1:1", "--", "/bin/sh", "-c", command)

    assert process.run([*CARRIER, *words], check=False).returncode == code


def test_a_signal_is_the_commands(tmp_path: Path) -> None:
    script = f"trap 'exit 9' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done"
    words = (f"unix:{tmp_path / 'socket'}", "tcp:127.0.0.1:1", "--", "/bin/sh", "-c", script)
    with carrying(*words) as carrier:
        end = time.monotonic() + 10
        while not (tmp_path / "ready").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        carrier.send_signal(signal.SIGTERM)
        assert carrier.wait(timeout=10) == 9


def test_without_a_command_a_signal_ends_it(tmp_path: Path) -> None:
    with carrying(f"unix:{tmp_path / 'socket'}", "tcp:127.0.0.1:1") as carrier:
        connected(str(tmp_path / "socket")).close()
        carrier.send_signal(signal.SIGTERM)
        assert carrier.wait(timeout=10) == 0


def test_a_connection_that_stays_open_holds_up_no_end(server: socket.socket, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with carrying(f"unix:{path}", place_of(server)) as carrier, connected(path) as client:
        there, _ = server.accept()
        with there:
            carrier.send_signal(signal.SIGTERM)
            # asyncio's servers wait for their clients from Python 3.12 on, which the image has
            assert carrier.wait(timeout=5) == 0
            assert received(client) == b""


@pytest.mark.parametrize(
    "words", [("tcp:nowhere", "tcp:127.0.0.1:1"), ("fd:99", "tcp:127.0.0.1:1"), ("fd:x", "tcp:127.0.0.1:1")]
)
def test_what_cannot_be_carried_is_told_in_a_line(words: tuple[str, str]) -> None:
    done = process.run([*CARRIER, *words], check=False)

    assert done.returncode == 2
    assert done.stderr.startswith(b"carrier: ")
    assert b"Traceback" not in done.stderr
