"""pip, uv and pip-tools take what `airlock lock` writes, offline from the sealed store, and arrive at its pins."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from airlock import config, process, sandbox
from airlock.locks import airflow, debian, intent
from airlock.locks.target import target
from airlock.places import places
from airlock.platforms import native
from airlock.store import Store
from airlock.witness.pip_compile import parse
from airlock.witness.tree import WitnessTree
from project import REPOSITORY, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

    from airlock.inside import Inside

NO_NETWORK = ("unshare", "--user", "--map-root-user", "--net", "--")
FROM_THE_STORE = ("--no-index", "--find-links", "/wheels")
REQUIREMENTS, CONSTRAINTS, ASKED = "airflow.lock", "constraints.txt", "asked.in"
WRONG, OTHERS = "wrong.lock", "others.txt"  # a hash, and a version, that no wheel has


@dataclass(frozen=True)
class Sealed:
    """The image's Python in a sandbox without a network, with the wheels and texts of this repository."""

    inside: Inside
    python: str
    wheels: Path  # as this machine sees them
    texts: Path
    pins: dict[str, str]

    def run(self, *arguments: str) -> CompletedProcess[bytes]:
        chosen = sandbox.choose(self.inside, probe=(self.python, "-c", ""))
        command = [self.python, "-P", "-B", "-m", *arguments]
        return process.run(chosen.command(self.inside, command), env={}, check=False)

    def pip(self, *arguments: str) -> CompletedProcess[bytes]:
        """Ask pip what it would install."""
        options = ("--dry-run", "--ignore-installed", "--break-system-packages", "--quiet", "--report", "-")
        return self.run("pip", "install", *options, *FROM_THE_STORE, *arguments)

    def uv(self, *arguments: str, folder: Path) -> CompletedProcess[bytes]:
        """Run uv on this machine, where there is no network."""
        image = target(debian.read(config.load(REPOSITORY).debian_lock))
        options = ("--python-version", image.python, "--python-platform", image.uv_platform(native()))
        command = [*NO_NETWORK, find_uv_bin(), "pip", *arguments, *options, "--python", sys.executable]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
        variables = kept | {"UV_CACHE_DIR": str(folder / "uv"), "UV_NO_CONFIG": "1"}
        offline = ("--no-index", "--find-links", str(self.wheels), "--no-progress", "--color", "never")
        return process.run([*command, *offline], cwd=self.texts, env=variables, check=False)


@pytest.fixture(scope="module")
def sealed() -> Iterator[Sealed]:
    Project(REPOSITORY, places().root).run("fetch", "--platform", native().name)
    project = config.load(REPOSITORY)
    lock, debs, store = (
        airflow.read(project.airflow_lock),
        debian.read(project.debian_lock),
        Store(places().store),
    )
    wheels = lock.wheels(native())
    a_hash = re.compile(r"(?<=--hash=sha256:)[0-9a-f]{64}")
    texts = {
        REQUIREMENTS: project.airflow_lock.read_text(),
        CONSTRAINTS: (project.constraints / CONSTRAINTS).read_text(),
        ASKED: "".join(f"{one.requirement}\n" for one in intent.read(project).airflow),
        OTHERS: "pendulum==0.0.1\n",
        WRONG: a_hash.sub("0" * 64, project.airflow_lock.read_text(), count=1),
    }
    tree = WitnessTree(debs, native(), store, places())
    with tree.use([one.file for one in wheels], texts) as inside:
        pins = {one.name: one.version for one in wheels}
        yield Sealed(inside, tree.python, inside.root / "wheels", inside.root / "intent", pins)


def would_install(done: CompletedProcess[bytes]) -> dict[str, str]:
    """Read pip's installation report."""
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    found = (one["metadata"] for one in json.loads(done.stdout)["install"])
    return parse("".join(f"{one['name']}=={one['version']}\n" for one in found))


def test_pip_installs_the_lock_as_requirements_with_hashes(sealed: Sealed) -> None:
    assert would_install(sealed.pip("--require-hashes", "-r", REQUIREMENTS)) == sealed.pins


def test_pip_refuses_a_wheel_that_is_not_the_locks(sealed: Sealed) -> None:
    done = sealed.pip("--require-hashes", "--no-deps", "-r", WRONG)
    assert done.returncode == 1
    assert b"DO NOT MATCH THE HASHES" in done.stderr


def test_pip_takes_the_constraints(sealed: Sealed) -> None:
    assert would_install(sealed.pip("-c", CONSTRAINTS, "-r", ASKED)) == sealed.pins


def test_pip_compile_takes_the_constraints(sealed: Sealed) -> None:
    options = ("--quiet", "--strip-extras", "--allow-unsafe", "--cache-dir", "/tmp/cache")  # noqa: S108 - the sandbox's
    done = sealed.run(
        "piptools", "compile", "-c", CONSTRAINTS, *options, *FROM_THE_STORE, "--output-file", "-", ASKED
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert parse(done.stdout.decode()) == sealed.pins


def test_uv_installs_the_lock_as_requirements_with_hashes(sealed: Sealed, tmp_path: Path) -> None:
    options = ("--dry-run", "--require-hashes", "--target", str(tmp_path / "target"), "-r", REQUIREMENTS)
    done = sealed.uv("install", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    said = re.sub(r"^ \+ ", "", done.stderr.decode(), flags=re.MULTILINE)
    assert parse(said) == sealed.pins


def test_uv_refuses_a_wheel_that_is_not_the_locks(sealed: Sealed, tmp_path: Path) -> None:
    options = ("--require-hashes", "--no-deps", "--target", str(tmp_path / "target"), "-r", WRONG)
    done = sealed.uv("install", *options, folder=tmp_path)
    assert done.returncode != 0
    assert b"Hash mismatch" in done.stderr, done.stderr.decode()


def test_uv_takes_the_constraints(sealed: Sealed, tmp_path: Path) -> None:
    done = sealed.uv("compile", "-c", CONSTRAINTS, "--no-annotate", ASKED, folder=tmp_path)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert parse(done.stdout.decode()) == sealed.pins


def test_constraints_that_no_wheel_meets_are_not_passed_over(sealed: Sealed, tmp_path: Path) -> None:
    compiling = ("piptools", "compile", "--output-file", "-", "-c", OTHERS, *FROM_THE_STORE, ASKED)
    for done, said in (
        (sealed.pip("-c", OTHERS, "-r", ASKED), b"conflicting dependencies"),
        (sealed.run(*compiling), b"conflicting dependencies"),
        (sealed.uv("compile", "-c", OTHERS, ASKED, folder=tmp_path), b"pendulum==0.0.1"),
    ):
        assert done.returncode != 0
        assert said in done.stderr, done.stderr.decode()[-3000:]
