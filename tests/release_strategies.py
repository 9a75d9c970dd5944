"""Releases at random, for tests of properties: paths, trees, and documents that are nearly right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from airlock_spec.releases import names
from published_releases import manifest_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock_spec.releases.manifest import Manifest

_LETTERS = "abcABC019_- .éß\u017f\u0131\u212a\u212b한\u0301$~'\U0001f600"
PARTS = st.text(_LETTERS, min_size=1, max_size=12)
PATHS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)
CONTENTS = st.one_of(st.binary(max_size=64), st.sampled_from([b"", b"x" * 70_000, b"import this\n"]))
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)

# JSON of any shape, with what is rare in documents of people: NaN, numbers without end, halves of pairs.
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.text(max_size=8),
    st.just("\ud800"),
    DIGESTS,
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
    st.sampled_from(["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00"]),
)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, bytes]:
    """Draw contents by paths that a release may hold."""
    drawn = draw(st.dictionaries(PATHS, CONTENTS, min_size=1, max_size=8))
    tree: dict[str, bytes] = {}
    for path in sorted(drawn):
        if not names.problem(path) and not list(names.collisions([*tree, path])):
            tree[path] = drawn[path]
    return tree or {"one.py": b"1"}


@st.composite
def releases(draw: st.DrawFn) -> tuple[dict[str, bytes], Manifest]:
    """Draw contents by their paths, and their manifest."""
    tree = draw(trees())
    executable = tuple(path for path in tree if draw(st.booleans()))
    return tree, manifest_of(tree, executable=executable)


@st.composite
def nearly(draw: st.DrawFn, data: bytes) -> bytes:
    """Draw a document that is this one but for one value, name or byte."""
    if draw(st.booleans()):
        at = draw(st.integers(0, len(data) - 1))
        return data[:at] + draw(st.binary(max_size=3)) + data[at + draw(st.integers(0, 3)) :]
    document = json.loads(data)
    _change(draw, document)
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="backslashreplace") + b"\n"


def _change(draw: st.DrawFn, value: Any) -> None:
    """Change one thing somewhere in a value."""
    if not value:
        return
    keys: list[Any] = sorted(value) if isinstance(value, dict) else list(range(len(value)))
    key = draw(st.sampled_from(keys))
    if isinstance(value[key], dict | list) and value[key] and draw(st.integers(0, 3)):
        _change(draw, value[key])
        return
    match draw(st.sampled_from(("replace", "remove", "repeat"))):
        case "remove":
            del value[key]
        case "repeat" if isinstance(value, list):
            value.append(value[key])
        case _:
            value[key] = draw(ODD)


def twice(data: bytes) -> bytes:
    """Return a document in which a name is given twice, with the same value."""
    document: Mapping[str, Any] = json.loads(data)
    name = min(document)
    again = json.dumps({name: document[name]})[1:-1]
    return b"{" + again.encode() + b"," + data[1:]
