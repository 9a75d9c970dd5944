from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.errors import FetchError, ResolveError
from airlock.locks import resolver
from airlock.locks.intent import Asked
from airlock.locks.job import Job
from airlock.locks.target import Target
from airlock.platforms import AMD64, ARM64
from fake_uv import AMD, ANY, ARM, FakeUv, Release

if TYPE_CHECKING:
    from airlock.locks.airflow import LockedPackage

DATE = "2026-11-23T12:00:00Z"
CORE = {"1.0": Release(), "2.0": Release()}


def job(
    uv: FakeUv, *requirements: str, kept: dict[str, str] | None = None, moving: tuple[str, ...] = ()
) -> Job:
    asked = tuple(Asked("constraints/airflow.in", line, one) for line, one in enumerate(requirements, 1))
    return Job(asked, Target("3.13.5", "2.41"), kept or {}, DATE, uv, frozenset(moving))


def versions(locked: tuple[LockedPackage, ...]) -> dict[str, str]:
    return {package.name: package.version for package in locked}


def test_a_first_lock_takes_the_newest_versions_and_says_who_wants_them() -> None:
    uv = FakeUv({"app": {"1.0": Release(("core",))}, "core": CORE})
    lock = resolver.resolve(job(uv, "app"), [AMD64])
    assert versions(lock.packages) == {"app": "1.0", "core": "2.0"}
    assert [package.via for package in lock.packages] == [("airflow.in",), ("app",)]
    assert lock.resolved == f"as of {DATE}"
    assert lock.intent == (("constraints/airflow.in", "app"),)


def test_uv_is_asked_for_the_images_python_with_wheels_only() -> None:
    uv = FakeUv({"core": CORE})
    resolver.resolve(job(uv, "core"), [AMD64])
    options = " ".join(uv.asked[0].options)
    assert "--python-version 3.13.5 --python-platform x86_64-manylinux_2_40" in options
    assert f"--exclude-newer {DATE}" in options
    assert not uv.asked[0].sources


def test_a_pure_wheel_is_named_once_for_all_platforms_and_a_binary_one_for_each() -> None:
    uv = FakeUv({"pure": {"1": Release()}, "fast": {"1": Release((), (AMD, ARM, ANY))}})
    fast, pure = resolver.resolve(job(uv, "pure", "fast"), [AMD64, ARM64]).packages
    assert [name for name, _ in pure.files] == ["any"]
    assert [(name, file.filename) for name, file in fast.files] == [
        ("linux/amd64", f"fast-1-{AMD}.whl"),
        ("linux/arm64", f"fast-1-{ARM}.whl"),
    ]


def test_what_is_locked_stays_where_newer_versions_are() -> None:
    uv = FakeUv({"core": CORE, "other": CORE})
    lock = resolver.resolve(job(uv, "core", "other", kept={"core": "1.0"}), [AMD64])
    assert versions(lock.packages) == {"core": "1.0", "other": "2.0"}


def test_a_named_upgrade_moves_that_package_and_what_it_cannot_do_without() -> None:
    uv = FakeUv(
        {
            "boto": {"1": Release(("core==1.0",)), "2": Release(("core==2.0",))},
            "core": CORE,
            "other": CORE,
        }
    )
    kept = {"boto": "1", "core": "1.0", "other": "1.0"}
    lock = resolver.resolve(job(uv, "boto", "other", kept=kept, moving=("boto",)), [AMD64])
    assert versions(lock.packages) == {"boto": "2", "core": "2.0", "other": "1.0"}


def test_a_changed_intent_lets_go_only_of_what_stands_in_its_way() -> None:
    uv = FakeUv({"app": {"1": Release(("core>=2",))}, "core": CORE, "other": CORE})
    lock = resolver.resolve(job(uv, "app", "other", kept={"core": "1.0", "other": "1.0"}), [AMD64])
    assert versions(lock.packages) == {"app": "1", "core": "2.0", "other": "1.0"}


def test_the_conflict_told_is_that_of_the_intent_not_of_what_was_locked() -> None:
    uv = FakeUv({"app": {"1": Release(("core>=3",))}, "core": CORE})
    with pytest.raises(ResolveError) as caught:
        resolver.resolve(job(uv, "app", kept={"core": "1.0"}), [AMD64])
    assert "app depends on core>=3" in caught.value.cause
    assert "core==1.0" not in caught.value.cause
    assert "constraints/airflow.in:1: app" not in uv.asked[0].inputs


def test_platforms_get_the_same_version_even_if_the_newest_lacks_a_wheel_for_one() -> None:
    uv = FakeUv({"snow": {"6.19": Release((), (AMD, ARM)), "6.20": Release((), (AMD,))}})
    lock = resolver.resolve(job(uv, "snow"), [AMD64, ARM64])
    assert versions(lock.packages) == {"snow": "6.19"}


def test_platforms_that_cannot_agree_are_told_with_the_difference() -> None:
    uv = FakeUv({"snow": {"6.19": Release((), (ARM,)), "6.20": Release((), (AMD,))}})
    with pytest.raises(ResolveError, match="different versions") as caught:
        resolver.resolve(job(uv, "snow"), [AMD64, ARM64])
    assert "snow: 6.20, but 6.19 for linux/arm64" in caught.value.cause


def test_a_package_of_source_only_is_named_with_who_wants_it() -> None:
    uv = FakeUv({"provider": {"1": Release(("mysqlclient",))}, "mysqlclient": {"2": Release((), ())}})
    with pytest.raises(ResolveError, match="mysqlclient has no wheel for linux/amd64") as caught:
        resolver.resolve(job(uv, "provider"), [AMD64])
    assert "wanted by provider" in caught.value.cause


def test_an_index_without_upload_times_is_recorded() -> None:
    uv = FakeUv({"click": CORE}, dates=False)
    lock = resolver.resolve(job(uv, "click"), [AMD64])
    assert lock.resolved == resolver.NO_BOUND
    assert "--exclude-newer" not in uv.asked[-1].options


def test_sizes_that_the_index_does_not_give_are_asked_of_its_server() -> None:
    asked = replace(
        job(FakeUv({"click": CORE}, sizes=False), "click"), sizes=lambda urls: dict.fromkeys(urls, 77)
    )
    (package,) = resolver.resolve(asked, [AMD64]).packages
    assert [file.size for _, file in package.files] == [77]


def test_sizes_that_nobody_gives_are_an_error() -> None:
    with pytest.raises(ResolveError, match=r"neither the index nor its server gives the size of click-2\.0"):
        resolver.resolve(job(FakeUv({"click": CORE}, sizes=False), "click"), [AMD64])


def test_an_index_that_does_not_answer_is_no_conflict() -> None:
    uv = FakeUv(
        {},
        failure="error: Request failed after 3 retries\n  cause: Failed to fetch: https://u:p@x.example.invalid/\n",
    )
    with pytest.raises(FetchError) as caught:
        resolver.resolve(job(uv, "click", kept={"click": "1.0"}), [AMD64])
    assert "u:p" not in str(caught.value)
