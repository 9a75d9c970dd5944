from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock import config
from airlock.locks.debian import DebianLock, LockedDeb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.config import Config

ROOT = """\
[build-system]
requires = ["hatchling"]
[project]
name = "airlock"
dependencies = ["click>=3", "airlock-spec"]
[dependency-groups]
dev = ["pytest", {include-group = "types"}]
types = ["types-requests"]
[tool.airlock]
distributions = ["spec", "operators"]
"""
SPEC = """\
[build-system]
requires = ["hatchling"]
[project]
name = "airlock_spec"
dependencies = []
"""
OPERATORS = """\
[project]
name = "my-operators"
dependencies = [
    "Airlock.Spec",
    "boto3 >=1",
]
"""


@pytest.fixture
def project(tmp_path: Path) -> Config:
    """Return a project with a toolchain and two distributions."""
    (tmp_path / "pyproject.toml").write_text(ROOT)
    for name, text in (("spec", SPEC), ("operators", OPERATORS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text(text)
    (tmp_path / "constraints").mkdir()
    (tmp_path / "constraints/airflow.in").write_text(
        "# Airflow\napache-airflow[b, a] == 3.3.2  # the core\n\n"
    )
    (tmp_path / "constraints/debian.in").write_text("python3\nlibc6 [amd64] # C\n")
    return config.load(tmp_path, environ={})


@pytest.fixture
def debs() -> Callable[..., DebianLock]:
    """Return what makes a lock of a Python and a C library."""

    def make(python: str = "3.13.5-2+deb13u5", libc: str = "2.41-12", **changes: object) -> DebianLock:
        packages = (("libpython3.13-stdlib", python), ("libc6", libc))
        locked = tuple(
            LockedDeb(name, version, "linux/amd64", "amd64", "debian", f"pool/{name}.deb", 1, "0" * 64)
            for name, version in packages
        )
        values: dict[str, object] = {
            "suite": "trixie",
            "platforms": ("linux/amd64",),
            "indexes": (),
            "libraries": (),
            "debs": locked,
            "intent": (("constraints/debian.in", "python3"), ("constraints/debian.in", "libc6 [amd64]")),
        }
        return DebianLock(**{**values, **changes})  # type: ignore[arg-type]

    return make
