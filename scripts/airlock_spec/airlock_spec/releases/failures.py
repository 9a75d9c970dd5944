"""What can be wrong with releases, for whoever reads them: three cases, as they are dealt with differently."""

from __future__ import annotations

_TOLD = 500  # characters of somebody else's that a message repeats


class ReleaseError(Exception):
    """A release cannot be had; what served before goes on serving."""


class RefusedError(ReleaseError):
    """Content is not what its name, its digest or the format say: asking again gives the same."""


class AbsentError(ReleaseError):
    """There is no object, or no release, of this name."""


class UnreachableError(ReleaseError):
    """Who holds the releases does not answer, refuses, or breaks off: later it may."""


def unreadable(what: str, error: Exception) -> RefusedError:
    """Return the error of a document that cannot be read; what it says of it fits into a log, and in one line."""
    text = str(error)
    plain = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text[: _TOLD + 1])
    told = plain if len(plain) <= _TOLD else f"{plain[:_TOLD]}…"
    return RefusedError(f"{what} cannot be read: {told}")
