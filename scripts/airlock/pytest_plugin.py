"""`pytest --airlock-check`: a test for each DAG file, whose message are the findings of `airlock check`.

All DAGs are parsed once, while tests are collected, in the project's image; nothing is imported unless it is asked
for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock_spec.check.finding import Finding
    from airlock_spec.check.report import Report

INI = "airlock_dags"
NAME = "airlock"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("airlock", "DAG integrity in the very image (airlock check)")
    group.addoption(
        "--airlock-check",
        nargs="?",
        const="",
        metavar="PATH",
        help="test each DAG file of the project's bundle, or of PATH, in the project's image",
    )
    group.addoption("--airlock-image", default="", metavar="REF", help="the image, as airlock check --image")
    parser.addini(
        INI, "a folder or files of DAGs to test where pytest is given no path", type="args", default=[]
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each DAG file, and for each other file that something is found in."""
    paths = _paths(config)
    if paths is None:
        return
    report = _report(config.rootpath, paths, config.getoption("--airlock-image"))
    by_path: dict[str, list[Finding]] = {file.path: [] for file in report.run.files}
    for finding in report.findings:
        by_path.setdefault(finding.path, []).append(finding)
    blocking = set(report.blocking)
    for path, found in sorted(by_path.items()):
        parent = DagFile.from_parent(session, path=config.rootpath / path)
        items.append(DagItem.from_parent(parent, name=NAME, findings=found, blocking=blocking))


def _paths(config: pytest.Config) -> list[Path] | None:
    """Return what is to be checked: [] for the whole bundle, None for nothing at all."""
    asked = config.getoption("--airlock-check")
    configured = [config.rootpath / path for path in config.getini(INI)]
    if asked is not None:
        return [config.invocation_params.dir / asked] if asked else configured
    named = config.args_source is pytest.Config.ArgsSource.ARGS
    return configured if configured and not named else None


def _report(project: Path, paths: list[Path], image: str) -> Report:
    """Check them as the command does. Raises pytest.UsageError for what it would refuse."""
    import time  # noqa: PLC0415 - after it is asked for, as all that follows

    from airlock.check import reporting, run  # noqa: PLC0415
    from airlock.cli import Session  # noqa: PLC0415
    from airlock.errors import AirlockError  # noqa: PLC0415
    from airlock.terminal import Terminal  # noqa: PLC0415

    begun = time.monotonic()
    session = Session(project, Terminal(quiet=True))
    try:
        checked = run.check(session, run.Wanted(paths, image, ruff=True))
        config = run.project_config(session)
        found = reporting.judged(checked, config.check, config.project)
        baseline = reporting.configured_baseline(config)
        return reporting.report(found, config.check, baseline, time.monotonic() - begun, ())
    except AirlockError as error:
        raise pytest.UsageError(f"airlock: {error}") from error


class FoundError(Exception):
    """What `airlock check` found in a file."""


class DagFile(pytest.File):
    """A file of the bundle."""

    def collect(self) -> Iterable[pytest.Item]:
        return ()  # its only item is made from the report


class DagItem(pytest.Item):
    """That a DAG file has no finding that blocks; others are shown beside what it printed."""

    def __init__(self, *, findings: list[Finding], blocking: set[Finding], **more: Any) -> None:
        super().__init__(**more)
        self._blocking = [one for one in findings if one in blocking]
        self._others = [one for one in findings if one not in blocking]

    def runtest(self) -> None:
        if self._others:
            self.add_report_section("call", "findings that do not block", _told(self._others))
        if self._blocking:
            raise FoundError(_told(self._blocking))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the findings, and no line of this plugin's."""
        if isinstance(excinfo.value, FoundError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"airlock: {self.path.name}"


def _told(findings: Iterable[Finding]) -> str:
    from airlock_spec.wording import printable  # noqa: PLC0415 - as above

    lines = []
    for one in findings:
        lines.append(f"{one.path}:{one.line}: {one.severity} {one.code}: {one.message}")
        lines += [f"    {line}" for line in one.detail.splitlines()]
        lines += [f"    fix: {one.fix}"] if one.fix else []
    return printable("\n".join(lines), keep="\n")
