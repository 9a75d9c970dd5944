"""Airflow's services in containers on a network with no way out, beside a database and a broker of the lab's image."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from airlock import docker_connection, process
from airlock.errors import CommandError, EngineError
from benchmarks.docker import docker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airlock.process import Running

INSIDE = Path(__file__).with_name("inside")
COST = Path(__file__).parents[1] / "integration" / "inside" / "cost_of.py"
FORGET = "forget"
_MEMORY = ("total_rss", "anon")  # bytes that are no file's: in the first cgroups, and in the second
_DATA = "/var/lib/postgresql"
_DATABASE = "postgresql+psycopg2://airflow:bench@database/airflow"
SETTINGS = {
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api-server:8080/execution/",
    "AIRFLOW__CORE__FERNET_KEY": "YmVuY2hiZW5jaGJlbmNoYmVuY2hiZW5jaGJlbmNoYmU=",
    "AIRFLOW__API__SECRET_KEY": "bench",
    "AIRFLOW__API_AUTH__JWT_SECRET": "bench" * 8,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _DATABASE,
    "AIRFLOW__CELERY__BROKER_URL": "redis://broker:6379/0",
    "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{_DATABASE}",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@dataclass(frozen=True)
class Service:
    """A component of Airflow: its words, and what shows that it has come to life."""

    name: str
    words: tuple[str, ...]
    sign: str = ""  # for inside/watch.py; {name} is the container's; none for a worker


API_SERVER = Service("api-server", ("api-server",), "health http://{name}:8080/api/v2/monitor/health")
SCHEDULER = Service("scheduler", ("scheduler",), "job SchedulerJob")
DAG_PROCESSOR = Service("dag-processor", ("dag-processor",), "job DagProcessorJob")
TRIGGERER = Service("triggerer", ("triggerer",), "job TriggererJob")
WORKER = Service("worker", ("celery", "worker", "--concurrency", "2"))
STARTED = (API_SERVER, SCHEDULER, DAG_PROCESSOR, TRIGGERER)
ALL = (*STARTED, WORKER)


@dataclass(frozen=True)
class Used:
    """What a container holds, in MB without pages of files, and what it has used, in seconds of the processor."""

    memory: float
    cpu: float


class Surroundings:
    """What the services need, which is the same for whichever image they are from."""

    def __init__(self, lab: str, watcher: str) -> None:
        self.network = f"airlock-bench-{uuid.uuid4().hex[:8]}"
        self._engine = docker_connection.connect(os.environ)
        self._watching: Running | None = None
        self._lab, self._watcher = lab, watcher

    @classmethod
    @contextlib.contextmanager
    def made(cls, lab: str, airflow: str) -> Iterator[Surroundings]:
        """Start a database, which is migrated, and a broker; leave nothing."""
        made = cls(lab, airflow)
        docker("network", "create", "--internal", made.network)
        try:
            made._start(airflow)
            yield made
        finally:
            made._stop()

    def _start(self, airflow: str) -> None:
        for alias, words, options in (
            ("database", "postgres", ("--tmpfs", f"{_DATA}:mode=1777", "--env", "POSTGRES_PASSWORD=bench")),
            ("broker", "valkey", ()),
        ):
            docker("run", "--detach", "--name", self._name(alias), "--network", self.network,
                   "--network-alias", alias, *options, self._lab, words)  # fmt: skip
        # It waits for the database, and both images find its tables.
        docker("run", "--rm", "--network", self.network, *_options(SETTINGS), airflow, "db", "migrate")
        watch = (INSIDE / "watch.py").read_text()
        dsn = _DATABASE.replace("+psycopg2", "")
        command = ["docker", "run", "--rm", "--interactive", "--network", self.network,
                   "--name", self._name("watcher"), "--env", f"WATCHED={dsn}",
                   "--entrypoint", "/opt/venv/bin/python", self._watcher, "-c", watch]  # fmt: skip
        self._watching = process.serve(command, env=os.environ, cwd=Path.cwd())
        self.wait_for(FORGET)  # it is there

    def _stop(self) -> None:
        found = docker("ps", "--all", "--quiet", "--filter", f"network={self.network}").stdout.split()
        if found:
            docker("rm", "--force", "--volumes", *found)
        if self._watching:
            self._watching.communicate()
        docker("network", "rm", self.network)

    def _name(self, of: str) -> str:
        return f"{self.network}-{of}"

    def wait_for(self, sign: str) -> None:
        """Wait until the watcher sees a sign. Raises EngineError where it never does."""
        assert self._watching
        assert self._watching.stdin
        assert self._watching.stdout
        try:
            self._watching.stdin.write(f"{sign}\n".encode())
            self._watching.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: see below
        answer = self._watching.stdout.readline().strip()
        if answer != b"yes":
            raise EngineError(f"in three minutes there was no {sign}", cause=answer.decode())

    def start(self, image: str, service: Service) -> Container:
        """Start a service."""
        name = self._name(service.name)
        docker("run", "--detach", "--name", name, "--hostname", service.name, "--network", self.network,
               "--network-alias", service.name, *_options(SETTINGS), image, *service.words)  # fmt: skip
        return Container(name, service, self)

    def used(self, name: str) -> Used:
        """Ask the engine what a container uses."""
        answer = self._engine.request(
            "GET", f"/containers/{name}/stats", {"stream": "false", "one-shot": "true"}
        )
        found = answer.json()
        memory = found["memory_stats"].get("stats", {})
        held = next((memory[key] for key in _MEMORY if key in memory), None)
        if held is None:
            raise EngineError("the engine does not say what memory a container holds")
        return Used(held / 1e6, found["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9)


@dataclass(frozen=True)
class Container:
    """A running service."""

    name: str
    service: Service
    around: Surroundings

    def until_alive(self) -> None:
        """Wait for its first sign of life. Raises EngineError with its last words where there is none."""
        try:
            self.around.wait_for(self.service.sign.format(name=self.name))
        except EngineError as error:
            logs = docker("logs", "--tail", "20", self.name)
            raise EngineError(str(error), cause=f"{logs.stdout}\n{logs.stderr}") from error

    def until(self, check: Sequence[str], seconds: float = 120) -> None:
        """Wait until a check of its health passes. Raises CommandError."""
        end = time.monotonic() + seconds
        while True:
            try:
                docker("exec", self.name, *check)
            except CommandError:
                if time.monotonic() > end:
                    raise
                time.sleep(1)
            else:
                return

    def spent(self, times: int, words: Sequence[str]) -> dict[str, float]:
        """Run a command in it so many times; return what that took (COST). Raises EngineError where one fails."""
        inside = ("exec", self.name, "/usr/bin/python3", "-I", "-S", "-c", COST.read_text())
        return _cost(docker(*inside, str(times), *words).stdout, words)

    def spent_outside(self, times: int, words: Sequence[str]) -> dict[str, float]:
        """Do the same on this machine; `{address}` in a word is the container's."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        address = docker("inspect", "--format", form, self.name).stdout.strip()
        asked = [word.format(address=address) for word in words]
        return _cost(process.run([sys.executable, COST, str(times), *asked]).stdout, words)

    def used(self) -> Used:
        return self.around.used(self.name)

    def remove(self) -> None:
        docker("rm", "--force", "--volumes", self.name)


def _cost(said: str | bytes, words: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = json.loads(said)
    if found["failed"]:
        raise EngineError(f"{found['failed']:.0f} of {found['times']:.0f} calls failed: {' '.join(words)}")
    return found


def _options(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
