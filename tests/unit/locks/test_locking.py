from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from airlock.errors import LockError, ResolveError
from airlock.locks import airflow, intent, pip_constraints, staleness, tiers, toolchain
from airlock.locks.files import Locks, compare, existing, save
from airlock.locks.locking import Locking, Upgrade
from airlock.terminal import Terminal
from fake_uv import FakeUv, Release

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock.config import Config
    from airlock.locks.debian import DebianLock

OLD, NOW = "2026-11-01T00:00:00Z", "2026-11-23T12:00:00Z"
QUIET = Terminal(quiet=True)


def index() -> FakeUv:
    names = ("apache-airflow", "boto3", "click", "hatchling", "pytest", "types-requests")
    return FakeUv({name: {"3.3.2": Release(), "3.3.1": Release()} for name in names})


@dataclass
class Bench:
    """A project, an index and a Debian mirror that counts how often it is asked."""

    config: Config
    debian: DebianLock
    uv: FakeUv = field(default_factory=index)
    mirror_asked: int = 0

    def debs(self, _intent: object, _previous: object, _upgrade: object) -> DebianLock:
        self.mirror_asked += 1
        return self.debian

    def lock(self, upgrade: Upgrade | None = None) -> tuple[Locks, Locks]:
        before = existing(self.config, QUIET, strict=False)
        wanted = intent.read(self.config)
        run = Locking(self.config, wanted, upgrade or Upgrade(NOW), self.debs, self.uv, self.uv, QUIET)
        after = run.resolve(before)
        save(self.config, after)
        return before, after


@pytest.fixture
def bench(project: Config, debs: Callable[..., DebianLock]) -> Bench:
    return Bench(project, debs())


def test_a_first_run_writes_every_lock_and_they_read_back_as_they_were(bench: Bench) -> None:
    before, after = bench.lock()
    assert before == Locks(None, None, None)
    assert existing(bench.config, QUIET, strict=True) == after
    staleness.check(bench.config)
    wheels, debs = staleness.require_current(bench.config)
    assert (wheels, debs) == (after.airflow, after.debian)


def test_current_locks_are_left_alone_without_network(bench: Bench) -> None:
    bench.lock()
    asked, times = len(bench.uv.asked), bench.config.airflow_lock.stat().st_mtime_ns
    before, after = bench.lock()
    assert before == after
    assert (len(bench.uv.asked), bench.mirror_asked) == (asked, 1)
    assert bench.config.airflow_lock.stat().st_mtime_ns == times


def test_nothing_is_written_where_one_lock_cannot_be_made(bench: Bench) -> None:
    del bench.uv.packages["pytest"]
    with pytest.raises(ResolveError, match="the toolchain"):
        bench.lock()
    assert sorted(path.name for path in bench.config.constraints.iterdir()) == ["airflow.in", "debian.in"]


def test_an_edit_of_the_intent_keeps_the_locks_date_and_an_upgrade_moves_it(bench: Bench) -> None:
    bench.lock(Upgrade(OLD))
    (bench.config.constraints / "airflow.in").write_text("apache-airflow==3.3.2\nclick\n")
    _, edited = bench.lock()
    assert edited.airflow
    assert edited.airflow.resolved == f"as of {OLD}"
    _, upgraded = bench.lock(Upgrade(NOW, names=frozenset({"boto3"})))
    assert upgraded.airflow
    assert upgraded.toolchain
    assert (upgraded.airflow.resolved, upgraded.toolchain.resolved) == (f"as of {NOW}", f"as of {OLD}")
    assert bench.mirror_asked == 1


def test_an_upgrade_of_everything_asks_everyone(bench: Bench) -> None:
    bench.lock(Upgrade(OLD))
    bench.uv.packages["boto3"]["9"] = Release()
    before, after = bench.lock(Upgrade(NOW, everything=True))
    assert bench.mirror_asked == 2
    changes = compare(before, after)
    assert [(move.lock, move.name, move.before, move.after) for move in changes.moved] == [
        ("airflow", "boto3", "3.3.2", "9")
    ]
    assert changes.unchanged == 7


