"""The tree that pip-tools runs in: the image's interpreter, the locked wheels, pip-tools and what it needs."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from airlock import kept_trees
from airlock.compose.interpreter import ImageInterpreter, python_version
from airlock.errors import CommandError, LockError
from airlock.farm import lay_over, prepare_for_running
from airlock.inside import Inside, Tmpfs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.metadata import Distribution

    from airlock.locks.debian import DebianLock
    from airlock.places import Places
    from airlock.platforms import Platform
    from airlock.store import Store, StoreFile

WITNESS = "pip-tools"
WHEELS, INTENT, TOOLS = "wheels", "intent", "tools"  # folders at the tree's root
_MERGED = ("bin", "lib", "lib64")  # as base-files has them: the dynamic loader's name is below one


@dataclass(frozen=True)
class WitnessTree:
    """Makes the tree below `places.trees`, and removes it."""

    debian: DebianLock
    platform: Platform
    store: Store
    places: Places

    @property
    def python(self) -> str:
        """The interpreter's name inside."""
        return f"python{python_version(self.debian)}"

    @contextlib.contextmanager
    def use(self, wheels: Sequence[StoreFile], intent: Mapping[str, str]) -> Iterator[Inside]:
        """Give the tree with these wheels, whose content is checked, and the files of the intent, by name.

        Only hard links are made where the folders are on one file system. Raises CorruptError, UnsealedError,
        LockError where the lock has no interpreter for this machine, CommandError without pip-tools.
        """
        interpreter = ImageInterpreter(self.debian, self.platform, self.store, self.places.trees)
        tools = closure(WITNESS)
        with kept_trees.temporary(self.places.trees) as folder:
            root = folder / "root"
            root.mkdir()
            lay_over(interpreter.root(), root)
            prepare_for_running(root)
            for name in _MERGED:
                (root / name).symlink_to(f"usr/{name}")
            gather(self.store, wheels, root / WHEELS)
            for tool in tools:
                _place_distribution(tool, root / TOOLS)
            (root / INTENT).mkdir()
            for name, text in intent.items():
                (root / INTENT / name).write_text(text, encoding="utf-8")
            yield Inside(root, (Tmpfs("/tmp", 0o1777),), _ENVIRONMENT, f"/{INTENT}")  # noqa: S108 - the sandbox's


# Nothing of this machine's environment: PIP_* and UV_* would change what is resolved.
_ENVIRONMENT = (
    ("HOME", "/tmp"),  # noqa: S108 - the sandbox's
    ("LC_ALL", "C"),  # the tree has no other locale
    ("PATH", "/usr/bin"),
    ("PYTHONPATH", f"/{TOOLS}"),
    ("PYTHONUTF8", "1"),
)


def gather(store: Store, wheels: Sequence[StoreFile], folder: Path) -> None:
    """Put the store's files into one folder under their own names, after their content was checked.

    Raises LockError where two have one name, CorruptError and UnsealedError.
    """
    names = Counter(file.filename for file in wheels)
    if twice := [name for name, number in names.items() if number > 1]:
        raise LockError(
            f"airflow.lock names {twice[0]} more than once",
            cause="resolvers tell wheels apart by their names",
            remedy="airlock lock --upgrade",
        )
    for file in wheels:
        for _ in store.chunks(file):
            pass  # read to its end, it is the file that the lock names
        _place(store.path(file), folder / file.filename)


def closure(name: str) -> list[Distribution]:
    """Return an installed distribution and all that it needs, from the toolchain's own environment.

    Raises CommandError where one is not installed.
    """
    found: dict[str, Distribution] = {}
    waiting = [name]
    for wanted in waiting:  # which grows
        if canonicalize_name(wanted) in found:
            continue
        try:
            one = found[canonicalize_name(wanted)] = distribution(wanted)
        except PackageNotFoundError as error:
            raise CommandError(
                f"{wanted} is not installed beside airlock",
                cause=f"{name}, the second witness, runs with it",
                remedy="install what constraints/toolchain.lock names, as `make` does",
            ) from error
        needed = map(Requirement, one.requires or ())
        waiting += [
            each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})
        ]
    return [found[each] for each in sorted(found)]


def _place_distribution(tool: Distribution, folder: Path) -> None:
    """Give the sandbox a distribution's modules and metadata: nothing else of the environment."""
    for file in dict.fromkeys(tool.files or ()):
        if ".." not in file.parts and "__pycache__" not in file.parts:
            _place(Path(str(tool.locate_file(file))), folder / file)


def _place(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, place)
    except FileExistsError:
        raise  # copied over it, a file would change wherever that one is linked
    except OSError:  # another file system, one without hard links, or a file of another user
        shutil.copyfile(source, place)
