"""`airlock-check`: in a container of the image, what `airlock check` does from outside."""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from airlock_probe.asking import Failure, ask
from airlock_spec.check import baseline, sources
from airlock_spec.check.finding import Severity
from airlock_spec.check.report import report
from airlock_spec.check.reports import FORMATS, render
from airlock_spec.check.request import DAGS, Request
from airlock_spec.check.settings import Settings, SettingsError, parse
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TextIO

    from airlock_spec.check.facts import Run
    from airlock_spec.check.report import Report

FAILED = 27  # as `airlock check` exits where DAGs cannot be checked
MISUSE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
SETTINGS = "pyproject.toml"
BASELINE = "airlock-baseline.json"
_EPILOG = """\
examples:
  airlock-check                                        the DAGs of the image, or of its mounted folder
  airlock-check --bundle dags --format junit --output check.xml
  docker run --rm --network none -v "$PWD/dags:/opt/airflow/dags:ro" IMAGE airlock-check

exit code 0: nothing that blocks. 1: findings at or above --fail-on. 2: the command line or the settings cannot be
understood. 27: DAGs cannot be checked. `airlock explain CODE`, or docs/checks.md, says what a code means.
"""


@dataclass(frozen=True)
class Wanted:
    """What was asked for; `project` is the folder that reports name files from."""

    bundle: Path
    project: Path
    only: tuple[str, ...]
    settings: Settings
    baseline: Path | None

    @property
    def prefix(self) -> str:
        """From the project to the bundle."""
        inner = self.bundle.relative_to(self.project).as_posix()
        return "" if inner == "." else f"{inner}/"


class MisuseError(Exception):
    """The command line or the settings cannot be understood."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Check, report, and exit."""
    given = parser().parse_args(arguments)
    try:
        code = run(given)
    except MisuseError as error:
        code = _said(MISUSE, str(error))
    except Failure as error:
        code = _said(FAILED, str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def run(given: argparse.Namespace, probe: Callable[[Request, Mapping[str, str]], Run] = ask) -> int:
    """Do what was asked for and return the exit code. Raises MisuseError, asking.Failure."""
    begun = time.monotonic()
    wanted = read(given)
    settings = wanted.settings
    request = Request(
        bundle=str(wanted.bundle), only=wanted.only, pools=settings.pools, limits=settings.limits
    )
    known = _baseline(wanted.baseline) if wanted.baseline and not given.write_baseline else ""
    facts = probe(request, settings.env)
    made = report(
        facts,
        settings,
        prefix=wanted.prefix,
        sources=sources.of(wanted.bundle),
        baseline=known,
        partial=bool(wanted.only),
        seconds=time.monotonic() - begun,
    )
    if given.write_baseline:
        path = wanted.baseline or wanted.project / BASELINE
        _write(path, baseline.write(made.findings))
        return _said(0, f"taken as given by {path}: {counted(len(made.findings), 'finding')}")
    _show(made, given.format, given.output)
    return made.exit_code


def read(given: argparse.Namespace) -> Wanted:
    """Resolve the arguments. Raises MisuseError."""
    bundle = _absolute(Path(given.bundle))
    if not bundle.is_dir():
        raise MisuseError(f"there is no folder of DAGs: {bundle}; name one with --bundle")
    file = given.settings or bundle.parent / SETTINGS
    if given.settings and not file.is_file():
        raise MisuseError(f"{file} does not exist")
    project = _absolute(file).parent
    if not bundle.is_relative_to(project):
        project = bundle.parent
    settings = _settings(file)
    if given.endpoints is not None:
        names = [name.strip() for name in given.endpoints.split(",") if name.strip()]
        offered = _parsed({"network": {"endpoints": names}}, "--endpoints").network.endpoints
        settings = replace(settings, network=replace(settings.network, endpoints=offered))
    if given.fail_on:
        settings = replace(settings, fail_on=Severity(given.fail_on))
    if given.output and not os.access(_absolute(given.output).parent, os.W_OK):
        raise MisuseError(f"{given.output} cannot be written there")
    known = given.baseline or (project / settings.baseline if settings.baseline else None)
    only = tuple(dict.fromkeys(_within(bundle, path) for path in given.paths))
    if only and given.write_baseline:
        raise MisuseError("--write-baseline takes the whole bundle: name no PATH")
    return Wanted(bundle, project, () if "" in only else only, settings, known)


def _within(bundle: Path, path: Path) -> str:
    """Return a path in the bundle, given from here or from there; "" for all of it."""
    for place in (_absolute(path), _absolute(bundle / path)):
        if place.exists() and place.is_relative_to(bundle):
            inner = place.relative_to(bundle).as_posix()
            return "" if inner == "." else inner
    raise MisuseError(f"{path} is not in {bundle}; name another folder of DAGs with --bundle")


def _absolute(path: Path) -> Path:
    """Return the path from the root; links stay, for what Airflow is told is what reports say."""
    return Path(os.path.normpath(path.absolute()))


def _settings(file: Path) -> Settings:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MisuseError(f"{file} cannot be read: {error}") from error
    tool = document.get("tool", {})
    table = tool.get("airlock", {}) if isinstance(tool, dict) else {}
    return _parsed(table if isinstance(table, dict) else {}, str(file))


def _parsed(table: Mapping[str, object], where: str) -> Settings:
    try:
        return parse(table)
    except SettingsError as error:
        raise MisuseError(f"{where} cannot be used:\n  " + "\n  ".join(error.problems)) from error


def _baseline(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        baseline.read(text)
    except (OSError, ValueError) as error:
        raise MisuseError(f"the baseline {path} cannot be read: {error}") from error
    return text


def _show(made: Report, form: str, output: Path | None) -> None:
    """Write the report to its file and text to stderr, or the report to stdout."""
    if output is None:
        sys.stdout.write(render(made, form, colour=_colourful(sys.stdout)))
        sys.stdout.flush()
        return
    _write(output, render(made, form))
    sys.stderr.write(render(made, "text", colour=_colourful(sys.stderr)))


def _colourful(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR")


def _write(path: Path, text: str) -> None:
    """Write a file beside its place and rename it; a device, as /dev/stderr, is written to."""
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise MisuseError(f"{path} cannot be written: {error}") from error


def _said(code: int, text: str) -> int:
    sys.stderr.write(f"airlock-check: {text}\n")
    return code


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(
        "airlock-check",
        description="Parse and serialize DAGs as production would, and say what is wrong.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files and folders of the bundle")
    made.add_argument("--bundle", metavar="DIR", default=DAGS, help=f"the folder of DAGs (default: {DAGS})")
    made.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")
    made.add_argument("--output", metavar="FILE", type=Path, help="report there, and text to stderr")
    made.add_argument("--fail-on", choices=[*Severity], help="exit with 1 from here on (default: error)")
    made.add_argument("--baseline", metavar="FILE", type=Path, help="leave out the findings that it has")
    made.add_argument("--write-baseline", action="store_true", help="write it from what is found")
    made.add_argument("--endpoints", metavar="NAMES", help="the VPC endpoints that there are (s3,logs,…)")
    made.add_argument(
        "--settings", metavar="FILE", type=Path, help=f"a {SETTINGS} (default: beside the folder of DAGs)"
    )
    return made