def test_another_python_in_debian_resolves_the_wheels_anew(
    bench: Bench, debs: Callable[..., DebianLock]
) -> None:
    bench.lock()
    bench.debian = debs("3.13.9-1")
    _, after = bench.lock(Upgrade(NOW, names=frozenset({"libc6"})))
    assert after.airflow
    assert after.airflow.python == "3.13.9"


def test_a_lock_edited_by_hand_is_refused_by_those_who_build_on_it_and_remade_by_lock(bench: Bench) -> None:
    bench.lock()
    path = bench.config.airflow_lock
    path.write_text(path.read_text().replace("boto3==3.3.2", "boto3==3.3.1"))
    with pytest.raises(LockError, match="edited by hand"):
        staleness.require_current(bench.config)
    with pytest.raises(LockError, match="edited by hand"):
        existing(bench.config, QUIET, strict=True)
    bench.lock()
    staleness.require_current(bench.config)


def test_constraints_for_pip_follow_the_lock(bench: Bench) -> None:
    _, after = bench.lock()
    assert after.airflow
    path = pip_constraints.path(bench.config)
    assert path.read_text().endswith("apache-airflow==3.3.2\nboto3==3.3.2\n")
    path.write_text("boto3==1\n")
    with pytest.raises(LockError, match=r"constraints\.txt is not current"):
        staleness.check(bench.config)


def test_every_stale_lock_is_named_with_what_changed(bench: Bench, debs: Callable[..., DebianLock]) -> None:
    bench.lock()
    (bench.config.constraints / "airflow.in").write_text("apache-airflow==3.3.1\n")
    bench.config.toolchain_lock.unlink()
    with pytest.raises(LockError) as caught:
        staleness.check(bench.config)
    assert caught.value.fact == "airflow.lock, toolchain.lock are not current"
    assert caught.value.cause.splitlines() == [
        "constraints/airflow.lock: constraints/airflow.in: - apache-airflow[a,b]==3.3.2",
        "constraints/airflow.lock: constraints/airflow.in: + apache-airflow==3.3.1",
        "constraints/toolchain.lock: is missing",
    ]


def test_platform_suite_and_interpreter_are_part_of_what_a_lock_answers(
    bench: Bench, debs: Callable[..., DebianLock]
) -> None:
    _, after = bench.lock()
    assert after.airflow
    wanted = intent.read(bench.config)
    other = debs("3.13.9-1", "2.42-1", suite="bookworm", platforms=("linux/arm64",))
    assert staleness.debian_changes(other, wanted, bench.config) == [
        "platforms: + linux/amd64",
        "suite: bookworm was locked, [tool.airlock] debian-suite is trixie",
    ]
    assert staleness.airflow_changes(after.airflow, other, wanted, bench.config) == [
        "Python: 3.13.5 was locked for, debian.lock brings 3.13.9",
        "glibc: 2.41 was locked for, debian.lock brings 2.42",
    ]
    more = replace(after.airflow, platforms=("linux/amd64", "linux/arm64"))
    assert staleness.airflow_changes(more, bench.debian, wanted, bench.config) == []


def test_the_order_of_lines_is_no_change() -> None:
    locked = (("a.in", "x"), ("a.in", "y"))
    asked = [intent.Asked("a.in", 1, "y"), intent.Asked("a.in", 2, "x")]
    assert staleness.asked_changes(locked, asked) == []


def test_the_toolchain_keeps_its_versions_but_for_the_named(bench: Bench) -> None:
    bench.lock(Upgrade(OLD))
    for name in ("click", "pytest"):
        bench.uv.packages[name]["9"] = Release()
    _, after = bench.lock(Upgrade(NOW, names=frozenset({"click"})))
    assert after.toolchain
    assert after.toolchain.versions["click"] == "9"
    assert after.toolchain.versions["pytest"] == "3.3.2"


def test_a_package_split_between_pythons_shows_both_versions() -> None:
    body = 'numpy==1 ; python_full_version < "3.12" \\\n    --hash=sha256:0\nnumpy==2 ; python_full_version >= "3.12"\n'
    lock = toolchain.ToolchainLock("3.11", "", (), body)
    assert lock.versions == {"numpy": "1 / 2"}
    assert toolchain.kept(body, ()) == (
        'numpy==1 ; python_full_version < "3.12"\nnumpy==2 ; python_full_version >= "3.12"\n'
    )
    assert toolchain.kept(body, {"numpy"}) == ""


