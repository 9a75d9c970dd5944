"""Everything below a folder: what cannot be listed is an error, where Path.rglob leaves it out without a word."""

from __future__ import annotations

import os
from pathlib import Path

from airlock.errors import ConfigError


def below(folder: Path) -> list[Path]:
    """Return all that is below a folder, in order; nothing where there is no folder.

    Raises ConfigError for a folder that cannot be listed.
    """
    if not folder.is_dir():
        return []
    found: list[Path] = []
    for parent, folders, files in os.walk(folder, onerror=_refuse):
        found += (Path(parent, name) for name in (*folders, *files))
    return sorted(found)


def _refuse(error: OSError) -> None:
    raise ConfigError(
        f"{error.filename} cannot be listed",
        cause=error.strerror or str(error),
        remedy=f"chmod u+rx {error.filename}",
    ) from error
