"""`constraints/toolchain.lock`: what airlock itself runs on, for `pip install --require-hashes -r`.

One file for every supported Python and system: lines carry markers where versions differ. What only tests
and checks need follows the line DEVELOPMENT, so that whoever composes images need not install it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock.errors import LockError
from airlock.locks import format as lock_format
from airlock.locks.conflict import explain, lacks_dates
from airlock.locks.intent import pairs
from airlock.locks.resolver import AS_OF, NO_BOUND
from airlock.locks.uv import Question, input_files

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from airlock.locks.intent import Asked
    from airlock.locks.uv import Uv

DEVELOPMENT = "# development: only tests and checks need what follows"
OLDEST_PYTHON = "3.11"  # as requires-python in pyproject.toml; newer ones are covered by the same file


@dataclass(frozen=True)
class ToolchainLock:
    """The whole lock; `body` is a requirements file with hashes."""

    python: str
    resolved: str
    intent: tuple[tuple[str, str], ...]
    body: str
    allowed: tuple[str, ...] = ()  # what was let in by name (airlock.locks.refusal)

    @property
    def versions(self) -> dict[str, str]:
        """Name → version; one that differs between Pythons shows all its versions."""
        found: dict[str, list[str]] = {}
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", self.body, re.MULTILINE):
            found.setdefault(name, []).append(version)
        return {name: " / ".join(dict.fromkeys(versions)) for name, versions in found.items()}


def resolve(
    asked: tuple[Asked, ...],
    *,
    development: tuple[Asked, ...] = (),
    previous: ToolchainLock | None,
    moving: Collection[str],
    bound: str | None,
    uv: Uv,
) -> ToolchainLock:
    """Resolve the toolchain as of `bound`, keeping the versions of `previous` but for the names in `moving`.

    Raises ResolveError, FetchError.
    """
    options = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-annotate"]
    options += ["--exclude-newer", bound] if bound else []
    before = kept(previous.body, moving) if previous else ""
    question = Question(input_files(asked), tuple(options), "requirements.txt", preferences=before)
    answer = uv.compile(question)
    if answer.text is None:
        if bound and lacks_dates(answer.messages):
            return resolve(
                asked, development=development, previous=previous, moving=moving, bound=None, uv=uv
            )
        raise explain(answer.messages, asked, "the toolchain")
    body = answer.text
    if development:
        needed = tuple(one for one in asked if one not in development)
        question = replace(question, inputs=input_files(needed), preferences=kept(body, ()))
        answer = uv.compile(question)
        if answer.text is None:
            raise explain(answer.messages, needed, "the toolchain")
        body = divided(body, answer.text)
    return ToolchainLock(OLDEST_PYTHON, AS_OF + bound if bound else NO_BOUND, pairs(asked), body)


def divided(body: str, needed: str) -> str:
    """Put the packages that `needed` lacks at the end, below the line DEVELOPMENT."""
    names = set(re.findall(r"^([\w.-]+)==", needed, re.MULTILINE))
    parts = re.split(r"^(?=[\w.-]+==)", body, flags=re.MULTILINE)
    first = [part for part in parts if part.partition("==")[0] in names]
    rest = [part for part in parts if part and part not in first]
    return "".join([*first, f"\n{DEVELOPMENT}\n", *rest])


def kept(body: str, moving: Collection[str]) -> str:
    """Return the pins of a body, without hashes, as uv's preferences."""
    pins = (line.removesuffix(" \\") for line in body.splitlines() if re.match(r"[\w.-]+==", line))
    return "".join(f"{pin}\n" for pin in pins if pin.partition("==")[0] not in moving)


def render(lock: ToolchainLock) -> str:
    fields = [("python", lock.python), ("resolved", lock.resolved)]
    fields += [("allowed", one) for one in lock.allowed]
    fields += [("intent", f"{source}: {requirement}") for source, requirement in lock.intent]
    return lock_format.render(lock_format.Document(tuple(fields), lock.body))


def read(path: Path) -> ToolchainLock:
    """Read the lock. Raises LockError where it is missing, edited by hand or malformed."""
    document = lock_format.read(path)
    try:
        intent = (line.split(": ", 1) for line in document.all("intent"))
        return ToolchainLock(
            document.one("python"),
            document.one("resolved"),
            tuple((source, requirement) for source, requirement in intent),
            document.body,
            document.all("allowed"),
        )
    except ValueError as error:
        raise LockError(f"{path} is malformed", cause=str(error), remedy="airlock lock") from error
