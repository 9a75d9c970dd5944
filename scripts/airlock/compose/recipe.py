"""Which code a cached result came from: changing that code makes new results, and changes no other."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_LIBRARIES = ("deflate", "installer", "pyelftools", "python-debian", "zstandard")

FRAGMENT = (
    "compose/bytecode.py",
    "compose/bytecode_inside.py",
    "compose/compression.py",
    "compose/elf.py",
    "compose/entry.py",
    "compose/fragment.py",
    "compose/sources.py",
    "compose/tar.py",
    "compose/trust.py",
    "debian/base.py",
    "debian/database.py",
    "debian/deb.py",
    "wheels/layout.py",
    "wheels/source.py",
    "wheels/wheel.py",
)
SDIST = (
    "compose/entry.py",
    "debian/base.py",
    "debian/deb.py",
    "sdists/archive.py",
    "sdists/build.py",
    "sdists/build_inside.py",
    "sdists/root.py",
    "wheels/layout.py",
    "wheels/wheel.py",
    "written.py",
)
LAYER = ("compose/compression.py", "compose/entry.py", "compose/layer.py", "compose/tar.py")
CHECKS = ("compose/collisions.py", "compose/libraries.py", "compose/machines.py", "compose/verdict.py")


@cache
def of(modules: tuple[str, ...]) -> str:
    """Identify the content of modules, and the versions of the libraries that they call."""
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in _LIBRARIES).encode())
    for module in modules:
        digest.update((_PACKAGE / module).read_bytes())
    return digest.hexdigest()
