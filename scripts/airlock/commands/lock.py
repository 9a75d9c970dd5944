"""`airlock lock`: resolve the intent into locks of exact versions and hashes."""

from __future__ import annotations

import difflib
import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from airlock.terminal import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.cli import Session
    from airlock.config import Config
    from airlock.difference.locks import LockDifference
    from airlock.locks.debian import DebianLock
    from airlock.locks.intent import Intent
    from airlock.locks.locking import Locking, Locks, Upgrade
    from airlock.terminal import Terminal

EXAMPLES = """\
\b
Examples:
  airlock lock                 after an edit of constraints/*.in; what is locked stays
  airlock lock --upgrade       everything to the newest versions of this minute
  airlock lock --upgrade apache-airflow-providers-http
                               that package alone, and what it cannot do without
  airlock lock --check         exit code 4 where a lock is not current; no network
"""


@click.command(epilog=EXAMPLES)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--upgrade", is_flag=True, help="Move everything, or only the packages NAME, to newer versions."
)
@click.option("--retier", is_flag=True, help="Find the stability tiers of all packages anew.")
@click.option("--check", is_flag=True, help="Change nothing; fail where a lock does not answer the intent.")
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
@click.option("--json", "as_json", is_flag=True, help="Print what moved as one JSON object.")
@click.pass_obj
def command(
    session: Session,
    *,
    names: tuple[str, ...],
    platforms: tuple[str, ...],
    upgrade: bool,
    retier: bool,
    check: bool,
    allow_downgrade: tuple[str, ...],
    allow_yanked: tuple[str, ...],
    as_json: bool,
) -> None:
    """Resolve the intent into locks of exact versions and hashes.

    Reads constraints/*.in and the dependencies of the project's own distributions. Writes
    constraints/*.lock, all of them or none: debian.lock, whose Python decides which wheels fit,
    airflow.lock, and toolchain.lock. Commit them.
    """
    from airlock.locks import intent, locking, refusal, staleness  # noqa: PLC0415 - heavy imports, after --help

    if names and not upgrade:
        raise click.UsageError(f"names go with --upgrade: airlock lock --upgrade {' '.join(names)}")
    if check and (upgrade or retier or allow_downgrade or allow_yanked):
        raise click.UsageError("--check changes nothing, so it goes with --platform alone")
    start = time.monotonic()
    config = session.config_for(platforms)
    if check:
        staleness.check(config)
        session.terminal.say("locks are current")
        return
    wanted = intent.read(config)
    before = locking.existing(config, session.terminal, strict=bool(names))
    now = datetime.now(UTC).replace(second=0, microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
    moving = locking.Upgrade(now, everything=upgrade and not names, names=known_names(names, before, wanted))
    allow = refusal.Allowances.of(allow_downgrade, allow_yanked)
    after = replace(_real(session, config, wanted, moving), retier=retier, allow=allow).resolve(before)
    locking.save(config, after)
    from airlock.difference import locks  # noqa: PLC0415 - heavy, too, and --check needs none of it
    from airlock.difference.foreseen import foresee  # noqa: PLC0415

    found = locks.compare(before, after, locks.KINDS)
    found = replace(found, foreseen=foresee(before, after, config) if found.differs else ())
    show(found, before, session.terminal)
    session.terminal.say(f"locks are current ({time.monotonic() - start:.1f} s)")
    if as_json:
        allowed = [one for lock in (after.airflow, after.toolchain) if lock for one in lock.allowed]
        click.echo(json.dumps(as_document(found, allowed), indent=2))


def _real(session: Session, config: Config, wanted: Intent, moving: Upgrade) -> Locking:
    """Join the resolvers to the user's indexes and mirror."""
    from airlock.debian import locking as locking_debian  # noqa: PLC0415
    from airlock.index.configuration import configured, uv_environment  # noqa: PLC0415
    from airlock.index.releases import Pages  # noqa: PLC0415
    from airlock.index.sizes import THREADS, sizes  # noqa: PLC0415
    from airlock.index.text import download  # noqa: PLC0415
    from airlock.index.web import Web  # noqa: PLC0415
    from airlock.locks import locking  # noqa: PLC0415
    from airlock.locks.uv import UvProgram, shared  # noqa: PLC0415

    def debs(asked: tuple[tuple[str, str], ...], previous: DebianLock | None, upgrade: Upgrade) -> DebianLock:
        debian_upgrade = locking_debian.Upgrade(upgrade.everything, upgrade.names)
        return locking_debian.lock_debian(
            config, session.places, asked, previous, debian_upgrade, session.terminal
        )

    indexes = configured(config.project)
    uv, shared_uv = (UvProgram(uv_environment(chosen)) for chosen in (indexes, shared(indexes)))
    web = Web(indexes, THREADS)
    pages = Pages(web, indexes)
    return locking.Locking(
        config,
        wanted,
        moving,
        debs,
        uv,
        shared_uv,
        session.terminal,
        lambda urls: sizes(web, urls),
        pages.releases,
        download=lambda url: download(web, url),
        yanked=pages.yanked,
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
    first = {lock for lock in ("debian", "airflow", "toolchain") if getattr(before, lock) is None}
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
    if rows and not first:
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
