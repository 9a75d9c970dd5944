"""The foreseen failures of the lab's services."""

from __future__ import annotations


class RefusedError(Exception):
    """A service cannot start as it was asked to; the text says why and what to change, in one line."""

    exit_code = 3
