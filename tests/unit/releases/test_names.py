"""Paths of releases: those that are one and the same file everywhere, and no others."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airlock_spec.releases import names
from release_strategies import PATHS

HOSTILE = {
    "": "0 bytes",
    "/etc/passwd": "straight down",
    "//host/share": "straight down",
    "..": "straight down",
    "a/../../b": "straight down",
    "./a": "straight down",
    "a//b": "straight down",
    "a/": "straight down",
    "a\\..\\b": "backslash",
    "C:/windows": "colon",
    "c:evil": "colon",
    "file.py:stream": "colon",
    "a\0b": "control",
    "a\nb": "control",
    "a\x1b[2J": "control",
    "a\x85b": "control",
    "a\u2028b": "control",
    "con": "device",
    "a/NUL.txt": "device",
    "a/nul .txt": "device",
    "Lpt¹": "device",
    "COM0.py/a": "device",
    "conin$": "device",
    "a.": "ends with",
    "a /b": "ends with",
    "...": "ends with",
    "\ud800": "UTF-8",
    "a" * 256: "255 bytes",
    "é" * 128: "255 bytes",
    "/".join("b" * 200 for _ in range(6)): "1024",
    "a/" * 10_000 + "a": "1024",
    "a/" * 64 + "a": "65 names deep",
}


@pytest.mark.parametrize(("path", "said"), HOSTILE.items(), ids=[ascii(path)[:30] for path in HOSTILE])
def test_hostile_paths_are_refused_and_it_is_said_why(path: str, said: str) -> None:
    assert said in names.problem(path)


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "common.py",
        "console/con_.py",
        "a/.hidden",
        "a b",
        "été.sql",
        "comx",
        "a/" * 63 + "a",
        "a" * 255,
        "-",
        "dt=1",
    ],
)
def test_paths_of_people_are_allowed(path: str) -> None:
    assert names.problem(path) == ""


@given(st.one_of(PATHS, st.text(max_size=40), st.text("aconul/.:\\ \0", max_size=12)))
@example("aux")
@example("a/prn.x.y")
def test_what_is_allowed_leads_straight_down_wherever_it_is_read(path: str) -> None:
    if names.problem(path):
        return
    for kind in (PurePosixPath, PureWindowsPath):
        read = kind(path)
        assert not read.is_absolute()
        assert not read.drive
        assert not {".", ".."} & set(read.parts)
        assert "/".join(read.parts) == path
    top = Path("/top")
    assert (top / path).resolve().is_relative_to(top)


@given(st.text("aconulxprm019.-_/ $", min_size=1, max_size=10))
def test_the_quick_look_allows_nothing_that_the_long_one_refuses(path: str) -> None:
    if names._PLAIN.fullmatch(path):
        assert not any(names._of_part(part) for part in path.split("/"))
        assert len(path.encode()) <= names.MAX_PATH


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.py", "A.py"),
        ("Folder/a", "folder/b"),
        ("a", "a/b"),
        ("A/b", "a"),
        ("caf\u00e9", "cafe\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("\u212a", "k"),  # the sign of kelvin
        ("\u03b1\u0345\u0301", "\u0391\u0301\u0399"),
    ],
)
def test_paths_that_collide_are_found(one: str, other: str) -> None:
    assert list(names.collisions(sorted([one, other])))


@given(st.lists(PATHS, unique=True, max_size=8))
def test_each_pair_that_collides_is_found_whatever_is_between(paths: list[str]) -> None:
    good = sorted(path for path in paths if not names.problem(path))
    entries = {entry for path in good for entry in (*names._folders(path), path)}
    folds = {names.fold(entry.rstrip("/")) for entry in entries}
    assert bool(list(names.collisions(good))) == (len(folds) < len(entries))


@given(st.text("aAéÉß\u017f\u0131\u0130\u212a\u212b한\u0301\u0345\u0391\u03b1\u0399", max_size=6))
def test_a_path_is_folded_to_one_form(path: str) -> None:
    assert names.fold(names.fold(path)) == names.fold(path)
    for form in ("NFC", "NFD"):
        assert names.fold(unicodedata.normalize(form, path)) == names.fold(path)
    assert names.fold(unicodedata.normalize("NFD", path).casefold()) == names.fold(path)


def test_the_deepest_paths_take_no_time() -> None:
    paths = [f"{number:04}/" + "a/" * 62 + "b" for number in range(1000)]
    begun = time.monotonic()
    assert not any(names.problem(path) for path in paths)
    assert not list(names.collisions(paths))
    assert names.problem("a/" * 10_000_000)
    assert time.monotonic() - begun < 5
