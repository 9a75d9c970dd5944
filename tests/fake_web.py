"""A web without sockets, and a progress that counts."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.errors import FetchError
from airlock.index.failures import CutError
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass
class Answer:
    """A response whose body breaks after `cut` bytes, if that is given."""

    status: int
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    protected: bool = True

    def chunks(self) -> Iterator[bytes]:
        sent = self.body if self.cut is None else self.body[: self.cut]
        for start in range(0, len(sent), 4):
            yield sent[start : start + 4]
        if self.cut is not None:
            raise CutError("the connection broke", cause="as the test wishes")


@dataclass
class FakeWeb:
    """Serves `files`; each request for a URL takes the next of its `cuts`."""

    files: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    unreachable: set[str] = field(default_factory=set)
    cuts: dict[str, list[int | None]] = field(default_factory=dict)
    ranges: bool = True
    lengths: bool = True
    protected: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)  # URL, Range

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Answer]:
        self.asked.append((url, headers.get("Range", "")))
        if any(url.startswith(host) for host in self.unreachable):
            raise FetchError("nobody answers", cause="nobody answers", remedy="plug it in")
        yield self._answer(url, headers.get("Range", ""))

    def _answer(self, url: str, wanted: str) -> Answer:
        if url in self.statuses or url not in self.files:
            return Answer(self.statuses.get(url, 404), url)
        body = self.files[url]
        cut = self.cuts[url].pop(0) if self.cuts.get(url) else None
        headers = {"Content-Type": self.kinds.get(url, "text/html")}
        match = re.fullmatch(r"bytes=(\d+)-\d*", wanted)
        if match and self.ranges:
            start = int(match[1])
            if start >= len(body):
                return Answer(416, url)
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return Answer(206, url, body[start:], headers, cut)
        if self.lengths:
            headers["Content-Length"] = str(len(body))
        return Answer(200, url, body, headers, cut, self.protected)


@dataclass
class Count:
    """A Progress."""

    total: int = 0

    def advance(self, amount: int, what: str = "") -> None:  # noqa: ARG002
        self.total += amount


def store_file(filename: str, content: bytes) -> StoreFile:
    return StoreFile(filename, len(content), hashlib.sha256(content).hexdigest())
