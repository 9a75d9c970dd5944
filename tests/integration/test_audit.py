"""`airlock audit` of this repository's locks against a database on this machine, and pip-audit as a witness."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airlock import process
from airlock.audit.pins import of_debian
from airlock.locks import airflow, debian
from airlock.places import places
from airlock.platforms import AMD64
from fake_osv import LOW, FakeOsv, record
from project import REPOSITORY, Project
from web_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

AIRFLOW_LOCK = REPOSITORY / "constraints/airflow.lock"
VERSIONS = {one.name: one.version for one in airflow.read(AIRFLOW_LOCK).packages}
GLIBC = next(
    pin
    for pin in of_debian(debian.read(REPOSITORY / "constraints/debian.lock"), [AMD64])
    if pin.name == "glibc"
)
RECORDS = [
    record(
        "GHSA-aaaa-bbbb-cccc",
        "boto3",
        VERSIONS["boto3"],
        aliases=["CVE-2099-1"],
        fixed=["99.0"],
        database_specific={"severity": "HIGH"},
    ),
    record("PYSEC-2099-1", "boto3", VERSIONS["boto3"], aliases=["CVE-2099-1"], fixed=["99.0"]),
    record("PYSEC-2099-2", "pyyaml", VERSIONS["pyyaml"], severity=[{"type": "CVSS_V3", "score": LOW}]),
    record("PYSEC-2099-3", "pyyaml", "0.1"),
    record("PYSEC-2099-4", "celery", VERSIONS["celery"], withdrawn="2099-01-01T00:00:00Z"),
    record("DEBIAN-CVE-2099-5", "glibc", GLIBC.version, ecosystem="Debian:13", upstream=["CVE-2099-5"]),
]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Return the URL of a database that speaks OSV's API."""
    with serving(Served(program=FakeOsv(RECORDS).answer)) as port:
        yield f"http://127.0.0.1:{port}"


def project(url: str, **environment: str) -> Project:
    return Project(REPOSITORY, places().root, {"AIRLOCK_AUDIT_SOURCE": url, **environment})


def audit(url: str, *options: str, code: int = 0, **environment: str) -> dict[str, Any]:
    return project(url, **environment).document("audit", *options, code=code)


def test_what_is_bad_enough_blocks_and_everything_is_listed(database: str) -> None:
    document = audit(database, code=22)
    found = {one["id"]: one for one in document["vulnerabilities"]}
    assert {name: (one["name"], one["severity"], one["blocks"]) for name, one in found.items()} == {
        "CVE-2099-1": ("boto3", "high", True),
        "PYSEC-2099-2": ("pyyaml", "low", False),
        "CVE-2099-5": ("glibc", "unknown", False),
    }
    assert found["CVE-2099-1"]["fixed"] == "99.0"
    assert {one["name"] for one in document["asked"]} >= VERSIONS.keys() | {"glibc", "openssl"}
    assert document["blocking"] == 1


def test_the_table_and_the_remedy_are_for_people(database: str) -> None:
    done = project(database).run("audit", check=False)
    assert done.returncode == 22
    first, second, *_ = done.stdout.decode().splitlines()
    assert first.split() == ["severity", "package", "version", "advisory", "fixed", "in", "verdict"]
    assert second.split() == ["high", "boto3", VERSIONS["boto3"], "CVE-2099-1", "99.0", "blocks"]
    assert "airlock lock --upgrade boto3" in done.stderr.decode()


def test_nothing_blocks_above_the_configured_severity(database: str) -> None:
    assert audit(database, AIRLOCK_AUDIT_BLOCK="critical")["blocking"] == 0


def test_an_ignored_advisory_passes_until_its_day(database: str, tmp_path: Path) -> None:
    copy = Project.copy(tmp_path / "project", places().root, AIRLOCK_AUDIT_SOURCE=database)
    path = copy.folder / "pyproject.toml"
    text = path.read_text()
    for days, code in ((1, 0), (-1, 22)):
        day = (datetime.now(UTC) + timedelta(days=days)).date()
        ignored = f'audit-ignore = ["CVE-2099-1 until {day}: only on Windows"]'
        path.write_text(text.replace("[tool.airlock]\n", f"[tool.airlock]\n{ignored}\n"))
        done = copy.run("audit", check=False)
        assert done.returncode == code, done.stdout.decode()
    assert "CVE-2099-1 is ignored no longer" in done.stdout.decode()


def test_the_toolchain_is_audited_by_its_own_lock(database: str) -> None:
    document = audit(database, "--toolchain", AIRLOCK_AUDIT_BLOCK="none")
    assert {one["name"] for one in document["asked"]} >= {"uv", "click", "boto3"}
    assert {one["ecosystem"] for one in document["asked"]} == {"PyPI"}


def test_a_database_that_does_not_answer_is_no_clean_bill() -> None:
    with serving(Served()) as port:
        url = f"http://127.0.0.1:{port}"  # nobody is there after this block
    said = project(url).refused("audit", code=7)
    assert "it is not known whether what is locked is vulnerable" in said
    assert "audit-source" in said


def test_pip_audit_finds_the_same_in_the_same_lock(database: str, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "pip-audit"
    command: list[str | Path] = [program, "--requirement", AIRFLOW_LOCK]
    command += ["--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off"]
    command += [
        "--vulnerability-service",
        "osv",
        "--osv-url",
        f"{database}/v1/query",
        "--cache-dir",
        tmp_path,
    ]
    done = process.run(command, check=False)
    assert done.returncode == 1, done.stderr.decode()
    theirs = {
        (one["name"], one["version"], frozenset({found["id"], *found["aliases"]}))
        for one in json.loads(done.stdout)["dependencies"]
        for found in one["vulns"]
    }
    ours = [one for one in audit(database, code=22)["vulnerabilities"] if one["ecosystem"] == "PyPI"]
    told = {(one["name"], one["version"], frozenset({one["id"], *one["aliases"]})) for one in ours}
    assert {(name, version) for name, version, _ in theirs} == {(name, version) for name, version, _ in told}
    assert all(any(name == other and ids <= all_ids for other, _, all_ids in told) for name, _, ids in theirs)
