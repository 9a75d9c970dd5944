"""Watches an internal Docker network from before its first container until after its last.

Two witnesses, both with kernel sockets that hear whole frames:

- in each container's network namespace, entered while runc still stands in the place of the container's program, which
  is held until the witness listens. Docker's resolver at 127.0.0.11 is in there, so this is the only place
  where the names that a container asks for can be seen;
- at the bridge, which sees what leaves any container, whichever way it was started.

Each container is given default routes into silence, so that what would fail unseen is sent, heard and lost.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from capture import sockets
from capture.heard import Heard
from capture.namespaces import Namespace, Namespaces, default_routes, interface_in, links, silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from capture.frames import Attempt
    from networks import Network

SECONDS_TO_JOIN = 5.0  # for a container that may be of another network
SECONDS_AWAITED = 60.0  # for one that is known to come; a busy engine takes its time


@dataclass
class Witness:
    """The witness in one container."""

    container: str  # its id
    address: str
    from_the_start: bool  # it listened before the container's program began
    heard: Heard


@dataclass
class Watch:
    """A running watch over a network; `with` begins and ends it."""

    network: Network
    in_containers: bool = True
    awaited: frozenset[str] = frozenset()  # ids of containers that are known to be in the network
    witnesses: list[Witness] = field(default_factory=list)
    at_bridge: Heard = field(default_factory=Heard)
    failures: list[str] = field(default_factory=list)
    _routes: str = ""  # of this machine
    _namespaces: Namespaces = field(default_factory=Namespaces)
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Return when both witnesses would hear the next container."""
        self._routes = default_routes()
        self._start(self._hear_bridge, sockets.hear(self.network.bridge))
        if self.in_containers:
            ready = threading.Event()
            self._start(self._watch_joining, ready)
            ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if default_routes() != self._routes:
            self.failures.append(f"this machine's own default routes changed, which were: {self._routes}")

    @property
    def lost(self) -> int:
        """How many frames no witness had room for."""
        return self.at_bridge.lost + sum(witness.heard.lost for witness in self.witnesses)

    def unattributed(self) -> Counter[tuple[str, Attempt]]:
        """Return what the bridge saw, by its source, and no container's witness did."""
        heard = {key for witness in self.witnesses for key in witness.heard.attempts}
        return Counter({key: count for key, count in self.at_bridge.attempts.items() if key not in heard})

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        def run() -> None:
            try:
                with suppress(OSError):  # before everything else; 0: this thread. A help, not a need
                    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
                target(*arguments)
            except Exception as error:  # noqa: BLE001 - a thread's failure must reach the verdict
                self.failures.append(f"{target.__name__}{arguments}: {error!r}")

        thread = threading.Thread(target=run, name=target.__name__, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watch_joining(self, ready: threading.Event) -> None:
        ports = Path("/sys/class/net") / self.network.bridge / "brif"
        joined: set[str] = set()
        with links() as events:
            while not self._over.is_set():
                present = set(os.listdir(ports))  # noqa: PTH208 - names, hundreds of times a second
                if present - joined or not ready.is_set():
                    for namespace in self._namespaces.new():
                        self._start(self._watch_container, namespace)
                joined = present
                ready.set()
                with suppress(TimeoutError):
                    events.recv(65536)

    def _watch_container(self, namespace: Namespace) -> None:
        subnet = self.network.subnet
        try:
            namespace.enter()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile, or went on
            self._namespaces.leave(namespace)
            return
        stream = sockets.hear()
        seconds = SECONDS_AWAITED if namespace.container in self.awaited else SECONDS_TO_JOIN
        interface, address = interface_in(subnet, seconds, 0.001 if namespace.fresh else 0.1)
        if not interface:
            stream.close()
            return  # it is of another network
        with namespace.held() as from_the_start:
            silence(interface, subnet)
        witness = Witness(namespace.container, address, from_the_start, Heard())
        self.witnesses.append(witness)
        self._hear(stream, witness.heard, interface)
        self._namespaces.leave(namespace)

    def _hear(self, stream: socket.socket, heard: Heard, interface: str) -> None:
        """Hear a container until its interface is gone."""
        with stream:
            while not self._over.is_set():
                try:
                    frame, (_, _, kind, *_) = stream.recvfrom(2048)
                except TimeoutError:
                    if interface not in {name for _, name in socket.if_nameindex()}:
                        break
                else:
                    heard.take(frame, sent=kind == sockets.SENT)
            heard.lost += sockets.lost(stream)

    def _hear_bridge(self, stream: socket.socket) -> None:
        with stream:
            while not self._over.is_set():
                with suppress(TimeoutError):
                    frame, (_, _, kind, *_) = stream.recvfrom(2048)
                    # What a container sends comes into the bridge; what goes out of it, this machine sent.
                    self.at_bridge.take(frame, sent=kind != sockets.SENT)
            self.at_bridge.lost += sockets.lost(stream)
