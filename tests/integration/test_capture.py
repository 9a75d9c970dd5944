"""The capture that judges the network sees whatever a container tries, from its program's first moment on."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from capture.verdict import Found, named, outside
from capture.watching import Watch
from networks import Network, internal_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Engine, Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

NAME = "neighbour"
FIRST_THING = ("timeout", "0.3", "bash", "-c", "exec 3<>/dev/tcp/169.254.169.254/80")
TRIES = f"""
import socket
def connect(address, port, family=socket.AF_INET):
    with socket.socket(family) as one:
        one.settimeout(0.2)
        try:
            one.connect((address, port))
        except OSError as error:
            print(address, error)
connect("169.254.169.254", 80)
connect("8.8.8.8", 443)
connect("2001:db8::1", 443, socket.AF_INET6)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("203.0.113.5", 514))
socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).sendto(b"\\x08\\0\\xf7\\xff\\0\\0\\0\\0", ("198.51.100.1", 0))
for name in ("{NAME}", "pypi.example", "logs.us-east-1.amazonaws.com"):
    try:
        socket.getaddrinfo(name, 80)
    except OSError as error:
        print(name, error)
connect("{NAME}", 1)
"""
EXPECTED = {
    "tcp 169.254.169.254:80",
    "tcp 8.8.8.8:443",
    "tcp [2001:db8::1]:443",
    "udp 203.0.113.5:514",
    "icmp 198.51.100.1",
    f"tcp {NAME}:1",
    *(f"dns {NAME} {kind}" for kind in ("A", "AAAA")),
    *(f"dns pypi.example {kind}" for kind in ("A", "AAAA")),
    *(f"dns logs.us-east-1.amazonaws.com {kind}" for kind in ("A", "AAAA")),
}


@dataclass
class Watched:
    """An internal network with a watch over it."""

    engine: Engine
    image: str
    network: Network
    watch: Watch

    def run(self, *command: str, options: tuple[str, ...] = ()) -> str:
        joined = ("--network", self.network.name, "--entrypoint", command[0], *options, self.image)
        done = self.engine.run("run", "--rm", *joined, *command[1:], check=False)
        return (done.stdout + done.stderr).decode()

    def stop(self, *names: str) -> Found:
        time.sleep(0.3)
        ids = {self.engine.text("inspect", "--format", "{{.Id}}", name): name for name in names}
        self.watch.__exit__()
        assert (self.watch.failures, self.watch.lost) == ([], 0)
        return named(self.watch, ids)


@pytest.fixture
def watched(image: Image) -> Iterator[Watched]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("the capture enters network namespaces: run as root on the engine's machine")
    with internal_network(image.engine) as network, Watch(network) as watch:
        yield Watched(image.engine, image.reference, network, watch)


def test_names_and_addresses_of_every_kind_are_seen(watched: Watched) -> None:
    start = ("run", "--detach", "--name", f"{watched.network.name}-{NAME}", "--network-alias", NAME)
    name = watched.engine.text(
        *start, "--network", watched.network.name, "--entrypoint", "sleep", watched.image, "60"
    )
    try:
        watched.run("python3", "-c", TRIES, options=("--user", "0"))
        found = watched.stop(name)
    finally:
        watched.engine.run("rm", "--force", name)

    tried = {what.replace(f"tcp {name}:", f"tcp {NAME}:") for who, what in found if who != name}
    assert tried == EXPECTED
    assert not any("at the bridge alone" in who for who, _ in found)
    assert outside(found, {"*": EXPECTED}).keys() == {key for key in found if key[1] == f"tcp {name}:1"}


def test_the_first_thing_that_a_program_does_is_seen(watched: Watched) -> None:
    for _ in range(8):
        watched.run(*FIRST_THING)
    found = watched.stop()

    assert [what for _, what in found.elements()] == ["tcp 169.254.169.254:80"] * 8
    assert [witness.from_the_start for witness in watched.watch.witnesses] == [True] * 8


def test_the_bridge_sees_what_has_no_witness_in_its_container(watched: Watched) -> None:
    with Watch(watched.network, in_containers=False) as bridge:
        watched.run(*FIRST_THING)
        time.sleep(0.3)

    assert [what for _, what in named(bridge, {}).elements()] == ["tcp 169.254.169.254:80"]


def test_an_address_of_the_network_that_nobody_has_is_seen(watched: Watched) -> None:
    nobody = watched.network.subnet[77]
    watched.run("timeout", "0.3", "bash", "-c", f"exec 3<>/dev/tcp/{nobody}/80")

    assert {what for _, what in watched.stop()} == {f"arp {nobody}"}
