"""What a reader writes beside the releases: receipts and claims. None of it fails anything."""

from __future__ import annotations

import re
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airlock_spec import identity
from airlock_spec.releases import layout
from airlock_spec.releases.receipt import Claim, Receipt

if TYPE_CHECKING:
    from collections.abc import Collection

    from airlock_plugins.arrival import Arrival
    from airlock_plugins.logs import Log
    from airlock_plugins.s3 import Noting


def reader_name(component: str, bundle: str, host: str | None = None) -> str:
    """Return a name for a reader, as part of a key: its component, its host's name, and the bundle's."""
    parts = (component, host or socket.gethostname(), bundle)
    return ".".join(re.sub(r"[^A-Za-z0-9_-]+", "-", part)[:80] for part in parts if part)


def locks_here() -> dict[str, str]:
    """Return the digests of the locks of this image; none outside of one."""
    try:
        known = identity.read()
    except (OSError, ValueError):
        return {}
    return {"airflow": known.airflow_lock, "debian": known.debian_lock}


class Reporter:
    """One reader of a location."""

    def __init__(self, objects: Noting, component: str, reader: str, log: Log) -> None:
        self._objects = objects
        self._component = component
        self._reader = reader
        self._log = log

    def arrival(self, one: Arrival) -> None:
        """Say how far a release has come."""
        self._receipt(
            Receipt(
                one.release,
                self._reader,
                self._component,
                one.taken,
                one.arrived,
                one.dags,
                one.errors,
                tuple(sorted(one.pending)),
                locks_here(),
            )
        )

    def taken(self, release: str) -> None:
        """Say that a release is there; who parses nothing has nothing to wait for."""
        now = datetime.now(UTC)
        self._receipt(Receipt(release, self._reader, self._component, now, now, locks=locks_here()))

    def claim(self, name: str, releases: Collection[str]) -> None:
        """Say which releases the Airflow of this name still needs."""
        said = Claim(name, datetime.now(UTC), tuple(sorted(releases)))
        self._put(layout.claim(name), said.to_data())

    def _receipt(self, receipt: Receipt) -> None:
        self._put(f"{layout.receipts(receipt.release)}{self._reader}.json", receipt.to_data())

    def _put(self, key: str, data: bytes) -> None:
        try:
            self._objects.put(key, data)
        except Exception as error:  # noqa: BLE001 - a release serves whether somebody can say so or not
            self._log.warning("receipt_not_written", key=key, error=str(error))
