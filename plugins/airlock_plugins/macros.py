"""What templates may call as `macros.airlock.<name>()`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from airlock_spec import identity

if TYPE_CHECKING:
    from airlock_spec.identity import Identity


@cache  # an image does not change while a process runs in it
def image_identity() -> Identity:
    """Return the identity of this image.

    In templates it reads as one line and its parts are attributes: `macros.airlock.image_identity().airflow`.
    Raises FileNotFoundError outside an image.
    """
    return identity.read()
