"""Commands of airlock as they are typed, in this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from airlock import cli

if TYPE_CHECKING:
    from pathlib import Path


def typed(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """Run `airlock` with these arguments; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["airlock", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert isinstance(caught.value.code, int)
    return caught.value.code
