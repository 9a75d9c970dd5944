"""Scans of pushed images: waited for, told, and what blocks."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from airlock.aws_failures import DeniedError
from airlock.ecr_scans import EcrScans, Scanned
from airlock.errors import AwsError, RepositoryError
from airlock.push import findings, scan
from airlock.push.scan import Waiting
from airlock.registry.reference import Repository
from airlock.release_settings import Push
from airlock.terminal import Terminal
from ecr_asked import HERE, NAME, answered
from ecr_stub_world import World, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TERMINAL = Terminal()
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
CONTENT = json.dumps({"layers": []}).encode()
DIGEST = digest_of(CONTENT)
BASIC = {
    "name": "CVE-2099-1",
    "severity": "HIGH",
    "attributes": [
        {"key": "package_name", "value": "glibc"},
        {"key": "package_version", "value": "2.41-12"},
    ],
}
ENHANCED = {
    "severity": "CRITICAL",
    "title": "CVE-2099-2 - requests",
    "packageVulnerabilityDetails": {
        "vulnerabilityId": "CVE-2099-2",
        "vulnerablePackages": [
            {"name": "requests", "version": "2.0", "fixedInVersion": "2.1"},
            {"name": "libc6", "version": "2.41", "release": "12", "fixedInVersion": "NotAvailable"},
        ],
    },
}


@dataclass
class Time:
    """A clock that goes on by what is waited."""

    now: float = 0
    pauses: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)

    def waiting(self, **more: float) -> Waiting:
        return Waiting(**more, pause=self.pause, clock=lambda: self.now)


class Scripted:
    """A scanner that says one after the other of what it is told to, the last for ever."""

    def __init__(self, *states: Scanned, refusal: str = "") -> None:
        self._states: Iterator[Scanned] = itertools.chain(states, itertools.repeat(states[-1]))
        self._refusal = refusal
        self.started = 0

    def scanned(self, _: str) -> Scanned:
        return next(self._states)

    def start_scan(self, _: str) -> None:
        self.started += 1
        if self._refusal:
            error = AwsError("no", cause=self._refusal)
            error.code = self._refusal
            raise error


def wait(scanner: scan.Scanner, clock: Time, **more: float) -> findings.Report:
    (report,) = scan.wait(scanner, [DIGEST], TERMINAL, clock.waiting(**more))
    return report


def test_a_scan_is_waited_for_in_pauses_that_grow() -> None:
    clock = Time()
    done = Scanned("COMPLETE", completed=NOON)
    report = wait(Scripted(*[Scanned("IN_PROGRESS")] * 8, done), clock)
    assert (report.status, report.findings) == ("COMPLETE", ())
    assert clock.pauses == sorted(clock.pauses)
    assert (clock.pauses[0], clock.pauses[-1]) == (2, 15)


def test_a_scan_that_goes_on_for_ever_is_finished_once_it_was_complete() -> None:
    active = Scanned("ACTIVE", completed=NOON, enhanced=(ENHANCED,))
    report = wait(Scripted(Scanned("PENDING"), Scanned("ACTIVE"), active), Time())
    assert report.counts == {"critical": 1}


def test_a_scan_that_does_not_finish_is_no_success() -> None:
    clock = Time()
    with pytest.raises(RepositoryError, match="did not finish within 60 s") as failure:
        wait(Scripted(Scanned("IN_PROGRESS")), clock, limit=60)
    assert (clock.now, failure.value.exit_code) == (60, 30)


def test_a_scan_that_nobody_began_is_begun_once() -> None:
    scanner = Scripted(*[Scanned("")] * 20, Scanned("COMPLETE"))
    wait(scanner, Time())
    assert scanner.started == 1


@pytest.mark.parametrize("code", ["LimitExceededException", "ValidationException"])
def test_a_scan_that_cannot_be_begun_is_waited_for(code: str) -> None:
    scanner = Scripted(*[Scanned("")] * 20, Scanned("COMPLETE"), refusal=code)
    assert wait(scanner, Time()).status == "COMPLETE"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("UnsupportedImageTypeException", "UNSUPPORTED_IMAGE"),
        ("ImageArchivedException", "IMAGE_ARCHIVED"),
    ],
)
def test_an_image_that_cannot_be_scanned_is_told_at_once(code: str, told: str) -> None:
    with pytest.raises(RepositoryError, match="was not scanned: nobody knows what is in it") as failure:
        wait(Scripted(Scanned(""), refusal=code), Time())
    assert failure.value.cause.startswith(told)


def test_whatever_else_hinders_a_scan_is_told_as_it_is() -> None:
    with pytest.raises(AwsError) as failure:
        wait(Scripted(Scanned(""), refusal="AccessDeniedException"), Time())
    assert failure.value.code == "AccessDeniedException"


@pytest.mark.parametrize(
    "status",
    [
        "FAILED",
        "UNSUPPORTED_IMAGE",
        "SCAN_ELIGIBILITY_EXPIRED",
        "FINDINGS_UNAVAILABLE",
        "LIMIT_EXCEEDED",
        "IMAGE_ARCHIVED",
        "IMAGE_SIZE_EXCEEDED",
        "OF_NEXT_YEAR",
    ],
)
def test_whatever_is_no_finished_scan_is_an_error(status: str) -> None:
    with pytest.raises(RepositoryError, match="nobody knows what is in it") as failure:
        wait(Scripted(Scanned(status, "why")), Time())
    assert failure.value.cause.startswith(f"{status}: ")
    assert failure.value.cause.endswith("\nwhy")
    known = "does not know" not in failure.value.cause.partition("\n")[0].replace(
        "the scanner does not know", ""
    )
    assert known == (status != "OF_NEXT_YEAR")


def test_findings_of_both_scanners_have_one_form() -> None:
    report = findings.report(DIGEST, Scanned("ACTIVE", basic=(BASIC,), enhanced=(ENHANCED,)))
    assert [one.row for one in report.findings] == [
        ("critical", "CVE-2099-2", "libc6", "2.41-12", ""),
        ("critical", "CVE-2099-2", "requests", "2.0", "2.1"),
        ("high", "CVE-2099-1", "glibc", "2.41-12", ""),
    ]
    assert list(report.counts.items()) == [("critical", 1), ("high", 1)]
    assert report.document["findings"][1] == {
        "severity": "critical",
        "name": "CVE-2099-2",
        "package": "requests",
        "version": "2.0",
        "fixed": "2.1",
    }


def test_what_ecr_counted_and_did_not_list_counts() -> None:
    report = findings.report(DIGEST, Scanned("COMPLETE", counts={"CRITICAL": 3, "HIGH": 0}, basic=(BASIC,)))
    assert report.counts == {"critical": 3, "high": 1}


@pytest.mark.parametrize(
    ("block", "number"), [("critical", 3), ("high", 4), ("medium", 4), ("informational", 6)]
)
def test_what_is_as_severe_as_the_threshold_blocks(block: str, number: int) -> None:
    counts = {"CRITICAL": 3, "HIGH": 1, "LOW": 2, "UNTRIAGED": 9}
    report = findings.report(DIGEST, Scanned("COMPLETE", counts=counts))
    with pytest.raises(RepositoryError, match=f"{number} findings of severity {block} or above") as failure:
        scan.refuse_blocking(HERE, [report], block)
    assert failure.value.cause == f"{DIGEST}: {number}"


def test_what_nobody_has_judged_is_told_and_does_not_block(capsys: pytest.CaptureFixture[str]) -> None:
    report = findings.report(DIGEST, Scanned("COMPLETE", basic=({"name": "CVE-1", "severity": "UNDEFINED"},)))
    scan.refuse_blocking(HERE, [report], "informational")
    scan.tell([report], TERMINAL)
    assert f"{DIGEST}: 1 undefined" in capsys.readouterr().err


def test_a_long_list_is_cut_and_what_is_in_it_cannot_command_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = tuple({"name": f"CVE-{number}\x1b[2J", "severity": "LOW"} for number in range(50))
    scan.tell([findings.report(DIGEST, Scanned("COMPLETE", basic=many))], TERMINAL)
    told = capsys.readouterr().err
    assert "… and 10 more" in told
    assert "\x1b" not in told


def test_the_time_of_a_scan_is_told_for_it_may_be_an_old_one(capsys: pytest.CaptureFixture[str]) -> None:
    report = findings.report(DIGEST, Scanned("COMPLETE", completed=NOON))
    scan.tell([report], TERMINAL)
    assert capsys.readouterr().err == f"{DIGEST}: nothing found, scanned 2026-11-26T12:00:00+00:00\n"
    assert report.document["completed"] == "2026-11-26T12:00:00+00:00"


def test_no_scan_is_waited_for_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert scan.scan(Repository("registry.example.com", NAME), Push(), [DIGEST], TERMINAL) == []
    assert "no scan is waited for" in capsys.readouterr().err


@pytest.fixture
def world(aws_keys: None) -> World:
    """Give an ECR with an image in it."""
    made = World(base="http://127.0.0.1:1")
    made.create(NAME).manifests[DIGEST] = ("application/vnd.oci.image.manifest.v1+json", CONTENT)
    return made


def test_a_scan_is_begun_awaited_and_read_page_by_page(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.findings = [{**BASIC, "name": f"CVE-{number}"} for number in range(5)]
    world.page = 2
    report = wait(EcrScans(answered(world)), Time())
    scan.tell([report], TERMINAL)
    assert len(report.findings) == 5
    assert [one.action for one in world.requests].count("StartImageScan") == 1
    told = capsys.readouterr().err
    assert f"{DIGEST}: 5 high" in told
    assert "glibc" in told


def test_inspectors_scan_is_pending_and_then_active(world: World) -> None:
    world.enhanced, world.finished, world.findings = True, "ACTIVE", [ENHANCED]
    world.repository(NAME).scans[DIGEST] = 3
    assert wait(EcrScans(answered(world)), Time()).counts == {"critical": 1}


def test_an_image_that_is_not_there_has_no_scan(world: World) -> None:
    with pytest.raises(AwsError) as failure:
        scan.wait(EcrScans(answered(world)), ["sha256:0"], TERMINAL, Time().waiting())
    assert failure.value.code == "ImageNotFoundException"


def test_a_scan_that_may_not_be_read_is_told(world: World) -> None:
    world.denied.add("DescribeImageScanFindings")
    with pytest.raises(DeniedError, match="cannot read the scan of an image"):
        EcrScans(answered(world)).scanned(DIGEST)


def test_a_report_is_json() -> None:
    document: dict[str, Any] = json.loads(
        json.dumps(findings.report(DIGEST, Scanned("COMPLETE", basic=(BASIC,))).document)
    )
    assert (document["digest"], document["counts"]) == (DIGEST, {"high": 1})
