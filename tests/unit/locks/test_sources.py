from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock.errors import BuildError, ResolveError
from airlock.locks import resolver
from airlock.locks.build_requirements import BuildRequirements
from airlock.locks.intent import Asked
from airlock.locks.job import Job
from airlock.locks.sources import MOST, Sources
from airlock.locks.target import Target
from airlock.locks.uv import Answer
from airlock.platforms import AMD64, ARM64, native
from airlock.sdists.build import Built
from airlock.store import Store, StoreFile
from airlock.terminal import Terminal
from archives import member
from fake_uv import AMD, ARM, FakeUv, Release

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock.index.fetch import Wanted
    from airlock.locks.airflow import AirflowLock
    from airlock.locks.uv import Question
    from airlock.platforms import Platform

DATE = "2026-11-23T12:00:00Z"
BACKEND = {"setuptools": {"80": Release(), "81": Release()}, "wheel": {"1": Release()}}


def sdist(name: str, version: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(member(f"{name}-{version}/setup.py"), io.BytesIO())
    return gzip.compress(stream.getvalue(), mtime=0)  # the same whenever it is made


@dataclass
class FakeReleases:
    """An index that has the sdist of every release, and wheels of those in `with_wheels`."""

    store: Store
    with_wheels: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def is_passed_over(self, name: str, version: str, _tags: object) -> bool:
        return f"{name}=={version}" in self.with_wheels

    def sdist(self, name: str, version: str) -> StoreFile:
        self.asked.append(f"{name}=={version}")
        content = sdist(name, version)
        file = StoreFile(f"{name}-{version}.tar.gz", len(content), hashlib.sha256(content).hexdigest())
        self.store.add(file, [content], "test")
        return file


@dataclass
class FakeBuilder:
    """Builds a wheel of the tag `tag`; `more` is what its backend asks for."""

    tag: str = "py3-none-any"
    more: tuple[str, ...] = ()
    name: str = ""
    built_with: list[list[str]] = field(default_factory=list)

    def more_requires(self, *_: object) -> tuple[str, ...]:
        return self.more

    def wheel(self, sdist: StoreFile, requires: Sequence[StoreFile]) -> Built:
        self.built_with.append([one.filename for one in requires])
        name = self.name or sdist.filename.removesuffix(".tar.gz")
        return Built(f"{name}-{self.tag}.whl", f"built from {sdist.sha256}".encode())


@dataclass
class Bench:
    folder: Path
    uv: FakeUv
    limits: tuple[str, ...] = ()
    builder: FakeBuilder = field(default_factory=FakeBuilder)
    with_wheels: set[str] = field(default_factory=set)
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "store")
        self.releases = FakeReleases(self.store, self.with_wheels)

    def fetch(self, files: Sequence[Wanted]) -> None:
        self.fetched += [one.file.filename for one in files]

    def sources(self) -> Sources:
        wheels = self.folder / f"wheels-{len(list(self.folder.iterdir()))}"
        wheels.mkdir()
        limits = tuple(Asked("constraints/build.in", 1, one) for one in self.limits)
        requirements = BuildRequirements(limits, [native()], self.fetch)
        quiet = Terminal(quiet=True)
        return Sources(self.releases, self.builder, requirements, self.store, wheels, quiet)

    def job(self, *requirements: str, kept: dict[str, str] | None = None) -> Job:
        asked = tuple(Asked("constraints/airflow.in", 1, one) for one in requirements)
        return Job(asked, Target("3.13.5", "2.41"), kept or {}, DATE, self.uv)

    def lock(self, *requirements: str, sources: Sources | None = None, kept: dict[str, str] | None = None,
             platforms: Sequence[object] = (AMD64,)) -> AirflowLock:  # fmt: skip
        found = sources or self.sources()
        job = replace(self.job(*requirements, kept=kept), sources=found)
        return found.complete(resolver.resolve(job, platforms))  # type: ignore[arg-type]


def test_a_release_without_any_wheel_is_built_and_the_lock_names_the_wheel(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path, FakeUv({"old": {"1": Release(tags=())}, "app": {"2": Release(("old",))}, **BACKEND})
    )
    sources = bench.sources()
    lock = bench.lock("app", sources=sources)
    app, old = lock.packages
    assert app.source is None
    assert old.source
    ((platform, file),) = old.files
    assert (platform, file.filename) == ("any", "old-1-py3-none-any.whl")
    assert file.sha256 == hashlib.sha256(bench.store.read(file)).hexdigest()
    assert old.source.sdist.filename == "old-1.tar.gz"
    assert old.source.requires == ("setuptools==81", "wheel==1")
    assert "old-1.tar.gz" in bench.fetched
    locked = sources.lock(lock, "sha256:root")
    assert locked
    assert [one.name for one in locked.packages] == ["setuptools", "wheel"]


