from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock import writing
from airlock.debian.locking import Upgrade, lock_debian
from airlock.errors import CorruptError, ResolveError
from airlock.locks import debian
from airlock.terminal import Terminal
from debian_mirror import Mirror, stanza

if TYPE_CHECKING:
    from airlock.config import Config
    from airlock.locks.debian import DebianLock
    from airlock.places import Places

SOURCE = "constraints/debian.in"
AMD64 = stanza("python3", Depends="libc6") + stanza("libc6", "2.41-1") + stanza("tzdata", architecture="all")
NOTHING = Upgrade()
PQ = "usr/lib/x86_64-linux-gnu/libpq.so.5   libs/libpq5\n"


def lock(
    mirror: Mirror, places: Places, config: Config, *lines: str,
    previous: DebianLock | None = None, upgrade: Upgrade = NOTHING,
) -> DebianLock:  # fmt: skip
    intent = [(SOURCE, line) for line in lines or ("python3", "tzdata")]
    return lock_debian(
        config, places, intent, previous, upgrade, Terminal(quiet=True), archive=mirror.archive
    )


def versions(locked: DebianLock) -> dict[str, str]:
    return {deb.package: deb.version for deb in locked.debs}


def test_a_lock_says_what_was_trusted_asked_for_and_found(
    mirror: Mirror, places: Places, config: Config
) -> None:
    mirror.publish_suite({"amd64": AMD64}, contents={"amd64": PQ})
    made = lock(mirror, places, config)
    assert made.indexes == (
        "debian trixie 2026-11-22T12:00:00Z",
        "debian trixie-updates 2026-11-22T12:00:00Z",
        "debian-security trixie-security 2026-11-22T12:00:00Z",
    )
    assert made.intent == ((SOURCE, "python3"), (SOURCE, "tzdata"))
    assert made.libraries == (("libpq.so.5", "libpq5"),)
    assert [(deb.package, deb.architecture, deb.archive) for deb in made.debs] == [
        ("libc6", "amd64", "debian"), ("python3", "amd64", "debian"), ("tzdata", "all", "debian"),
    ]  # fmt: skip


def test_a_lock_survives_its_file(mirror: Mirror, places: Places, config: Config) -> None:
    mirror.publish_suite({"amd64": AMD64}, contents={"amd64": PQ})
    made = lock(mirror, places, config)
    writing.write(config.debian_lock, debian.render(made))
    assert debian.read(config.debian_lock) == made


def test_security_updates_are_taken_from_their_archive(
    mirror: Mirror, places: Places, config: Config
) -> None:
    mirror.publish_suite({"amd64": AMD64}, security={"amd64": stanza("libc6", "2.41-1+deb13u1")})
    made = lock(mirror, places, config)
    assert [(deb.version, deb.archive) for deb in made.debs if deb.package == "libc6"] == [
        ("2.41-1+deb13u1", "debian-security")
    ]


def test_locked_versions_stay_until_they_may_move(mirror: Mirror, places: Places, config: Config) -> None:
    mirror.publish_suite({"amd64": AMD64})
    before = lock(mirror, places, config)
    newer = stanza("libc6", "2.41-2", Source="glibc") + stanza("tzdata", "1.1", "all")
    mirror.publish_suite({"amd64": AMD64}, security={"amd64": newer})
    assert lock(mirror, places, config, previous=before).debs == before.debs
    one = lock(mirror, places, config, previous=before, upgrade=Upgrade(packages=frozenset({"libc6"})))
    assert versions(one) == {"libc6": "2.41-2", "python3": "1.0", "tzdata": "1.0"}
    every = lock(mirror, places, config, previous=before, upgrade=Upgrade(everything=True))
    assert versions(every) == {"libc6": "2.41-2", "python3": "1.0", "tzdata": "1.1"}


def test_what_is_built_from_one_source_moves_together(mirror: Mirror, places: Places, config: Config) -> None:
    def both(version: str) -> str:
        return stanza("py", version, Source="s", Depends="lib") + stanza("lib", version, Source="s")

    mirror.publish_suite({"amd64": both("1")})
    before = lock(mirror, places, config, "py")
    mirror.publish_suite({"amd64": both("1") + both("2")})
    after = lock(mirror, places, config, "py", previous=before, upgrade=Upgrade(packages=frozenset({"py"})))
    assert versions(after) == {"py": "2", "lib": "2"}


def test_a_version_that_the_archive_dropped_is_replaced(
    mirror: Mirror, places: Places, config: Config
) -> None:
    mirror.publish_suite({"amd64": AMD64})
    before = lock(mirror, places, config)
    mirror.publish_suite({"amd64": AMD64.replace("2.41-1", "2.41-2")})
    assert versions(lock(mirror, places, config, previous=before))["libc6"] == "2.41-2"


