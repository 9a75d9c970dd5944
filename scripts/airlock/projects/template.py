"""The files of a new project: this repository's own where it has such a file, else written here.

What is the same for every project is in no second copy: an installed toolchain carries the repository's files in
`airlock/template` (pyproject.toml says which), a checkout has them at their place.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from airlock.errors import printable
from airlock.projects.template_folder import source
from airlock.walk import below

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.projects.findings import Findings, Taken

_FILES = Path(__file__).parent / "files"
_AIRFLOW_CFG = "image/rootfs/opt/airflow/airflow.cfg"
# The former is written anew; the latter runs what plugins/ installs, which other projects' images have not.
_OURS_ALONE = {_AIRFLOW_CFG, "image/rootfs/usr/local/bin/airlock-pull"}
_AMAZON = "apache-airflow-providers-amazon"
# what a provider needs besides what it says, in the words of this repository's constraints/airflow.in
_COMPANIONS = {
    "apache-airflow-providers-celery": (
        "celery<5.7",
        "5.7 dropped celery.backends.database.retry, which the provider imports",
    )
}
_NOTHING_ELSE = """
# Nothing else yet. Providers are named like this, versions only where they matter:
#   apache-airflow-providers-amazon
#   apache-airflow-providers-postgres
"""


@dataclass(frozen=True)
class NewFile:
    """A file of a new project; `path` is relative to its folder."""

    path: str
    content: str
    program: bool = False


@dataclass(frozen=True)
class Wishes:
    """What decides the files of a project."""

    name: str  # of the image, without a tag; "" for airlock's default
    airflow: str  # version
    platform: str
    constraints: str = ""  # a URL or a file of the project
    extras: Sequence[str] = ()
    requirements: Sequence[Taken] = ()
    debian: Sequence[Taken] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def wishes(findings: Findings, name: str, airflow: str, platform: str, constraints: str) -> Wishes:
    """Join what was found with what was chosen."""
    return Wishes(
        name,
        airflow,
        platform,
        constraints,
        sorted(findings.extras),
        findings.requirements,
        findings.debian,
        {taken.text: value for taken, value in findings.environment},
    )


def reserved() -> frozenset[str]:
    """Return the variables that the image's configuration sets already."""
    return frozenset(tomllib.loads(_repository("image/image.toml"))["config"]["env"])


def files(wanted: Wishes) -> list[NewFile]:
    """Return the files of a project, but for pyproject.toml and .gitignore, which may be there."""
    rootfs = source("image/rootfs")
    return [
        NewFile("constraints/airflow.in", airflow_in(wanted)),
        NewFile("constraints/debian.in", debian_in(wanted.debian)),
        NewFile("image/image.toml", image_toml(wanted.environment)),
        *(
            _program(name, path.read_text(encoding="utf-8"))
            for path in below(rootfs)
            if path.is_file() and "__pycache__" not in path.parts
            for name in [f"image/rootfs/{path.relative_to(rootfs).as_posix()}"]
            if name not in _OURS_ALONE
        ),
        NewFile(_AIRFLOW_CFG, airflow_cfg(wanted)),
        NewFile(WORKFLOW, (_FILES / "workflow.yml").read_text(encoding="utf-8")),
    ]


WORKFLOW = ".github/workflows/airlock.yml"


def dag() -> NewFile:
    """Return a DAG for a project that has none."""
    return NewFile("dags/hello.py", (_FILES / "hello.py.txt").read_text(encoding="utf-8"))


def table(wanted: Wishes) -> str:
    """Return [tool.airlock]."""
    pairs = [("name", wanted.name)] if wanted.name else []
    lines = [f"{key} = {_string(value)}" for key, value in pairs]
    lines.append(f"platforms = [{_string(wanted.platform)}]")
    if wanted.constraints:
        lines.append(f"airflow-constraints = {_string(wanted.constraints)}")
    return "\n".join(["[tool.airlock]", *lines, ""])


def ignored() -> list[str]:
    """Return the lines of .gitignore: results, and the toolchain that the workflow checks out."""
    return ["/build/", "/.toolchain/"]


def airflow_in(wanted: Wishes) -> str:
    """Return constraints/airflow.in: Airflow, then what was taken, by the file it is from."""
    extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
    text = (
        "# What the image's Python has. One requirement on one line; after a change run `airlock lock`.\n\n"
        f"apache-airflow{extras}=={wanted.airflow}\n"
    )
    text += _bysource(wanted.requirements) if wanted.requirements else _NOTHING_ELSE
    named = _named(wanted)
    for provider, (requirement, why) in _COMPANIONS.items():
        extra = provider.removeprefix("apache-airflow-providers-")
        if (provider in named or extra in wanted.extras) and Requirement(requirement).name not in named:
            text += f"\n{requirement}  # {why}\n"
    return text


def airflow_cfg(wanted: Wishes) -> str:
    """Return airflow.cfg: this repository's own; what wants Amazon's provider is a comment without it.

    Airflow does not start with a secrets backend that it cannot import; logs in another cloud want other credentials.
    """
    text = _repository(_AIRFLOW_CFG)
    if _AMAZON in _named(wanted) or "amazon" in wanted.extras:
        return text
    amazons = re.compile(r"(?m)^(?:\[secrets\]\n(?:(?!\[).*\n)*|remote_log_conn_id = .*\n)")

    def commented(found: re.Match[str]) -> str:
        lines = (line if line.startswith("#") or not line else f"# {line}" for line in found[0].splitlines())
        return "\n".join((f"# With {_AMAZON} in constraints/airflow.in:", *lines, ""))

    return amazons.sub(commented, text)


def _named(wanted: Wishes) -> set[str]:
    return {canonicalize_name(Requirement(taken.text).name) for taken in wanted.requirements}


def debian_in(taken: Sequence[Taken]) -> str:
    """Return constraints/debian.in: this repository's own, and the names that it lacks."""
    text = _repository("constraints/debian.in")
    there = {line.partition("#")[0].strip() for line in text.splitlines()}
    return text + _bysource(one for one in taken if one.text not in there)


def image_toml(environment: Mapping[str, str]) -> str:
    """Return image/image.toml: this repository's own, with more variables."""
    text = _repository("image/image.toml")
    added = "".join(f"{key} = {_string(value)}\n" for key, value in environment.items())
    return re.sub(r"(?m)^\[config\.env\]\n(?:.+\n)*", lambda found: found[0] + added, text, count=1)


def _bysource(taken: Iterable[Taken]) -> str:
    groups: dict[str, dict[str, None]] = {}
    for one in taken:
        groups.setdefault(one.line.source, {})[one.text] = None
    return "".join(
        f"\n# From {printable(source)}:\n" + "".join(f"{text}\n" for text in texts)
        for source, texts in groups.items()
    )


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # of printable text: a basic string of TOML, too


def _program(path: str, content: str) -> NewFile:
    return NewFile(path, content, program=content.startswith("#!"))


def _repository(name: str) -> str:
    return source(name).read_text(encoding="utf-8")
