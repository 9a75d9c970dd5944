"""ruff's rules for Airflow (AIR…), run over the same files."""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import process
from airlock.check.bundle import is_python
from airlock.errors import CheckError
from airlock_spec.check.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.check.bundle import Bundle

PREFIX = "AIR"
_STYLE = "AIR0"  # begins the codes about how DAGs are written, not whether Airflow takes them
_FOUND_SOME = 1


def findings(bundle: Bundle, prefix: str) -> list[Finding]:
    """Return what ruff says of the selected files, under its own codes. Raises CheckError where it fails.

    The project's own configuration of ruff is not read: what it leaves out elsewhere concerns style.
    """
    paths = _paths(bundle)
    if not paths:
        return []
    options = ["--select", PREFIX, "--output-format", "json", "--isolated", "--no-cache", "--quiet"]
    left_out = [f"--extend-exclude={path}" for path in _endless(bundle.folder)]
    done = process.run(
        [_program(), "check", *options, *left_out, "--no-respect-gitignore", "--", *paths],
        cwd=bundle.folder,
        check=False,
    )
    if done.returncode not in (0, _FOUND_SOME):
        raise CheckError(
            "ruff failed",
            cause=done.stderr.decode(errors="replace").strip(),
            remedy="airlock check --no-ruff, to do without its rules",
        )
    return [_finding(one, bundle, prefix) for one in json.loads(done.stdout) if _is_air(one)]


def _paths(bundle: Bundle) -> Sequence[str]:
    if bundle.only is None:
        return ["."]
    return [path for path in bundle.only if is_python(path) or (bundle.folder / path).is_dir()]


def _endless(folder: Path) -> list[Path]:
    """List what is named as a source and is none, as a FIFO: ruff would wait for its end."""
    return [
        path for path in folder.rglob("*.py") if not path.is_file() and not path.is_dir() and path.exists()
    ]


def _is_air(found: dict[str, Any]) -> bool:
    """Leave out that a file cannot be parsed, which is an import error already."""
    return str(found.get("code") or "").startswith(PREFIX)


def _finding(found: dict[str, Any], bundle: Bundle, prefix: str) -> Finding:
    path = Path(found["filename"])
    base = bundle.folder.resolve()  # ruff names files by where it was started, links resolved
    inner = (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()
    message, _, advice = str(found["message"]).partition("\n")
    fix = str((found.get("fix") or {}).get("message") or advice.strip() or f"see {found['url']}")
    code = str(found["code"])
    severity = Severity.INFO if code.startswith(_STYLE) else Severity.WARNING
    return Finding(code, severity, f"{prefix}{inner}", int(found["location"]["row"]), message, fix)


def _program() -> Path:
    """Return the ruff of this installation, else one on PATH."""
    for folder in (sysconfig.get_path("scripts"), str(Path(sys.executable).parent)):
        if (program := Path(folder) / "ruff").is_file():
            return program
    if found := process.find("ruff"):
        return found
    raise CheckError("ruff is not here", remedy="install airlock again, or: airlock check --no-ruff")
