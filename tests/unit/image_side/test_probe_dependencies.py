"""What a file's facts depend on: the files that either of its two parses read."""

from __future__ import annotations

import pytest

from airlock_probe.coordinator import _read


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"a.py": "1"}, {"a.py": "1"}, {"a.py": "1"}),
        ({"a.py": "1", "t.sql": "2"}, {"a.py": "1"}, {"a.py": "1", "t.sql": "2"}),  # one reads templates
        ({"a.py": "1"}, {"a.py": "2"}, None),  # it changed in between
        (None, {"a.py": "1"}, None),
        ({"a.py": "1"}, None, None),
    ],
)
def test_files_are_those_of_both_parses(
    first: dict[str, str] | None, second: dict[str, str] | None, expected: dict[str, str] | None
) -> None:
    assert _read(first, second) == expected
