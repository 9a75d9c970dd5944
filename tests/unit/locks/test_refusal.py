"""A lower provider and a yanked release come in by name alone, and the lock says so."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from airlock.errors import UnwantedVersionError
from airlock.locks import airflow, refusal, toolchain
from airlock.locks.airflow import AirflowLock, LockedPackage, Source
from airlock.locks.locking import Locks
from airlock.locks.refusal import Allowances
from airlock.locks.toolchain import ToolchainLock
from airlock.store import StoreFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HTTP = "apache-airflow-providers-http"


def wheels(**versions: str) -> Locks:
    packages = []
    for name, version in versions.items():
        file = StoreFile(f"{name}-{version}-py3-none-any.whl", 1, "0" * 64)
        packages.append(LockedPackage(name.replace("_", "-"), version, (("any", file),)))
    return Locks(None, AirflowLock("3.13.5", "2.41", (), "as of x", (), tuple(packages)), None)


def tools(body: str) -> Locks:
    return Locks(None, None, ToolchainLock("3.11", "as of x", (), body))


@dataclass
class Index:
    """Tells what is yanked, file name → reason, and whom it was asked about."""

    files: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        self.asked += names
        return {name: {f: why for f, why in self.files.items() if f.startswith(f"{name}-")} for name in names}


def settle(before: Locks, after: Locks, index: Index | None = None, **allow: Sequence[str]) -> Locks:
    allowed = Allowances.of(allow.get("downgrade", ()), allow.get("yanked", ()))
    return refusal.settled(before, after, allowed, index or Index(), lambda name, _: f"why {name}\nindeed")


def test_a_provider_that_goes_down_is_refused_with_what_holds_it() -> None:
    before = wheels(apache_airflow_providers_http="6.3.0", boto3="2")
    after = wheels(apache_airflow_providers_http="6.10.0", boto3="1")
    assert settle(before, after).airflow == after.airflow
    with pytest.raises(UnwantedVersionError) as caught:
        settle(after, before)
    assert caught.value.fact == f"{HTTP} would go down, from 6.10.0 to 6.3.0, and nothing was written"
    assert caught.value.cause.splitlines() == [f"why {HTTP}", "indeed"]
    assert f"airlock lock --allow-downgrade {HTTP}" in caught.value.remedy


def test_an_allowed_downgrade_is_in_the_header_for_as_long_as_the_package_stays_there(tmp_path: Path) -> None:
    high, low = wheels(apache_airflow_providers_http="6.10.0"), wheels(apache_airflow_providers_http="6.3.0")
    allowed = settle(high, low, downgrade=["Apache.Airflow_Providers-HTTP"])
    assert allowed.airflow
    assert allowed.airflow.allowed == (f"downgrade {HTTP}==6.3.0: from 6.10.0",)
    path = tmp_path / "airflow.lock"
    path.write_text(airflow.render(allowed.airflow))
    assert airflow.read(path) == allowed.airflow
    assert f"# allowed: downgrade {HTTP}==6.3.0: from 6.10.0\n" in path.read_text()

    again = settle(allowed, wheels(apache_airflow_providers_http="6.3.0"))
    assert again.airflow == allowed.airflow
    up = settle(allowed, high)
    assert up.airflow
    assert up.airflow.allowed == ()


def test_a_yanked_file_is_refused_with_the_reason_that_the_index_gives() -> None:
    index = Index(
        {"requests-2.32.0-py3-none-any.whl": "broken\n  \x1b[31mfor good", "requests-2.32.0.tar.gz": "x"}
    )
    with pytest.raises(UnwantedVersionError, match=r"requests 2\.32\.0 was yanked, and nothing") as caught:
        settle(Locks(None, None, None), wheels(requests="2.32.0", boto3="1"), index)
    assert caught.value.cause == "broken \\x1b[31mfor good"
    assert "--allow-yanked requests" in caught.value.remedy


def test_a_yanked_file_that_the_lock_does_not_name_is_no_concern() -> None:
    index = Index({"requests-2.32.0.tar.gz": "x", "requests-2.31-py3-none-any.whl": "x"})
    assert settle(Locks(None, None, None), wheels(requests="2.32.0"), index).airflow


def test_a_wheel_that_was_built_from_a_yanked_sdist_is_refused() -> None:
    built = wheels(old="1.0")
    assert built.airflow
    (package,) = built.airflow.packages
    source = Source("any", StoreFile("old-1.0.tar.gz", 1, "0" * 64), ())
    after = replace(built, airflow=replace(built.airflow, packages=(replace(package, source=source),)))
    with pytest.raises(UnwantedVersionError, match=r"old 1\.0 was yanked"):
        settle(Locks(None, None, None), after, Index({"old-1.0.tar.gz": "x"}))


def test_a_kept_version_that_was_yanked_since_is_refused() -> None:
    old = wheels(requests="2.32.0")
    with pytest.raises(UnwantedVersionError):
        settle(old, wheels(requests="2.32.0"), Index({"requests-2.32.0-py3-none-any.whl": ""}))


def test_an_allowed_yank_stays_allowed_for_that_version_alone() -> None:
    index = Index({f"requests-2.32.{n}-py3-none-any.whl": "" for n in (0, 1)})
    first = settle(Locks(None, None, None), wheels(requests="2.32.0"), index, yanked=["requests"])
    assert first.airflow
    assert first.airflow.allowed == ("yanked requests==2.32.0: the index gives no reason",)
    assert settle(first, wheels(requests="2.32.0"), index).airflow == first.airflow
    with pytest.raises(UnwantedVersionError):
        settle(first, wheels(requests="2.32.1"), index)


def test_a_release_that_is_yanked_no_longer_needs_no_word() -> None:
    index = Index({"requests-2.32.0-py3-none-any.whl": ""})
    first = settle(Locks(None, None, None), wheels(requests="2.32.0"), index, yanked=["requests"])
    again = settle(first, wheels(requests="2.32.0"), Index())
    assert again.airflow
    assert again.airflow.allowed == ()


def test_locks_that_stay_are_not_asked_about() -> None:
    locks = replace(wheels(requests="2.32.0"), toolchain=tools("click==8\n").toolchain)
    index = Index({"requests-2.32.0-py3-none-any.whl": ""})
    assert settle(locks, locks, index) == locks
    assert index.asked == []


def test_a_tool_with_a_yanked_file_is_refused_for_the_version_that_is(tmp_path: Path) -> None:
    body = 'numpy==1 ; python_full_version < "3.12" \\\n    --hash=sha256:0\nnumpy==2.0 \\\n    --hash=sha256:0\n'
    assert settle(Locks(None, None, None), tools(body), Index({"numpy-3.tar.gz": "x"})).toolchain
    index = Index({"numpy-2.tar.gz": "wrong"})
    with pytest.raises(UnwantedVersionError, match=r"numpy 2\.0 was yanked"):
        settle(Locks(None, None, None), tools(body), index)
    allowed = settle(Locks(None, None, None), tools(body), index, yanked=["numpy"]).toolchain
    assert allowed
    assert allowed.allowed == ("yanked numpy==2.0: wrong",)
    path = tmp_path / "toolchain.lock"
    path.write_text(toolchain.render(allowed))
    assert toolchain.read(path) == allowed


def test_of_many_downgrades_the_first_are_explained() -> None:
    names = [f"apache_airflow_providers_p{number}" for number in range(5)]
    asked: list[str] = []

    def why_not(name: str, _version: str) -> str:
        asked.append(name)
        return "because"

    before, after = (wheels(**dict.fromkeys(names, version)) for version in ("2", "1"))
    with pytest.raises(UnwantedVersionError, match="5 versions are not wanted") as caught:
        refusal.settled(before, after, Allowances(), Index(), why_not)
    assert len(asked) == 3
    assert caught.value.remedy.count("--allow-downgrade") == 5


def test_all_that_is_unwanted_is_told_at_once() -> None:
    before = wheels(apache_airflow_providers_http="2", requests="1")
    after = wheels(apache_airflow_providers_http="1", requests="1")
    index = Index({"requests-1-py3-none-any.whl": "no"})
    with pytest.raises(UnwantedVersionError, match="2 versions are not wanted") as caught:
        settle(before, after, index, yanked=["boto3"])
    assert caught.value.cause.splitlines() == [
        f"{HTTP} would go down, from 2 to 1",
        f"  why {HTTP}",
        "  indeed",
        "requests 1 was yanked",
        "  no",
    ]
    assert f"--allow-downgrade {HTTP} --allow-yanked requests" in caught.value.remedy
