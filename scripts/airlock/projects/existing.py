"""What is there before `airlock init`: requirements, Debian packages, a Dockerfile, and what has no place here."""

from __future__ import annotations

import tomllib
from functools import partial
from typing import TYPE_CHECKING

from airlock.debian import requirements as debian_requirements
from airlock.errors import ConfigError, InitError
from airlock.projects import dockerfile
from airlock.projects.findings import Findings, Taken
from airlock.projects.folder import Folder, Line, UnreadableError
from airlock.projects.requirements import RequirementsReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PYPROJECT = "pyproject.toml"
# where projects keep them: pip's habit and Astro's, then MWAA's local runner, old and new
REQUIREMENTS = ("requirements.txt", "requirements/requirements.txt", "dags/requirements.txt")
_MODULES = "put it below dags/, or make a distribution of it (distributions in [tool.airlock])"
_NO_PLACE = {
    "include": f"modules that DAGs import travel with them: {_MODULES}",
    "plugins": f"Airflow's plugins: {_MODULES}, or below image/rootfs/opt/airflow/plugins",
    "plugins.zip": f"unpack it; Airflow's plugins: {_MODULES}",
    "startup.sh": "nothing is run before Airflow starts: what it sets goes into image/image.toml",
    "airflow_settings.yaml": "connections, variables and pools are no part of an image",
    ".env": "what a machine alone knows is no part of an image: pass it when a container starts",
}


def read(folder: Folder, asked: Sequence[str], reserved: frozenset[str]) -> Findings:
    """Read a project: the requirements files `asked` for, or else the one that is at its usual place.

    `reserved` are variables that image.toml sets already. Raises InitError with every file that cannot be read.
    """
    findings = Findings()
    reader = RequirementsReader(folder, findings)
    names = asked or [name for name in REQUIREMENTS if folder.has(name)][:1]
    readers: dict[str, Callable[[], None]] = {name: partial(reader.read_file, name) for name in names}
    if not names:
        readers[PYPROJECT] = lambda: _dependencies(folder.text(PYPROJECT), reader)
    readers["Dockerfile"] = lambda: dockerfile.read(folder.lines("Dockerfile"), findings, reserved)
    readers["packages.txt"] = lambda: _debian(folder.lines("packages.txt"), findings)
    problems = []
    for name, read_it in readers.items():
        try:
            if name in names or folder.has(name):
                read_it()
        except UnreadableError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise InitError(
            "the project cannot be read",
            cause="\n".join(problems),
            remedy="mend these files, or name the requirements elsewhere with --requirements FILE; then run it again",
        )
    if not findings.kinds and (names or findings.requirements):
        findings.is_a("a requirements file" if names else f"a {PYPROJECT} with dependencies")
    for name, why in _NO_PLACE.items():
        if _has_content(folder, name):
            findings.leave(Line(name, 0, ""), why)
    return findings


def _dependencies(text: str, reader: RequirementsReader) -> None:
    """Take [project] dependencies, where no requirements file says more."""
    project = tomllib.loads(text).get("project", {})
    dependencies = project.get("dependencies", []) if isinstance(project, dict) else []
    for value in dependencies if isinstance(dependencies, list) else []:
        # TOML's reader does not say where it found a value
        number = next((number for number, line in enumerate(text.splitlines(), 1) if str(value) in line), 1)
        reader.take(Line(PYPROJECT, number, str(value)))


def _debian(lines: Sequence[Line], findings: Findings) -> None:
    """Take the names of Debian packages, as Astro's packages.txt lists them."""
    for line in lines:
        for word in line.text.partition("#")[0].split():
            try:
                debian_requirements.parse([(line.source, word)])
            except ConfigError:
                findings.leave(Line(line.source, line.number, word), "it is not the name of a Debian package")
            else:
                findings.debian.append(Taken(line, word))


def _has_content(folder: Folder, name: str) -> bool:
    """Whether there is a file of this name, or a folder that holds more than a placeholder."""
    path = folder.root / name
    try:
        return path.is_file() or any(not one.name.startswith(".") for one in path.iterdir())
    except OSError:
        return False
