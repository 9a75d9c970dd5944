"""What is sent into a container: the probe and the bundle at their places, and nothing of this machine."""

from __future__ import annotations

import io
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from airlock import process
from airlock.check import containers
from airlock.check.bundle import Bundle
from airlock.check.probe_source import ProbeSource
from airlock.errors import CheckError, EngineError
from airlock_spec.check import environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def probe(tmp_path: Path) -> ProbeSource:
    package = tmp_path / "airlock_probe"
    package.mkdir()
    (package / "__main__.py").write_text("main")
    return ProbeSource({"airlock_probe": package})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dags"
    for name in ("one.py", "sub/two.py", ".git/config"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "link.py").symlink_to("one.py")
    (folder / "nowhere.py").symlink_to("gone.py")
    (folder / "empty").mkdir()
    return folder


def test_the_tar_holds_the_probe_and_the_bundle(folder: Path, probe: ProbeSource) -> None:
    with tarfile.open(fileobj=io.BytesIO(containers.pack(folder, probe))) as tar:
        files = {one.name: one for one in tar}
        assert sorted(name for name, one in files.items() if one.isreg()) == [
            "opt/airflow/dags/link.py",
            "opt/airflow/dags/one.py",
            "opt/airflow/dags/sub/two.py",
            "run/airlock/lib/airlock_probe/__main__.py",
        ]
        assert {name for name, one in files.items() if one.isdir()} >= {
            "opt/airflow/dags/.git",
            "opt/airflow/dags/empty",
        }
        content = tar.extractfile(files["opt/airflow/dags/link.py"])
        assert content
        assert content.read() == b"one.py"


def test_the_container_has_no_network_and_nothing_mounted(folder: Path, probe: ProbeSource) -> None:
    docker = folder / "docker"
    docker.write_text("#!/bin/sh\n")
    docker.chmod(0o755)
    image = containers.Held("ref", "sha256:1", (("A", "1"), ("AIRFLOW__CORE__FERNET_KEY_CMD", "x")))
    way = containers.Contained(docker, image, probe, {"MINE": "2"})
    with way.start(Bundle(folder)) as start:
        command = [str(word) for word in start.command]
        assert start.before.partition(b"\n")[0] == str(len(containers.pack(folder, probe))).encode()
    for words in ("--network none", "--read-only", "--pull never", "--cap-drop ALL", "--env MINE=2"):
        assert words in " ".join(command)
    assert not {"--volume", "-v", "--mount"} & set(command)
    assert "A=1" not in command  # the image has it
    assert command[command.index("--entrypoint") + 2] == "sha256:1"


def test_what_is_started_inside_reads_the_tar_and_leaves_the_request(tmp_path: Path) -> None:
    """Run the program itself, with a place of this test for / and an `airlock_probe` that shows what is left."""
    lib = tmp_path / "run/lib/airlock_probe"
    packed = io.BytesIO()
    program = b"import os, sys; print(sys.stdin.read(), sorted(k for k in os.environ if 'AIRFLOW' in k))"
    with tarfile.open(fileobj=packed, mode="w") as tar:
        info = tarfile.TarInfo(str((lib / "__main__.py").relative_to("/")))
        info.size = len(program)
        tar.addfile(info, io.BytesIO(program))
    content = packed.getvalue()
    done = process.run(
        [sys.executable, "-P", "-c", containers.BOOT, environment.ASKS.pattern],
        stdin=f"{len(content)}\n".encode() + content + b"the request",
        env={"PYTHONPATH": str(lib.parent), "AIRFLOW__CORE__FERNET_KEY_SECRET": "x", "AIRFLOW_HOME": "y"},
    )
    assert done.stdout.decode().strip() == "the request ['AIRFLOW_HOME']"


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "docker"


def says(docker: Path, script: str) -> None:
    docker.write_text(f"#!/bin/sh\n{script}\n")
    docker.chmod(0o755)


def test_an_image_is_known_by_its_id_and_its_variables(docker: Path) -> None:
    says(docker, """echo sha256:1; echo '"A=b=c"'; echo '"E="'""")
    _, held = containers.held("ref")
    assert (held.id, held.env) == ("sha256:1", (("A", "b=c"), ("E", "")))


def test_an_image_that_is_not_there_is_an_error_that_says_how_to_get_it(docker: Path) -> None:
    says(docker, "echo 'Error: No such image: ref' >&2; exit 1")
    with pytest.raises(CheckError) as caught:
        containers.held("ref")
    assert "docker pull ref" in caught.value.remedy


def test_a_folder_that_holds_no_image_is_told_from_an_engine_that_does_not_answer(docker: Path) -> None:
    says(docker, "echo 'Error response from daemon: invalid reference format' >&2; exit 1")
    with pytest.raises(CheckError) as caught:
        containers.held("./dags")
    assert "./dags is no folder of an OCI layout" in caught.value.cause


def test_an_engine_that_does_not_answer_is_another_error(docker: Path) -> None:
    says(docker, "echo 'Cannot connect to the Docker daemon' >&2; exit 1")
    with pytest.raises(EngineError, match="does not answer"):
        containers.held("ref")


def test_without_docker_an_image_cannot_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "find", lambda *_: None)
    with pytest.raises(CheckError) as caught:
        containers.held("ref")
    assert "docker is not on PATH" in caught.value.cause
