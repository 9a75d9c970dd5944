"""How big files are, asked of their server: many indexes, such as plain HTML ones, do not say (PEP 700 does)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.index.parallel import each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.index.web import Session

THREADS = 8
_PARTIAL, _OK = 206, 200


def sizes(session: Session, urls: Sequence[str]) -> dict[str, int]:
    """Return the size in bytes of each file whose server tells it. Raises FetchError where nobody answers."""
    return {url: size for url, size in each(urls, lambda url: (url, _size(session, url)), THREADS) if size}


def _size(session: Session, url: str) -> int:
    """Ask for one byte, as HEAD is refused by some servers; one that knows no ranges tells the whole length."""
    with session.get(url, {"Range": "bytes=0-0", "Accept-Encoding": "identity"}) as response:
        length = response.headers.get("Content-Length", "")
        if response.status == _PARTIAL:
            length = response.headers.get("Content-Range", "").rpartition("/")[2]
        return int(length) if response.status in (_OK, _PARTIAL) and length.isdecimal() else 0
