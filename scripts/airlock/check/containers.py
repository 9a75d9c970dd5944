"""The probe in a container of an image that a Docker Engine holds; the engine may be on another machine.

Nothing is mounted from here: DAGs and probe go in by stdin, as a tar before the request.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock import process
from airlock.check import listing
from airlock.check.starts import PLACE, Start
from airlock.errors import CheckError, EngineError
from airlock_spec.check import environment
from airlock_spec.paths import AIRFLOW_HOME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from airlock.check.bundle import Bundle
    from airlock.check.probe_source import ProbeSource

DAGS = f"{AIRFLOW_HOME}/dags"
_TMPFS = (
    "/tmp:mode=1777,exec",  # noqa: S108 - the container's
    "/run:mode=1777,exec",
    f"{DAGS}:mode=1777,exec",
    f"{AIRFLOW_HOME}/logs:mode=1777",
)
_NOT_HELD = ("no such image", "invalid reference format")  # the second: a path
# Reads the tar, whose size is the first line, and leaves the rest of stdin to the probe.
BOOT = """
import io, os, re, sys, tarfile
left = int(sys.stdin.buffer.raw.readline())
packed = io.BytesIO()
while left:
    piece = os.read(0, min(left, 1 << 20)) or sys.exit("the tar ends early")
    packed.write(piece)
    left -= len(piece)
packed.seek(0)
tar = tarfile.open(fileobj=packed)
tar.extraction_filter = getattr(tarfile, "data_filter", None)  # which Debian 12's Python has not yet
tar.extractall("/")
kept = {key: value for key, value in os.environ.items() if not re.fullmatch(sys.argv[1], key)}
os.execve(sys.executable, [sys.executable, "-P", "-m", "airlock_probe"], kept)
"""


@dataclass(frozen=True)
class Held:
    """An image of an engine: its id, and the variables that it sets."""

    reference: str
    id: str
    env: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Contained:
    """In a container that is read-only and has no network."""

    docker: Path
    image: Held
    probe: ProbeSource
    env: Mapping[str, str] = field(default_factory=dict)
    namespace: bool = True

    @contextlib.contextmanager
    def start(self, bundle: Bundle) -> Iterator[Start]:
        name = f"airlock-check-{secrets.token_hex(6)}"
        packed = pack(bundle.folder, self.probe)
        env = environment.without_asking(self.image.env, self.env) | {"PYTHONPATH": PLACE}
        own = set(env.items()) - set(self.image.env)
        command: list[str | Path] = [
            self.docker, "run", "--rm", "--interactive", "--name", name, "--pull", "never",
            "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            *(part for place in _TMPFS for part in ("--tmpfs", place)),
            *(part for key, value in sorted(own) for part in ("--env", f"{key}={value}")),
            "--entrypoint", "python", self.image.id, "-P", "-c", BOOT, environment.ASKS.pattern,
        ]  # fmt: skip
        try:
            yield Start(tuple(command), dict(os.environ), DAGS, f"{len(packed)}\n".encode() + packed)
        finally:  # where it was interrupted, the container would go on
            process.run([self.docker, "rm", "--force", name], check=False)

    def why_not(self, bundle: Bundle) -> str:  # noqa: ARG002 - of the protocol
        command: list[str | Path] = [
            self.docker, "run", "--rm", "--pull", "never", "--network", "none",
            "--entrypoint", "python", self.image.id, "-c", "",
        ]  # fmt: skip
        done = process.run(command, check=False)
        return done.stderr.decode(errors="replace").strip() if done.returncode else ""


def pack(bundle: Path, probe: ProbeSource) -> bytes:
    """Return a tar of the probe and the bundle at their places; links are followed, and what is hidden is empty."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in probe.sources():
            _add(tar, f"{PLACE}/{name}", content)
        found = listing.read(bundle)
        for path, sha256 in found.files.items():
            if sha256 != listing.UNREADABLE:
                _add(tar, f"{DAGS}/{path}", (bundle / path).read_bytes())
        for path in filter(None, found.folders):
            folder = tarfile.TarInfo(f"{DAGS}/{path}".lstrip("/"))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, path: str, content: bytes) -> None:
    info = tarfile.TarInfo(path.lstrip("/"))
    info.size, info.mode = len(content), 0o644
    tar.addfile(info, io.BytesIO(content))


def held(reference: str) -> tuple[Path, Held]:
    """Return the Docker command and the image of a name. Raises CheckError without either, EngineError."""
    docker = process.find("docker")
    no_folder = f"{reference} is no folder of an OCI layout"
    if docker is None:
        raise CheckError(
            f"{reference} cannot be checked with",
            cause=f"{no_folder}, and docker is not on PATH",
            remedy="install Docker's command line, or name a folder: airlock check --image build/image",
        )
    shape = '{{.Id}}{{range .Config.Env}}{{"\\n"}}{{json .}}{{end}}'
    done = process.run([docker, "image", "inspect", "--format", shape, "--", reference], check=False)
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode and not any(words in said.lower() for words in _NOT_HELD):
        raise EngineError(
            "the Docker Engine does not answer", cause=f"{said}\n{no_folder}", remedy="docker info"
        )
    if done.returncode:
        raise CheckError(
            f"the Docker Engine holds no image {reference}",
            cause=f"{said}\n{no_folder}",
            remedy=f"docker pull {reference}, or airlock image --load",
        )
    first, *lines = done.stdout.decode().splitlines()
    return docker, Held(reference, first, tuple(_variable(line) for line in lines if line))


def _variable(line: str) -> tuple[str, str]:
    key, _, value = str(json.loads(line)).partition("=")
    return key, value
