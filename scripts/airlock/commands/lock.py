"""`airlock lock`: resolve the intent into locks of exact versions and hashes."""

from __future__ import annotations

import difflib
import json
import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from airlock.terminal import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session
    from airlock.config import Config
    from airlock.difference.locks import LockDifference
    from airlock.locks.files import Locks
    from airlock.locks.intent import Intent
    from airlock.terminal import Terminal

EXAMPLES = """\
\b
Examples:
  airlock lock                 after an edit of constraints/*.in; what is locked stays
  airlock lock --upgrade       everything to the newest versions of this minute
  airlock lock --upgrade apache-airflow-providers-http
                               that package alone, and what it cannot do without
  airlock lock --upgrade --allow-downgrade apache-airflow-providers-http
                               exit code 23 where a provider goes down that is not named
  airlock lock --check         exit code 4 where a lock is not current; no network
  airlock lock --verify        exit code 21 where pip-tools resolves otherwise; no network
"""


@click.command(epilog=EXAMPLES)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--upgrade", is_flag=True, help="Move everything, or only the packages NAME, to newer versions."
)
@click.option("--retier", is_flag=True, help="Find the stability tiers of all packages anew.")
@click.option("--check", is_flag=True, help="Change nothing; fail where a lock does not answer the intent.")
@click.option(
    "--verify", is_flag=True, help="Change nothing; fail where pip-tools does not arrive at airflow.lock."
)
@click.option(
    "--platform", "platforms", multiple=True, metavar="OS/ARCH", help="Lock for this platform (repeatable)."
)
@click.option(
    "--allow-downgrade",
    multiple=True,
    metavar="NAME",
    help="Let this package of Airflow go down (repeatable).",
)
@click.option("--allow-yanked", multiple=True, metavar="NAME", help="Let a yanked release in (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="Print what moved, or the verdict, as one JSON object.")
@click.pass_obj
def command(
    session: Session,
    *,
    names: tuple[str, ...],
    platforms: tuple[str, ...],
    upgrade: bool,
    retier: bool,
    check: bool,
    verify: bool,
    allow_downgrade: tuple[str, ...],
    allow_yanked: tuple[str, ...],
    as_json: bool,
) -> int:
    """Resolve the intent into locks of exact versions and hashes.

    Reads constraints/*.in and the dependencies of the project's own distributions. Writes
    constraints/*.lock, all of them or none: debian.lock, whose Python decides which wheels fit,
    airflow.lock, toolchain.lock, and where packages are built from source debian-build.lock and
    build.lock. Commit them.

    --verify is the second witness: pip-tools, run by the image's Python in a sandbox without a network,
    resolves the intent again from the sealed store, for this machine's platform.
    """
    if names and not upgrade:
        raise click.UsageError(f"names go with --upgrade: airlock lock --upgrade {' '.join(names)}")
    moves = upgrade or retier or bool(allow_downgrade or allow_yanked)
    if check and (moves or as_json):
        raise click.UsageError("--check changes nothing and prints nothing: it goes with --platform alone")
    if verify and (check or moves or platforms):
        raise click.UsageError(
            "--verify changes nothing and is for this machine's platform: it goes with --json alone"
        )
    config = session.config_for(platforms)
    if verify:
        _verify(session, config, as_json=as_json)
    elif check:
        from airlock.locks import staleness  # noqa: PLC0415 - after --help, and not what only locking needs

        staleness.check(config)
        session.terminal.say("locks are current")
    else:
        wishes = _Wishes(names, upgrade, retier, allow_downgrade, allow_yanked)
        _lock(session, config, wishes, as_json=as_json)
    return 0


@dataclass(frozen=True)
class _Wishes:
    """What the options ask for, as they are given."""

    names: tuple[str, ...]
    upgrade: bool
    retier: bool
    allow_downgrade: tuple[str, ...]
    allow_yanked: tuple[str, ...]


def _lock(session: Session, config: Config, wishes: _Wishes, *, as_json: bool) -> None:
    """Make the locks anew where they do not answer the intent, and tell what moved."""
    from airlock.difference import locks  # noqa: PLC0415 - heavy imports, after --help
    from airlock.difference.foreseen import foresee  # noqa: PLC0415
    from airlock.locks import files, intent, joining, locking, refusal  # noqa: PLC0415

    start = time.monotonic()
    wanted = intent.read(config)
    before = files.existing(config, session.terminal, strict=bool(wishes.names))
    now = datetime.now(UTC).replace(second=0, microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
    names = known_names(wishes.names, before, wanted)
    moving = locking.Upgrade(now, everything=wishes.upgrade and not names, names=names)
    allow = refusal.Allowances.of(wishes.allow_downgrade, wishes.allow_yanked)
    run = joining.locking(config, session.places, wanted, moving, session.terminal)
    after = replace(run, retier=wishes.retier, allow=allow).resolve(before)
    files.save(config, after)
    found = locks.compare(before, after, locks.KINDS)
    found = replace(found, foreseen=foresee(before, after, config) if found.differs else ())
    show(found, before, session.terminal)
    session.terminal.say(f"locks are current ({time.monotonic() - start:.1f} s)")
    if as_json:
        allowed = [one for lock in (after.airflow, after.toolchain) if lock for one in lock.allowed]
        click.echo(json.dumps(as_document(found, allowed), indent=2))


def _verify(session: Session, config: Config, *, as_json: bool) -> None:
    """Print the verdict of the second witness. Raises DisagreementError where it is another than the lock."""
    from airlock.witness import verdict  # noqa: PLC0415 - heavy imports, after --help
    from airlock.witness.verify import verify  # noqa: PLC0415

    start = time.monotonic()
    found = verify(config, session.places, session.terminal)
    if as_json:
        click.echo(json.dumps(verdict.as_document(found), indent=2))
    if not found.agrees:
        raise verdict.failure(found)
    session.terminal.say(
        f"verified: {found.verified} packages as locked, for {found.where} ({time.monotonic() - start:.1f} s)"
    )


def known_names(names: tuple[str, ...], before: Locks, wanted: Intent) -> frozenset[str]:
    """Return the names as the locks spell them. Raises click.BadParameter for one that is in no lock."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    known = before.names() | {one.name for one in (*wanted.airflow, *wanted.toolchain)}
    known |= {re.split(r"[\s=\[]", one.requirement)[0] for one in wanted.debian}
    found = set()
    for name in names:
        spellings = {name, canonicalize_name(name)} & known
        if not spellings:
            near = difflib.get_close_matches(name, sorted(known), n=1)
            hint = f"; perhaps you meant {near[0]}" if near else ""
            raise click.BadParameter(f"{name} is in no lock{hint}", param_hint="NAME")
        found |= spellings
    return frozenset(found)


def show(found: LockDifference, before: Locks, terminal: Terminal) -> None:
    """Print what moved, how far, and what it means; of a lock made for the first time the number of packages alone."""
    from airlock.difference.result import of_locks  # noqa: PLC0415 - as above
    from airlock.locks.steps import how  # noqa: PLC0415

    changes = found.packages
    known = {
        "debian": before.debian,
        "airflow": before.airflow,
        "debian-build": before.debian_build,
        "toolchain": before.toolchain,
    }
    first = {name for name, lock in known.items() if lock is None}
    rows = [
        (move.lock, move.name, move.before or "-", move.after or "-", how(move))
        for move in changes.changes
        if move.lock not in first
    ]
    if rows:
        titles = ("lock", "package", "from", "to", "step")
        terminal.table([Column(title) for title in titles], rows)
    for lock in sorted(first):
        count = sum(move.lock == lock for move in changes.changes)
        if count:
            terminal.say(f"constraints/{lock}.lock: {count} packages")
    if rows and len(rows) == len(changes.changes):
        terminal.say(of_locks(found))
    others = "all" if not changes.changes else "the other"
    if changes.unchanged:
        terminal.say(f"{others} {changes.unchanged} packages are as they were")


def as_document(found: LockDifference, allowed: Sequence[str] = ()) -> dict[str, object]:
    """Return what moved for --json."""
    from airlock.difference import document  # noqa: PLC0415 - as above

    return {
        **document.packages(found.packages, "lock"),
        "unchanged": found.packages.unchanged,
        "fetch_bytes": found.bytes_to_fetch,
        "layers": document.foreseen(found),
        "allowed": list(allowed),
    }
