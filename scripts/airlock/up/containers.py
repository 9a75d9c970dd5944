"""`airlock up --docker`: the compose file of the lab, from images that are loaded and never pulled."""

from __future__ import annotations

import hashlib
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import engine, process
from airlock.errors import CommandError, UpError
from airlock.platforms import native
from airlock.up import health, images, keeper, secrets
from airlock.up.embedded import listen
from airlock.up.folder import Kept, Process
from airlock.up.health import Health

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airlock.cli import Session
    from airlock.up.folder import UpFolder
    from airlock.up.result import Wanted

SECONDS = 300.0
TAG = "latest"
_SHOWN = "15"  # lines of a log


def project_name(project: Path) -> str:
    """Name the containers of a project's folder: by its name for people, by its path for being the only ones."""
    slug = re.sub("[^a-z0-9]+", "-", project.name.lower()).strip("-") or "project"
    return f"airlock-{slug}-{hashlib.sha256(str(project).encode()).hexdigest()[:6]}"


@dataclass
class Containers:
    """One attempt to bring Airflow up in containers."""

    session: Session
    folder: UpFolder
    wanted: Wanted
    started: float = 0.0

    @property
    def _project(self) -> Path:
        return self.session.project.absolute()

    def begin(self, lock: int) -> None:
        """Compose, load, and start the containers. Raises UpError, EngineError, what composing the images raises."""
        docker = _docker()
        dags = self._project / "dags"
        if not dags.is_dir():
            raise UpError("there is no folder of DAGs", cause=f"{dags} is no folder", remedy=f"mkdir {dags}")
        listen(self.wanted.port).close()  # what Docker says of a port that is taken is long, and late
        lab = images.lab_config(self._project)
        own = self.session.config_for([native().name])
        for config in (lab, own):
            image = images.composed(self.session, config, offline=self.wanted.offline)
            engine.load(image, f"{config.name}:{TAG}", self.session.terminal)
        self.started = time.monotonic()
        name = project_name(self._project)
        secrets.write_compose_env(
            self.folder,
            {
                "COMPOSE_PROFILES": "" if self.wanted.local else "celery",
                "LAB_EXECUTOR": "LocalExecutor" if self.wanted.local else "CeleryExecutor",
                "LAB_DAGS": str(dags),
                "LAB_PORT": str(self.wanted.port),
                "AIRLOCK_IMAGE": f"{own.name}:{TAG}",
                "AIRLOCK_LAB_IMAGE": f"{lab.name}:{TAG}",
            },
        )
        self.folder.keep(Kept(Process.this(), self.wanted.url, (), name, os.environ.get("DOCKER_HOST", "")))
        command: list[str | Path] = [
            docker,
            "compose",
            "--project-name",
            name,
            "--env-file",
            self.folder.compose_env,
        ]
        command += ["--file", lab.project / "compose.yaml"]
        shown = ["--progress", "quiet"] if self.session.terminal.quiet else []
        self.session.terminal.say(f"Airflow is starting at {self.wanted.url} …")
        if self._run([*command, *shown, "up", "--detach", "--wait"], lock):
            raise self._error(command, "a container did not get healthy")
        self._command = command

    def wait(self) -> float:
        """Wait until Airflow is healthy; return the seconds since it began. Raises UpError where it does not."""
        found = health.wait(lambda: Health.ask(self.wanted.port), SECONDS, self._ended)
        if not found.healthy:
            raise self._error(self._command, str(found))
        return time.monotonic() - self.started

    def _run(self, command: Sequence[str | Path], lock: int) -> int:
        """Run Docker Compose, which holds the lock, too: where we are killed, `airlock down` finds it and ends it."""
        running = process.start_shown(command, inherited=(lock,))
        try:
            self.folder.note_running({"compose": known} if (known := Process.of(running.pid)) else {})
            return running.wait()
        except BaseException:
            keeper.kill(running.pid)
            running.wait()
            raise

    def _ended(self) -> str:
        return "" if self.folder.path.exists() else "it was taken down"

    def _error(self, command: Sequence[str | Path], what: str) -> UpError:
        listed = process.run([*command, "ps", "--all", "--format", "{{.Service}} {{.Status}}"], check=False)
        states = [line.partition(" ")[::2] for line in listed.stdout.decode().splitlines()]
        ill = [
            name for name, status in states if "healthy)" not in status or "unhealthy" in status
            if not status.startswith(("Exited (0)", "Created"))
        ]  # fmt: skip
        said = process.run([*command, "logs", "--no-color", "--tail", _SHOWN, *ill], check=False)
        return UpError(
            f"Airflow did not get healthy: {what}",
            cause="\n".join((*(" ".join(state) for state in states), said.stdout.decode().strip())),
            remedy="to see all that it says: airlock up --docker --foreground",
        )


def logs(kept: Kept) -> None:
    """Show what the containers say until Ctrl-C."""
    process.show(
        [_docker(), "compose", "--project-name", kept.compose_project, "logs", "--follow"], env=_env(kept)
    )


def down(kept: Kept) -> None:
    """Remove the containers of a compose project, its networks and its volumes. Raises UpError where Docker cannot."""
    command: list[str | Path] = [_docker(), "compose", "--project-name", kept.compose_project]
    done = process.run([*command, "down", "--volumes", "--remove-orphans"], check=False, env=_env(kept))
    if done.returncode:
        raise UpError(
            "what is up in containers does not end",
            cause=done.stderr.decode(errors="replace").strip(),
            remedy=f"start the Docker Engine{f' of {kept.docker_host}' if kept.docker_host else ''}, "
            "then: airlock down",
        )


def forgotten(project: Path) -> Kept | None:
    """Return the containers of a project whose folder build/up was removed, if Docker is here and knows of any."""
    name, docker = project_name(project), process.find("docker")
    if docker is None:
        return None
    label = f"label=com.docker.compose.project={name}"
    try:
        found = process.run([docker, "ps", "--all", "--quiet", "--filter", label], check=False)
    except CommandError:
        return None
    return Kept(None, "", (), name, os.environ.get("DOCKER_HOST", "")) if found.stdout.strip() else None


def _env(kept: Kept) -> dict[str, str]:
    return {**os.environ, **({"DOCKER_HOST": kept.docker_host} if kept.docker_host else {})}


def _docker() -> Path:
    docker = process.find("docker")
    if docker is None or process.run([docker, "compose", "version"], check=False).returncode:
        raise UpError(
            "Docker Compose is not here",
            cause=f"{docker or 'docker'} {'knows no `compose`' if docker else 'is not on PATH'}",
            remedy="install Docker's command line with its plugin compose, or do without: airlock up",
        )
    return docker
