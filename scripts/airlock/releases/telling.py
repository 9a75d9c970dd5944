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
            remedy=f"publish it there: airlock sync --to {place}; or name another place",
        ) from error
    except RefusedError as error:
        raise LocationError(
            f"what is at {place} is not as it should be",
            cause=str(error),
            remedy="nothing was changed; see who else writes there. A release that is damaged is mended by publishing\n"
            "it anew (airlock sync), any other object by an earlier version of it, or by deleting it",
        ) from error
    except BrokenPipeError:  # of our own stdout
        raise
    except OSError as error:
        raise LocationError(
            f"{error.filename or place} cannot be read or written",
            cause=error.strerror or str(error),
            remedy="make room or give permission there, or name another folder; what served goes on serving",
        ) from error
