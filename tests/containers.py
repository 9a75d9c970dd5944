"""A real engine by the docker CLI: images in it, containers, volumes."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from subprocess import CompletedProcess

INSIDE = Path(__file__).parent / "integration" / "inside"
# A user's own data folders are memory here, for the root is read-only.
SEALED = (
    *("--network", "none", "--read-only", "--tmpfs", "/tmp"),  # noqa: S108 - in the container
    *("--tmpfs", "/opt/airflow/logs:mode=1777"),
    *("--env", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:////tmp/airflow.db"),
    *("--env", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=/tmp/passwords.json"),
)


@dataclass(frozen=True)
class Engine:
    """The docker CLI, which talks to the engine of DOCKER_HOST."""

    program: Path

    def run(
        self, *arguments: str | Path, stdin: bytes | None = None, check: bool = True
    ) -> CompletedProcess[bytes]:
        return process.run([self.program, *arguments], stdin=stdin, check=check)

    def text(self, *arguments: str | Path, stdin: bytes | None = None) -> str:
        return self.run(*arguments, stdin=stdin).stdout.decode().strip()


@dataclass(frozen=True)
class Image:
    """An image in the engine, run without a network and on a read-only root."""

    engine: Engine
    reference: str
    options: tuple[str, ...] = field(default=SEALED)

    def with_options(self, *options: str) -> Image:
        return Image(self.engine, self.reference, (*self.options, *options))

    def text(self, *command: str) -> str:
        """Run a command through the entrypoint; return what it prints."""
        return self.engine.text("run", "--rm", *self.options, self.reference, *command)

    def inside(self, script: str, *arguments: str) -> dict[str, Any]:
        """Run one of the scripts in inside/ with the image's Python; return the JSON that it prints."""
        command = ("run", "--rm", "--interactive", *self.options, self.reference, "python", "-", *arguments)
        return document(self.engine.text(*command, stdin=(INSIDE / script).read_bytes()))

    def start(self, *command: str) -> Container:
        name = f"airlock-test-{uuid.uuid4().hex[:12]}"
        self.engine.run("run", "--detach", "--name", name, *self.options, self.reference, *command)
        return Container(self.engine, name)


@dataclass(frozen=True)
class Container:
    """A container that runs on; `with` removes it."""

    engine: Engine
    name: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.run("rm", "--force", "--volumes", self.name)

    def inside(self, script: str, *arguments: str) -> dict[str, Any]:
        command = ("exec", "--interactive", self.name, "python", "-", *arguments)
        return document(self.engine.text(*command, stdin=(INSIDE / script).read_bytes()))

    def logs(self) -> str:
        done = self.engine.run("logs", "--tail", "100", self.name)
        return (done.stdout + done.stderr).decode(errors="replace")


def document(text: str) -> dict[str, Any]:
    """Read the last line of a program's output, which is its result."""
    value = json.loads(text.splitlines()[-1])
    assert isinstance(value, dict)
    return value


@contextlib.contextmanager
def volume(image: Image, folder: Path, target: str) -> Iterator[Sequence[str]]:
    """Give the options that mount a copy of a folder, also in an engine that cannot see our files."""
    engine, name = image.engine, f"airlock-test-{uuid.uuid4().hex[:12]}"
    mount = f"type=volume,source={name},target={target}"
    engine.run("volume", "create", name)
    try:
        engine.run("create", "--name", name, "--mount", mount, image.reference, "true")
        engine.run("cp", f"{folder}/.", f"{name}:{target}")
        engine.run("rm", name)
        yield ("--mount", f"{mount},readonly")
    finally:
        engine.run("rm", "--force", name, check=False)
        engine.run("volume", "rm", "--force", name)
