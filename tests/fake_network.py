"""A network of a task, in memory: names, and what answers at which address."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field

from airlock_spec.reach.destination import HTTPS


@dataclass
class FakeNetwork:
    """An `airlock_spec.reach.network.Network`.

    Addresses stand for themselves. What is not in `answers` is silent; an OSError there is how it ends.
    """

    names: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[tuple[str, int], OSError | None] = field(default_factory=dict)
    tried: list[tuple[str, int]] = field(default_factory=list)

    def resolve(self, host: str) -> list[str]:
        if host.replace(".", "").isdigit() or ":" in host:
            return [host]
        if host not in self.names:
            raise OSError(-2, "Name or service not known")
        return self.names[host]

    def connect(self, address: str, port: int, timeout: float) -> None:
        del timeout
        self.tried.append((address, port))
        ending = self.answers.get((address, port), TimeoutError("timed out"))
        if ending:
            raise ending

    def ask(self, host: str, address: str, timeout: float) -> str:
        del host
        self.connect(address, HTTPS, timeout)
        return "TLSv1.3, HTTP 403"


def unrouted() -> OSError:
    return OSError(errno.ENETUNREACH, "Network is unreachable")
