from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airlock import config
from airlock.reproduction import WORLDS, Means, World, copy_inputs, inputs_of

if TYPE_CHECKING:
    from airlock.config import Config
    from airlock.reproduction import Circumstances

FIRST, SECOND = WORLDS
ALL = Means(Path("/usr/bin/unshare"), Path("/usr/bin/unshare"), Path("/usr/bin/faketime"))
NOTHING = Means(None, None, None)
FILES = {
    "pyproject.toml": '[tool.airlock]\ndistributions = ["own"]\n',
    "constraints/airflow.lock": "",
    "image/image.toml": "",
    "image/rootfs/.hidden": "",
    "own/pyproject.toml": "",
    "own/own/__init__.py": "",
    "own/own/build/kept.py": "",
}
NOT_INPUTS = (
    "own/.git/HEAD",
    "own/build/x",
    "own/own/__pycache__/x.pyc",
    "build/image/index.json",
    "dags/x.py",
)


@pytest.fixture
def project(tmp_path: Path) -> Config:
    for name, content in (FILES | dict.fromkeys(NOT_INPUTS, "")).items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "project/image/rootfs/link").symlink_to("/nowhere")
    (tmp_path / "project/own/own/__init__.py").chmod(0o755)
    return config.load(tmp_path / "project", environ={})


def test_the_inputs_are_what_the_image_is_made_from(project: Config) -> None:
    found = {path.relative_to(project.project).as_posix() for path in inputs_of(project)}
    assert found == {*FILES, "image/rootfs/link"}


@pytest.mark.parametrize(("world", "file", "program"), [(FIRST, 0o644, 0o755), (SECOND, 0o600, 0o700)])
def test_a_copy_has_the_modes_of_its_world_and_keeps_the_executable_bit(
    project: Config, tmp_path: Path, world: Circumstances, file: int, program: int
) -> None:
    copy_inputs(project, tmp_path / "copy", world)
    modes = {name: (tmp_path / "copy" / name).stat().st_mode & 0o777 for name in FILES}
    assert modes == dict.fromkeys(FILES, file) | {"own/own/__init__.py": program}
    assert (tmp_path / "copy/image/rootfs/link").readlink() == Path("/nowhere")


def test_the_worlds_differ_in_everything_they_have() -> None:
    for name in ("folder", "umask", "workers", "uid", "file_mode", "file_time", "backwards", "home_exists"):
        assert getattr(FIRST, name) != getattr(SECOND, name), name
    for name in FIRST.variables:
        assert FIRST.variables[name] != SECOND.variables[name], name


def test_a_world_sees_its_own_folders_and_what_starts_the_toolchain(tmp_path: Path) -> None:
    environ = {
        "PATH": "/bin",
        "SECRET": "x",
        "AIRLOCK_CACHE": "/mine",
        "AIRLOCK_NAME": "n",
        "HOME": "/home/me",
    }
    first, second = (World(tmp_path / one.folder, one, ALL, environ)._variables() for one in WORLDS)
    assert "SECRET" in first
    assert "SECRET" not in second
    for variables, world in ((first, FIRST), (second, SECOND)):
        assert (variables["PATH"], variables["AIRLOCK_NAME"]) == ("/bin", "n")
        for name in ("AIRLOCK_CACHE", "HOME", "TMPDIR"):
            assert variables[name].startswith(str(tmp_path / world.folder)), name


def test_a_world_is_another_users_without_a_network_and_at_another_time() -> None:
    words = [str(word) for word in ALL.apart(SECOND)]
    assert words[:5] == ["/usr/bin/unshare", "--user", "--map-user=12345", "--map-group=12345", "--net"]
    assert words[-3:] == ["/usr/bin/faketime", "-f", "+400d"]
    assert "/usr/bin/faketime" not in [str(word) for word in ALL.apart(FIRST)]


def test_root_without_user_namespaces_still_has_no_network() -> None:
    assert Means(None, Path("/usr/bin/unshare"), None).apart(SECOND) == [
        Path("/usr/bin/unshare"),
        "--net",
        "--",
    ]


def test_what_cannot_be_varied_is_told() -> None:
    said = ", ".join(NOTHING.lacking)
    for word in ("machine", "user", "network", "clock"):
        assert word in said
    assert NOTHING.apart(SECOND) == []
    assert not {"user", "clock"} & set(NOTHING.varied)
    assert {"user", "clock"} <= set(ALL.varied)


def test_a_symlink_is_copied_as_one_only_where_it_comes_into_the_image(
    project: Config, tmp_path: Path
) -> None:
    (project.constraints / ".#airflow.in").symlink_to("user@host.1234")  # an editor's
    (project.project / "image/extra").symlink_to(tmp_path)
    (project.constraints / "linked.in").symlink_to("airflow.lock")
    (project.project / "image/rootfs/folder").symlink_to(tmp_path)

    copy_inputs(project, tmp_path / "copy", FIRST)

    found = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*")}
    assert {"image/rootfs/link", "image/rootfs/folder", "constraints/linked.in"} <= found
    assert not {"constraints/.#airflow.in", "image/extra"} & found
    assert (tmp_path / "copy/image/rootfs/folder").is_symlink()
    assert not (tmp_path / "copy/constraints/linked.in").is_symlink()
