"""The distributions of this repository, built into wheels: no isolation, no network, reproducible.

What determines a wheel is its sources (paths, content, executable bits) and the build backend's version;
it is built from a copy that holds nothing else.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from airlock import process
from airlock.cache import Cache, key_of
from airlock.compose import recipe
from airlock.compose.tar import EPOCH
from airlock.errors import BuildError, CommandError
from airlock.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterable

_RESULTS = frozenset({"build", "dist", "node_modules"})
_BUILD = """
import sys, pyproject_hooks
backend, source, target = sys.argv[1:]
print(pyproject_hooks.BuildBackendHookCaller(source, backend).build_wheel(target))
"""


@dataclass(frozen=True)
class Distribution:
    """A folder with a pyproject.toml, its name, and the digest of its sources."""

    folder: Path
    name: str
    backend: str
    digest: str


def describe(folder: Path) -> Distribution:
    """Read what determines the wheel of a folder.

    Raises BuildError where its pyproject.toml cannot be used, or the backend it asks for is not installed.
    """
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        system = project["build-system"]
        backend, requires = system["build-backend"], [Requirement(text).name for text in system["requires"]]
        name = project["project"]["name"]
        if (
            not isinstance(name, str)
            or not isinstance(backend, str)
            or not isinstance(system["requires"], list)
        ):
            raise TypeError("name and build-backend must be strings, requires a list of them")  # noqa: TRY301
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildError(
            f"{folder / 'pyproject.toml'} cannot be used",
            cause=f"{type(error).__name__}: {error}",
            remedy="give it [build-system] requires and build-backend, and [project] name",
        ) from error
    versions = [_installed(requirement, folder) for requirement in requires]
    files = [(path.relative_to(folder).as_posix(), _file_digest(path)) for path in _sources(folder)]
    return Distribution(folder, name, backend, key_of("wheel of sources 1", backend, versions, files))


def wheel(distribution: Distribution, cache: Cache) -> tuple[str, bytes]:
    """Return the file name and content of the wheel, built at most once for the same sources."""
    key = key_of(recipe.of(("wheels/source.py",)), distribution.digest)  # new code builds anew
    known = cache.read("wheels", key)
    if known is None:
        name, content = _build(distribution)
        known = name.encode() + b"\n" + content
        cache.write("wheels", key, known)
    name_line, _, content = known.partition(b"\n")
    return name_line.decode(), content


def _build(distribution: Distribution) -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="airlock-") as folder:
        source, target = Path(folder) / "source", Path(folder) / "wheel"
        target.mkdir()
        # hatchling asks the folders above for a .gitignore, up to one that holds .git
        (source / ".git").mkdir(parents=True)
        (source / ".hg").mkdir()
        for path in _sources(distribution.folder):
            copy = source / path.relative_to(distribution.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(0o755 if _is_executable(path) else 0o644)
        try:
            process.run(
                [sys.executable, "-I", "-c", _BUILD, distribution.backend, source, target], env=_environment()
            )
        except CommandError as error:
            raise BuildError(
                f"{distribution.folder} cannot be built into a wheel",
                cause=error.cause,
                remedy="mend its pyproject.toml or sources",
            ) from error
        (built,) = target.glob("*.whl")
        return built.name, built.read_bytes()


def _environment() -> dict[str, str]:
    return {
        "SOURCE_DATE_EPOCH": str(EPOCH),
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PATH": "",
    }


def is_source(path: PurePath) -> bool:
    """Whether what has this path in a distribution's folder is a source of it, as far as names tell."""
    return not (
        path.parts[0] in _RESULTS  # of a build; below it a package may have any name
        or "__pycache__" in path.parts
        or any(part.startswith(".") or part.endswith(".egg-info") for part in path.parts)
        or path.suffix == ".pyc"
    )


def _sources(folder: Path) -> Iterable[Path]:
    return (path for path in below(folder) if is_source(path.relative_to(folder)) and path.is_file())


def _file_digest(path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()} {_is_executable(path)}"


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)


def _installed(requirement: str, folder: Path) -> str:
    try:
        return f"{requirement} {version(requirement)}"
    except PackageNotFoundError as error:
        raise BuildError(
            f"{folder} asks for the build requirement {requirement}, which the toolchain does not hold",
            cause="distributions are built offline, by backends that toolchain.lock pins",
            remedy="use hatchling, or add the backend to the toolchain's dependencies and run: airlock lock",
        ) from error
