"""What the project asks for, read from the files that people write: `constraints/*.in` and pyproject.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from airlock.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from airlock.config import Config

TOOLCHAIN = (
    "airlock"  # the [project] name of the one project whose own dependencies are locked as the toolchain
)


@dataclass(frozen=True)
class Asked:
    """One requirement and where it is written; `source` is relative to the project, `line` counts from 1."""

    source: str
    line: int
    requirement: str

    @property
    def pair(self) -> tuple[str, str]:
        return self.source, self.requirement

    @property
    def name(self) -> str:
        """The normalized name of the Python package asked for."""
        return canonicalize_name(Requirement(self.requirement).name)


@dataclass(frozen=True)
class Intent:
    """All that the project asks for, by the lock that answers; `toolchain` is empty where there is none.

    `development` is the part of `toolchain` that only tests and checks need. `build` constrains what source
    distributions are built with, `debian_build` are the Debian packages needed for that.
    """

    airflow: tuple[Asked, ...]
    debian: tuple[Asked, ...]
    toolchain: tuple[Asked, ...]
    development: tuple[Asked, ...] = ()
    build: tuple[Asked, ...] = ()
    debian_build: tuple[Asked, ...] = ()


def pairs(asked: Iterable[Asked]) -> tuple[tuple[str, str], ...]:
    """Return what a lock records of its intent, in the order it is written, without repetitions."""
    return tuple(dict.fromkeys(one.pair for one in asked))


def read(config: Config) -> Intent:
    """Read the intent of a project.

    Raises ConfigError with everything that is wrong in one message.
    """
    reader = _Reader(config.project)
    local = {folder: reader.project_file(folder) for folder in config.distributions}
    reader.local = {canonicalize_name(file.name): file for file in local.values()}
    airflow = [*reader.requirements(config.constraints / "airflow.in")]
    for file in local.values():
        airflow += reader.foreign(file.dependencies())
    debian = [*reader.lines(config.constraints / "debian.in")]
    build = reader.optional(config.constraints / "build.in")
    build = [parsed for one in build if (parsed := reader.parsed(one))]
    debian_build = reader.optional(config.constraints / "debian-build.in")
    root = reader.project_file(config.project)
    toolchain, development = reader.toolchain(root), reader.development(root)
    if reader.problems:
        raise ConfigError(
            "the project does not say clearly what it wants",
            cause="\n".join(reader.problems),
            remedy="mend the lines named above, then run: airlock lock",
        )
    return Intent(
        tuple(airflow),
        tuple(debian),
        tuple(toolchain),
        tuple(development),
        build=tuple(build),
        debian_build=tuple(debian_build),
    )


class _Reader:
    """Reads intent files and collects every problem."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.problems: list[str] = []
        self.local: dict[str, _ProjectFile] = {}

    def lines(self, path: Path) -> Iterator[Asked]:
        """Yield the lines of a file of names, without `#` comments and empty lines."""
        source = path.relative_to(self.project).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{source} cannot be read: {getattr(error, 'strerror', None) or error}")
            return
        for number, line in enumerate(text.splitlines(), 1):
            # As pip: a `#` begins a comment at the start of a line or after a space (a URL may hold one).
            content = f" {line}".partition(" #")[0].strip()
            if content:
                yield Asked(source, number, content)

    def optional(self, path: Path) -> list[Asked]:
        """Return the lines of a file that need not be there."""
        return list(self.lines(path)) if path.exists() else []

    def requirements(self, path: Path) -> list[Asked]:
        """Read a file of requirements, and nothing but requirements."""
        asked = list(self.lines(path))
        if not asked and not self.problems:
            self.problems.append(f"{path.relative_to(self.project).as_posix()} asks for nothing")
        return [parsed for one in asked if (parsed := self.parsed(one))]

    def parsed(self, asked: Asked) -> Asked | None:
        """Return a requirement in its canonical spelling: a change of blanks leaves the lock current."""
        where = f"{asked.source}:{asked.line}"
        if asked.requirement.startswith("-") or asked.requirement.endswith("\\"):
            self.problems.append(
                f"{where}: {asked.requirement.split()[0]!r}: one requirement on one line, without options"
                " (indexes come from pip's or uv's configuration)",
            )
            return None
        try:
            requirement = Requirement(asked.requirement)
        except InvalidRequirement as error:
            first = str(error).partition("\n")[0]
            self.problems.append(f"{where}: {asked.requirement!r} is not a requirement (PEP 508): {first}")
            return None
        if requirement.url:
            self.problems.append(
                f"{where}: {requirement.name}: a URL or path; airlock takes packages from indexes only"
            )
            return None
        return Asked(asked.source, asked.line, str(requirement))

    def project_file(self, folder: Path) -> _ProjectFile:
        path = folder / "pyproject.toml"
        source = path.relative_to(self.project).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
            document = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self.problems.append(f"{source} cannot be read: {error}")
            text, document = "", {}
        return _ProjectFile(source, text, document, self.problems)

    def foreign(self, asked: Iterable[Asked]) -> list[Asked]:
        """Leave out the project's own distributions: they are built from source, no index has them."""
        valid = (parsed for one in asked if (parsed := self.parsed(one)))
        return [one for one in valid if one.name not in self.local]

    def toolchain(self, root: _ProjectFile) -> list[Asked]:
        """Return what airlock itself needs to run, to be tested and to be built.

        Nothing for any other project: what that one depends on is no business of its image.
        """
        if root.name != TOOLCHAIN:
            return []
        wanted = [*root.dependencies(), *root.group("dev"), *root.build_requires()]
        for one in list(wanted):
            # A distribution of ours that the toolchain imports brings its own dependencies.
            if one.name in self.local:
                wanted += [*self.local[one.name].dependencies(), *self.local[one.name].build_requires()]
        return self.foreign(wanted)

    def development(self, root: _ProjectFile) -> list[Asked]:
        """Return what only airlock's own tests and checks need."""
        return self.foreign(root.group("dev")) if root.name == TOOLCHAIN else []


