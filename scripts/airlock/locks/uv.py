"""uv as a function: requirements and options in, a resolution or its explanation out."""

from __future__ import annotations

import dataclasses
import os
import shlex
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from uv import find_uv_bin

from airlock import kept_trees, process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from airlock.index.indexes import Indexes
    from airlock.locks.intent import Asked

CONSTRAINTS = "pins.txt"
# What may come from the user's environment: how uv reaches the network and where it caches. All other
# UV_* settings could change which versions are chosen, and the lock would not record it.
KEPT = (
    "UV_CACHE_DIR",
    "UV_NO_CACHE",
    "UV_OFFLINE",
    "UV_HTTP_",
    "UV_CONCURRENT_",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_REQUEST_TIMEOUT",
    "UV_LINK_MODE",
)

# The one script that may run, whole: parts of what uv runs to build are words of the source distribution.
_ASKED = (
    r'import sys; sys\.path = \[__import__\("os"\)\.fsdecode\(b"(?:[^"\\\n]|\\.)*"\)\] \+ sys\.path; '
    r"from python\.get_interpreter_info import main; main\(\)"
)
_REFUSING = """\
#!/bin/sh
'''exec' {quoted} -I "$0" "$@"
' '''
import os, re, sys
*flags, script = sys.argv[1:] or [""]
if flags != ["-I", "-B", "-c"] or not re.fullmatch({asked!r}, script):
    sys.exit("nothing is built here")
os.execv({python!r}, [{place!r}, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Question:
    """One `uv pip compile`: input files by name, `constraints` and `preferred` as name → version.

    `output` is the name of the file that uv writes; it decides the format (pylock.toml or requirements.txt).
    `limits` are constraints as people write them. With `sources`, releases without a wheel count, too; uv then
    says which of them it would have to build, for it can run nothing of them.
    """

    inputs: Mapping[str, str]
    options: tuple[str, ...]
    output: str
    constraints: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[str, ...] = ()
    sources: bool = False
    preferences: str = ""  # what stands in `output` before: uv keeps its versions where it can


@dataclass(frozen=True)
class Answer:
    """What uv wrote, or None where it found nothing; `messages` is what it said on stderr."""

    text: str | None
    messages: str


class Uv(Protocol):
    """Answers questions; the real one is UvProgram."""

    def compile(self, question: Question) -> Answer: ...


@dataclass(frozen=True)
class UvProgram:
    """The uv of the toolchain's own environment; `environment` says where the indexes are.

    It works in folders below `trees` (Places.trees), where programs can be run: not every /tmp allows that.
    """

    environment: Mapping[str, str]
    trees: Path

    def compile(self, question: Question) -> Answer:
        """Ask uv in a folder of its own, so that no project's configuration takes part.

        Raises CommandError where uv cannot be started.
        """
        with kept_trees.temporary(self.trees) as folder:
            for file, text in question.inputs.items():
                (folder / file).write_text(text, encoding="utf-8")
            output = folder / question.output
            if question.preferences:
                output.write_text(question.preferences, encoding="utf-8")
            command = [find_uv_bin(), "pip", "compile", *question.inputs, *question.options]
            pins = [f"{name}=={version}" for name, version in question.constraints.items()]
            if lines := (*pins, *question.limits):
                (folder / CONSTRAINTS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
                command += ["--constraints", CONSTRAINTS]
            command += ["--no-build-isolation"] if question.sources else ["--no-build"]
            python = _refusing_python(folder) if question.sources else sys.executable
            command += ["--python", python, "--no-header", "--no-progress", "--color", "never"]
            done = process.run(
                [*command, "--output-file", question.output],
                cwd=folder,
                check=False,
                env=clean_environment(os.environ) | dict(self.environment),
            )
            messages = done.stderr.decode(errors="replace")
            return Answer(None if done.returncode else output.read_text(encoding="utf-8"), messages)


def _refusing_python(folder: Path) -> str:
    """Return a Python that tells uv about itself and runs nothing else.

    To learn what a source distribution requires, uv would run its backend, with this user's rights and network.
    """
    place = folder / "python"
    place.write_text(
        _REFUSING.format(
            quoted=shlex.quote(sys.executable), asked=_ASKED, python=sys.executable, place=str(place)
        ),
        encoding="utf-8",
    )
    place.chmod(0o755)
    return str(place)


def shared(indexes: Indexes) -> Indexes:
    """Leave out the folders of this machine: what they hold is of no use to others, nor are its hashes."""
    return dataclasses.replace(
        indexes,
        extra_index_urls=tuple(url for url in indexes.extra_index_urls if _is_remote(url)),
        find_links=tuple(place for place in indexes.find_links if _is_remote(place)),
    )


def _is_remote(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def file_names(asked: Iterable[Asked]) -> dict[str, str]:
    """Name uv's input files, by source: short names, for uv repeats them in its annotations."""
    return {source: f"{index}.in" for index, source in enumerate(dict.fromkeys(one.source for one in asked))}


def input_files(asked: Iterable[Asked]) -> dict[str, str]:
    """Return uv's input files: the requirements of each source, by file name."""
    asked = tuple(asked)
    names = file_names(asked)
    texts = dict.fromkeys(names.values(), "")
    for one in asked:
        texts[names[one.source]] += one.requirement + "\n"
    return texts


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the settings that could change a resolution.

    Indexes are laid over it (airlock.index reads them from pip's and uv's configuration).
    """
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith(("UV_", "PIP_")) or name.startswith(KEPT)
    } | {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
