"""Imports between the files of a bundle are followed as far as their source shows."""

from __future__ import annotations

import pytest

from airlock.check import imports


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("a.py", "import x.y", {"x", "x.y"}),
        ("a.py", "from x import y", {"x", "x.y"}),
        ("a.py", "def f():\n    import x", {"x"}),
        ("p/a.py", "from . import b", {"p", "p.b"}),
        ("p/a.py", "from .b import c", {"p", "p.b", "p.b.c"}),
        ("p/q/a.py", "from ..b import c", {"p", "p.b", "p.b.c"}),
        ("p/__init__.py", "from . import b", {"p", "p.b"}),
        ("a.py", "importlib.import_module('x.y')", {"x", "x.y"}),
        ("a.py", "import_module(name)", set()),
        ("a.py", "from ... import x", {"x"}),
        ("a.py", "import (", set()),
        ("a.py", "\0", set()),
    ],
)
def test_what_a_source_imports(path: str, source: str, expected: set[str]) -> None:
    assert set(imports.imported(path, source.encode())) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.py", ("a",)),
        ("p/q/a.py", ("p.q.a",)),
        ("p/__init__.py", ("p",)),
        ("__init__.py", ()),
        ("a.sql", ()),
    ],
)
def test_the_names_of_a_file(path: str, expected: tuple[str, ...]) -> None:
    assert imports.names(path) == expected


SOURCES = {
    "dag.py": b"from lib import helper",
    "other.py": b"import os",
    "lib/__init__.py": b"",
    "lib/helper.py": b"from .deep import thing",
    "lib/deep/__init__.py": b"from lib.deep.thing import x",
    "lib/deep/thing.py": b"",
}


def test_importers_are_found_through_others() -> None:
    found = imports.importers(SOURCES, ["lib/deep/thing.py"])
    assert found == {"lib/deep/thing.py", "lib/deep/__init__.py", "lib/helper.py", "dag.py"}


def test_a_package_counts_for_all_below_it() -> None:
    assert imports.importers(SOURCES, ["lib/__init__.py"]) >= {"dag.py", "lib/deep/__init__.py"}


def test_importers_of_what_was_removed_are_found() -> None:
    assert imports.importers({"dag.py": b"import gone"}, ["gone.py"]) == {"gone.py", "dag.py"}
