"""Airflow's components in containers of their own, with a real database and broker, to be asked for their health."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from containers import INSIDE, Container

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Engine, Image


PASSWORD = "a/b@c d"  # noqa: S105 - what must be quoted in a URL
SECRET = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # noqa: S105 - of containers that live a minute
THRESHOLD = 12  # seconds, so that nobody waits for Airflow's 30, and a machine with much to do keeps it
SETTINGS = {
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg2://airflow:a%2Fb%40c%20d@postgres/airflow",
    "AIRFLOW__CELERY__BROKER_URL": "redis://valkey:6379/0",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "1",
    "AIRFLOW__CORE__FERNET_KEY": SECRET,
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api-server:8080/execution/",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": "/tmp/passwords.json",  # noqa: S108
    "AIRFLOW__API__SECRET_KEY": SECRET,
    "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": str(THRESHOLD),
    "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": str(THRESHOLD),
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": str(THRESHOLD),
}


class Service(Container):
    """A container with one component."""

    def health(self, *words: str, **bounds: float) -> tuple[int, str]:
        """Ask as ECS does; return the exit code and the line. `bounds` as starting=1.0."""
        options = [f"--env=AIRLOCK_HEALTH_{name.upper()}={value}" for name, value in bounds.items()]
        done = self.engine.run("exec", *options, self.name, "airlock-health", *words, check=False)
        return done.returncode, done.stdout.decode().strip()

    def until(self, said: str, seconds: float = 60.0, **bounds: float) -> list[str]:
        """Ask until the answer is in a state, or holds a text; return every answer on the way."""
        in_state = said.startswith(("healthy: ", "starting: ", "unhealthy: "))
        answers: list[str] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answers.append(self.health(**bounds)[1])
            if answers[-1].startswith(said) if in_state else said in answers[-1]:
                return answers
            time.sleep(0.4)
        last = "\n".join(dict.fromkeys(answers))
        raise AssertionError(f"no {said!r} within {seconds} s:\n{last}\n{self.logs()}")

    def during(self, seconds: float) -> list[str]:
        """Ask for a while; return the answers."""
        answers = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answers.append(self.health()[1])
            time.sleep(0.5)
        return answers

    def signal(self, name: str) -> None:
        """Send a signal to the process of the component itself."""
        self.engine.run("exec", self.name, "kill", f"-{name}", str(self.report()["pid"]))

    def cost(self, *command: str, times: int) -> dict[str, float]:
        """Run a command many times in the container; return what inside/cost_of.py says."""
        run = ("exec", "--interactive", self.name, "/usr/bin/python3", "-IS", "-", str(times), *command)
        said = self.engine.text(*run, stdin=(INSIDE / "cost_of.py").read_bytes())
        found: dict[str, float] = json.loads(said.splitlines()[-1])
        return found

    def report(self) -> dict[str, Any]:
        _, text = self.health("--json")
        [found] = json.loads(text)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True)
class Deployment:
    """A network without a way out, with a database and a broker in it."""

    image: Image
    lab: str  # the image with both servers
    name: str

    @property
    def engine(self) -> Engine:
        return self.image.engine

    def server(self, kind: str) -> None:
        """Start a server under its own name."""
        data = "/var/lib/postgresql"
        name = f"{self.name}-{kind}"
        self.engine.run(
            *("run", "--detach", "--name", name, "--network", self.name, "--network-alias", kind),
            *("--read-only", "--tmpfs", "/tmp", "--tmpfs", data),  # noqa: S108
            *("--env", f"POSTGRES_PASSWORD={PASSWORD}", self.lab, kind),
        )

    def component(self, *command: str, options: tuple[str, ...] = (), **settings: str) -> Service:
        """Start a component on a read-only root."""
        name = f"{self.name}-{uuid.uuid4().hex[:6]}"
        self.engine.run(
            *("run", "--detach", "--name", name, *self._options(**settings), *options),
            *(self.image.reference, *command),
        )
        return Service(self.engine, name)

    def once(self, *command: str) -> None:
        """Run a command to its end."""
        self.engine.run("run", "--rm", *self._options(), self.image.reference, *command)

    def sql(self, statement: str) -> None:
        """Change the database as an administrator would."""
        server = f"{self.name}-postgres"
        url = "postgresql://airflow:a%2Fb%40c%20d@127.0.0.1/airflow"
        self.engine.run("exec", server, "psql", "--quiet", "--set", "ON_ERROR_STOP=1", url, "-c", statement)

    def _options(self, **settings: str) -> list[str]:
        environment = [f"--env={name}={value}" for name, value in (SETTINGS | settings).items()]
        folders = ("--read-only", "--tmpfs", "/tmp", "--tmpfs", "/opt/airflow/logs:mode=1777")  # noqa: S108
        mount = f"type=volume,source={self.name},target=/opt/airflow/config,readonly"
        return ["--network", self.name, "--mount", mount, *folders, *environment]


@contextlib.contextmanager
def deployed(image: Image, lab: str) -> Iterator[Deployment]:
    """Give a deployment whose database is migrated, and remove whatever was started in it."""
    made = Deployment(image, lab, f"airlock-test-{uuid.uuid4().hex[:8]}")
    engine = made.engine
    engine.run("network", "create", "--internal", made.name)
    try:
        _keep_settings(made)
        made.server("postgres")
        made.server("valkey")
        made.once("db", "migrate")
        yield made
    finally:
        left = engine.text("ps", "--all", "--quiet", "--filter", f"name={made.name}").split()
        if left:
            engine.run("rm", "--force", "--volumes", *left, check=False)
        engine.run("volume", "rm", "--force", made.name, check=False)
        engine.run("network", "rm", made.name, check=False)


def _keep_settings(made: Deployment) -> None:
    """Put airflow_local_settings into a volume, also in an engine that cannot see our files."""
    name, engine = made.name, made.engine
    engine.run("volume", "create", name)
    mount = f"type=volume,source={name},target=/opt/airflow/config"
    engine.run("create", "--name", f"{name}-copy", "--mount", mount, made.image.reference, "true")
    source = INSIDE / "busy_or_stuck.py"
    engine.run("cp", source, f"{name}-copy:/opt/airflow/config/airflow_local_settings.py")
    engine.run("rm", f"{name}-copy")
