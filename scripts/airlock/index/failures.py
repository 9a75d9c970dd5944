"""The ways of not getting a file that a caller can tell apart."""

from __future__ import annotations

from urllib.parse import urlsplit

from airlock.errors import FetchError
from airlock.index.locations import redact


class CutError(FetchError):
    """A connection broke while a body was on its way; what came so far is good."""


class GoneError(FetchError):
    """The server answers that it has no such file."""


class UnlistedError(FetchError):
    """Every index answered, and none lists the file with the hash that the lock names."""


def refused(url: str, status: int | str, asked_by: str = "") -> FetchError:
    """Describe a server that answers 401 or 403; `asked_by` says which of our lines led there."""
    parts = urlsplit(redact(url))
    return FetchError(
        f"{parts.geturl()} refuses to answer",
        cause=f"{parts.netloc} wants other credentials (HTTP {status})"
        + (f"\n{asked_by}" if asked_by else ""),
        remedy=f"name them in ~/.netrc (machine {parts.hostname}) or in the index's URL; then run it again",
    )
