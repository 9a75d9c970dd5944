"""Git in the folders of tests, as somebody whom no configuration of this machine makes another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock import process

if TYPE_CHECKING:
    from pathlib import Path

_WHO = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return what it prints, without the white space around it."""
    return process.run(["git", "-C", folder, *_WHO, *arguments]).stdout.decode().strip()
