"""`airlock lock` within constraints: what they bound, what is recorded, and what makes a lock stale."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from airlock.errors import FetchError, LockError, ResolveError, UnwantedVersionError
from airlock.locks import airflow, intent, staleness
from airlock.locks.locking import Locking, Locks, Upgrade, existing, save
from airlock.locks.refusal import Allowances
from airlock.terminal import Terminal
from fake_uv import FakeUv, Release

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airlock.config import Config
    from airlock.locks.debian import DebianLock
    from airlock.locks.uv import Answer, Question

OLD, NOW = "2026-11-01T00:00:00Z", "2026-11-23T12:00:00Z"
QUIET = Terminal(quiet=True)
URL = "https://me:secret@files.example.invalid/c-{airflow}-{python}.txt"
NAME = "https://files.example.invalid/c-3.3.2-3.13.txt"
HTTP = "apache-airflow-providers-http"


def index() -> FakeUv:
    names = ("boto3", "click", "hatchling", "pytest", "types-requests", HTTP)
    packages = {name: {"1.0": Release(), "2.0": Release(), "3.0": Release()} for name in names}
    packages["click"]["3.1"] = Release()
    return FakeUv(packages | {"apache-airflow": {"3.3.2": Release(("click",))}})


@dataclass
class Bench:
    """A project that locks within what is at URL, an index, and what was downloaded."""

    config: Config
    debian: DebianLock
    text: str = "boto3==1.0\n"
    yanked: dict[str, str] = field(default_factory=dict)
    uv: FakeUv = field(default_factory=index)
    downloads: list[str] = field(default_factory=list)
    failing: bool = False

    def download(self, url: str) -> bytes:
        self.downloads.append(url)
        if self.failing:
            raise FetchError("nobody answers")
        return self.text.encode()

    def _yanked(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        return {
            name: {file: why for file, why in self.yanked.items() if file.startswith(f"{name}-")}
            for name in names
        }

    def lock(self, upgrade: Upgrade | None = None, allow: Allowances | None = None) -> Locks:
        run = Locking(
            self.config,
            intent.read(self.config),
            upgrade or Upgrade(NOW),
            lambda *_: self.debian,
            self.uv,
            self.uv,
            QUIET,
            download=self.download,
            yanked=self._yanked,
            allow=allow or Allowances(),
        )
        after = run.resolve(existing(self.config, QUIET, strict=False))
        save(self.config, after)
        return after

    def versions(self, locks: Locks) -> dict[str, str]:
        assert locks.airflow
        return {one.name: one.version for one in locks.airflow.packages}


@pytest.fixture
def bench(project: Config, debs: Callable[..., DebianLock]) -> Bench:
    return Bench(replace(project, airflow_constraints=URL), debs())


def test_the_image_is_bounded_by_them_and_the_toolchain_is_not(bench: Bench) -> None:
    after = bench.lock()
    assert bench.versions(after) == {"apache-airflow": "3.3.2", "boto3": "1.0", "click": "3.1"}
    assert after.toolchain
    assert after.toolchain.versions["click"] == "3.1"
    assert bench.downloads == ["https://me:secret@files.example.invalid/c-3.3.2-3.13.txt"]


def test_the_header_records_which_and_the_date_for_what_they_do_not_name(bench: Bench) -> None:
    bench.lock()
    sha256 = hashlib.sha256(b"boto3==1.0\n").hexdigest()
    header = bench.config.airflow_lock.read_text().splitlines()
    assert [line for line in header if line.startswith("# resolved: ")] == [
        f"# resolved: as of {NOW}",
        f"# resolved: constraints {NAME} sha256:{sha256}",
    ]
    assert airflow.read(bench.config.airflow_lock).constraints == f"{NAME} sha256:{sha256}"
    assert all(f"--exclude-newer {NOW}" in " ".join(one.options) for one in bench.uv.asked)


def test_a_failed_download_is_an_error_and_no_lock(bench: Bench) -> None:
    bench.failing = True
    with pytest.raises(FetchError):
        bench.lock()
    assert not bench.config.airflow_lock.exists()
    assert bench.uv.asked == []


def test_a_current_lock_downloads_nothing_and_an_upgrade_reads_them_again(bench: Bench) -> None:
    bench.lock(Upgrade(OLD))
    bench.text = "boto3==2.0\n"
    staleness.check(bench.config)
    bench.lock()
    assert len(bench.downloads) == 1
    after = bench.lock(Upgrade(NOW, everything=True))
    assert bench.versions(after)["boto3"] == "2.0"
    assert after.airflow
    assert after.airflow.resolved == f"as of {NOW}"


def test_what_is_locked_stays_but_for_what_they_exclude(bench: Bench) -> None:
    bench.text = "boto3<2\nclick<2\n"
    bench.lock(Upgrade(OLD))
    bench.text = "boto3==2.0\nclick<3\n"
    after = bench.lock(Upgrade(NOW, names=frozenset({"boto3"})))
    assert bench.versions(after) == {"apache-airflow": "3.3.2", "boto3": "2.0", "click": "1.0"}


@pytest.mark.parametrize("place", ["", "limits.txt", "https://files.example.invalid/other.txt"])
def test_another_source_makes_the_lock_stale(bench: Bench, place: str) -> None:
    bench.lock()
    (bench.config.project / "limits.txt").write_text("boto3==1.0\n")
    bench.config = replace(bench.config, airflow_constraints=place)
    with pytest.raises(LockError) as caught:
        staleness.check(bench.config)
    assert f"constraints: {NAME} was locked within, now {place or 'none'}" in caught.value.cause
    bench.lock()
    staleness.check(bench.config)


def test_an_edited_file_makes_the_lock_stale(bench: Bench) -> None:
    bench.config = replace(bench.config, airflow_constraints="limits.txt")
    path = bench.config.project / "limits.txt"
    path.write_text("boto3==1.0\n")
    bench.lock()
    path.write_text("boto3==2.0\n")
    with pytest.raises(LockError, match=r"airflow\.lock is not current") as caught:
        staleness.require_current(bench.config)
    assert "limits.txt has changed" in caught.value.cause
    assert bench.versions(bench.lock())["boto3"] == "2.0"


def test_a_conflict_names_both_lines(bench: Bench) -> None:
    bench.text = "# theirs\nboto3==1.0\n"
    (bench.config.constraints / "airflow.in").write_text("apache-airflow==3.3.2\nboto3>=2\n")
    with pytest.raises(ResolveError) as caught:
        bench.lock()
    lines = caught.value.cause.splitlines()
    assert lines[lines.index("asked for by") + 1] == "  constraints/airflow.in:2: boto3>=2"
    assert lines[lines.index("held to by") + 1] == f"  {NAME}:2: boto3==1.0"


def test_a_provider_that_they_bring_down_is_refused_and_nothing_written(bench: Bench) -> None:
    (bench.config.constraints / "airflow.in").write_text(f"apache-airflow==3.3.2\n{HTTP}\n")
    bench.lock(Upgrade(OLD))
    before = bench.config.airflow_lock.read_text()
    bench.text = f"{HTTP}==2.0\n"
    with pytest.raises(UnwantedVersionError) as caught:
        bench.lock(Upgrade(NOW, everything=True))
    assert f"{NAME}:1: {HTTP}==2.0" in caught.value.cause
    assert (
        f"constraints/airflow.lock:{before.splitlines().index(f'{HTTP}==3.0 {chr(92)}') + 1}"
        in caught.value.cause
    )
    assert bench.config.airflow_lock.read_text() == before
    after = bench.lock(Upgrade(NOW, everything=True), Allowances.of([HTTP], []))
    assert after.airflow
    assert after.airflow.allowed == (f"downgrade {HTTP}==2.0: from 3.0",)


class Backtracking(FakeUv):
    """Takes an older provider than it must."""

    def compile(self, question: Question) -> Answer:
        asks = any(f"{HTTP}>=" in text for text in question.inputs.values())
        older = {name: one for name, one in self.packages[HTTP].items() if asks or name != "3.0"}
        return FakeUv({**self.packages, HTTP: older}).compile(question)


def test_a_downgrade_that_nothing_forces_says_so(bench: Bench) -> None:
    (bench.config.constraints / "airflow.in").write_text(f"apache-airflow==3.3.2\n{HTTP}\n")
    bench.lock(Upgrade(OLD))
    bench.uv = Backtracking(bench.uv.packages)
    with pytest.raises(UnwantedVersionError) as caught:
        bench.lock(Upgrade(NOW, everything=True))
    assert f"nothing keeps it from 3.0: ask for {HTTP}>=3.0" in caught.value.cause


def test_a_yanked_release_is_refused_and_nothing_written(bench: Bench) -> None:
    bench.yanked = {"boto3-1.0-py3-none-any.whl": "broken"}
    with pytest.raises(UnwantedVersionError, match=r"boto3 1\.0 was yanked"):
        bench.lock()
    assert not bench.config.airflow_lock.exists()
    bench.lock(allow=Allowances.of([], ["boto3"]))
    assert "# allowed: yanked boto3==1.0: broken\n" in bench.config.airflow_lock.read_text()
    staleness.check(bench.config)
