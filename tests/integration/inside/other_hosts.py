"""List what pages written in the installed packages load from other hosts; print JSON of what no one replaces."""

from __future__ import annotations

import json
import re
import sysconfig
from pathlib import Path

from airlock_plugins.ui import REPLACED, own

ELEMENT = rb"<(?:link|script|img|iframe|source|video|audio|embed|object)\b[^>]*?"
LOADED = re.compile(
    ELEMENT + rb"""(?:src|href|data)\s*=\s*["']?((?:https?:)?//[^\s"'>]+)[^>]*>""", re.IGNORECASE
)
# Links that no browser loads, or Safari alone.
NOT_LOADED = re.compile(rb"""rel\s*=\s*["']?(?:canonical|mask-icon)""", re.IGNORECASE)


def main() -> None:
    packages = Path(sysconfig.get_path("purelib"))
    pages, kept = set(), set()
    for path in packages.rglob("*"):
        if path.suffix not in {".html", ".py", ".jinja2"} or path.is_relative_to(
            packages / "airlock_plugins"
        ):
            continue
        content = path.read_bytes()
        for found in LOADED.finditer(content):
            if NOT_LOADED.search(found[0]):
                continue
            pages.add(str(path.relative_to(packages)))
            if LOADED.search(own(found[0], "")):
                kept.add(f"{path.relative_to(packages)}: {found[1].decode()}")
    print(json.dumps({"pages": sorted(pages), "kept": sorted(kept), "replaced": len(REPLACED)}))  # noqa: T201


if __name__ == "__main__":
    main()
