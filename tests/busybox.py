"""A tiny image of a static busybox, for what needs no Airflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock import process

if TYPE_CHECKING:
    from pathlib import Path
from layouts import ZSTD, Member, folder, symlink, write_layout

PROGRAMS = ("cat", "env", "grep", "id", "ip", "ls", "nc", "sh", "sleep", "touch", "tr", "true")
SETTINGS = {
    "Env": ["PATH=/bin", "AIRFLOW_HOME=/opt/airflow"],
    "WorkingDir": "/opt/airflow",
    "User": "50000:0",
}


def busybox() -> bytes:
    """Return the program, or skip."""
    program = process.find("busybox")
    if program is None or b"/ld-linux" in program.read_bytes()[:4096]:
        pytest.skip("there is no static busybox; apt install busybox-static, then: make integration")
    return program.read_bytes()


def write_image(layout: Path, *own: Member, media_type: str = ZSTD) -> str:
    """Write an image of busybox in one layer, and of files of its own in another; return its digest."""
    base = [
        folder("bin"), Member("bin/busybox", busybox(), mode=0o755),
        *(symlink(f"bin/{name}", "busybox") for name in PROGRAMS),
        folder("etc"), Member("etc/passwd", b"airflow:x:50000:0::/home/airflow:/bin/sh\n"),
        folder("opt"), folder("opt/airflow", 0o775), Member("opt/airflow/airflow.cfg", b"[core]\n"),
        folder("opt/airflow/logs", 0o775), folder("tmp", 0o1777),
    ]  # fmt: skip
    return write_layout(layout, [base, own or [Member("own")]], settings=SETTINGS, media_type=media_type)
