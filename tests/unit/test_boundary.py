"""The two worlds never import each other, and each outside thing lives behind one module."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
TOOLCHAIN = "scripts/airlock"
SPEC = "scripts/airlock_spec/airlock_spec"
RUNTIME = (
    "image/rootfs/opt/airlock/lib/airlock_runtime"  # runs before and beside Airflow, and must not load it
)
VERIFY = "image/rootfs/opt/airlock/lib/airlock_verify"  # looks from any container, and must not load Airflow
OUTSIDE = "infra/outbox"  # the function that answers the outbox: boto3 is all that it finds where it runs
IN_IMAGE = ("operators", "plugins", "dags", "image/rootfs", "tests/integration/inside")


@dataclass(frozen=True)
class Import:
    """A module that a file imports, by its full name."""

    path: str  # from the root, with forward slashes
    line: int
    module: str

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


@dataclass(frozen=True)
class Rule:
    """Files in `folder` do not import `modules`, but for `except_in`."""

    folder: str
    modules: tuple[str, ...]
    except_in: str = ""

    def forbids(self, one: Import) -> bool:
        return (
            one.path.startswith(f"{self.folder}/") and one.path != self.except_in and one.top in self.modules
        )


LAB = ("lab/services", "lab/image/rootfs")  # an image of its own

RULES = (
    *(Rule(folder, ("airlock",)) for folder in LAB),
    Rule(TOOLCHAIN, ("airflow", "airlock_operators", "airlock_plugins")),
    *(Rule(folder, ("airlock",)) for folder in IN_IMAGE),
    Rule(OUTSIDE, ("airlock", "airflow", "airlock_operators", "airlock_plugins")),
    Rule(TOOLCHAIN, ("docker",), except_in=f"{TOOLCHAIN}/docker_connection.py"),
    Rule(TOOLCHAIN, ("subprocess",), except_in=f"{TOOLCHAIN}/process.py"),
    Rule(TOOLCHAIN, ("boto3", "botocore"), except_in=f"{TOOLCHAIN}/aws.py"),
    *(
        Rule(TOOLCHAIN, (f"mypy_boto3_{name}",), except_in=f"{TOOLCHAIN}/{name}.py")
        for name in ("ecr", "ecs", "kms", "logs", "s3")
    ),
)

# What these folders may import besides the standard library; nothing else is there where they run.
ALONE = {
    SPEC: {"airlock_spec"},
    RUNTIME: {"airlock_runtime"},
    VERIFY: {"airlock_verify", "airlock_runtime", "airlock_spec"},
    OUTSIDE: {"airlock_spec", "airlock_outbox", "boto3", "botocore"},
}


def imports(root: Path) -> Iterator[Import]:
    """Find every import in the two worlds: statements at any depth, and import_module of a literal."""
    for folder in (TOOLCHAIN, SPEC, OUTSIDE, *IN_IMAGE, *LAB):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and is_python(path):
                name = path.relative_to(root).as_posix()
                for node in ast.walk(ast.parse(path.read_bytes(), name)):
                    for module in imported(node):
                        yield Import(name, getattr(node, "lineno", 0), module)


def is_python(path: Path) -> bool:
    if path.suffix == ".py":
        return True
    with path.open("rb") as file:
        first = file.readline(100)
    return not path.suffix and first.startswith(b"#!") and b"python" in first


def imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
            args=[ast.Constant(value=str(module)), *_],
        ):
            return [module]
    return []


def violations(root: Path) -> list[str]:
    found = []
    for one in imports(root):
        broken = any(rule.forbids(one) for rule in RULES)
        known = sys.stdlib_module_names | next(
            (also for folder, also in ALONE.items() if one.path.startswith(f"{folder}/")), {one.top}
        )
        if broken or one.top not in known:
            found.append(f"{one.path}:{one.line} imports {one.module}")
    return found


def test_the_repository_keeps_its_boundaries() -> None:
    assert violations(REPOSITORY) == []


def test_every_part_of_the_repository_is_looked_at() -> None:
    seen = {one.path for one in imports(REPOSITORY)}
    for folder in (
        TOOLCHAIN,
        SPEC,
        RUNTIME,
        OUTSIDE,
        "operators",
        "plugins",
        "dags",
        "tests/integration/inside",
    ):
        assert any(path.startswith(f"{folder}/") for path in seen), folder


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("scripts/airlock/check.py", "import airflow"),
        ("scripts/airlock/check.py", "def f():\n    from airflow.sdk import DAG"),
        ("scripts/airlock/deep/er.py", "from airlock_operators.endpoints import Preflight"),
        ("scripts/airlock/check.py", "if True:\n    import airlock_plugins.plugin as plugin"),
        ("scripts/airlock/check.py", "import importlib\nimportlib.import_module('airflow.models')"),
        ("scripts/airlock/check.py", "__import__('airflow')"),
        ("operators/airlock_operators/one.py", "from airlock.errors import AirlockError"),
        ("plugins/airlock_plugins/one.py", "import airlock"),
        ("dags/one.py", "import airlock.config"),
        ("image/rootfs/health", "#!/usr/bin/env python3\nimport airlock"),
        ("tests/integration/inside/one.py", "import airlock"),
        ("scripts/airlock_spec/airlock_spec/one.py", "import requests"),
        ("scripts/airlock_spec/airlock_spec/one.py", "from airflow.sdk import DAG"),
        ("scripts/airlock_spec/airlock_spec/one.py", "from airlock import platforms"),
        ("image/rootfs/opt/airlock/lib/airlock_runtime/one.py", "from airflow.configuration import conf"),
        ("image/rootfs/opt/airlock/lib/airlock_runtime/one.py", "import psycopg2"),
        ("image/rootfs/opt/airlock/lib/airlock_verify/one.py", "from airflow.configuration import conf"),
        ("scripts/airlock/commands/image.py", "import docker.errors"),
        ("scripts/airlock/deep/docker_connection.py", "import docker"),
        ("infra/outbox/airlock_outbox/one.py", "import requests"),
        ("infra/outbox/airlock_outbox/one.py", "from airlock_operators.objects import Objects"),
        ("scripts/airlock/fetch.py", "from subprocess import run"),
        ("scripts/airlock/fetch.py", "import boto3"),
        ("scripts/airlock/deep/s3.py", "from botocore.config import Config"),
    ],
)
def test_an_import_over_a_boundary_is_found(tmp_path: Path, path: str, source: str) -> None:
    write(tmp_path / path, source)

    assert [line.partition(":")[0] for line in violations(tmp_path)] == [path]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("scripts/airlock/docker_connection.py", "import docker"),
        ("scripts/airlock/process.py", "import subprocess"),
        ("scripts/airlock/aws.py", "import boto3\nfrom botocore.config import Config"),
        ("scripts/airlock/image.py", "from airlock_spec.identity import Identity\nfrom . import config"),
        ("scripts/airlock/image.py", "text = 'import airflow'"),
        (
            "operators/airlock_operators/one.py",
            "import airflow.sdk\nimport airlock_spec\nimport airlock_operators",
        ),
        ("scripts/airlock_spec/airlock_spec/one.py", "import json\nfrom airlock_spec import paths"),
        ("infra/outbox/airlock_outbox/one.py", "import boto3, ssl\nfrom airlock_spec.outbox import layout"),
        ("image/rootfs/entrypoint", "#!/bin/sh\nimport airlock"),
        (
            "image/rootfs/opt/airlock/lib/airlock_runtime/one.py",
            "import ssl\nimport airlock_runtime.settings",
        ),
    ],
)
def test_an_import_within_the_boundaries_is_not(tmp_path: Path, path: str, source: str) -> None:
    write(tmp_path / path, source)

    assert violations(tmp_path) == []


def write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
