"""What can be wrong with releases, for whoever reads them: three cases, as they are dealt with differently."""

from __future__ import annotations


class ReleaseError(Exception):
    """A release cannot be had; what served before goes on serving."""


class RefusedError(ReleaseError):
    """Content is not what its name, its digest or the format say: asking again gives the same."""


class AbsentError(ReleaseError):
    """There is no object, or no release, of this name."""


class UnreachableError(ReleaseError):
    """Who holds the releases does not answer, refuses, or breaks off: later it may."""
