"""A folder that follows a location for ever, whatever fails."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from airlock.releases import following
from airlock_spec.releases.failures import UnreachableError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.pulling import Pull
from memory_location import MemoryLocation
from published_releases import publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock_spec.releases.pulling import Pulled


class EndError(Exception):
    """Ends what goes on for ever."""


@dataclass
class Told:
    """Remembers what it hears."""

    heard: list[str] = field(default_factory=list)

    def changed(self, pulled: Pulled) -> None:
        self.heard.append(pulled.release)

    def failed(self, text: str) -> None:
        self.heard.append(f"failed: {text}")

    def recovered(self) -> None:
        self.heard.append("recovered")


def follow(location: MemoryLocation, folder: Path, *between: Callable[[], object]) -> list[str]:
    """Follow it, with something done between two looks; return what was told."""
    told, steps = Told(), iter(between)

    def sleep(seconds: float) -> None:
        assert seconds == 5
        step = next(steps, None)
        if step is None:
            raise EndError
        step()

    with pytest.raises(EndError):
        following.follow(Pull(location, Folder(folder)), 5, told, sleep)
    return told.heard


def test_each_release_is_told_once(tmp_path: Path) -> None:
    location = MemoryLocation()
    first, made = publish(location, {"dag.py": b"1"}).id, []
    heard = follow(
        location,
        tmp_path,
        lambda: None,
        lambda: made.append(publish(location, {"dag.py": b"2"}).id),
        lambda: None,
    )
    assert heard == [first, *made]
    assert (tmp_path / "current" / "dag.py").read_bytes() == b"2"


def test_a_failure_is_told_once_and_what_served_goes_on_serving(tmp_path: Path) -> None:
    location = MemoryLocation()
    first = publish(location, {"dag.py": b"1"}).id

    def fail(_doing: str, _key: str) -> None:
        raise UnreachableError("503\nSlow Down")

    def works() -> None:
        assert (tmp_path / "current" / "dag.py").read_bytes() == b"1"
        location.before = lambda *_: None

    heard = follow(
        location, tmp_path, lambda: setattr(location, "before", fail), lambda: None, works, lambda: None
    )
    assert heard == [first, "failed: 503 Slow Down", "recovered"]


def test_where_nothing_was_published_it_waits(tmp_path: Path) -> None:
    location, made = MemoryLocation(), []
    heard = follow(location, tmp_path, lambda: made.append(publish(location, {"dag.py": b"1"}).id))
    assert heard == [
        "failed: nothing was published there yet: there is no current release",
        "recovered",
        *made,
    ]


def test_what_became_old_is_collected_also_while_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = MemoryLocation()
    first = publish(location, {"dag.py": b"1"}).id
    place = tmp_path / "releases" / first
    monkeypatch.setattr(following, "_COLLECTED", -1.0)
    looks = iter([True, True, False])

    def look_again() -> None:
        assert place.exists() == next(looks)

    follow(
        location,
        tmp_path,
        lambda: publish(location, {"dag.py": b"2"}),
        look_again,
        look_again,
        lambda: os.utime(place, (0, 0)),
        look_again,
    )
    assert next(looks, None) is None
