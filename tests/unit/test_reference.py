from __future__ import annotations

from pathlib import Path

from airlock import reference
from airlock_spec.check import catalogue

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reference_is_what_the_commands_say() -> None:
    assert (DOCS / "reference.md").read_text(encoding="utf-8") == reference.render(), "run: make docs"


def test_the_page_of_checks_is_what_their_docstrings_say() -> None:
    assert (DOCS / "checks.md").read_text(encoding="utf-8") == catalogue.page(), "run: make docs"
