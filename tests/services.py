"""Services in a real engine, on an internal network: PostgreSQL and Valkey of the lab, components of our image."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from airlock import process

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

INSIDE = Path(__file__).parent / "integration" / "inside"
PASSWORD = "s3cret/of:the@lab"  # noqa: S105 - with what URLs must escape
URL_PASSWORD = "s3cret%2Fof:the%40lab"  # noqa: S105
MOTO = 5000  # its port
_ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
SHARED: Mapping[str, str] = {
    "AIRFLOW__CORE__FERNET_KEY": "A" * 43 + "=",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwt-secret-of-the-tests-" * 3,
    "AIRFLOW__API__SECRET_KEY": "secret-key-of-the-tests-" * 3,
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api-server:8080/execution/",
}
# as ECS runs them: nothing can be written but memory
READ_ONLY = ("--read-only", "--tmpfs", "/tmp", "--tmpfs", "/opt/airflow/logs:mode=1777")  # noqa: S108 - in the container


@dataclass(frozen=True)
class Ended:
    """How a container ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> list[str]:
        """The lines of the entrypoint that are no progress."""
        lines = (line for line in self.stderr.splitlines() if line.startswith("airlock: "))
        return [
            line.removeprefix("airlock: ") for line in lines if not line.startswith("airlock: waiting for")
        ]


@dataclass
class Services:
    """Containers on a network of their own without a way out; `with` removes them all."""

    docker: Path
    image: str
    lab: str
    network: str = field(default_factory=lambda: f"airlock-test-{uuid.uuid4().hex[:12]}")
    running: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._docker("network", "create", "--internal", self.network)
        return self

    def __exit__(self, *_: object) -> None:
        for name in self.running:
            self._docker("rm", "--force", "--volumes", name, check=False)
        self._docker("network", "rm", self.network)

    def url(self, database: str = "airflow", password: str = URL_PASSWORD, host: str = "postgres") -> str:
        return f"postgresql+psycopg2://airflow:{password}@{host}/{database}"

    def env(self, **more: str) -> dict[str, str]:
        """What a component has to be given."""
        return {**SHARED, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.url(), **more}

    def postgres(self) -> None:
        self._start(
            "postgres", [*READ_ONLY, "--tmpfs", "/var/lib/postgresql"], self.lab, POSTGRES_PASSWORD=PASSWORD
        )
        until("PostgreSQL answers", lambda: self.sql("SELECT 1") == "1")

    def valkey(self) -> None:
        self._start("valkey", READ_ONLY, self.lab)

    def moto(self) -> str:
        """Start a double of AWS; return its URL, with an address: a bucket is part of the path there.

        Each request to it is a line of its log.
        """
        program = ("--entrypoint", "python3", *READ_ONLY)
        self._start("aws", program, self.lab, "-m", "moto.server", "--host", "0.0.0.0", "--port", str(MOTO))  # noqa: S104 - in the container
        return f"http://{self.address('aws')}:{MOTO}"

    def sql(self, statement: str, database: str = "airflow") -> str:
        """Return what psql prints, without decoration."""
        words = ("psql", "-h", "127.0.0.1", "-U", "airflow", "-d", database, "-qtAc", statement)
        done = self._docker(
            "exec", "--env", f"PGPASSWORD={PASSWORD}", f"{self.network}-postgres", *words, check=False
        )
        return done.stdout.decode().strip()

    def run(self, *command: str, env: Mapping[str, str], options: tuple[str, ...] = READ_ONLY) -> Ended:
        """Run a container of our image to its end."""
        words = ("run", "--rm", "--network", self.network, *options, *_variables(env), self.image, *command)
        done = self._docker(*words, check=False)
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))

    def inside(self, script: str, options: tuple[str, ...] = ()) -> dict[str, Any]:
        """Run one of the scripts in integration/inside/ with the image's Python; return the JSON of its last line."""
        words = ("run", "--rm", "--interactive", "--network", self.network, *READ_ONLY, *options, self.image)
        source = (INSIDE / script).read_bytes()
        done = process.run([self.docker, *words, "python", "-"], stdin=source)
        value = json.loads(done.stdout.decode().splitlines()[-1])
        assert isinstance(value, dict)
        return value

    def address(self, name: str) -> str:
        """Return the address of a container, which this machine reaches where the engine is its own."""
        found = self._docker("inspect", "--format", _ADDRESS, f"{self.network}-{name}")
        return found.stdout.decode().strip()

    def pause(self, name: str) -> None:
        """Let a container stand still: who asks it gets no answer, and no refusal either."""
        self._docker("pause", f"{self.network}-{name}")

    def unpause(self, name: str) -> None:
        self._docker("unpause", f"{self.network}-{name}")

    def unused_address(self) -> str:
        """Return an address of the network where nobody answers, and nothing says so: as a missing endpoint's."""
        found = self._docker(
            "network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", self.network
        )
        return str(ipaddress.ip_network(found.stdout.decode().strip())[-10])

    def start(self, name: str, *command: str, env: Mapping[str, str], options: tuple[str, ...] = ()) -> str:
        """Start a component of our image, which others find by `name`; return its container."""
        return self._start(name, [*READ_ONLY, *options], self.image, *command, **env)

    def exec(self, name: str, *command: str) -> str:
        return self._docker("exec", f"{self.network}-{name}", *command).stdout.decode()

    def code(self, name: str, *command: str) -> int:
        """Run a command in a container; return its exit code."""
        return self._docker("exec", f"{self.network}-{name}", *command, check=False).returncode

    def stop(self, name: str, seconds: int) -> int:
        """Stop a container as an orchestrator does; return its exit code (137: it had to be killed)."""
        self._docker("stop", "--time", str(seconds), f"{self.network}-{name}")
        code = self._docker("inspect", "--format", "{{.State.ExitCode}}", f"{self.network}-{name}")
        return int(code.stdout)

    def logs(self, name: str) -> str:
        done = self._docker("logs", f"{self.network}-{name}", check=False)
        return (done.stdout + done.stderr).decode(errors="replace")

    def _start(
        self, name: str, options: list[str] | tuple[str, ...], image: str, *command: str, **env: str
    ) -> str:
        container = f"{self.network}-{name}"
        words = ("--name", container, "--network", self.network, "--network-alias", name, "--hostname", name)
        self.running.append(container)
        self._docker("run", "--detach", *words, *options, *_variables(env), image, *(command or (name,)))
        return container

    def _docker(self, *words: str, check: bool = True) -> process.Done:
        return process.run([self.docker, *words], check=check)


def until(what: str, holds: Callable[[], bool], seconds: float = 90) -> None:
    """Wait until something holds; what does not answer yet does not hold."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, LookupError):
            if holds():
                return
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def _variables(env: Mapping[str, str]) -> list[str]:
    return [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
