"""`airlock-pull`: keeps a folder at the current release, for EFS: as a task that ends, or beside others. No Airflow."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_plugins import reporting, trust
from airlock_plugins.local import FolderObjects
from airlock_plugins.logs import Failures
from airlock_plugins.s3 import LOCATION, S3Objects
from airlock_spec.document import stamp
from airlock_spec.releases import pulling
from airlock_spec.releases.failures import ReleaseError
from airlock_spec.releases.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock_plugins.logs import Log
    from airlock_plugins.s3 import Noting
    from airlock_spec.releases.manifest import Manifest
    from airlock_spec.releases.pulling import Pulled

_COLLECT = 600.0  # seconds between two looks for releases that may go
EPILOG = """\
examples:
  airlock-pull --from s3://BUCKET/dags --to /mnt/dags
  airlock-pull --from s3://BUCKET/dags --to /mnt/dags --watch --keep-for 604800

DIR/current leads to the release that serves; DIR/releases holds it and those before it. stdout has the release,
stderr one JSON object a line. Exit code 1: there is no new release, and the folder is as it was.
"""


class Pulling:
    """One folder that follows one location."""

    def __init__(
        self, objects: Noting, folder: Folder, keep_for: float, trusted: Sequence[str], log: Log
    ) -> None:
        self._objects = objects
        self._folder = folder
        self._trusted = tuple(trusted)
        self._log = log
        self._failures = Failures(self._log)
        self._collected = time.monotonic()
        rules = pulling.Rules(self._accept, self._prepare, keep_for)
        self._pull = pulling.Pull(objects, folder, rules)
        reader = reporting.reader_name("pull", str(folder.root).strip("/"))
        self._reporter = reporting.Reporter(objects, "pull", reader, self._log)

    def once(self) -> str | None:
        """Return the release that serves; None where the current one could not be had, and why is logged."""
        fetched = self._objects.fetched
        try:
            pulled = self._pull.once()
            self._collect()
        except (ReleaseError, OSError) as error:
            self._failures.tell("release_not_taken", error, serving=self._serving())
            return None
        if self._failures.over("release_not_taken"):
            self._log.info("release_source_answers_again", release=pulled.release)
        if pulled.switched:
            self._tell(pulled, self._objects.fetched - fetched)
        return pulled.release

    def watch(self, interval: float) -> None:
        """Look again and again, until the process ends."""
        told = ""
        while True:
            begun = time.monotonic()
            release = self.once()
            if release and release != told:
                if not told:  # or nobody would know of a release that was there before we were
                    self._reporter.taken(release)
                told = release
                print(release, flush=True)  # noqa: T201 - the result
            time.sleep(max(0.0, interval - (time.monotonic() - begun)))

    def _tell(self, pulled: Pulled, fetched: int) -> None:
        self._log.info(
            "release_taken",
            release=pulled.release,
            before=pulled.before,
            files=len(pulled.manifest.files),
            fetched_bytes=fetched,
            seconds=round(pulled.seconds, 3),
            removed=list(pulled.removed),
        )
        self._reporter.taken(pulled.release)

    def _collect(self) -> None:
        if time.monotonic() - self._collected >= _COLLECT:
            self._collected = time.monotonic()
            if removed := self._pull.collect():
                self._log.info("releases_collected", releases=removed)

    def _accept(self, manifest: Manifest) -> None:
        if self._trusted:
            proof = trust.signed(self._objects, manifest.id, self._trusted)
            # Readers of the folder may want to see it for themselves, and have no way to S3.
            FolderObjects(self._folder.root).put(proof.key, proof.data)

    def _prepare(self, pulled: Pulled) -> None:
        pulling.touch(self._folder, pulled)

    def _serving(self) -> str:
        try:
            return self._folder.current()
        except (ReleaseError, OSError):
            return ""


class LinesOfJson:
    """Implements `logs.Log`: one JSON object a line on stderr, as CloudWatch takes them apart."""

    def __init__(self, **bound: object) -> None:
        self._bound = bound

    def info(self, event: str, **fields: object) -> None:
        self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        self._write("warning", event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, object]) -> None:
        line = {"at": stamp(datetime.now(UTC)), "level": level, "event": event, **self._bound, **fields}
        print(json.dumps(line, default=str), file=sys.stderr, flush=True)  # noqa: T201 - a log


def main(argv: Sequence[str]) -> None:
    """Run the command, and exit."""
    # As process 1 of a container we would not even be ended by SIGTERM. What is half done has no name yet, and the
    # next one that takes a release removes it.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda number, _: os._exit(128 + number))
    options = _parser().parse_args(argv)
    folder = Folder(Path(options.to).absolute())
    log = LinesOfJson(location=options.location, folder=str(folder.root))
    objects = S3Objects(options.location, options.region)
    pull = Pulling(objects, folder, options.keep_for, options.trusted_key, log)
    if options.watch:
        pull.watch(options.interval)
    release = pull.once()
    if release is None:
        raise SystemExit(1)
    print(release)  # noqa: T201 - the result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "airlock-pull",
        description="Take the current release of DAGs out of S3 into a folder, whole or not at all.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--from", dest="location", required=True, type=_location, metavar="s3://BUCKET/PREFIX"
    )
    parser.add_argument("--to", required=True, metavar="DIR", help="the folder, as an EFS mount")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="end after one look, which is the default")
    how.add_argument("--watch", action="store_true", help="look again and again")
    parser.add_argument(
        "--interval", type=_seconds, default=5.0, metavar="SECONDS", help="between two looks (5)"
    )
    parser.add_argument(
        "--keep-for",
        type=_seconds,
        default=pulling.KEEP_FOR,
        metavar="SECONDS",
        help="that a release stays after it was used last (a day); DagRuns that run longer need longer",
    )
    parser.add_argument(
        "--trusted-key",
        action="append",
        default=[],
        metavar="FILE",
        help="a public key; given once or more, a release must be signed by one of them",
    )
    parser.add_argument("--region", help="of the bucket, where the environment does not say it")
    return parser


def _location(text: str) -> str:
    if not LOCATION.fullmatch(text):
        raise argparse.ArgumentTypeError(f"a location must be s3://BUCKET/PREFIX, not {text!r}")
    return text


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
