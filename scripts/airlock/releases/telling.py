"""Tells what is wrong with a place of releases as a foreseen failure: the fact, its cause and what to type next."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from airlock.errors import AwsError, LocationError
from airlock_spec.releases.failures import AbsentError, RefusedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def told(place: object, again: str = "run the same command again") -> Iterator[None]:
    """Raise the failures of a place in the toolchain's words: AwsError as it was, all others as LocationError."""
    try:
        yield
    except UnreachableError as error:
        if isinstance(error.__cause__, AwsError):
            raise error.__cause__ from error
        raise LocationError(f"{place} cannot be reached", cause=str(error), remedy=again) from error
    except AbsentError as error:
        raise LocationError(
            f"{place} does not have what is asked for",
            cause=str(error),
            remedy=f"airlock releases --at {place}    shows what is there; `airlock sync` publishes",
        ) from error
    except RefusedError as error:
        raise LocationError(
            f"what is at {place} is not as it should be",
            cause=str(error),
            remedy=f"airlock releases --at {place}    shows what is there; nothing was changed",
        ) from error