def test_what_is_built_only_on_the_way_to_another_version_is_not_locked(tmp_path: Path) -> None:
    versions = {"1": Release(tags=()), "2": Release(("missing",), tags=())}
    uv = FakeUv({"old": versions, **BACKEND})
    bench = Bench(tmp_path, uv)
    sources = bench.sources()
    lock = bench.lock("old<2", sources=sources)
    assert [(one.name, one.version) for one in lock.packages] == [("old", "1")]
    assert bench.releases.asked == ["old==1"]


def test_where_all_have_wheels_nothing_is_built_and_no_build_lock_is_made(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"core": {"1": Release()}}))
    sources = bench.sources()
    lock = bench.lock("core", sources=sources)
    assert sources.lock(lock, "sha256:root") is None
    assert bench.fetched == []


def test_of_a_release_with_wheels_for_others_an_older_one_that_fits_is_taken(tmp_path: Path) -> None:
    uv = FakeUv({"fast": {"1": Release((), (AMD,)), "2": Release((), (ARM,))}, **BACKEND})
    bench = Bench(tmp_path, uv, with_wheels={"fast==2"})
    lock = bench.lock("fast")
    assert [(one.version, one.source) for one in lock.packages] == [("1", None)]
    assert bench.builder.built_with == []


def test_where_no_wheel_serves_such_a_release_is_built_after_all(tmp_path: Path) -> None:
    uv = FakeUv({"fast": {"1": Release((), (AMD,)), "2": Release((), (ARM,))}, **BACKEND})
    bench = Bench(tmp_path, uv, with_wheels={"fast==2"})
    lock = bench.lock("fast>=2")
    assert [(one.version, bool(one.source)) for one in lock.packages] == [("2", True)]


def test_a_version_that_has_wheels_for_every_platform_is_taken_before_one_is_built_for_another(
    tmp_path: Path,
) -> None:
    uv = FakeUv({"fast": {"1": Release((), (AMD, ARM)), "2": Release((), (AMD,))}, **BACKEND})
    bench = Bench(tmp_path, uv, with_wheels={"fast==2"})
    lock = bench.lock("fast", platforms=(AMD64, ARM64))
    assert [(one.version, one.source) for one in lock.packages] == [("1", None)]
    assert bench.builder.built_with == []


@pytest.mark.parametrize("platforms", [(AMD64, ARM64), (ARM64, AMD64)])
def test_where_no_version_has_wheels_for_every_platform_the_newest_is_built(
    tmp_path: Path, platforms: tuple[Platform, ...]
) -> None:
    bench = Bench(tmp_path, FakeUv({"fast": {"2": Release((), (AMD,))}, **BACKEND}), with_wheels={"fast==2"})
    (fast,) = bench.lock("fast", platforms=platforms).packages
    assert fast.source
    assert fast.source.sdist.filename == "fast-2.tar.gz"
    assert fast.file(ARM64) == fast.built


def test_a_version_that_is_locked_as_built_stays_though_an_older_one_has_a_wheel(tmp_path: Path) -> None:
    uv = FakeUv({"fast": {"1": Release((), (AMD,)), "2": Release((), (ARM,))}, **BACKEND})
    bench = Bench(tmp_path, uv, with_wheels={"fast==2"})
    lock = bench.lock("fast>=2")
    again = bench.sources()
    again.build_again(bench.job("fast", kept={"fast": "2"}), lock)
    assert bench.lock("fast", sources=again, kept={"fast": "2"}).packages == lock.packages


def test_what_the_backend_asks_for_is_locked_too(tmp_path: Path) -> None:
    uv = FakeUv({"old": {"1": Release(tags=())}, "cython": {"3": Release()}, **BACKEND})
    bench = Bench(tmp_path, uv, builder=FakeBuilder(more=("cython",)))
    (old,) = bench.lock("old").packages
    assert old.source
    assert old.source.requires == ("cython==3", "setuptools==81", "wheel==1")


def test_build_requirements_are_limited_by_build_in(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}), limits=("setuptools<81",))
    bench.lock("old")
    asked = [question for question in bench.uv.asked if not question.sources]
    assert asked
    assert all(question.limits == ("setuptools<81",) for question in asked)


def test_a_compiled_package_is_refused_for_a_platform_that_cannot_be_built_for(tmp_path: Path) -> None:
    tag = f"cp313-cp313-linux_{native().machine}"
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}), builder=FakeBuilder(tag))
    other = ARM64 if native() is AMD64 else AMD64
    with pytest.raises(ResolveError, match=f"no wheel for {other}, and this machine cannot build one"):
        bench.lock("old", platforms=(native(), other))


def test_a_built_wheel_that_is_not_for_the_image_is_named(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}), builder=FakeBuilder("cp27-cp27m-win32")
    )
    with pytest.raises(ResolveError, match="old 1 was built into a wheel that is not for the image"):
        bench.lock("old", platforms=(native(),))


def test_a_build_requirement_that_no_index_has_is_told_with_the_source_that_wants_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, "setuptools": BACKEND["setuptools"]}))
    with pytest.raises(ResolveError, match=r"what old-1.tar.gz is to be built with cannot be had") as refused:
        bench.lock("old")
    assert "old-1.tar.gz:1: wheel" in refused.value.cause


