"""Requirements files as pip reads them, taken line by line for constraints/airflow.in.

The format is pip's ("Requirements File Format" in its documentation); each requirement itself is PEP 508's.
What is not taken is kept with its line and the reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from airlock.projects import airflow_constraints
from airlock.projects.findings import Pinned, Taken
from airlock.projects.folder import Line, UnreadableError, logical_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airlock.projects.findings import Findings
    from airlock.projects.folder import Folder

_AIRFLOW = frozenset({"apache-airflow", "apache-airflow-core"})
_DEEPEST = 32  # files that include one another
_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_OPTION = re.compile(r"(--[a-z-]+|-[a-zA-Z])(?:\s*=\s*|\s+)?(.*)")
_PLACE = re.compile(
    r"[a-z][a-z0-9+.-]*:(?!:)|[.~/\\]|[^\s\[<>=!~;@]*[/\\]|\S+\.(whl|zip|tar\.\w+)$", re.IGNORECASE
)
_OF_A_LINE = "no option of a line changes how its wheel is built: constraints/build.in says with what"
_ELSEWHERE = "indexes come from pip's or uv's own configuration and are never written into a project"
_INDEX = dict.fromkeys(
    ("-i", "--index-url", "--pypi-url", "--extra-index-url", "--trusted-host", "--process-dependency-links"),
    _ELSEWHERE,
)
_OPTIONS = {
    **_INDEX,
    "--no-index": "airlock lock asks the configured indexes; afterwards nothing does, for the store is sealed",
    "-f": "a folder of wheels is named in pip's or uv's configuration (PIP_FIND_LINKS), where they must be of use",
    "--require-hashes": "the lock has a hash for every file, always",
    "--only-binary": "airlock chooses between wheels and sources itself",
    "--no-binary": "airlock chooses between wheels and sources itself",
    "--prefer-binary": "airlock chooses between wheels and sources itself",
    "--pre": "ask for a pre-release where one is needed, as in name>=2.0rc1",
    "--use-feature": "it is pip's own",
}
_OPTIONS["--find-links"] = _OPTIONS["-f"]
_EDITABLE = (
    "a folder of sources: name it under distributions in [tool.airlock]; hatchling must be its build backend"
)


class RequirementsReader:
    """Reads requirements files into findings, following what they include."""

    def __init__(self, folder: Folder, findings: Findings) -> None:
        self.folder = folder
        self.findings = findings
        self._read: set[str] = set()
        self._asked: dict[str, list[tuple[Requirement, Line]]] = {}

    def read_file(self, path: str) -> None:
        """Read a file of the project. Raises UnreadableError for the file itself, not for what it includes."""
        self._read_file(self.folder.name_of(path), 0)

    def take(self, line: Line) -> None:
        """Take one requirement, or note why not."""
        if not line.text.isprintable():
            self.findings.leave(line, "it has characters that cannot be shown")
        elif _VARIABLE.search(line.text):
            self.findings.leave(line, "it has a variable of the environment: write what that stands for")
        else:
            self._requirement(line)

    def _read_file(self, name: str, depth: int) -> None:
        self._read.add(name)
        for line in _without_comments(logical_lines(self.folder.lines(name))):
            self._line(line, depth)

    def _line(self, line: Line, depth: int) -> None:
        if "/usr/local/airflow/" in line.text:
            self.findings.is_a("requirements for MWAA")
        if line.text.startswith("-") and line.text.isprintable() and not _VARIABLE.search(line.text):
            self._option(line, depth)
        else:
            self.take(line)

    def _option(self, line: Line, depth: int) -> None:
        found = _OPTION.fullmatch(line.text)
        name, value = (found[1], found[2].strip("\"' ")) if found else (line.text, "")
        match name:
            case "-r" | "--requirement":
                self._include(line, value, depth)
            case "-c" | "--constraint":
                airflow_constraints.read(self.folder, line, value, self.findings)
            case "-e" | "--editable":
                self.findings.leave(line, _not_from_an_index(value) if _is_remote(value) else _EDITABLE)
            case _:
                self.findings.leave(
                    line, _OPTIONS.get(name, f"{name} is an option that airlock does not have")
                )

    def _include(self, line: Line, path: str, depth: int) -> None:
        if _is_remote(path):
            self.findings.leave(line, "it is not a file of this project: copy what it says")
            return
        try:
            name = self.folder.name_of(path, line.source)
            if name in self._read:
                self.findings.leave(line, f"{name} is read already")
            elif depth == _DEEPEST:
                self.findings.leave(line, f"more than {_DEEPEST} files include one another")
            else:
                self._read_file(name, depth + 1)
        except UnreadableError as error:
            self.findings.leave(line, str(error))

    def _requirement(self, line: Line) -> None:
        text, *options = re.split(r"\s+(?=--)", line.text)
        hashes = [option for option in options if option.startswith("--hash")]
        self.findings.hashes += bool(hashes)
        if others := " ".join(option for option in options if option not in hashes):
            self.findings.leave(Line(line.source, line.number, others), _OF_A_LINE)
        if _PLACE.match(text) and " @ " not in text:
            self.findings.leave(
                line, _not_from_an_index(text) if _is_remote(text) or _is_wheel(text) else _EDITABLE
            )
            return
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            self.findings.leave(
                line, f"it is not a requirement (PEP 508): {str(error).partition(chr(10))[0]}"
            )
            return
        if requirement.url:
            self.findings.leave(line, _not_from_an_index(requirement.url))
        elif canonicalize_name(requirement.name) in _AIRFLOW:
            self._airflow(requirement, line)
        else:
            self._take(requirement, line)

    def _take(self, requirement: Requirement, line: Line) -> None:
        """Take a requirement unless it is there already, or one before pins the package to another version."""
        before = self._asked.setdefault(canonicalize_name(requirement.name), [])
        for other, where in before:
            if other == requirement:
                self.findings.leave(line, f"{where} asks for the same")
                return
            if _contradict(other, requirement):
                self.findings.leave(line, f"{where} pins another version: {other}")
                return
        before.append((requirement, line))
        self.findings.requirements.append(Taken(line, str(requirement)))

    def _airflow(self, requirement: Requirement, line: Line) -> None:
        """Note the version; the line of Airflow itself is written anew, with the version that was chosen."""
        self.findings.extras |= requirement.extras
        if pin := _pin(requirement):
            self.findings.pins.append(Pinned(line, pin, exact=True))
        elif requirement.specifier:
            self.findings.leave(line, "airflow.in asks for one exact version of Airflow")


def _without_comments(lines: Iterable[Line]) -> Iterator[Line]:
    for line in lines:
        if text := _COMMENT.sub("", line.text).strip():
            yield Line(line.source, line.number, text)


def _pin(requirement: Requirement) -> str:
    """Return the one version that a requirement allows, or nothing."""
    exact = [one for one in requirement.specifier if one.operator in {"==", "==="}]
    return exact[0].version if len(exact) == 1 and not exact[0].version.endswith(".*") else ""


def _contradict(one: Requirement, other: Requirement) -> bool:
    """Whether two requirements of one package pin different versions where both apply."""
    pins = {_pin(one), _pin(other)}
    return len(pins) > 1 and "" not in pins and str(one.marker) == str(other.marker)


def _is_remote(text: str) -> bool:
    return re.match(r"[a-z][a-z0-9+.-]+:", text, re.IGNORECASE) is not None


def _is_wheel(text: str) -> bool:
    return re.search(r"\.(whl|zip|tar\.\w+)$", text, re.IGNORECASE) is not None


def _not_from_an_index(place: str) -> str:
    what = "a repository" if re.match(r"(git|hg|svn|bzr)\+", place) else "a file or URL"
    return f"{what}: packages come from indexes; serve its wheel from one of your own"
