"""Who requires what among the locked wheels, and what of that counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import UnsafeArchiveError
from airlock.locks.intent import Asked
from airlock.platforms import AMD64, ARM64
from airlock.witness.requirements import Known, Requirements, read
from archives import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.platforms import Platform

ASKED = (
    Asked("constraints/airflow.in", 3, "app[Fast.Path]>=1"),
    Asked("operators/pyproject.toml", 9, "other; python_version < '3'"),
)
WHEELS = {
    "app": Known(
        "1.0",
        (
            "base>=2",
            "quick; extra == 'fast-path'",
            "slow; extra == 'slow'",
            "windows; sys_platform == 'win32'",
        ),
    ),
    "base": Known("2.0", ("app[again]",)),
    "other": Known("1.0", ("base<2",)),
    "quick": Known("1.0rc1", ("base", "leaf==3")),
}


@pytest.fixture
def found() -> Requirements:
    return Requirements(ASKED, WHEELS, AMD64.markers("3.13.5"))


def counting(found: Requirements) -> list[str]:
    return [str(one) for one in found.readings if one.counts]


def test_markers_and_extras_decide_what_counts(found: Requirements) -> None:
    assert counting(found) == [
        "constraints/airflow.in:3 requires app[Fast.Path]>=1",
        "app 1.0 requires base>=2",
        'app 1.0 requires quick; extra == "fast-path"',
        "base 2.0 requires app[again]",
        "quick 1.0rc1 requires base",
        "quick 1.0rc1 requires leaf==3",
    ]


def test_a_package_that_nothing_needs_requires_nothing(found: Requirements) -> None:
    (reading,) = (one for one in found.of("base") if one.by == "other")
    assert not reading.needed
    assert not reading.counts
    assert reading.allows("")


def test_what_no_wheel_answers_is_unmet_and_its_way_from_our_line_is_told(found: Requirements) -> None:
    (unmet,) = found.unmet()
    assert str(unmet) == "quick 1.0rc1 requires leaf==3"
    assert [str(one) for one in found.origin(unmet)] == [
        "constraints/airflow.in:3 requires app[Fast.Path]>=1",
        'app 1.0 requires quick; extra == "fast-path"',
    ]


def test_a_version_outside_a_specifier_is_unmet_and_one_of_our_own_lines_has_no_way() -> None:
    found = Requirements((Asked("a.in", 1, "base<2"),), {"base": Known("2.0")}, AMD64.markers("3.13.5"))
    assert [str(one) for one in found.unmet()] == ["a.in:1 requires base<2"]
    assert found.origin(found.unmet()[0]) == ()


def test_a_locked_prerelease_meets_what_allows_it() -> None:
    found = Requirements((Asked("a.in", 1, "quick>=1.0rc1"),), {"quick": Known("1.0rc1")}, {})
    assert found.unmet() == ()


def test_an_extra_that_a_later_requirement_asks_for_counts(found: Requirements) -> None:
    wheels = WHEELS | {"base": Known("2.0", ("app[slow]",)), "slow": Known("1")}
    again = Requirements(ASKED, wheels, AMD64.markers("3.13.5"))
    assert 'app 1.0 requires slow; extra == "slow"' in counting(again)


@pytest.mark.parametrize(("platform", "machine"), [(AMD64, "x86_64"), (ARM64, "aarch64")])
def test_markers_are_those_of_the_image_not_of_this_machine(platform: Platform, machine: str) -> None:
    values = platform.markers("3.13.5")
    assert (values["platform_machine"], values["python_version"], values["python_full_version"]) == (
        machine,
        "3.13",
        "3.13.5",
    )


def test_a_wheels_requirements_are_read_from_its_metadata(tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    metadata = "Requires-Dist: a>=1\nRequires-Dist: b ; extra == 'x'\n\nRequires-Dist: of the description\n"
    wheel.write_bytes(make_wheel({"demo/data-9.dist-info/METADATA": "no"}, metadata=metadata))
    assert read(wheel, "1.0") == Known("1.0", ("a>=1", "b ; extra == 'x'"))


@pytest.mark.parametrize(
    "content",
    [
        b"no zip",
        make_wheel({}, metadata="Requires-Dist: a (>=1.*)\n"),
        make_wheel({}, metadata="Requires-Dist: ?\n"),
    ],
    ids=["no zip", "no version", "no name"],
)
def test_metadata_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(content)
    with pytest.raises(
        UnsafeArchiveError, match=r"the metadata of demo-1\.0-py3-none-any\.whl cannot be read"
    ):
        read(wheel, "1.0")
