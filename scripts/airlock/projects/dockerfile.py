"""A project's Dockerfile, read for what it says of Airflow: the image it builds on, and its ENV lines.

Astronomer's images are named by the version of their runtime, the official ones by Airflow's. What another
instruction does needs a network or a shell in a half-made image, so it is left, with the place it would have here.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from airlock.projects.findings import Pinned, Taken
from airlock.projects.folder import logical_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.projects.findings import Findings
    from airlock.projects.folder import Line

_INSTRUCTION = re.compile(r"([A-Za-z]+)\s+(.*)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_]\w*)\1")
_ASTRO = re.compile(r"(?:^|/)(?:astro-)?runtime:(?P<tag>[\w.-]+)$")
_OFFICIAL = re.compile(r"(?:^|/)(?:apache/)?airflow:(?:slim-)?(?P<version>\d+\.\d+\.\d+\w*)(?:-|$)")
# Astro Runtime's majors before it took Airflow's own minor for a name, as 3.1-4
_RUNTIMES = {
    "4": "2.2", "5": "2.3", "6": "2.4", "7": "2.5", "8": "2.6",
    "9": "2.7", "10": "2.8", "11": "2.9", "12": "2.10", "13": "2.11",
}  # fmt: skip
_ELSEWHERE = {
    "ADD": "what the image needs of files goes into image/rootfs",
    "COPY": "what the image needs of files goes into image/rootfs; DAGs are delivered apart from the image",
    "USER": "the user is [user] in image/image.toml",
    "WORKDIR": "it is workdir in [config] of image/image.toml",
    "EXPOSE": "it is ports in [config] of image/image.toml",
    "LABEL": "it is labels in [config] of image/image.toml",
    "ENTRYPOINT": "it is entrypoint in [config] of image/image.toml",
    "CMD": "it is cmd in [config] of image/image.toml",
    "STOPSIGNAL": "it is stop-signal in [config] of image/image.toml",
}
_ELSEWHERE_HOME = "/usr/local/airflow"  # Astronomer's AIRFLOW_HOME
_RUN = (
    (re.compile(r"\b(pip3?|uv)\b.*\binstall\b"), "name the packages in constraints/airflow.in"),
    (re.compile(r"\bapt(-get)?\b.*\binstall\b"), "name the packages in constraints/debian.in"),
    (re.compile(""), "no command runs while an image is composed; to have one, write a Dockerfile FROM it"),
)


def read(lines: Sequence[Line], findings: Findings, reserved: frozenset[str]) -> None:
    """Read a Dockerfile that builds on an image of Airflow; one that does not is left as a whole.

    `reserved` are the variables that image.toml sets already.
    """
    instructions = list(_instructions(lines))
    bases = [(line, words) for line, name, words in instructions if name == "FROM"]
    if not any(_base(line, words, findings) for line, words in bases):
        for line, words in bases[:1]:
            findings.leave(line, f"{words.split()[0] if words else 'it'} is no image of Airflow known here")
        return
    for line, name, words in instructions:
        if name == "ENV":
            _environment(line, words, findings, reserved)
        elif name == "RUN":
            findings.leave(line, next(why for pattern, why in _RUN if pattern.search(words)))
        elif name not in {"FROM", "ARG"}:
            why = _ELSEWHERE.get(name, f"{name} has no place in a composed image")
            findings.leave(line, why)


def _instructions(lines: Sequence[Line]) -> Iterator[tuple[Line, str, str]]:
    """Yield each instruction with its line and words; what a here-document holds belongs to its instruction."""
    ends: list[str] = []
    kept: list[Line] = []
    for line in lines:
        if ends:
            if line.text.strip() == ends[0]:
                ends.pop(0)
            continue
        ends = [word for _, word in _HEREDOC.findall(line.text)]
        kept.append(line)
    # a `#` that does not begin the line is no comment here
    for line in logical_lines(one for one in kept if not one.text.lstrip().startswith("#")):
        found = _INSTRUCTION.fullmatch(line.text)
        if found:
            yield line, found[1].upper(), found[2].strip()


def _base(line: Line, words: str, findings: Findings) -> bool:
    """Note which Airflow a FROM line means; say whether it means one."""
    image = next((word for word in words.split() if not word.startswith("--")), "").partition("@")[0]
    if astro := _ASTRO.search(image):
        findings.is_a("an Astro project")
        tag = astro["tag"]
        minor = re.match(r"(3\.\d+)-", tag)
        version = minor[1] if minor else _RUNTIMES.get(tag.partition(".")[0], "")
        findings.pins.append(Pinned(line, version, exact=False))
        return True
    if official := _OFFICIAL.search(image):
        findings.is_a("an image of its own FROM the official one")
        findings.pins.append(Pinned(line, official["version"], exact=True))
        return True
    return False


def _environment(line: Line, words: str, findings: Findings, reserved: frozenset[str]) -> None:
    """Take the variables of an ENV line (`K=V …`, or `K V` as it was written once)."""
    for name, value in _variables(words):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or not value.isprintable():
            findings.leave(line, "it cannot be read as NAME=VALUE")
        elif "$" in value:
            findings.leave(line, f"{name} is put together from other variables: write what it comes to")
        elif _ELSEWHERE_HOME in value:
            findings.leave(
                line, f"{name} names a place of the other image: here AIRFLOW_HOME is /opt/airflow"
            )
        elif name in reserved:
            findings.leave(line, f"image/image.toml sets {name} already")
        else:
            findings.environment.append((Taken(line, name), value))


def _variables(words: str) -> list[tuple[str, str]]:
    try:
        parts = shlex.split(words)
    except ValueError:
        return [("", "")]
    if parts and "=" not in parts[0]:
        name, _, value = words.partition(" ")
        return [(name, value.strip())]
    return [(name, value) for name, _, value in (part.partition("=") for part in parts)]
