"""The files of tests/projects/checks: what must be found in them, and the projects that they make."""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent / "projects" / "checks"
_EXPECTED = re.compile(r"# expect(?P<file>-file)?: (?P<codes>[A-Z]+\d{3}(?: [A-Z]+\d{3})*)$")


class Said(NamedTuple):
    """What a finding is compared by; `line` is 0 where it is of the whole file."""

    code: str
    path: str
    line: int


@dataclass(frozen=True)
class Case:
    """A file, or a folder that is a project of its own, which is about one code."""

    code: str
    kind: str  # found or near
    path: Path

    @property
    def alone(self) -> bool:
        return self.path.is_dir()

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


def cases() -> list[Case]:
    """List all cases, by their path."""
    return [
        Case(folder.parent.name, folder.name, path)
        for folder in sorted([*ROOT.glob("*/found"), *ROOT.glob("*/near")])
        for path in sorted(folder.iterdir())
        if path.suffix == ".py" or (path.is_dir() and (path / "dags").is_dir())
    ]


def projects() -> list[Case]:
    """List the cases that are projects of their own."""
    return [case for case in cases() if case.alone]


def lay_out_shared(project: Path) -> None:
    """Make a project of all cases that are one file, with the files that these read."""
    shutil.copy(ROOT / "pyproject.toml", project)
    for folder in sorted([*ROOT.glob("*/found"), *ROOT.glob("*/near")]):
        target = project / "dags" / folder.relative_to(ROOT)
        shutil.copytree(folder, target, ignore=lambda parent, names: _projects_in(Path(parent), names))


def lay_out(case: Case, project: Path) -> None:
    """Make a project of a case; its folders *.zip become archives."""
    shutil.copytree(case.path, project, dirs_exist_ok=True)
    for folder in [path for path in project.rglob("*.zip") if path.is_dir()]:
        packed = folder.with_suffix(".packed")
        with zipfile.ZipFile(packed, "w") as archive:
            for path in sorted(folder.rglob("*.py")):
                archive.write(path, path.relative_to(folder))
        shutil.rmtree(folder)
        packed.rename(folder)


def expected_of(case: Case) -> set[Said]:
    """Return what must be found in a project that a case is, with paths in it."""
    return set(_expected_in(case.path, ""))


def expected_of_shared() -> set[Said]:
    """Return what must be found in the shared project, with paths in it."""
    single = [case.path for case in cases() if not case.alone]
    return {
        said
        for path in single
        for said in _expected_of_file(path, f"dags/{path.relative_to(ROOT).as_posix()}")
    }


def _projects_in(parent: Path, names: list[str]) -> list[str]:
    return [name for name in names if (parent / name / "dags").is_dir()]


def _expected_in(folder: Path, prefix: str) -> Iterator[Said]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from _expected_of_file(path, prefix + path.relative_to(folder).as_posix())


def _expected_of_file(path: Path, name: str) -> Iterator[Said]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if found := _EXPECTED.search(line):
            for code in found["codes"].split():
                yield Said(code, name, 0 if found["file"] else number)
