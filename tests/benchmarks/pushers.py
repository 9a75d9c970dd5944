"""Those that push an image to a registry: airlock, the docker program from its engine, skopeo from an OCI layout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from airlock import process
from airlock.errors import EngineError
from benchmarks.docker import docker
from benchmarks.measuring import timed
from fault_proxy import proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from project import Project

NAME = "team/airflow"


class Pusher(Protocol):
    """Pushes one image, as it is built now, to NAME of a registry."""

    @property
    def peer(self) -> str: ...

    def push(self, host: str, tag: str) -> float:
        """Push to the registry at `host`; return seconds."""
        ...


@dataclass(frozen=True)
class Airlock:
    """`airlock push`, which composes first, and finds that nothing changed."""

    project: Project
    options: Sequence[str | Path] = ()
    peer: str = "airlock"

    def push(self, host: str, tag: str) -> float:
        project = self.project
        return timed(self.command(host, tag), project.variables(), project.folder).seconds

    def command(self, host: str, tag: str) -> list[str | Path]:
        words = ("--quiet", "push", "--offline", "--repository", f"{host}/{NAME}", "--tag", tag)
        return self.project.command(*words, *self.options)


@dataclass(frozen=True)
class Docker:
    """`docker push` of an image that the engine holds."""

    reference: str
    peer: str = "docker push"

    def push(self, host: str, tag: str) -> float:
        there = f"{host}/{NAME}:{tag}"
        docker("tag", self.reference, there)
        try:
            return docker("push", "--quiet", there).seconds
        finally:
            docker("image", "rm", there)


@dataclass(frozen=True)
class Skopeo:
    """`skopeo copy` of an OCI layout."""

    layout: Path
    peer: str = "skopeo copy"

    def push(self, host: str, tag: str) -> float:
        program = process.find("skopeo")
        if program is None:
            raise EngineError("there is no skopeo", remedy="apt-get install skopeo")
        options = ("--quiet", "--dest-tls-verify=false")
        command: list[str | Path] = [
            program,
            "copy",
            *options,
            f"oci:{self.layout}",
            f"docker://{host}/{NAME}:{tag}",
        ]
        return timed(command, os.environ, Path.cwd()).seconds


def sent(pusher: Pusher, host: str, tag: str) -> int:
    """Push by way of a proxy; return the bytes of all bodies that went to the registry."""
    with proxy(host) as between:
        pusher.push(between.host, tag)
        return between.received