def test_locked_versions_that_fit_no_more_are_all_given_up(
    mirror: Mirror, places: Places, config: Config
) -> None:
    mirror.publish_suite({"amd64": stanza("a", "1", Depends="c") + stanza("c", "1")})
    before = lock(mirror, places, config, "a")
    again = (
        stanza("a", "1", Depends="gone") + stanza("a", "2", Depends="c") + stanza("c", "1", Breaks="a (<< 2)")
    )
    mirror.publish_suite({"amd64": again + stanza("c", "2")})
    assert versions(lock(mirror, places, config, "a", previous=before)) == {"a": "2", "c": "1"}


def test_an_unchanged_lock_keeps_its_dates(mirror: Mirror, places: Places, config: Config) -> None:
    mirror.publish_suite({"amd64": AMD64})
    before = lock(mirror, places, config)
    mirror.publish("trixie-updates", {"main/binary-amd64/Packages.xz": mirror.files[UPDATES]}, age=0)
    assert lock(mirror, places, config, previous=before) is before
    assert lock(mirror, places, config, "python3", previous=before).indexes != before.indexes


UPDATES = "http://mirror.invalid/debian/dists/trixie-updates/main/binary-amd64/Packages.xz"


def test_platforms_may_differ_by_a_rebuild(mirror: Mirror, places: Places, config_of_both: Config) -> None:
    mirror.publish_suite({"amd64": stanza("a", "1-2"), "arm64": stanza("a", "1-2+b3", "arm64")})
    made = lock(mirror, places, config_of_both, "a")
    assert [(deb.platform, deb.version) for deb in made.debs] == [
        ("linux/amd64", "1-2"),
        ("linux/arm64", "1-2+b3"),
    ]


def test_platforms_that_differ_otherwise_are_an_error(
    mirror: Mirror, places: Places, config_of_both: Config
) -> None:
    mirror.publish_suite({"amd64": stanza("a", "1-2"), "arm64": stanza("a", "1-1", "arm64")})
    with pytest.raises(ResolveError, match="different versions for the platforms") as refusal:
        lock(mirror, places, config_of_both, "a")
    assert refusal.value.cause == "a: 1-2 for linux/amd64, 1-1 for linux/arm64"


def test_a_new_platform_gets_the_locked_versions_of_the_others(
    mirror: Mirror, places: Places, config: Config, config_of_both: Config
) -> None:
    older = {name: stanza("a", "1", name) for name in ("amd64", "arm64")}
    mirror.publish_suite(older)
    before = lock(mirror, places, config, "a")
    mirror.publish_suite({name: text + stanza("a", "2", name) for name, text in older.items()})
    after = lock(mirror, places, config_of_both, "a", previous=before)
    assert [deb.version for deb in after.debs] == ["1", "1"]


def test_a_line_for_one_architecture_is_locked_for_it_alone(
    mirror: Mirror, places: Places, config_of_both: Config
) -> None:
    mirror.publish_suite(
        {name: stanza("a", "1", name) + stanza("b", "1", name) for name in ("amd64", "arm64")}
    )
    made = lock(mirror, places, config_of_both, "a", "b [arm64]")
    assert [(deb.package, deb.platform) for deb in made.debs] == [
        ("a", "linux/amd64"), ("a", "linux/arm64"), ("b", "linux/arm64"),
    ]  # fmt: skip


@pytest.mark.parametrize("contents", [None, {"amd64": PQ}])
def test_without_a_contents_index_libraries_are_told_by_name(
    mirror: Mirror, places: Places, config: Config, contents: dict[str, str] | None
) -> None:
    mirror.publish_suite({"amd64": AMD64 + stanza("libz1")}, contents=contents)
    mirror.files = {url: b"stale" if "Contents" in url or "main/by-hash" in url else content
                    for url, content in mirror.files.items()}  # fmt: skip
    assert dict(lock(mirror, places, config).libraries)["libc.so.6"] == "libc6"


def test_a_packages_index_that_was_altered_ends_the_lock(
    mirror: Mirror, places: Places, config: Config
) -> None:
    mirror.publish_suite({"amd64": AMD64})
    mirror.files = {
        url: content if url.endswith("InRelease") else b"x" * 9 for url, content in mirror.files.items()
    }
    with pytest.raises(CorruptError, match="is not what Debian signed"):
        lock(mirror, places, config)


def test_a_lock_of_another_suite_keeps_nothing(mirror: Mirror, places: Places, config: Config) -> None:
    mirror.publish_suite({"amd64": stanza("a", "1") + stanza("a", "2")})
    made = lock(mirror, places, config, "a=1")
    assert versions(lock(mirror, places, config, "a", previous=made)) == {"a": "1"}
    assert versions(lock(mirror, places, config, "a", previous=replace(made, suite="bookworm"))) == {"a": "2"}
