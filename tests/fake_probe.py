"""A way to start a probe that parses nothing: a program of this machine's Python that answers as the real one does."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import airlock_spec
from airlock.check.starts import Start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.check.bundle import Bundle

# Every Python file is a DAG file; one that says `crash` has such a problem, one with `unkept` no dependencies.
ANSWERS = """
import hashlib, json, os, sys
from pathlib import Path
from airlock_spec.check import json_form
from airlock_spec.check.facts import *
from airlock_spec.check.request import Request
request = json_form.loads(Request, sys.stdin.readline())
with open({log!r}, "a") as log:
    log.write(json.dumps(json_form.plain(request)) + "\\n")
root = Path(request.bundle)
files = []
for path in sorted(root.rglob("*.py")):
    name = path.relative_to(root).as_posix()
    chosen = not request.only or any(name == one or name.startswith(one + "/") for one in request.only)
    if name in request.known or not chosen:
        continue
    text = path.read_text()
    crash = (Problem(Kind.CRASH, "it crashed", Place(name)),) if "crash" in text else ()
    broken = (Problem(Kind.IMPORT, "NameError: x", Place(name, 1)),) if "broken" in text else ()
    known = Dependencies({{name: hashlib.sha256(path.read_bytes()).hexdigest(), **{reads!r}}})
    files.append(File(name, 9.0 if "slow" in text else 0.1, problems=crash + broken,
                      dependencies=None if "unkept" in text else known))
    print(json.dumps({{"progress": [len(files), 9]}}), flush=True)
skipped = tuple(Skipped(p.name, Reason.SAFE_MODE) for p in sorted(root.glob("*.txt")))
run = Run("3.3.2", "3.13.5", Isolation({namespace!r}, True, True), tuple(files), skipped)
print(json.dumps({{"run": json_form.plain(run)}}), flush=True)
"""
SILENT = "import sys; sys.exit('cannot be started')"


@dataclass(frozen=True)
class FakeWay:
    """Starts a script; `fault` is what it says when it is asked why it does not work here."""

    script: str
    namespace: bool = True
    fault: str = ""
    before: bytes = b""

    @contextlib.contextmanager
    def start(self, bundle: Bundle) -> Iterator[Start]:
        path = str(Path(airlock_spec.__file__).parents[1])
        yield Start(
            (sys.executable, "-c", self.script), {"PYTHONPATH": path}, str(bundle.folder), self.before
        )

    def why_not(self, bundle: Bundle) -> str:  # noqa: ARG002 - of the protocol
        return self.fault


def answering(
    log: Path,
    *,
    namespace: bool = True,
    reads: dict[str, str] | None = None,
) -> FakeWay:
    """Return a way that works, and adds each request to `log` as a line of JSON.

    Every file is said to have read `reads`.
    """
    return FakeWay(ANSWERS.format(log=str(log), reads=reads or {}, namespace=namespace), namespace)
