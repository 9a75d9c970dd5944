from __future__ import annotations

from pathlib import Path

from airlock import reference

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference.md"


def test_the_reference_is_what_the_commands_say() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == reference.render(), "run: make docs"