def test_pip_reads_the_locks_as_requirements_with_hashes(bench: Bench) -> None:
    bench.lock()
    for path in (bench.config.airflow_lock, bench.config.toolchain_lock):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--dry-run",
                "--no-index",
                "--no-deps",
                "--require-hashes",
                "-r",
                path,
            ],
            capture_output=True,
            text=True,
            check=False,
            env={"PIP_CONFIG_FILE": "/dev/null"},
        )
        assert (
            "No matching distribution found for" in done.stderr
        )  # read, and looked for; there is no index here
        assert "nvalid" not in done.stderr


def test_the_airflow_lock_is_the_same_after_reading_and_writing(bench: Bench) -> None:
    bench.lock()
    assert airflow.render(airflow.read(bench.config.airflow_lock)) == bench.config.airflow_lock.read_text()
    assert (
        toolchain.render(toolchain.read(bench.config.toolchain_lock))
        == bench.config.toolchain_lock.read_text()
    )


DAY = datetime(2026, 11, 20, tzinfo=UTC)


@dataclass
class Index:
    """Tells when releases came, and counts whom it was asked about."""

    dates: dict[str, list[datetime]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, names: Sequence[str]) -> dict[str, list[datetime]]:
        self.asked += names
        return {name: self.dates[name] for name in names if name in self.dates}


def tiers_of(bench: Bench, releases: Index, *, retier: bool = False) -> dict[str, int | None]:
    """Lock and return each package's tier."""
    before = existing(bench.config, QUIET, strict=False)
    wanted = intent.read(bench.config)
    run = Locking(
        bench.config, wanted, Upgrade(NOW), bench.debs, bench.uv, bench.uv, QUIET, releases=releases
    )
    after = replace(run, retier=retier).resolve(before)
    save(bench.config, after)
    assert existing(bench.config, QUIET, strict=True) == after
    assert after.airflow
    return {one.name: one.tier for one in after.airflow.packages}


def test_a_package_keeps_the_tier_that_it_was_first_given(bench: Bench) -> None:
    busy = [DAY - timedelta(days=days) for days in range(100)]
    first = tiers_of(bench, Index({"boto3": busy, "apache-airflow": [DAY]}))
    assert first["boto3"] == tiers.tier_of(busy, datetime.fromisoformat(NOW))
    assert first["boto3"] != first["apache-airflow"]

    (bench.config.constraints / "airflow.in").write_text("apache-airflow==3.3.2\nclick\n")
    calmer = Index({"boto3": [DAY], "click": busy})
    second = tiers_of(bench, calmer)
    assert calmer.asked == ["click"]
    assert second == {**first, "click": first["boto3"]}


def test_tiers_are_found_anew_when_that_is_asked_for(bench: Bench) -> None:
    busy = [DAY - timedelta(days=days) for days in range(100)]
    first = tiers_of(bench, Index({"boto3": busy}))
    asked = len(bench.uv.asked)
    anew = tiers_of(bench, Index({"boto3": [DAY]}), retier=True)
    assert anew["boto3"] != first["boto3"]
    assert len(bench.uv.asked) == asked  # the versions stay


def test_releases_after_the_locks_date_do_not_count(bench: Bench) -> None:
    later = [datetime.fromisoformat(NOW) + timedelta(hours=hours) for hours in range(1, 100)]
    before = [DAY - timedelta(days=400)]
    assert tiers_of(bench, Index({"boto3": before + later}))["boto3"] == tiers.tier_of(
        before, datetime.fromisoformat(NOW)
    )


def test_what_only_tests_need_stands_apart_in_the_toolchains_lock(bench: Bench) -> None:
    _, after = bench.lock()
    assert after.toolchain
    needed, _, development = after.toolchain.body.partition(toolchain.DEVELOPMENT)
    assert "hatchling==" in needed
    assert "pytest==" not in needed
    assert "pytest==" in development
    assert after.toolchain.versions.keys() >= {"hatchling", "pytest"}
