"""Kill a component of this container's Airflow, and what it started, by its name; print JSON of how many ended."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path


def parents() -> dict[int, int]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        found[int(path.parent.name)] = int(fields[1])
    return found


def main(name: str) -> None:
    known = parents()
    chosen = {pid for pid in known if named(pid, name)}
    while more := {pid for pid, parent in known.items() if parent in chosen} - chosen:
        chosen |= more
    for pid in chosen:
        os.kill(pid, signal.SIGKILL)
    print(json.dumps({"killed": len(chosen)}))  # noqa: T201


def named(pid: int, name: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.endswith(b"airflow") for word in words[:2]) and name.encode() in words[:3]


if __name__ == "__main__":
    main(sys.argv[1])
