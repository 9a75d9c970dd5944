"""The variables that the probe starts with: the image's own, without those that would make Airflow ask somebody.

The probe itself blanks the secrets backend, once it has seen which one production will ask.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Airflow runs a command, or asks a secrets backend, for the value of such a setting while it is imported.
ASKS = re.compile(r"AIRFLOW__\w+__\w+_(?:SECRET|CMD)")
# airflow.cfg may do the same for this one, which every import reads; a variable comes before it.
_SETTINGS = {"AIRFLOW__CORE__FERNET_KEY": ""}


def without_asking(image: Iterable[tuple[str, str]], own: Mapping[str, str]) -> dict[str, str]:
    """Return the image's variables for a check, then the project's `own`, which may set anything anew."""
    return {key: value for key, value in image if not ASKS.fullmatch(key)} | _SETTINGS | dict(own)
