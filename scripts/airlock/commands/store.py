"""`airlock store`: carries the sealed store elsewhere, as an archive or in S3."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from airlock.terminal import megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock.cli import Session
    from airlock.s3 import Location
    from airlock.store import Store, StoreFile
    from airlock.store_archive import Archived

EPILOG = """\b
Examples:
  airlock store export store.tar       every file that the locks name, as one archive
  airlock store import store.tar && airlock image --offline
                                       on a machine without any network
  airlock store push s3://bucket/airlock
  airlock store pull s3://bucket/airlock && airlock image --offline
                                       where only S3 can be reached
"""
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


class _S3(click.ParamType["Location"]):
    name = "s3://bucket/prefix"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Location:
        from airlock.s3 import Location  # noqa: PLC0415 - not for --help

        try:
            return Location.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Archive(click.File):
    """A file to be read, or stdin, which may be closed."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> IO[Any]:
        if value == "-" and sys.stdin is None:
            self.fail("stdin is closed: name a FILE", param, ctx)
        return super().convert(value, param, ctx)


_LOCATION = click.argument("location", metavar="s3://BUCKET/PREFIX", type=_S3())


def _platforms(verb: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(
        "--platform",
        "platforms",
        multiple=True,
        metavar="OS/ARCH",
        help=f"{verb} what composing for this platform needs (repeatable).",
    )


@click.group("store", epilog=EPILOG)
def command() -> None:
    """Carry the sealed store elsewhere: as an archive, or in S3.

    A closed network, and a rebuild after Debian's archive has dropped a version, then need nothing else.
    """


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@_platforms("Export")
@click.pass_obj
def export_(session: Session, *, file: Path, platforms: tuple[str, ...]) -> int:
    """Write the files that the locks name as one archive, and print its sha256.

    FILE is an uncompressed tar, the same for the same files; `-` or /dev/stdout is stdout, and the sha256 is then
    told on stderr.
    The interpreter that compiles is this machine's: for others, name their platforms, too.
    """
    from airlock import writing  # noqa: PLC0415 - after --help

    to_stdout = str(file) == "-" or _is_stdout(file)
    if to_stdout and sys.stdout is None:
        raise click.UsageError("stdout is closed: name a FILE")
    if to_stdout and sys.stdout.isatty():
        raise click.UsageError("an archive is nothing for a terminal: name a FILE")
    wanted, store = _wanted(session, platforms)
    store.require_sealed(wanted)
    if to_stdout:
        made = _export(session, wanted, store, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    elif writing.is_opened(file):
        with file.open("wb") as out:
            made = _export(session, wanted, store, out)
    else:
        with writing.replacing(file.resolve()) as out:  # a symlink stays, its target is replaced
            made = _export(session, wanted, store, out)
    session.terminal.say(f"exported: {made.files} files, {megabytes(made.bytes)}")
    click.echo(made.sha256, err=to_stdout)
    return 0


@command.command("import")
@click.argument("file", type=_Archive("rb"))
@_platforms("Say whether the store now has")
@_JSON
@click.pass_obj
def import_(session: Session, *, file: IO[bytes], platforms: tuple[str, ...], as_json: bool) -> int:
    """Add the files of an archive to the store, each checked by its sha256; `-` is stdin.

    Says whether the store is then sealed for the project's locks. What came before a damaged place is kept.
    """
    from airlock import store_archive  # noqa: PLC0415 - after --help

    wanted, store = _wanted(session, platforms)
    total = sum(one.size for one in wanted)
    with session.terminal.progress("importing", total, unit_bytes=True) as progress:
        done = store_archive.import_(file, store, progress)
    missing = store.missing(wanted)
    session.terminal.say(
        f"imported: {done.added} of {done.files} files, {megabytes(done.added_bytes)}; the others were there"
    )
    session.terminal.say(_state(wanted, missing))
    _result(dataclasses.asdict(done) | {"sealed": not missing, "missing": len(missing)}, as_json=as_json)
    return 0


@command.command("push")
@_LOCATION
@_platforms("Push")
@click.option("--kms-key", default="", metavar="KEY", help="Encrypt with this key, not the bucket's default.")
@click.option("--dry-run", is_flag=True, help="Say what would be uploaded, and upload nothing.")
@_JSON
@click.pass_obj
def push(
    session: Session,
    *,
    location: Location,
    platforms: tuple[str, ...],
    kms_key: str,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Upload the files that the locks name and the bucket lacks.

    Nothing is ever overwritten but an object of the wrong size. Credentials, region, endpoint and proxies are
    those of the AWS CLI and SDKs; s3:ListBucket and s3:PutObject are needed.
    """
    from airlock import s3, store_bucket  # noqa: PLC0415 - after --help

    start = time.monotonic()
    wanted, store = _wanted(session, platforms)
    bucket = s3.connect(location, store_bucket.THREADS)
    plan = store_bucket.plan_push(wanted, store, bucket)
    uploaded = 0
    if plan.files and not dry_run:
        uploaded = store_bucket.push(plan, store, bucket, session.terminal, kms_key)
    verb = "to upload" if dry_run else "uploaded"
    seconds = time.monotonic() - start
    session.terminal.say(
        f"{location}: {len(plan.files)} of {len(wanted)} files {verb}, {megabytes(plan.bytes)} ({seconds:.1f} s)"
    )
    document = {
        "location": str(location),
        "files": len(wanted),
        "absent": [file.name for file in plan.files],
        "absent_bytes": plan.bytes,
        "uploaded": uploaded,
    }
    _result(document, as_json=as_json)
    return 0


@command.command("pull")
@_LOCATION
@_platforms("Pull")
@_JSON
@click.pass_obj
def pull(session: Session, *, location: Location, platforms: tuple[str, ...], as_json: bool) -> int:
    """Download the files that the locks name and the store lacks, each checked by its sha256.

    Credentials, region, endpoint and proxies are those of the AWS CLI and SDKs; s3:GetObject is needed,
    and s3:ListBucket for S3 to tell what is absent from what is denied.
    """
    from airlock import s3, store_bucket  # noqa: PLC0415 - after --help

    start = time.monotonic()
    wanted, store = _wanted(session, platforms)
    missing = store.missing(wanted)
    if missing:
        bucket = s3.connect(location, store_bucket.THREADS)
        store_bucket.pull(missing, store, bucket, session.terminal)
    size = sum(file.size for file in missing)
    seconds = time.monotonic() - start
    session.terminal.say(f"{_state(wanted, [])} ({len(missing)} pulled, {megabytes(size)}, {seconds:.1f} s)")
    document = {"location": str(location), "files": len(wanted), "pulled": len(missing), "pulled_bytes": size}
    _result(document, as_json=as_json)
    return 0


def _wanted(session: Session, platforms: Sequence[str]) -> tuple[list[StoreFile], Store]:
    """Return what the project's locks name, and the store. Raises LockError, ConfigError."""
    from airlock.index.fetch import wanted_files  # noqa: PLC0415 - after --help
    from airlock.locks import airflow, debian  # noqa: PLC0415
    from airlock.store import Store  # noqa: PLC0415

    config = session.config_for(platforms)
    locks = airflow.read(config.airflow_lock), debian.read(config.debian_lock)
    return [one.file for one in wanted_files(*locks, config.platforms)], Store(session.places.store)


def _export(session: Session, wanted: Sequence[StoreFile], store: Store, out: IO[bytes]) -> Archived:
    from airlock import store_archive  # noqa: PLC0415 - after --help

    total = sum(file.size for file in wanted)
    with session.terminal.progress(f"exporting {len(wanted)} files", total, unit_bytes=True) as progress:
        return store_archive.export(wanted, store, out, progress)


def _is_stdout(file: Path) -> bool:
    """Whether a path leads to where stdout goes (/dev/stdout, /dev/fd/1): what is printed would mix with it."""
    try:
        return sys.stdout is not None and os.path.samestat(file.stat(), os.fstat(1))
    except OSError:
        return False


def _state(wanted: Sequence[StoreFile], missing: Sequence[StoreFile]) -> str:
    if missing:
        return f"the store is not sealed: {len(missing)} of the {len(wanted)} files that the locks name are missing"
    return f"sealed: {len(wanted)} files, {megabytes(sum(file.size for file in wanted))}"


def _result(document: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(document))
