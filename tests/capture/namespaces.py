"""The network namespaces of containers: found the moment a container joins, entered, and given a way into silence."""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import signal
import socket
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
HERE = Path("/proc/thread-self/ns/net")  # of the thread that asks
# The namespace that this program began in. A runc that makes a container is in the container's cgroup before it leaves
# the machine's namespace, and would pass for the container: nothing may ever be changed in this one.
OURS = Path("/proc/self/ns/net").stat().st_ino
# The stages of runc by their names; the last becomes the container's program.
RUNC_BEFORE, RUNC_READY = ("runc", "runc:[0:PARENT]", "runc:[1:CHILD]"), "runc:[2:INIT]"
CONTAINER = re.compile(r"[0-9a-f]{64}")
GET_FLAGS, GET_ADDRESS, UP = 0x8913, 0x8915, 1  # SIOCGIFFLAGS, SIOCGIFADDR, IFF_UP
NETLINK_LINKS = 1  # RTMGRP_LINK: tells when an interface appears or changes
NOWHERE = "02:00:00:00:00:01"  # the hardware address of nobody
NOWHERE_6 = "fe80::1"


@dataclass(frozen=True)
class Namespace:
    """The network namespace of a container, by one of its processes."""

    inode: int
    pid: int
    container: str  # its id

    @property
    def fresh(self) -> bool:
        """Whether the container's own program has not begun: runc stands in its place."""
        return _name(self.pid) == RUNC_READY

    def enter(self) -> None:
        """Move the calling thread, and what it starts, into this namespace; raises OSError where it is gone."""
        if self.inode == OURS:
            raise ValueError(f"the network namespace of {self.container[:12]} is this machine's own")
        libc = ctypes.CDLL(None, use_errno=True)
        with (PROC / str(self.pid) / "ns" / "net").open() as namespace:
            if libc.setns(namespace.fileno(), 0):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        if HERE.stat().st_ino != self.inode:
            raise ProcessLookupError(f"process {self.pid} went on to another namespace")

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep the container's program from beginning; gives whether it had not begun.

        Only where its network is there: before that runc is at work still, and Docker waits for it.
        """
        os.kill(self.pid, signal.SIGSTOP) if self.fresh else None
        try:
            yield self.fresh
        finally:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)


def _name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:  # it ended
        return ""


class Namespaces:
    """The network namespaces of containers, of which each is told once."""

    def __init__(self) -> None:
        self._told: set[tuple[int, str]] = set()  # the number of one that ended is given to another's

    def new(self) -> list[Namespace]:
        """Find those that were not told."""
        found = []
        for pid in os.listdir(PROC):  # noqa: PTH208 - a container starts in the time that paths take
            if not pid.isdecimal():
                continue
            try:
                inode = os.stat(f"{PROC}/{pid}/ns/net").st_ino  # noqa: PTH116 - the same
                container = None if inode == OURS else CONTAINER.search((PROC / pid / "cgroup").read_text())
            except OSError:  # it ended meanwhile
                continue
            if container and (inode, container[0]) not in self._told and _name(int(pid)) not in RUNC_BEFORE:
                self._told.add((inode, container[0]))
                found.append(Namespace(inode, int(pid), container[0]))
        return found

    def leave(self, namespace: Namespace) -> None:
        """Forget one that ended: its container may be started again, and be given the same number."""
        self._told.discard((namespace.inode, namespace.container))


def default_routes() -> str:
    """Return how this machine itself leaves its network, which a watch must never change."""
    kinds = ("-4", "-6")
    return "".join(process.run(["ip", kind, "route", "show", "default"]).stdout.decode() for kind in kinds)


def links() -> socket.socket:
    """Return a socket that has something to read whenever an interface of this machine changes."""
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)  # 0: NETLINK_ROUTE
    events.bind((0, NETLINK_LINKS))
    events.settimeout(0.2)
    return events


def interface_in(subnet: IPv4Network, seconds: float, pause: float) -> tuple[str, str]:
    """Wait until an interface of this thread's namespace is in the subnet; return its name and address, or nothing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for _, name in socket.if_nameindex():
            address = _address(name)
            if address is not None and address in subnet:
                return name, str(address)
        time.sleep(pause)
    return "", ""


def _address(interface: str) -> IPv4Address | None:
    """Return the address of an interface that is up."""
    request = interface.encode().ljust(40, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            flags = int.from_bytes(fcntl.ioctl(any_socket, GET_FLAGS, request)[16:18], sys.byteorder)
            answer = fcntl.ioctl(any_socket, GET_ADDRESS, request)
        except OSError:
            return None
    return IPv4Address(answer[20:24]) if flags & UP else None


def silence(interface: str, subnet: IPv4Network) -> None:
    """Give this thread's namespace default routes, IPv4 and IPv6, to a neighbour that nobody is.

    In an internal network of Docker a connection to a far address fails at once, unseen. With a route its packets
    are sent, reach the bridge, and are lost, as in a subnet without a NAT gateway. Raises RuntimeError where the
    thread never left this machine's namespace, whose routes are everybody's.
    """
    if HERE.stat().st_ino == OURS:
        raise RuntimeError("only a container's namespace may be silenced, and this is the machine's own")
    settings = Path("/proc/sys/net/ipv6/conf") / interface
    (settings / "accept_dad").write_text("0")  # an address that can be used at once
    (settings / "disable_ipv6").write_text("0")
    gateway = subnet.broadcast_address - 1
    commands = (
        f"neigh replace {gateway} lladdr {NOWHERE} dev {interface} nud permanent",
        f"route replace default via {gateway} dev {interface}",
        f"-6 neigh replace {NOWHERE_6} lladdr {NOWHERE} dev {interface} nud permanent",
        f"-6 route replace default via {NOWHERE_6} dev {interface}",
    )
    for command in commands:
        process.run(["ip", *command.split()])