@dataclass(frozen=True)
class _ProjectFile:
    source: str
    text: str
    document: dict[str, Any]
    problems: list[str]

    def _table(self, name: str) -> dict[str, Any]:
        table = self.document.get(name, {})
        if isinstance(table, dict):
            return table
        self.problems.append(f"{self.source}: [{name}] must be a table")
        return {}

    @property
    def name(self) -> str:
        return str(self._table("project").get("name", ""))

    def dependencies(self) -> list[Asked]:
        project = self._table("project")
        if "dependencies" in project.get("dynamic", ()):
            self.problems.append(
                f"{self.source}: [project] dependencies is dynamic; airlock reads them from this file"
            )
        return self._asked(project.get("dependencies", []), "[project] dependencies")

    def build_requires(self) -> list[Asked]:
        requires = self._table("build-system").get("requires", [])
        return self._asked(requires, "[build-system] requires")

    def group(self, name: str, within: tuple[str, ...] = ()) -> list[Asked]:
        """Return a dependency group with the groups that it includes (PEP 735)."""
        items = self._table("dependency-groups").get(name, [])
        asked = self._asked([item for item in items if isinstance(item, str)], f"[dependency-groups] {name}")
        for item in items:
            included = item.get("include-group") if isinstance(item, dict) else None
            if included and included not in (name, *within):
                asked += self.group(included, (name, *within))
        return asked

    def _asked(self, values: object, where: str) -> list[Asked]:
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self.problems.append(f"{self.source}: {where} must be a list of strings")
            return []
        return [Asked(self.source, self._line(value), value) for value in values]

    def _line(self, value: str) -> int:
        """Find where a requirement is written; TOML's reader does not say."""
        return next((number for number, line in enumerate(self.text.splitlines(), 1) if value in line), 1)
