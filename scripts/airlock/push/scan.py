"""The scans of pushed images: waited for, told, and refused where they found what blocks.

Whatever is no finished scan is an error: an image that ECR cannot scan is not one without vulnerabilities.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airlock import ecr
from airlock.ecr_scans import EcrScans
from airlock.errors import AwsError, RepositoryError
from airlock.push import findings
from airlock.terminal import Column, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock.ecr_scans import Scanned
    from airlock.push.findings import Report
    from airlock.registry.reference import Repository
    from airlock.release_settings import Push
    from airlock.terminal import Progress, Terminal

_COLUMNS = tuple(map(Column, ("severity", "vulnerability", "package", "version", "fixed in")))
_ROWS = 40  # of a table; --json has all
_UNDER_WAY = {"", "IN_PROGRESS", "PENDING"}
_SCANNED = {"COMPLETE", "ACTIVE"}
_NOT_SCANNED = {
    "FAILED": "the scan failed",
    "UNSUPPORTED_IMAGE": "the scanner does not know this operating system, or this kind of layers",
    "SCAN_ELIGIBILITY_EXPIRED": "the image is older than what the registry still scans",
    "FINDINGS_UNAVAILABLE": "the findings are no longer kept",
    "LIMIT_EXCEEDED": "the account's limit of scans is reached",
    "IMAGE_ARCHIVED": "the image is archived",
    "IMAGE_SIZE_EXCEEDED": "the image is larger than what is scanned",
}
_REFUSALS = {
    "UnsupportedImageTypeException": "UNSUPPORTED_IMAGE",
    "ImageArchivedException": "IMAGE_ARCHIVED",
}
_STARTED_ALREADY = {
    "LimitExceededException",  # once a day, and by the push itself
    "ValidationException",  # Inspector scans as it likes
}


@dataclass(frozen=True)
class Waiting:
    """How long is waited for the scans of a push, in seconds, and how often they are asked about."""

    limit: float = 900
    unbegun: float = 20  # until a scan that the push should have begun is begun
    first: float = 2  # the pause, which grows to
    longest: float = 15
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class Scanner(Protocol):
    """Scans the images of a repository, by their digests."""

    def scanned(self, digest: str, /) -> Scanned: ...

    def start_scan(self, digest: str, /) -> None: ...


WAITING = Waiting()


def scan(
    repository: Repository, push: Push, digests: Sequence[str], terminal: Terminal, waiting: Waiting = WAITING
) -> list[Report]:
    """Wait for the scans of images (not of an index, which has none), tell what they found, and return it.

    Raises RepositoryError where one is not scanned, or as severe as `scan-block`; none for other registries.
    """
    if not ecr.is_ecr(repository.host):
        terminal.say(f"{repository.host} is not Amazon ECR: no scan is waited for")
        return []
    reports = wait(EcrScans(ecr.connect(repository)), digests, terminal, waiting)
    tell(reports, terminal)
    refuse_blocking(repository, reports, push.scan_block)
    return reports


def wait(scanner: Scanner, digests: Sequence[str], terminal: Terminal, waiting: Waiting) -> list[Report]:
    """Return what the scans found once all are finished. Raises RepositoryError for one that will not be."""
    deadline = waiting.clock() + waiting.limit
    reports = []
    with terminal.progress("waiting for scans", len(digests)) as progress:
        for digest in digests:
            reports.append(_wait_for(scanner, digest, deadline, waiting, progress))
            progress.advance(1)
    return reports


def tell(reports: Sequence[Report], terminal: Terminal) -> None:
    for report in reports:
        told = ", ".join(f"{number} {severity}" for severity, number in report.counts.items())
        when = f", scanned {report.completed}" if report.completed else ""
        terminal.say(f"{report.digest}: {told or 'nothing found'}{when}")
        if report.findings:
            terminal.table(_COLUMNS, [one.row for one in report.findings[:_ROWS]])
        if len(report.findings) > _ROWS:
            terminal.say(f"… and {len(report.findings) - _ROWS:,} more")


def refuse_blocking(repository: Repository, reports: Sequence[Report], block: str) -> None:
    """Raise RepositoryError where a scan found what is as severe as `block`."""
    blocking = [(report.digest, number) for report in reports if (number := report.blocking(block))]
    if not blocking:
        return
    raise RepositoryError(
        f"{counted(sum(number for _, number in blocking), 'finding')} of severity {block} or above in {repository}",
        cause="\n".join(f"{digest}: {number}" for digest, number in blocking),
        remedy="move what has a fix: airlock lock --upgrade NAME; or raise [tool.airlock.push] scan-block",
    )


def _wait_for(scanner: Scanner, digest: str, deadline: float, waiting: Waiting, progress: Progress) -> Report:
    began, pause, started = waiting.clock(), waiting.first, False
    while True:
        scanned = scanner.scanned(digest)
        if scanned.status in _SCANNED and (scanned.status == "COMPLETE" or scanned.completed):
            return findings.report(digest, scanned)
        if scanned.status not in _UNDER_WAY | _SCANNED:
            raise _not_scanned(digest, scanned.status, scanned.description)
        progress.advance(0, scanned.status or "not begun")
        if not scanned.status and not started and waiting.clock() - began >= waiting.unbegun:
            started = True
            _start(scanner, digest)
        if waiting.clock() >= deadline:
            raise RepositoryError(
                f"the scan of {digest} did not finish within {waiting.limit:g} s",
                cause=f"its status is {scanned.status or 'that none was begun'}",
                remedy="wait, and run it again: airlock push --scan",
            )
        waiting.pause(min(pause, max(deadline - waiting.clock(), 0)))
        pause = min(pause * 1.5, waiting.longest)


def _start(scanner: Scanner, digest: str) -> None:
    """Begin a scan that no push began, as in a repository that does not scan on push."""
    try:
        scanner.start_scan(digest)
    except AwsError as error:
        if error.code in _REFUSALS:
            raise _not_scanned(digest, _REFUSALS[error.code], error.cause) from error
        if error.code not in _STARTED_ALREADY:
            raise


def _not_scanned(digest: str, status: str, description: str) -> RepositoryError:
    known = _NOT_SCANNED.get(status, "its status is one that airlock does not know")
    return RepositoryError(
        f"{digest} was not scanned: nobody knows what is in it",
        cause=f"{status}: {known}" + (f"\n{description}" if description else ""),
        remedy="airlock audit and airlock sbom tell what it holds; or push without --scan",
    )
