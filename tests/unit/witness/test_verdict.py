"""Lock and witness, compared: what differs, and the requirements behind it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from airlock.errors import LockError
from airlock.locks.airflow import ANY, AirflowLock, LockedPackage
from airlock.locks.intent import Asked, Intent
from airlock.platforms import AMD64
from airlock.store import Store, StoreFile
from airlock.witness.pip_compile import Resolution
from airlock.witness.verdict import as_document, failure
from airlock.witness.verify import hear
from archives import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from airlock.witness.verdict import Verdict

ASKED = (
    Asked("constraints/airflow.in", 4, "app"),
    Asked("constraints/airflow.in", 7, "base<3"),
    Asked("operators/pyproject.toml", 9, "helper"),
)
WHEELS = {
    "app": ("1.0", "Requires-Dist: base>=2\nRequires-Dist: colour ; sys_platform == 'win32'\n"),
    "base": ("2.0", ""),
    "colour": ("0.4", ""),
    "helper": ("1.0", "Requires-Dist: base\n"),
}
PINS = {name: version for name, (version, _) in WHEELS.items()}


@dataclass
class FakeWitness:
    """Says what it is told to; keeps what it was asked."""

    resolution: Resolution
    name: str = "pip-tools 7 (pip 25)"
    asked: list[tuple[Sequence[StoreFile], Mapping[str, str]]] = field(default_factory=list)

    def resolve(self, wheels: Sequence[StoreFile], intent: Mapping[str, str]) -> Resolution:
        self.asked.append((wheels, intent))
        return self.resolution


def heard(
    folder: Path, resolution: Resolution, asked: tuple[Asked, ...] = ASKED, *, times: int = 1
) -> tuple[Verdict, FakeWitness]:
    store, packages = Store(folder), []
    for name, (version, metadata) in WHEELS.items():
        content = make_wheel({}, name=name, version=version, metadata=metadata)
        file = StoreFile(
            f"{name}-{version}-py3-none-any.whl", len(content), hashlib.sha256(content).hexdigest()
        )
        store.add(file, [content], "a test")
        packages.append(LockedPackage(name, version, ((ANY, file),)))
    lock = AirflowLock("3.13.5", "2.41", (AMD64.name,), "test", (), tuple(packages * times))
    witness = FakeWitness(resolution)
    return hear(witness, Intent(asked, (), ()), lock, AMD64, store), witness


def test_equal_pins_agree_and_the_witness_was_given_every_wheel_and_line(tmp_path: Path) -> None:
    verdict, witness = heard(tmp_path, Resolution(PINS))
    assert (verdict.agrees, verdict.verified) == (True, 4)
    ((wheels, intent),) = witness.asked
    assert [file.filename for file in wheels] == [
        f"{name}-{version}-py3-none-any.whl" for name, version in PINS.items()
    ]
    assert intent == {"0.in": "app\nbase<3\n", "1.in": "helper\n"}


def test_a_package_that_is_locked_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LockError, match=r"airflow\.lock holds app, base, colour, helper more than once"):
        heard(tmp_path, Resolution(PINS), times=2)


def test_a_package_that_the_witness_leaves_out_is_told_with_the_marker_that_decides(tmp_path: Path) -> None:
    pins = {name: version for name, version in PINS.items() if name != "colour"}
    error = failure(heard(tmp_path, Resolution(pins))[0])
    assert error.exit_code == 21
    assert error.fact.endswith(
        "does not arrive at airflow.lock for linux/amd64, CPython 3.13.5: 1 package differs"
    )
    assert error.cause.splitlines() == [
        "colour: the lock has 0.4, the witness none",
        "  nothing that is needed requires it",
        '  app 1.0 requires colour; sys_platform == "win32": its marker does not hold',
    ]
    assert error.remedy.startswith("resolve anew: airlock lock --upgrade colour\n")


def test_versions_that_differ_are_told_with_each_requirement_that_one_side_breaks(tmp_path: Path) -> None:
    verdict, _ = heard(tmp_path, Resolution(PINS | {"base": "1.0", "colour": "0.4"}))
    assert (verdict.agrees, verdict.verified) == (False, 3)
    assert failure(verdict).cause.splitlines() == [
        "base: the lock has 2.0, the witness 1.0",
        "  constraints/airflow.in:7 requires base<3",
        "  app 1.0 requires base>=2: not met by the witness",
        "  helper 1.0 requires base",
    ]


def test_a_package_that_only_the_witness_has_is_told(tmp_path: Path) -> None:
    error = failure(heard(tmp_path, Resolution(PINS | {"new": "9"}))[0])
    assert "new: the lock has none, the witness 9" in error.cause
    assert "airlock lock --upgrade\n" in error.remedy


def test_a_conflict_names_our_lines_the_unmet_requirement_and_its_way(tmp_path: Path) -> None:
    asked = (*ASKED, Asked("operators/pyproject.toml", 12, "base<2"))
    why = "Cannot install -r 0.in (line 2), -r 1.in (line 2) and -r 9.in (line 1)\nNo matching distribution"
    verdict, _ = heard(tmp_path, Resolution(None, why), asked)
    error = failure(verdict)
    assert "finds no solution among the packages of airflow.lock" in error.fact
    assert error.cause.splitlines() == [
        "Cannot install constraints/airflow.in:7, operators/pyproject.toml:12 and -r 9.in (line 1)",
        "No matching distribution",
        "base: the lock has 2.0",
        "  operators/pyproject.toml:12 requires base<2: not met by the lock",
        "  constraints/airflow.in:7 requires base<3",
        "  app 1.0 requires base>=2",
        "  helper 1.0 requires base",
    ]
    assert verdict.verified == 0


def test_a_conflict_that_no_version_explains_is_told_in_pips_words_alone(tmp_path: Path) -> None:
    error = failure(heard(tmp_path, Resolution(None, "app requires a different Python"))[0])
    assert error.cause == "app requires a different Python"


def test_a_lock_that_differs_everywhere_is_told_in_part(tmp_path: Path) -> None:
    pins = {f"p{number:02}": "1" for number in range(30)}
    cause = failure(heard(tmp_path, Resolution(pins))[0]).cause
    assert cause.splitlines()[-1] == "… and 14 more packages"


def test_the_document_holds_versions_and_every_requirement(tmp_path: Path) -> None:
    pins = {name: version for name, version in PINS.items() if name != "colour"}
    document = as_document(heard(tmp_path, Resolution(pins))[0])
    assert json.loads(json.dumps(document)) == {
        "agrees": False,
        "witness": "pip-tools 7 (pip 25)",
        "platform": "linux/amd64",
        "python": "3.13.5",
        "verified": 3,
        "differences": [
            {
                "name": "colour",
                "lock": "0.4",
                "witness": None,
                "requirements": [
                    {"by": "app 1.0", "requirement": 'colour; sys_platform == "win32"', "counts": False}
                ],
            }
        ],
        "conflict": None,
    }
