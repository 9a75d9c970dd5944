"""Where this repository's own files are: a checkout has them at their place, an installed toolchain in `template`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def source(name: str) -> Path:
    """Return the place of a file or folder by its path in the repository, as `image/rootfs`."""
    packaged = _PACKAGE / "template"
    return (packaged if packaged.is_dir() else _PACKAGE.parents[1]) / name
