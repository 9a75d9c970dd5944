"""Internal networks of a Docker Engine, which have no way out."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Engine


@dataclass(frozen=True)
class Network:
    """A network of an engine, as this machine sees it."""

    name: str
    bridge: str  # its interface
    subnet: IPv4Network

    @classmethod
    def inspect(cls, engine: Engine, name: str) -> Network:
        found = json.loads(engine.text("network", "inspect", name))[0]
        assert found["Internal"], f"the network {name} has a way out"
        subnet = IPv4Network(found["IPAM"]["Config"][0]["Subnet"])
        return cls(name, f"br-{found['Id'][:12]}", subnet)


@contextmanager
def internal_network(engine: Engine) -> Iterator[Network]:
    """Make an internal network; remove it at the end."""
    name = f"airlock-test-{uuid.uuid4().hex[:12]}"
    engine.run("network", "create", "--internal", name)
    try:
        yield Network.inspect(engine, name)
    finally:
        engine.run("network", "rm", name)
