"""Builds a source distribution into a wheel: in a sandbox, from nothing but files of the store.

What determines the wheel is the source, the build requirements, the Debian packages around them, and this code.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from packaging.utils import parse_wheel_filename

from airlock import kept_trees, process, sandbox, written
from airlock.cache import Cache, key_of
from airlock.compose import recipe, trust
from airlock.compose.tar import EPOCH
from airlock.errors import BuildError
from airlock.inside import Inside, ReadOnly, Tmpfs
from airlock.sdists import archive, root
from airlock.wheels import wheel
from airlock.wheels.layout import VenvLayout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.compose.entry import Entry
    from airlock.locks.debian import LockedDeb
    from airlock.namespaces import Sandbox
    from airlock.places import Places
    from airlock.store import Store, StoreFile

_INSIDE = Path(__file__).with_name("build_inside.py")
_LAST_WORDS = 3000  # characters of what a build printed; its end holds the reason
_PLAIN = re.compile(rb"[A-Za-z0-9_.+!-]+\.whl")  # a wheel's name (binary distribution format)
_LONGEST_NAME = 200  # of a name in a message
_ANOTHER_VERSION = "use another version of the package"
_DEBIAN = (
    "name compilers and headers (gcc, python3-dev, …) in constraints/debian-build.in, then: airlock lock"
)


@dataclass(frozen=True)
class Built:
    """A wheel and the name that its backend gave it."""

    filename: str
    content: bytes


class Builder:
    """Builds with the Debian packages `debs`, which are unpacked once, when the first build needs them.

    `python` is theirs, as 3.13. To be closed by the block that it is used in.
    """

    def __init__(self, debs: Sequence[LockedDeb], python: str, store: Store, places: Places) -> None:
        self._debs, self._store, self._places = debs, store, places
        self._layout = VenvLayout(root.ENVIRONMENT, python)
        self._cache = Cache(places.cache)
        self._open = contextlib.ExitStack()
        self._root: Path | None = None
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def more_requires(self, sdist: StoreFile, requires: Sequence[StoreFile]) -> tuple[str, ...]:
        """Return what the backend asks for besides `[build-system] requires` (PEP 517).

        Raises BuildError where the backend fails, SandboxError where no sandbox can be made.
        """
        key = self._key("requires", sdist, requires)
        known = self._cache.read("build-requires", key)
        if known is None:
            known = self._ask("requires", sdist, requires)
            self._cache.write("build-requires", key, known)
        try:
            return tuple(archive.requirement(one) for one in json.loads(known))
        except (ValueError, TypeError) as error:
            raise BuildError(
                f"what {sdist.filename} asks to be built with cannot be used",
                cause=str(error),
                remedy=_ANOTHER_VERSION,
            ) from error

    def wheel(self, sdist: StoreFile, requires: Sequence[StoreFile]) -> Built:
        """Return the wheel, built at most once from the same inputs; raises as `more_requires` does."""
        key = self._key("wheel", sdist, requires)
        known = self._cache.read("built-wheels", key)
        if known is None:
            known = self._ask("wheel", sdist, requires)
            self._cache.write("built-wheels", key, known)
        name, _, content = known.partition(b"\n")
        try:
            if not _PLAIN.fullmatch(name):  # it is to stand in a lock, and becomes a path
                raise ValueError("that is not the name of a wheel")  # noqa: TRY301
            parse_wheel_filename(filename := name.decode())
        except ValueError as error:
            raise BuildError(
                f"{sdist.filename} was built into {name[:_LONGEST_NAME]!r}",
                cause=str(error),
                remedy=_ANOTHER_VERSION,
            ) from error
        return Built(filename, content)

    def _key(self, question: str, sdist: StoreFile, requires: Sequence[StoreFile]) -> str:
        files = sorted([sdist.sha256, *(one.sha256 for one in requires)])
        return key_of(question, recipe.of(recipe.SDIST), files, [one.sha256 for one in self._debs])

    def _ask(self, question: str, sdist: StoreFile, requires: Sequence[StoreFile]) -> bytes:
        source = archive.read(sdist.filename, self._store.read(sdist))
        place = self._unpacked_root()
        with _folder(place.parent) as environment, _folder(place.parent) as unpacked:
            written.write(unpacked, source.entries)
            written.write(environment, self._environment(requires))
            mounts = (
                Tmpfs("/tmp", 0o1777),  # noqa: S108 - the sandbox's
                ReadOnly(environment, root.ENVIRONMENT),
                ReadOnly(unpacked, root.SOURCE),
            )
            inside = Inside(place, mounts, _variables(), "/tmp")  # noqa: S108
            self._sandbox = self._sandbox or sandbox.choose(inside)
            script = _INSIDE.read_text(encoding="utf-8")
            words = [f"{root.ENVIRONMENT}/bin/python", "-P", "-c", script, question, source.system.backend]
            command = self._sandbox.command(inside, [*words, *source.system.backend_path])
            done = process.run(command, env={}, check=False, apart=True)
        if done.returncode:
            raise _failure(sdist, done)
        return done.stdout

    def _unpacked_root(self) -> Path:
        if self._root is None:
            folder = self._open.enter_context(kept_trees.temporary(self._places.trees))
            self._root = root.unpack(self._debs, self._store, folder)
        return self._root

    def _environment(self, requires: Sequence[StoreFile]) -> Iterator[Entry]:
        """Return a virtual environment of the build requirements, as it is below ENVIRONMENT."""
        made = self._layout.empty()
        for file in requires:
            content = self._store.read(file)
            made += wheel.entries(file.filename, content, self._layout, _NoCompiler(), trust.Links())
        prefix = f"{self._layout.prefix}/"
        return (written.moved(item, prefix) for item in made)


class _NoCompiler:
    """Leaves modules without bytecode: they are imported once."""

    identity, tag = "none", "none"

    def compile(self, sources: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return [b""] * len(sources)


@contextlib.contextmanager
def _folder(place: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(dir=place))
    try:
        made.chmod(0o755)  # the sandbox may have another user
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _variables() -> tuple[tuple[str, str], ...]:
    return (
        ("HOME", "/tmp"),  # noqa: S108
        ("LC_ALL", "C.UTF-8"),
        ("PATH", f"{root.ENVIRONMENT}/bin:/usr/bin:/bin"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONHASHSEED", "0"),
        ("SOURCE_DATE_EPOCH", str(EPOCH)),
        ("TZ", "UTC"),
        ("VIRTUAL_ENV", root.ENVIRONMENT),
    )


def _failure(sdist: StoreFile, done: process.Done) -> BuildError:
    said = done.stderr.decode(errors="replace").strip()
    return BuildError(
        f"{sdist.filename} cannot be built into a wheel",
        cause=said if len(said) <= _LAST_WORDS else "…" + said[-_LAST_WORDS:],
        remedy=f"{_DEBIAN}\nor use a version of the package that has a wheel\n"
        "or constrain what it is built with in constraints/build.in (as setuptools<81)",
    )
