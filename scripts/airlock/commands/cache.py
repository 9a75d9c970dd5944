"""`airlock cache`: shows what is cached, and removes what was not used lately."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from airlock.terminal import megabytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airlock.cached import Entry, Part, Summary
    from airlock.cli import Session

EPILOG = """\b
Examples:
  airlock cache                              what is cached, and when it was last used
  airlock cache prune                        what was unused for 30 days goes
  airlock cache prune --max-size 5GB         the least recently used goes, until 5 GB are left
  airlock cache prune --older-than 7d --store --dry-run
                                             what would go, also of the store
"""
DEFAULT_AGE = 30 * 86400.0
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_BYTES = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class _Amount(click.ParamType[float]):
    """A number with a unit."""

    def __init__(self, name: str, units: dict[str, float], example: str) -> None:
        self.name, self._units, self._example = name, units, example

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(r"(\d+(?:\.\d+)?) ?([a-zA-Z]+)", value)
        unit = self._units.get(match[2]) if match else None
        if match is None or unit is None:
            self.fail(
                f"{value!r} is no {self.name}: write {self._example} ({', '.join(self._units)})", param, ctx
            )
        return float(match[1]) * unit


@click.group("cache", epilog=EPILOG, invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
@click.pass_context
def command(context: click.Context, *, as_json: bool) -> int:
    """Show what is cached (`show`, the default), or remove what was not used lately (`prune`)."""
    if context.invoked_subcommand is None:
        context.invoke(show, as_json=as_json)
    elif as_json:
        raise click.UsageError(f"--json goes last: airlock cache {context.invoked_subcommand} --json")
    return 0


@command.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of the table.")
@click.pass_obj
def show(session: Session, *, as_json: bool) -> int:
    """Print what is cached: entries, bytes, and when the first and the last of them were used.

    A file with several names counts once. Last uses are known to within a day.
    """
    from airlock import cached, pruning  # noqa: PLC0415 - after --help

    found = cached.summaries(cached.entries(session.places))
    left = [part for _, parts in pruning.leftovers(session.places) for part in parts]
    if as_json:
        kinds = [_document(one) for one in found]
        total = sum(one.bytes for one in found)
        click.echo(
            json.dumps(
                {
                    "root": str(session.places.root),
                    "bytes": total,
                    "kinds": kinds,
                    "leftover_bytes": _size(left),
                }
            )
        )
        return 0
    for line in _table(session.places.root, found):
        click.echo(line)
    if left:
        session.terminal.say(f"killed processes left {megabytes(_size(left))}: airlock cache prune")
    return 0


@command.command("prune")
@click.option(
    "--older-than",
    type=_Amount("age", dict(_SECONDS), "30d"),
    help="Remove what was unused for so long (default: 30d, unless --max-size is given).",
)
@click.option(
    "--max-size",
    type=_Amount("size", dict(_BYTES), "5GB"),
    help="Remove what was used least recently, until so much is left.",
)
@click.option(
    "--store",
    is_flag=True,
    help="Of the store, too: not what this project's locks name, but what only others' do.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@click.pass_obj
def prune(
    session: Session,
    *,
    older_than: float | None,
    max_size: float | None,
    store: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Remove what was not used lately, and what killed processes left.

    It can run while others compose: they make again what they miss. A tree that a command runs in stays, and an
    interpreter that was used in the last two days. The store neither counts nor loses anything without --store;
    with it, files that only other projects' locks name go like anything else, after two days without use.
    """
    import time  # noqa: PLC0415 - after --help

    from airlock import cached, pruning  # noqa: PLC0415

    places = session.places
    rules = pruning.Rules(
        older_than=DEFAULT_AGE if older_than is None and max_size is None else older_than,
        max_size=None if max_size is None else int(max_size),
        store=store,
        protected=_named_by_the_locks(session) if store else frozenset(),
    )
    left = pruning.leftovers(places) if dry_run else pruning.remove_leftovers(places)
    found = cached.entries(places)
    gone = pruning.chosen(found, rules, time.time())
    if not dry_run:
        gone = pruning.remove(places, gone)
    size = pruning.freed(found, gone) + _size(part for _, parts in left for part in parts)
    session.terminal.say(
        f"{'to remove' if dry_run else 'removed'}: {len(gone)} entries, {len(left)} leftovers, {megabytes(size)}"
    )
    if as_json:
        click.echo(json.dumps(_removed(gone, [path for path, _ in left], size, places.root, dry_run=dry_run)))
    return 0


def _named_by_the_locks(session: Session) -> frozenset[Path]:
    """Return where the store has what the locks name, for every platform that they are for."""
    from airlock.locks import airflow, debian  # noqa: PLC0415 - after --help
    from airlock.store import Store  # noqa: PLC0415

    store = Store(session.places.store)
    wheels = airflow.read(session.config.airflow_lock).packages
    files = [file for package in wheels for _, file in package.files]
    files += [deb.file for deb in debian.read(session.config.debian_lock).debs]
    return frozenset(store.path(file) for file in files)


def _size(parts: Iterable[Part]) -> int:
    return sum(part.size for part in set(parts))


def _removed(
    gone: Iterable[Entry], left: Iterable[Path], size: int, root: Path, *, dry_run: bool
) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "freed_bytes": size,
        "entries": [{"kind": one.kind, "path": str(one.path.relative_to(root))} for one in gone],
        "leftovers": [str(path.relative_to(root)) for path in left],
    }


def _document(one: Summary) -> dict[str, Any]:
    times = {"oldest": one.oldest, "newest": one.newest}
    return {
        "kind": one.kind,
        "entries": one.entries,
        "bytes": one.bytes,
        **{name: _moment(used).isoformat() for name, used in times.items()},
    }


def _table(root: Path, found: Iterable[Summary]) -> list[str]:
    rows = [["kind", "entries", "size", "least recently", "most recently used"]]
    for one in found:
        times = [f"{_moment(used):%Y-%m-%d %H:%M}" for used in (one.oldest, one.newest)]
        rows.append([one.kind, f"{one.entries:,}", megabytes(one.bytes), *times])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for row in rows:
        kind, entries, size, *times = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        figures = (entries.strip().rjust(len(entries)), size.strip().rjust(len(size)))
        lines.append("  ".join((kind, *figures, *times)).rstrip())
    total = sum(one.bytes for one in found)
    return [*lines, f"{megabytes(total)} in {root}"]


def _moment(used: float) -> datetime:
    return datetime.fromtimestamp(int(used), UTC)