def test_beside_a_wheel_from_the_index_the_lock_says_which_platforms_was_built(tmp_path: Path) -> None:
    other = ARM64 if native() is AMD64 else AMD64
    release = Release((), (f"cp313-cp313-manylinux_2_28_{other.machine}",))
    builder = FakeBuilder(f"cp313-cp313-linux_{native().machine}")
    bench = Bench(tmp_path, FakeUv({"old": {"1": release}, **BACKEND}), builder=builder)
    (old,) = bench.lock("old", platforms=(AMD64, ARM64)).packages
    assert old.source
    assert old.source.platform == native().name
    assert old.built == old.file(native())


def test_version_after_version_is_not_built_without_end(tmp_path: Path) -> None:
    versions = {str(number): Release(("missing",), tags=()) for number in range(1, 40)}
    uv = FakeUv({"old": versions, **BACKEND})
    bench = Bench(tmp_path, uv)

    class Falling(FakeUv):
        """Wants the next older version each time, as a resolver that looks for one that fits does."""

        def compile(self, question: Question) -> Answer:
            built = (
                {path.name for path in Path(question.options[-1]).iterdir()} if question.sources else set()
            )
            if question.sources:
                return Answer(None, f"error: Failed to build `old=={40 - len(built)}`\n")
            return uv.compile(question)

    bench.uv = Falling(uv.packages)
    with pytest.raises(ResolveError, match="no version of old that has no wheel goes with the rest"):
        bench.lock("old")
    assert len(bench.builder.built_with) == MOST


def test_a_wheel_of_another_name_than_its_source_is_refused(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}), builder=FakeBuilder(name="new-1")
    )
    with pytest.raises(BuildError, match=r"old-1.tar.gz was built into new-1-py3-none-any.whl"):
        bench.lock("old")


def test_a_locked_package_whose_wheel_is_stored_is_not_built_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}))
    sources = bench.sources()
    lock = bench.lock("old", sources=sources)
    locked = sources.lock(lock, "sha256:root")
    assert locked
    again = bench.sources()
    again.adopt(lock, locked)
    assert bench.lock("old", sources=again, kept={"old": "1"}) == lock
    assert len(bench.builder.built_with) == 1
    assert again.lock(lock, "sha256:root") == locked


def test_a_wheel_that_an_index_has_meanwhile_is_taken_instead_of_the_built_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}))
    sources = bench.sources()
    lock = bench.lock("old", sources=sources)
    locked = sources.lock(lock, "sha256:root")
    assert locked
    bench.uv.packages["old"]["1"] = Release()
    again = bench.sources()
    again.adopt(lock, locked)
    after = bench.lock("old", sources=again, kept={"old": "1"})
    assert after.packages[0].source is None
    assert after.packages[0].files != lock.packages[0].files
    assert again.lock(after, "sha256:root") is None


def test_a_locked_package_whose_wheel_was_lost_is_built_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}))
    sources = bench.sources()
    lock = bench.lock("old", sources=sources)
    locked = sources.lock(lock, "sha256:root")
    assert locked
    bench.store.path(lock.packages[0].files[0][1]).unlink()
    again = bench.sources()
    again.adopt(lock, locked)
    assert bench.lock("old", sources=again, kept={"old": "1"}) == lock
    assert len(bench.builder.built_with) == 2


def test_what_is_kept_is_built_again_at_once_where_other_packages_are_around_the_builds(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, **BACKEND}))
    lock = bench.lock("old")
    bench.uv.asked.clear()
    sources = bench.sources()
    sources.build_again(bench.job("old", kept={"old": "1"}), lock)
    assert bench.lock("old", sources=sources, kept={"old": "1"}) == lock
    assert sum(question.output == "pylock.toml" for question in bench.uv.asked if question.sources) == 1


def test_what_cannot_be_built_again_stands_in_nobodys_way_once_nothing_asks_for_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}, "app": {"2": Release()}, **BACKEND}))
    lock = bench.lock("old")
    bench.builder.name = "new-1"  # refused, as what a compiler is missing for
    for asked, refused in (("app", False), ("old", True)):
        sources = bench.sources()
        sources.build_again(bench.job(asked, kept={"old": "1"}), lock)
        if not refused:
            assert [one.name for one in bench.lock(asked, sources=sources).packages] == ["app"]
            continue
        with pytest.raises(BuildError, match="old-1"):
            bench.lock(asked, sources=sources)


def test_without_sources_a_package_without_a_wheel_is_refused_as_ever(tmp_path: Path) -> None:
    bench = Bench(tmp_path, FakeUv({"old": {"1": Release(tags=())}}))
    asked = (Asked("constraints/airflow.in", 1, "old"),)
    job = Job(asked, Target("3.13.5", "2.41"), {}, DATE, bench.uv)
    with pytest.raises(ResolveError, match="old has no wheel"):
        resolver.resolve(job, [AMD64])
    assert replace(job, sources=bench.sources()).sources
