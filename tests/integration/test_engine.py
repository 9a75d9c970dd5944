"""Images are loaded into a real Docker Engine, thin where it can be, and run under their name."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING

import pytest

from airlock import docker_connection
from airlock import engine as engines
from airlock.engine import Asked
from airlock.errors import EngineError
from airlock.layout import LaidOutImage, read_image
from airlock.platforms import AMD64
from airlock.terminal import Terminal
from busybox import write_image
from layouts import GZIP, ZSTD, Member

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from containers import Engine

pytestmark = pytest.mark.docker
QUIET = Terminal(quiet=True)


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    """Give a name for images of this test's own, which are removed."""
    name = f"airlock-test/{uuid.uuid4().hex[:12]}"
    yield name
    found = engine.text("image", "ls", "--quiet", name).split()
    if found:
        engine.run("image", "rm", "--force", *sorted(set(found)), check=False)


def image(folder: Path, version: str, media_type: str = ZSTD) -> LaidOutImage:
    write_image(folder / version, Member("etc/version", version.encode()), media_type=media_type)
    return read_image(folder / version, AMD64)


def version(engine: Engine, reference: str) -> str:
    return engine.text("run", "--rm", "--network", "none", reference, "cat", "/etc/version")


def test_an_engine_that_the_sdk_finds_is_given_images_alike(
    engine: Engine, name: str, tmp_path: Path
) -> None:
    """TLS, ssh and contexts go by the SDK; here it is shown the same socket."""
    found = engines.DockerEngine(docker_connection.Sdk(os.environ))
    one, two = uuid.uuid4().hex, uuid.uuid4().hex
    engines.load(image(tmp_path, one), f"{name}:v1", QUIET, Asked(found, None))

    result = engines.load(image(tmp_path, two), f"{name}:v2", QUIET, Asked(found, found.held(f"{name}:v1")))

    assert result.reused_layers == 1
    assert version(engine, f"{name}:v2") == two
    assert found.held(f"{name}:v3") is None


def test_an_engine_refuses_what_is_no_image_in_words(engine: Engine) -> None:
    for connection in (docker_connection.connect(os.environ), docker_connection.Sdk(os.environ)):
        assert engines.DockerEngine(connection).load(iter([bytes(1 << 20)] * 3))


@pytest.mark.parametrize("media_type", [ZSTD, GZIP])
def test_an_image_runs_under_the_name_it_was_loaded_as(
    engine: Engine, name: str, tmp_path: Path, media_type: str
) -> None:
    content = uuid.uuid4().hex
    result = engines.load(image(tmp_path, content, media_type), f"{name}:v1", QUIET)

    assert result.reference == f"{name}:v1"
    assert engine.text("image", "inspect", "--format", "{{.Id}}", f"{name}:v1") == result.image_id
    assert version(engine, f"{name}:v1") == content


def test_a_second_image_is_sent_without_the_layer_that_the_first_has(
    engine: Engine, name: str, tmp_path: Path
) -> None:
    one, two = uuid.uuid4().hex, uuid.uuid4().hex
    engines.load(image(tmp_path, one), f"{name}:v1", QUIET)

    result = engines.load(image(tmp_path, two), f"{name}:v2", QUIET)

    assert result.reused_layers == 1
    assert result.bytes_sent < 50_000
    assert [version(engine, f"{name}:v{number}") for number in (1, 2)] == [one, two]


def test_an_image_that_is_there_is_only_named(engine: Engine, name: str, tmp_path: Path) -> None:
    content = uuid.uuid4().hex
    first = engines.load(image(tmp_path, content), f"{name}:v1", QUIET)

    second = engines.load(image(tmp_path, content), f"{name}:v2", QUIET)

    assert (second.image_id, second.bytes_sent, second.reused_layers) == (first.image_id, 0, 2)
    assert version(engine, f"{name}:v2") == content


def test_a_layer_that_is_there_in_another_compression_is_sent_after_all(
    engine: Engine, name: str, tmp_path: Path
) -> None:
    content = uuid.uuid4().hex
    engines.load(image(tmp_path / "zstd", content), f"{name}:v1", QUIET)

    result = engines.load(image(tmp_path / "gzip", content, GZIP), f"{name}:v2", QUIET)

    assert version(engine, f"{name}:v2") == content
    held = engines.connect().held(result.image_id)
    assert held
    assert held.complete


def test_without_an_engine_it_is_said_how_to_have_one(tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/none.sock"

    with pytest.raises(EngineError) as caught:
        engines.connect({"DOCKER_HOST": address})

    assert address in caught.value.fact
    assert "DOCKER_HOST" in caught.value.remedy
