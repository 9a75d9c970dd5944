"""pip-tools as a function: wheels and intent in, pins or pip's explanation out; in a sandbox, without a network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from packaging.utils import canonicalize_name

from airlock import process, sandbox
from airlock.errors import CommandError
from airlock.witness.tree import WHEELS, WITNESS, closure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airlock.store import StoreFile
    from airlock.witness.tree import WitnessTree

_OPTIONS = (
    "--quiet", "--no-config", "--no-header", "--no-annotate", "--no-emit-options", "--strip-extras",
    "--allow-unsafe",  # or setuptools would be left out
    "--resolver", "backtracking", "--no-index", "--find-links", f"/{WHEELS}",
    "--cache-dir", "/tmp/cache",  # noqa: S108 - the sandbox's
    "--output-file", "-",
)  # fmt: skip
_NOISE = ("WARNING:", "ResolutionImpossible: for help")
_TRACEBACK = "Traceback (most recent call last):"
_NO_SOLUTION = re.compile(r"^pip\._internal\.exceptions(?:\.\w+)+: (.*)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Resolution:
    """What the witness found: name → version, or None and why."""

    pins: Mapping[str, str] | None
    why: str = ""


class Witness(Protocol):
    """Resolves intent files (name → text) from nothing but these wheels; the real one is PipCompile."""

    @property
    def name(self) -> str:
        """What it is, with its version."""
        ...

    def resolve(self, wheels: Sequence[StoreFile], intent: Mapping[str, str]) -> Resolution: ...


@dataclass(frozen=True)
class PipCompile:
    """`pip-compile` of the toolchain's own environment, run by the image's Python."""

    tree: WitnessTree

    @property
    def name(self) -> str:
        versions = {one.metadata["Name"]: one.version for one in closure(WITNESS)}
        return f"{WITNESS} {versions[WITNESS]} (pip {versions['pip']})"

    def resolve(self, wheels: Sequence[StoreFile], intent: Mapping[str, str]) -> Resolution:
        """Ask it once. Raises SandboxError, CommandError where it breaks, and what the tree raises."""
        with self.tree.use(wheels, intent) as inside:
            python = self.tree.python
            chosen = sandbox.choose(inside, probe=(python, "-c", ""))
            command = [python, "-P", "-B", "-m", "piptools", "compile", *_OPTIONS, *intent]
            done = process.run(chosen.command(inside, command), check=False, env={})
        said = done.stderr.decode(errors="replace")
        if done.returncode == 0:
            return Resolution(parse(done.stdout.decode()))
        if why := explanation(said):
            return Resolution(None, why)
        raise CommandError(
            f"{self.name} failed with exit code {done.returncode}",
            cause=said.strip()[-4000:],
            remedy="this is a fault of airlock or of pip-tools: report it",
        )


def parse(text: str) -> dict[str, str]:
    """Read the pins of a requirements file without hashes."""
    found = re.findall(r"^([A-Za-z0-9][\w.-]*)==([^\s;]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def explanation(said: str) -> str:
    """Return why pip finds no solution, in its own words; "" where it failed over something else.

    pip-compile prints pip's reasons, then a traceback whose last line is pip's conclusion.
    """
    reasons, found, traceback = said.partition(_TRACEBACK)
    conclusion = _NO_SOLUTION.search(traceback)
    if not found or not conclusion:
        return ""
    lines = [line.removeprefix("  ").removeprefix("ERROR: ") for line in reasons.splitlines()]
    kept = [line for line in lines if line.strip() and not line.startswith(_NOISE)]
    if conclusion[1].startswith(_NOISE):
        return "\n".join(kept)
    return "\n".join(dict.fromkeys([*kept, *conclusion[1].strip().splitlines()]))
