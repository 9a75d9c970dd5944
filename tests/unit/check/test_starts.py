"""What the probe finds where it is started: in a sandbox, and without one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.check.bundle import Bundle
from airlock.check.probe_source import ProbeSource
from airlock.check.starts import Bare, Sandboxed, Unpacked
from airlock.inside import Inside, ReadOnly, Tmpfs
from airlock.layout import read_image
from airlock.platforms import AMD64, native
from layouts import write_layout

if TYPE_CHECKING:
    from airlock.check import starts

ENV = [
    "PATH=/opt/venv/bin:/usr/bin",
    "AIRFLOW__CORE__FERNET_KEY_SECRET=key",
    "AIRFLOW__CELERY__BROKER_URL_CMD=fetch",
    "AIRFLOW__SECRETS__BACKEND=some.Backend",
]


class Recorded:
    """A sandbox that keeps what it was asked to show."""

    name = "recorded"

    def __init__(self) -> None:
        self.inside: list[Inside] = []

    def command(self, inside: Inside, command: object) -> list[str]:
        self.inside.append(inside)
        return ["run", *command]  # type: ignore[misc]


@pytest.fixture
def unpacked(tmp_path: Path) -> Unpacked:
    tree = tmp_path / "tree"
    for folder in ("opt/airflow/dags", "opt/venv/bin", "opt/venv/lib/python3.13/site-packages", "usr/bin"):
        (tree / folder).mkdir(parents=True)
    (tree / "opt/airflow/airflow.cfg").write_text("[core]")
    (tree / "opt/venv/bin/python").symlink_to("/usr/bin/python3.13")
    (tree / "usr/bin/python3.13").touch()
    layout = tmp_path / "layout"
    write_layout(layout, [], settings={"Env": ENV, "WorkingDir": "/opt/airflow"})
    return Unpacked(read_image(layout, AMD64), tree, source(tmp_path / "own"), {"AIRFLOW_VAR_X": "1"})


def source(folder: Path, content: str = "1") -> ProbeSource:
    packages = {name: folder / name for name in ("airlock_probe", "airlock_spec")}
    for package in packages.values():
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(content)
    return ProbeSource(packages)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    folder = tmp_path / "dags"
    for name in ("one.py", "sub/two.py", ".git/config"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return Bundle(folder)


def sandboxed(unpacked: Unpacked, bundle: Bundle) -> tuple[starts.Start, Inside]:
    sandbox = Recorded()
    with Sandboxed(unpacked, sandbox).start(bundle) as start:
        return start, sandbox.inside[0]


def test_the_bundle_is_where_it_is_in_production_and_the_probe_beside_it(
    unpacked: Unpacked, bundle: Bundle
) -> None:
    start, inside = sandboxed(unpacked, bundle)
    assert start.command == ("run", "/opt/venv/bin/python", "-P", "-m", "airlock_probe")
    assert (start.env, start.bundle) == ({}, "/opt/airflow/dags")
    shown = {mount.target: mount.source for mount in inside.mounts if isinstance(mount, ReadOnly)}
    assert shown["/opt/airflow/dags"] == bundle.folder
    assert shown["/run/airlock/lib/airlock_probe"] == unpacked.probe.packages["airlock_probe"]
    assert dict(inside.env)["PYTHONPATH"] == "/run/airlock/lib"


def test_the_images_own_probe_is_taken_where_it_is_the_same(unpacked: Unpacked, bundle: Bundle) -> None:
    source(unpacked.tree / "opt/airlock/lib")
    source(unpacked.tree / "opt/venv/lib/python3.13/site-packages")
    _, inside = sandboxed(unpacked, bundle)
    assert dict(inside.env)["PYTHONPATH"] == "/opt/airlock/lib"
    assert not any(mount.target.startswith("/run/") for mount in inside.mounts)
    source(unpacked.tree / "opt/airlock/lib", "2")
    assert dict(sandboxed(unpacked, bundle)[1].env)["PYTHONPATH"] == "/run/airlock/lib"


def test_nothing_asks_a_secrets_backend_or_runs_a_command(unpacked: Unpacked, bundle: Bundle) -> None:
    env = dict(sandboxed(unpacked, bundle)[1].env)
    assert not [key for key in env if key.endswith(("_SECRET", "_CMD"))]
    assert env["AIRFLOW__SECRETS__BACKEND"] == "some.Backend"  # the probe wants to know it
    assert env["AIRFLOW_VAR_X"] == "1"


def test_the_host_gives_no_variables(
    unpacked: Unpacked, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    assert "COLUMNS" not in dict(sandboxed(unpacked, bundle)[1].env)


def test_what_no_deployment_carries_is_covered(unpacked: Unpacked, bundle: Bundle) -> None:
    _, inside = sandboxed(unpacked, bundle)
    assert inside.mounts[-1] == Tmpfs("/opt/airflow/dags/.git", 0o755)


@pytest.fixture
def bare(unpacked: Unpacked) -> Bare:
    """Give a tree whose loader is a script that says how it was started."""
    loader = unpacked.tree / "usr/lib" / native().multiarch / native().loader.rpartition("/")[2]
    loader.parent.mkdir(parents=True)
    loader.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    loader.chmod(0o755)
    return Bare(unpacked)


def test_without_a_sandbox_the_trees_interpreter_is_started_by_its_own_loader(
    bare: Bare, bundle: Bundle
) -> None:
    tree = bare.unpacked.tree
    with bare.start(bundle) as start:
        said = process.run(start.command, env=start.env).stdout.decode().splitlines()
        python = start.command[0]
        assert said == [
            "--library-path", str(tree / "usr/lib" / native().multiarch), "--argv0", str(python),
            str(tree / "usr/bin/python3.13"), "-P", "-m", "airlock_probe",
        ]  # fmt: skip
        venv = Path(python).parents[1]
        assert (venv / "pyvenv.cfg").read_text().splitlines()[0] == f"home = {tree}/usr/bin"
        assert (venv / "lib/python3.13/site-packages").is_dir()
    assert not venv.exists()


def test_without_a_sandbox_the_dags_are_copied_and_the_home_is_a_new_one(bare: Bare, bundle: Bundle) -> None:
    (bundle.folder / "loop").symlink_to(bundle.folder)
    (bundle.folder / "nowhere").symlink_to("gone")
    (bundle.folder / "link.py").symlink_to("one.py")
    os.mkfifo(bundle.folder / "pipe")
    with bare.start(bundle) as start:
        copied = Path(start.bundle)
        found = sorted(path.relative_to(copied).as_posix() for path in copied.rglob("*"))
        assert found == [".git", "link.py", "one.py", "sub", "sub/two.py"]
        assert start.env["AIRFLOW_HOME"] == str(copied.parent)
        assert (copied.parent / "airflow.cfg").read_text() == "[core]"
        assert "AIRFLOW__CORE__FERNET_KEY_SECRET" not in start.env


def test_an_image_for_another_processor_cannot_be_used_without_a_container(
    bare: Bare, bundle: Bundle
) -> None:
    assert bare.why_not(bundle) == ""
    image = bare.unpacked.image
    other = replace(image, configuration={**image.configuration, "architecture": "s390x"})
    assert "s390x" in Bare(replace(bare.unpacked, image=other)).why_not(bundle)
