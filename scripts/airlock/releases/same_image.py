"""Refuses a release that was checked in another image than the one that the services run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.errors import PublishError
from airlock.releases.arrival import Receipts

if TYPE_CHECKING:
    from airlock.releases.location import Location
    from airlock.releases.publishing import There
    from airlock_spec.releases.manifest import Checked, Manifest


def require(location: Location, there: There, manifest: Manifest) -> None:
    """Raise PublishError where all who read the release that serves run in an image of other locks.

    They are asked, by their receipts, only where the locks are not those of that release.
    """
    checked, before = manifest.checked, there.manifest.checked if there.manifest else None
    if checked is None or before is None or there.pointer is None or _locks(checked) == _locks(before):
        return
    receipts = Receipts(location, there.pointer.release).now()
    running = {one.reader: dict(one.locks) for one in receipts if one.locks}
    if not running or _locks(checked) in running.values():
        return
    readers = ", ".join(sorted(running)[:5])
    raise PublishError(
        "the release was checked in another image than the services run",
        cause=f"they were composed from other locks: {readers}",
        remedy="deploy the image first (airlock deploy), or publish all the same: airlock sync --force",
    )


def _locks(checked: Checked) -> dict[str, str]:
    return {"airflow": checked.airflow_lock, "debian": checked.debian_lock}
