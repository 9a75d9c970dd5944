"""What Amazon ECR tells of the scans of images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airlock.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airlock.ecr import Ecr


@dataclass(frozen=True)
class Scanned:
    """What ECR tells of an image's scan; `status` is "" where none was begun."""

    status: str
    description: str = ""
    completed: datetime | None = None  # when a scan was, last
    counts: Mapping[str, int] = field(default_factory=dict)
    basic: tuple[Mapping[str, Any], ...] = ()  # of the two kinds of scanners, one finds
    enhanced: tuple[Mapping[str, Any], ...] = ()


class EcrScans:
    """The scans of one repository's images; failures are AwsErrors."""

    def __init__(self, ecr: Ecr) -> None:
        self._ecr = ecr

    def scanned(self, digest: str) -> Scanned:
        """Return what is known of an image's scan, all pages of it."""
        request: Any = {**self._ecr.ours, "imageId": {"imageDigest": digest}}
        answers: list[Any] = []
        try:
            while not answers or "nextToken" in answers[-1]:
                if answers:
                    request["nextToken"] = answers[-1]["nextToken"]
                answers.append(
                    self._ecr.ask(
                        "read the scan of an image in",
                        lambda: self._ecr.client.describe_image_scan_findings(**request),
                    )
                )
        except AwsError as error:
            if error.code != "ScanNotFoundException":
                raise
            return Scanned("")
        status: Mapping[str, str] = answers[0].get("imageScanStatus", {})
        found = [answer.get("imageScanFindings", {}) for answer in answers]
        return Scanned(
            status.get("status", ""),
            status.get("description", ""),
            found[0].get("imageScanCompletedAt"),
            found[0].get("findingSeverityCounts", {}),
            tuple(one for page in found for one in page.get("findings", [])),
            tuple(one for page in found for one in page.get("enhancedFindings", [])),
        )

    def start_scan(self, digest: str) -> None:
        """Have an image scanned by the basic scanner; raises an AwsError with ECR's code."""
        request: Any = {**self._ecr.ours, "imageId": {"imageDigest": digest}}
        self._ecr.ask("begin the scan of an image in", lambda: self._ecr.client.start_image_scan(**request))
