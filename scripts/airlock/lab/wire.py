"""The two network namespaces of the lab, and what carries packets between them: iproute2, a veth pair, no root.

This process is in the one that is AWS; the tasks' is a descriptor. The tasks' only way is the veth pair, to a router
that takes what is for an address of the lab, and has a black hole for all else: no answer comes, no error either.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process
from airlock.errors import CommandError, LabError
from airlock.lab import dns
from airlock.lab.vpc import RESOLVER, ROUTER, TASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airlock.lab.report import Record
    from airlock.lab.vpc import Vpc
    from airlock.process import Running

NEAR, _FAR = "vpc", "eth0"
_LARGEST = 4096
_IPV6 = Path("/proc/sys/net/ipv6")


@dataclass(frozen=True)
class Tools:
    """The programs that are needed."""

    ip: Path
    nsenter: Path
    unshare: Path

    @classmethod
    def found(cls) -> Tools:
        """Find them. Raises LabError where one is missing."""
        names = {"ip": "iproute2", "nsenter": "util-linux", "unshare": "util-linux"}
        programs = {name: process.find(name) for name in names}
        if missing := [name for name, program in programs.items() if program is None]:
            raise LabError(
                "the network of the lab cannot be made",
                cause=f"{' and '.join(missing)} not found",
                remedy=f"apt install {' '.join(dict.fromkeys(names[name] for name in missing))}",
            )
        return cls(**{name: program for name, program in programs.items() if program})


@dataclass(frozen=True)
class Wire:
    """Both sides; `tasks` is a descriptor of the tasks' network namespace."""

    tools: Tools
    vpc: Vpc
    tasks: int

    def lay(self) -> None:
        """Make the interfaces, addresses and routes. Raises LabError where the kernel refuses."""
        try:
            self._batch(_there(), inside=True)
            self._batch(_near(self.vpc), inside=False)
            self._batch(_far(), inside=True)
        except CommandError as error:
            raise LabError("the network of the lab cannot be made", cause=error.cause) from error

    def start_inside(self, command: list[str], env: dict[str, str]) -> Running:
        """Start a program in the tasks' network, with this one's streams."""
        return process.attend([*self._enter(), *command], env=env, inherited=(self.tasks,))

    def _enter(self) -> list[str]:
        return [str(self.tools.nsenter), f"--net=/proc/self/fd/{self.tasks}", "--"]

    def _batch(self, lines: Iterator[str], *, inside: bool) -> None:
        command = [*(self._enter() if inside else []), str(self.tools.ip), "-batch", "-"]
        text = "".join(f"{line}\n" for line in lines).encode()
        process.run(command, stdin=text, inherited=(self.tasks,) if inside else ())


def _there() -> Iterator[str]:
    # the other end is given to process 1 of this pid namespace, which is in the network that is AWS
    yield f"link add {_FAR} type veth peer name {NEAR} netns 1"
    yield from _without_ipv6(_FAR)


def _without_ipv6(interface: str) -> Iterator[str]:
    """Give it no address of its own link, by which the other side could be reached unheard."""
    if _IPV6.is_dir():
        yield f"link set {interface} addrgenmode none"


def _near(vpc: Vpc) -> Iterator[str]:
    yield "link set lo up"
    yield from _without_ipv6(NEAR)
    for address in vpc.addresses:
        yield f"address add {address}/32 dev {NEAR}"
    yield f"link set {NEAR} up"
    yield f"route add {TASK}/32 dev {NEAR}"
    yield "route add blackhole default"


def _far() -> Iterator[str]:
    yield "link set lo up"
    yield f"address add {TASK}/32 dev {_FAR}"
    yield f"link set {_FAR} up"
    yield f"route add {ROUTER}/32 dev {_FAR}"
    yield f"route add default via {ROUTER}"


def resolve(vpc: Vpc, record: Record) -> Callable[[], None]:
    """Open the resolver's socket; return what answers at it for ever."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((RESOLVER, 53))

    def serve() -> None:
        while True:
            datagram, who = listening.recvfrom(_LARGEST)
            if question := dns.read(datagram):
                record.asked(question)
                listening.sendto(dns.reply(question, vpc.answer(question.name).address), who)

    return serve
