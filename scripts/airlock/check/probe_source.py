"""The probe's own files: the toolchain's copy of them, which is sent into any image."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import airlock_spec
from airlock.errors import CheckError
from airlock.projects import template_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

PROBE, SPEC = "airlock_probe", "airlock_spec"
IN_IMAGE = "opt/airlock/lib"


@dataclass(frozen=True)
class ProbeSource:
    """The packages that the probe is made of, by their names."""

    packages: dict[str, Path]

    @cached_property
    def digest(self) -> str:
        """The sha256 of every source of theirs."""
        total = hashlib.sha256()
        for name, content in self.sources():
            total.update(f"{name} {len(content)}\n".encode())
            total.update(content)
        return total.hexdigest()

    def sources(self) -> Iterator[tuple[str, bytes]]:
        """Yield each source by its path, as `airlock_probe/__main__.py`, in order."""
        for package, folder in sorted(self.packages.items()):
            for path in sorted(folder.rglob("*.py")):
                yield f"{package}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def own() -> ProbeSource:
    """Return the toolchain's own copy. Raises CheckError where it is not whole."""
    probe = template_folder.source("image/rootfs") / IN_IMAGE / PROBE
    if not (probe / "__main__.py").is_file():
        raise CheckError(
            "this installation of airlock has no probe",
            cause=f"{probe} is not there",
            remedy="install airlock again",
        )
    return ProbeSource({PROBE: probe, SPEC: Path(airlock_spec.__file__).parent})


def in_tree(tree: Path) -> ProbeSource | None:
    """Return the copy of an image, whose bytecode is compiled; None where it has none."""
    probe = tree / IN_IMAGE / PROBE
    spec = next(tree.glob(f"opt/venv/lib/python3.*/site-packages/{SPEC}"), None)
    return ProbeSource({PROBE: probe, SPEC: spec}) if spec and probe.is_dir() else None
