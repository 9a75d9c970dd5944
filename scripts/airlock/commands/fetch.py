"""`airlock fetch`: seals the store."""

from __future__ import annotations

import dataclasses
import functools
import json
import threading
import time
from typing import TYPE_CHECKING

import click

from airlock.index.fetch import FetchSummary, Origin, Wanted, fetch, wanted_files
from airlock.index.joining import origin
from airlock.locks import airflow, debian
from airlock.store import Store
from airlock.terminal import counted, megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from airlock.cli import Session
    from airlock.compose.fragments import Supply
    from airlock.compose.image import Inputs
    from airlock.config import Config
    from airlock.locks.airflow import AirflowLock, LockedPackage
    from airlock.locks.debian import DebianLock
    from airlock.store import StoreFile

EPILOG = """\b
Examples:
  airlock fetch                            every file of the locks for the project's platforms
  airlock fetch --platform linux/arm64     those of one platform
  airlock fetch --json | jq .fetched_bytes

\b
Wheels come from the indexes that pip or uv are configured with, .deb files from
[tool.airlock] debian-mirror or else the host's apt source. Each is checked by its
sha256. An interrupted fetch is resumed by running it again.
"""


@click.command("fetch", epilog=EPILOG)
@click.option(
    "--platform", "platforms", multiple=True, metavar="OS/ARCH", help="Fetch for this platform (repeatable)."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
@click.pass_obj
def command(session: Session, *, platforms: tuple[str, ...], as_json: bool) -> int:
    """Fill the store with every file that the locks name."""
    config = session.config_for(platforms)
    summary = fetch_all(session, config, airflow.read(config.airflow_lock), debian.read(config.debian_lock))
    if as_json:
        click.echo(json.dumps(dataclasses.asdict(summary) | {"store": str(summary.store)}))
    return 0


def fetch_all(
    session: Session, config: Config, airflow_lock: AirflowLock, debian_lock: DebianLock
) -> FetchSummary:
    """Seal the store for the platforms of `config` and say so. Raises FetchError and LockError."""
    wanted = wanted_files(airflow_lock, debian_lock, config.platforms)
    there = functools.cache(lambda: origin(config))
    summary = _fetch(session, config, airflow_lock, wanted, there)
    session.terminal.say(
        f"sealed: {summary.files} files, {megabytes(summary.bytes)} "
        f"({summary.fetched} fetched, {megabytes(summary.fetched_bytes)}, {summary.seconds:.1f} s)"
    )
    return summary


def supply(session: Session, config: Config, inputs: Inputs) -> Supply:
    """Return what makes files of the locks be in the store, as they come to be needed. It raises as `fetch_all`."""
    store = Store(session.places.store)
    there = functools.cache(lambda: origin(config))
    one_at_a_time = threading.Lock()

    def fetch_some(files: Iterable[StoreFile]) -> None:
        with one_at_a_time:
            missing = store.missing(files)
            if missing:
                chosen = set(missing)
                listed = wanted_files(inputs.airflow, inputs.debian, config.platforms)
                wanted = [one for one in listed if one.file in chosen]
                summary = _fetch(session, config, inputs.airflow, wanted, there)
                store.require_sealed(missing)
                session.terminal.say(
                    f"fetched {counted(len(missing), 'file')} of {len(listed)} "
                    f"({megabytes(summary.fetched_bytes)}, {summary.seconds:.1f} s)"
                )

    return fetch_some


def _fetch(
    session: Session,
    config: Config,
    airflow_lock: AirflowLock,
    wanted: Sequence[Wanted],
    there: Callable[[], Origin],
) -> FetchSummary:
    """Fetch what is wanted of the locks, after building what no index has of it."""
    from airlock.sdists import sealing  # noqa: PLC0415 - after --help

    files = {one.file for one in wanted}
    lacking = sealing.lacking(airflow_lock, config.platforms, Store(session.places.store), files)
    fetched = _build(session, config, lacking, there) if lacking else None
    summary = fetch(wanted, session.places, there, session.terminal)
    return summary.after(fetched) if fetched else summary


def _build(
    session: Session, config: Config, packages: Sequence[LockedPackage], there: Callable[[], Origin]
) -> FetchSummary:
    """Build what no index has a wheel of, in a sandbox, from files that the locks name; tell what was fetched."""
    from airlock.compose.interpreter import python_version  # noqa: PLC0415 - seldom needed
    from airlock.locks import build  # noqa: PLC0415
    from airlock.platforms import native  # noqa: PLC0415
    from airlock.sdists import sealing  # noqa: PLC0415
    from airlock.sdists.build import Builder  # noqa: PLC0415

    locked, path = build.read(config.build_lock), config.debian_build_lock
    root = debian.read(path if path.exists() else config.debian_lock)
    store = Store(session.places.store)
    fetched = fetch(sealing.wanted(packages, locked, root), session.places, there, session.terminal)
    with Builder(root.for_platform(native()), python_version(root), store, session.places) as builder:
        sealing.build(packages, locked, builder, store, session.terminal)
    return fetched


def sealed_inputs(session: Session, config: Config, *, offline: bool) -> Inputs:
    """Read what the image is a function of, and fetch what the store lacks for it.

    Raises UnsealedError where `offline` forbids fetching, LockError for a stale lock, and ConfigError.
    """
    from airlock.compose import image  # noqa: PLC0415 - heavy imports, which `fetch` needs none of

    inputs = read_inputs(session, config)
    store, wanted = Store(session.places.store), image.files(inputs, config.platforms)
    if not offline and store.missing(wanted):
        fetch_all(session, config, inputs.airflow, inputs.debian)
    store.require_sealed(wanted)
    return inputs


def read_inputs(session: Session, config: Config) -> Inputs:
    """Read what the image is a function of, but for the store. Raises LockError for a stale lock, ConfigError."""
    from airlock import certificates  # noqa: PLC0415 - as above
    from airlock.compose import image, image_file  # noqa: PLC0415
    from airlock.locks.staleness import require_current  # noqa: PLC0415

    own = certificates.read(config.certificates, config.project)
    inputs = image.Inputs(config, image_file.load(config.image_file), *require_current(config), own)
    for warning in certificates.warnings(own, time.time()):
        session.terminal.say(warning)
    return inputs
