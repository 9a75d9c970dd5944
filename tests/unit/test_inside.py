"""What a command finds: the image's environment and home, and only the binds that have a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import SandboxError
from airlock.inside import Folder, Inside, Link, ReadOnly, Tmpfs, inside
from airlock.layout import read_image
from airlock.platforms import AMD64
from layouts import write_layout

if TYPE_CHECKING:
    from pathlib import Path

ENV = ["PATH=/opt/venv/bin:/usr/bin", "AIRFLOW_HOME=/opt/airflow", "EQUALS=a=b", "TERM=dumb"]
TMP = Tmpfs("/tmp", 0o1777)  # noqa: S108 - the sandbox's
HOST = {
    "HOME": "/home/me",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "TERM": "xterm",
    "COLUMNS": "80",
    "PATH": "/bin",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "etc").mkdir(parents=True)
    (tree / "etc/passwd").write_text("root:x:0:0::/root:\nairflow:x:50000:0::/home/airflow:/bin/bash\n")
    (tree / "opt/airflow/logs").mkdir(parents=True)
    (tree / "opt/airflow/dags").mkdir()
    (tree / "opt/airflow/dags/one.py").touch()
    (tree / "opt/airflow/airflow.cfg").touch()
    (tree / "opt/airflow/link").symlink_to("airflow.cfg")
    return tree


def described(
    tree: Path,
    *,
    env: dict[str, str] | None = None,
    binds: tuple[ReadOnly, ...] = (),
    settings: object = None,
) -> Inside:
    layout = tree.parent / "layout"
    write_layout(layout, [], settings=settings or {"Env": ENV, "WorkingDir": "/opt/airflow"})  # type: ignore[arg-type]
    return inside(read_image(layout, AMD64), tree, env=env or {}, binds=binds, host=HOST)


def test_the_environment_is_the_images_and_the_terminals_alone(tree: Path) -> None:
    found = dict(described(tree, env={"MINE": "1", "EQUALS": "mine"}).env)

    assert found == {
        "PATH": "/opt/venv/bin:/usr/bin", "AIRFLOW_HOME": "/opt/airflow", "EQUALS": "mine", "TERM": "dumb",
        "COLUMNS": "80", "HOME": "/home/airflow", "MINE": "1",
    }  # fmt: skip


def test_an_image_that_says_nothing_gets_what_docker_sets(tree: Path) -> None:
    (tree / "etc/passwd").unlink()
    found = described(tree, settings={"User": "50000"})

    assert dict(found.env)["HOME"] == "/"
    assert dict(found.env)["PATH"].startswith("/usr/local/sbin:")
    assert found.workdir == "/"


def test_a_passwd_that_is_a_symlink_is_not_followed(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "host").write_text("me:x:50000:0::/host:\n")
    (tree / "etc/passwd").unlink()
    (tree / "etc/passwd").symlink_to(tmp_path / "host")

    assert dict(described(tree).env)["HOME"] == "/"


def test_the_home_can_be_written_to_and_shows_what_the_image_has_there(tree: Path) -> None:
    assert described(tree).mounts == (
        TMP,
        Tmpfs("/run", 0o755),
        Tmpfs("/opt/airflow", 0o755),
        ReadOnly(tree / "opt/airflow/airflow.cfg", "/opt/airflow/airflow.cfg"),
        ReadOnly(tree / "opt/airflow/dags", "/opt/airflow/dags"),
        Link("/opt/airflow/link", "airflow.cfg"),
        Folder("/opt/airflow/logs", 0o755),
    )


@pytest.mark.parametrize("home", ["/", "/nowhere", "/link", "/link/deeper"])
def test_a_home_that_the_image_has_not_or_only_through_a_symlink_is_left_alone(tree: Path, home: str) -> None:
    (tree.parent / "outside/deeper").mkdir(parents=True)
    (tree / "link").symlink_to(tree.parent / "outside")

    mounts = described(tree, env={"AIRFLOW_HOME": home}).mounts

    assert mounts == (TMP, Tmpfs("/run", 0o755))


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "/opt", "/opt/airflow/new", "/run/deep/er", "/opt/airflow/dags"]
)
def test_a_bind_has_its_place_in_the_image_or_in_a_writable_folder(tree: Path, target: str) -> None:
    bind = ReadOnly(tree.parent, target)

    assert described(tree, binds=(bind,)).mounts[-1] == bind


@pytest.mark.parametrize("target", ["", "/", "relative", "/etc/new", "/bin", "/opt/../..", "/outside/x"])
def test_a_bind_without_a_place_is_refused(tree: Path, target: str) -> None:
    (tree / "outside").symlink_to(tree.parent)
    (tree.parent / "x").touch()

    with pytest.raises(SandboxError, match="cannot bind onto"):
        described(tree, binds=(ReadOnly(tree, target),))


def test_a_bind_of_nothing_is_refused(tree: Path) -> None:
    with pytest.raises(SandboxError, match="cannot bind"):
        described(tree, binds=(ReadOnly(tree / "gone", "/run/x"),))
