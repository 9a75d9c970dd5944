"""A request to a registry, and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING
from urllib.parse import urljoin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
DOCUMENT = 4 << 20  # bytes: the longest answer that is kept, the limit of manifests (facts of ECR's quotas)


@dataclass(frozen=True)
class Ask:
    """A request; `body` opens what is sent, anew for each attempt; `length` is its size in bytes."""

    method: str
    url: str  # absolute, or a path of the registry
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[], IO[bytes]] | None = None
    length: int = 0
    answers: frozenset[int] = frozenset({200})
    again: frozenset[int] = BUSY  # statuses that are worth another attempt
    repeatable: bool = True  # whether it is asked again where no answer came
    seconds: float = 0.0  # of silence that are borne beyond the usual
    limit: int = DOCUMENT  # bytes: the longest answer
    authorized: bool = (
        True  # whether the registry's credentials go along; if not, it is not asked elsewhere either
    )


@dataclass(frozen=True)
class Answer:
    """What came back: its status, headers (any case), and the whole body; `url` is what was asked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str = field(repr=False)

    def location(self) -> str:
        """Return where an upload goes on. Raises KeyError where the answer does not say, ValueError for no URL."""
        return urljoin(self.url, self.headers["Location"])
