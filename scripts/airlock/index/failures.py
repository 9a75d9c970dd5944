"""The ways of not getting a file that a caller can tell apart."""

from __future__ import annotations

from airlock.errors import FetchError


class CutError(FetchError):
    """A connection broke while a body was on its way; what came so far is good."""


class GoneError(FetchError):
    """The server answers that it has no such file."""


class UnlistedError(FetchError):
    """Every index answered, and none lists the file with the hash that the lock names."""
