"""Dockerfiles FROM the image in a real BuildKit, without a network: what docs/from.md says works, and what does not."""

from __future__ import annotations

import json
import shutil
import uuid
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from archives import make_wheel
from project import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from containers import Engine, Image

pytestmark = [pytest.mark.docker, pytest.mark.real]

EXAMPLES = REPOSITORY / "docs" / "from"
HOOKS = {"acme_hooks/__init__.py": "ANSWER = 42\n", "acme_hooks/cli.py": "def main():\n    print('hooked')\n"}

SCRIPTS = "[console_scripts]\nacme = acme_hooks.cli:main\n"


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build context: uv, a folder of one wheel, and DAGs."""
    folder = tmp_path_factory.mktemp("context")
    shutil.copy(find_uv_bin(), folder / "uv")
    (folder / "wheels").mkdir()
    wheel = make_wheel(
        HOOKS,
        name="acme_hooks",
        version="1.2.0",
        entry_points="[console_scripts]\nacme = acme_hooks.cli:main\n",
    )
    (folder / "wheels" / "acme_hooks-1.2.0-py3-none-any.whl").write_bytes(wheel)
    shutil.copytree(REPOSITORY / "dags", folder / "dags")
    return folder


@pytest.fixture(scope="module")
def built(image: Image, context: Path) -> Iterator[Image]:
    """Give the image that docs/from/Dockerfile makes of ours."""
    name = f"airlock-test/from-{uuid.uuid4().hex[:12]}"
    build(image, context, (EXAMPLES / "Dockerfile").read_text(), name)
    yield type(image)(image.engine, name)
    image.engine.run("image", "rm", "--force", name, check=False)


def build(image: Image, context: Path, text: str, name: str, *, check: bool = True) -> str:
    """Build a Dockerfile written for airlock/airflow:latest; return what BuildKit says."""
    if image.engine.run("buildx", "version", check=False).returncode:
        pytest.skip("docker has no buildx: install docker-buildx, then: make integration")
    file = context / "Dockerfile"
    file.write_text(text.replace("airlock/airflow:latest", image.reference))
    done = image.engine.run(
        *("build", "--network=none", "--progress=plain", "--file", file, "--tag", name, context), check=check
    )
    return (done.stdout + done.stderr).decode()


def test_a_package_of_another_stage_is_one_small_layer_more(image: Image, built: Image) -> None:
    ours, theirs = layers(image.engine, image.reference), layers(image.engine, built.reference)

    assert theirs[: len(ours)] == ours
    assert len(theirs) == len(ours) + 2
    assert built.text("acme") == "hooked"
    assert built.text("python", "-c", "import acme_hooks; print(acme_hooks.ANSWER)") == "42"
    assert built.text("ls", "/opt/airflow/dags").split() == sorted(
        path.name for path in (REPOSITORY / "dags").glob("*.py")
    )


def test_it_starts_as_ours_does_on_a_read_only_root_as_any_uid(built: Image) -> None:
    assert built.text("version").splitlines()[-1] == "3.3.2"
    assert built.with_options("--user", "12345:0").text("version").splitlines()[-1] == "3.3.2"
    assert built.text("id", "-u") == "50000"
    assert built.text("cat", "/proc/1/comm") == "dumb-init"


def test_its_identity_is_still_that_of_ours(image: Image, built: Image) -> None:
    """It tells which locks the base was made from, and nothing of what came on top."""
    assert built.text("cat", "/opt/airlock/identity.json") == image.text("cat", "/opt/airlock/identity.json")


def test_settings_and_commands_that_need_no_tools_work(image: Image, context: Path) -> None:
    name = f"airlock-test/settings-{uuid.uuid4().hex[:12]}"
    text = """FROM airlock/airflow:latest
ENV TEAM=data
LABEL team=data
EXPOSE 9000
WORKDIR /opt/airflow/dags
RUN id -u >/opt/airflow/who && python -c 'import airflow'
USER root
RUN id -u >/opt/venv/who
USER 50000:0
CMD ["cat", "/opt/airflow/who", "/opt/venv/who"]
"""
    try:
        build(image, context, text, name)
        assert type(image)(image.engine, name).text().split() == ["50000", "0"]
        config = json.loads(image.engine.text("image", "inspect", "--format", "{{json .Config}}", name))
    finally:
        image.engine.run("image", "rm", "--force", name, check=False)
    assert "TEAM=data" in config["Env"]
    assert (config["WorkingDir"], config["Labels"]["team"]) == ("/opt/airflow/dags", "data")
    assert set(config["ExposedPorts"]) == {"8080/tcp", "9000/tcp"}


@pytest.mark.parametrize(
    ("instruction", "why"),
    [
        ("RUN pip install requests", "pip: not found"),
        ("RUN apt-get update", "apt-get: not found"),
        ("RUN python -m pip --version", "No module named pip"),
        ("RUN python -m venv /tmp/v", "ensurepip is not\n"),
        ("USER root\nRUN dpkg -i /nothing.deb", "'diff' not found in PATH"),
        ("RUN touch /opt/venv/mine", "Permission denied"),
    ],
)
def test_what_an_image_without_tools_refuses(image: Image, context: Path, instruction: str, why: str) -> None:
    said = build(
        image, context, f"FROM airlock/airflow:latest\n{instruction}\n", "airlock-test/refused", check=False
    )
    assert why in said
    assert "failed to solve" in said


def layers(engine: Engine, reference: str) -> list[str]:
    found = json.loads(engine.text("image", "inspect", "--format", "{{json .RootFS.Layers}}", reference))
    assert isinstance(found, list)
    return found
