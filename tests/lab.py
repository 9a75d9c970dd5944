"""The lab in a Docker Engine under a name of its own: the compose file that users have, with a watch over it."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import process
from networks import Network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from containers import Engine

REPOSITORY = Path(__file__).parents[1]
COMPOSE = REPOSITORY / "lab" / "compose.yaml"
SECRETS = ("FERNET_KEY", "SECRET_KEY", "JWT_SECRET", "POSTGRES_PASSWORD", "ADMIN_PASSWORD")
FERNET = (
    "bGFiLWxhYi1sYWItbGFiLWxhYi1sYWItbGFiLWxhYi0="  # of the right form; nothing is encrypted with it for long
)
SECONDS_TO_HEALTH = "240"


@dataclass(frozen=True)
class Lab:
    """The containers of one start of the lab."""

    engine: Engine
    name: str
    env: dict[str, str]

    def compose(self, *arguments: str, check: bool = True) -> CompletedProcess[bytes]:
        command: list[str | Path] = [
            self.engine.program,
            "compose",
            "--project-name",
            self.name,
            "--file",
            COMPOSE,
            *arguments,
        ]
        return process.run(command, env=self.env, check=check)

    def create(self) -> Network:
        """Make networks and containers, without starting one; return the network that they are in."""
        self.compose("create", "--quiet-pull")
        return Network.inspect(self.engine, f"{self.name}_inside")

    def start(self) -> None:
        """Start all, and wait until they are healthy; raises AssertionError with what they say."""
        done = self.compose("up", "--detach", "--wait", "--wait-timeout", SECONDS_TO_HEALTH, check=False)
        assert not done.returncode, self.says(done.stderr.decode())

    def says(self, why: str) -> str:
        """Return what the containers said last."""
        listed = self.compose("ps", "--all", check=False).stdout.decode()
        return f"{why}\n{listed}\n{self.compose('logs', '--tail', '40', check=False).stdout.decode()}"

    def services(self) -> dict[str, dict[str, Any]]:
        """Return what the engine knows of each service's container, by the service's name."""
        ids = self.compose("ps", "--all", "--quiet").stdout.decode().split()
        found = json.loads(self.engine.text("inspect", *ids))
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def addresses(self) -> dict[str, str]:
        """Return the services by their addresses, in whichever network."""
        return {
            network["IPAddress"]: service
            for service, one in self.services().items()
            for network in one["NetworkSettings"]["Networks"].values()
            if network["IPAddress"]
        }

    def address(self, service: str) -> str:
        networks = self.services()[service]["NetworkSettings"]["Networks"]
        address: str = networks[f"{self.name}_inside"]["IPAddress"]
        return address

    def python(self, service: str, code: str, *arguments: str) -> str:
        """Run Python in a service's container; return what it prints."""
        done = self.compose("exec", "-T", service, "python", "-c", code, *arguments)
        return done.stdout.decode().strip()


@contextmanager
def lab(engine: Engine, image: str, lab_image: str) -> Iterator[Lab]:
    """Give a lab that nothing runs in yet; remove whatever it became at the end."""
    name = f"airlock-test-{uuid.uuid4().hex[:8]}"
    made = {f"LAB_{one}": secrets.token_hex(16) for one in SECRETS}
    settings = {"LAB_FERNET_KEY": FERNET, "LAB_PORT": "0", "COMPOSE_PROFILES": "celery"}
    images = {"AIRLOCK_IMAGE": image, "AIRLOCK_LAB_IMAGE": lab_image}
    one = Lab(engine, name, {**os.environ, **made, **settings, **images})
    try:
        yield one
    finally:
        one.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")
