"""The sources of a bundle, for the comments in them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def of(bundle: Path) -> dict[str, str]:
    """Return the texts of a bundle's Python files, by their path in it.

    Links are followed, as Airflow does; hidden folders and virtual environments are left out. What cannot be read has
    no text.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    for folder, inner, names in os.walk(bundle, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen or "pyvenv.cfg" in names:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name != "__pycache__")
        for path in (Path(folder, name) for name in sorted(names) if name.endswith(".py")):
            with contextlib.suppress(OSError):
                if not path.is_file():  # a FIFO would be read for ever
                    continue
                text = path.read_text(encoding="utf-8", errors="replace")
                found[path.relative_to(bundle).as_posix()] = text
    return found
