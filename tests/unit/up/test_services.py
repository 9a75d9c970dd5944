"""What is told to each sandbox: no network leads from one to the other, but by sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock import sandbox
from airlock.layout import read_image
from airlock.platforms import AMD64
from airlock.up import services
from airlock.up.folder import UpFolder
from airlock.up.services import Unpacked
from layouts import write_layout

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.inside import Inside
    from airlock.up.folder import Service

URL = "http://127.0.0.1:8099"


class Shown:
    """A sandbox that shows what it was told, as KEY=VALUE, SOURCE:TARGET and words."""

    name = "shown"

    def command(self, inside: Inside, command: Sequence[str]) -> list[str]:
        binds = [f"{one.source}:{one.target}" for one in inside.mounts if hasattr(one, "source")]
        return [*(f"{key}={value}" for key, value in inside.env), *binds, "--", *command]


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    probes: list[Sequence[str]] = []

    def choose(_: Inside, *, probe: Sequence[str]) -> Shown:
        probes.append(probe)
        return Shown()

    monkeypatch.setattr(sandbox, "choose", choose)
    return probes


@pytest.fixture
def folder(tmp_path: Path) -> UpFolder:
    made = UpFolder(tmp_path / "up")
    made.path.mkdir()
    for path in (made.aws, made.passwords, made.hosts):
        path.touch()
    return made


@pytest.fixture
def image(tmp_path: Path) -> Unpacked:
    tree = tmp_path / "tree"
    (tree / "opt/airflow/dags").mkdir(parents=True)
    (tree / "etc").mkdir()
    (tree / "etc/hosts").touch()
    write_layout(tmp_path / "layout", [], settings={"Entrypoint": ["/init", "--"], "Env": ["PATH=/bin"]})
    return Unpacked(read_image(tmp_path / "layout", AMD64), tree)


def words(service: Service) -> tuple[str, ...]:
    return service.command[service.command.index("--") + 1 :]


def test_aws_answers_at_the_socket_that_it_inherits(image: Unpacked) -> None:
    found = services.aws(image, 5)

    assert (words(found), found.sockets) == (("/init", "--", "aws", "--fd", "5"), (5,))


def test_airflow_has_two_ways_its_ui_and_aws(image: Unpacked, folder: UpFolder, tmp_path: Path) -> None:
    found = services.airflow(image, folder, tmp_path / "dags", URL, 4)
    script = words(found)[-1]

    assert found.sockets == (4,)
    assert (
        "fd:4 tcp:127.0.0.1:8080 tcp:127.0.0.1:5000 unix:/run/airlock/aws.sock -- /init -- standalone"
        in script
    )
    assert f"{folder.aws}:/run/airlock/aws.sock" in found.command


def test_the_password_is_in_no_argument(image: Unpacked, folder: UpFolder, tmp_path: Path) -> None:
    folder.passwords.write_text('{"admin": "hidden"}')
    found = services.airflow(image, folder, tmp_path / "dags", URL, 4)

    assert "hidden" not in " ".join(found.command)
    assert f"{folder.passwords}:/run/airlock/passwords.json" in found.command


@pytest.mark.parametrize("there", [True, False])
def test_the_projects_dags_are_seen_where_there_are_any(
    image: Unpacked, folder: UpFolder, tmp_path: Path, *, there: bool
) -> None:
    if there:
        (tmp_path / "dags").mkdir()
    found = services.airflow(image, folder, tmp_path / "dags", URL, 4)

    assert (f"{tmp_path}/dags:/opt/airflow/dags" in found.command) == there


def test_airflow_is_told_the_url_that_browsers_use(image: Unpacked, folder: UpFolder, tmp_path: Path) -> None:
    found = services.airflow(image, folder, tmp_path / "dags", URL, 4)

    assert f"AIRFLOW__API__BASE_URL={URL}" in found.command
    assert "AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:8080/execution/" in found.command


def test_what_stands_outside_reaches_aws_and_the_partner_alone(image: Unpacked, folder: UpFolder) -> None:
    found = services.outside(image, folder)

    assert found.sockets == ()
    assert words(found)[4:] == (
        *("tcp:127.0.0.1:5000", "unix:/run/airlock/aws.sock", "--", "/init", "--", "outside", "--with-api"),
    )
    assert f"{folder.hosts}:/etc/hosts" in found.command


def test_a_sandbox_without_a_loopback_is_not_taken(image: Unpacked, shown: list[Sequence[str]]) -> None:
    services.aws(image, 5)

    assert "create_connection" in shown[0][-1]
