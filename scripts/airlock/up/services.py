"""What runs in the sandboxes of `airlock up`: AWS, what stands outside the VPC, and Airflow itself.

They share no network, for there is none. Airflow's UI is a socket of this machine that was opened before the sandbox
was made, and is inherited into it; AWS is a Unix socket that is bound into the others.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock import sandbox
from airlock.inside import ReadOnly, inside
from airlock.up.folder import USER, Service
from airlock_spec.lab import ACCOUNT, LOG_GROUP, REGION
from airlock_spec.paths import AIRFLOW_HOME, VENV

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.layout import LaidOutImage
    from airlock.up.folder import UpFolder

_SHARED = "/run/airlock"
_AWS = f"{_SHARED}/aws.sock"
_PASSWORDS = f"{_SHARED}/passwords.json"
_AWS_PORT, _UI_PORT = 5000, 8080  # in the sandboxes, whose loopback is their own
_CARRIER = (f"{VENV}/bin/python", "-I", "-m", "airlock_spec.carrier")
_LOOPBACK_WORKS = (
    "import socket as s; a = s.create_server(('127.0.0.1', 0)); s.create_connection(a.getsockname())"
)
_PROBE = (f"{VENV}/bin/python", "-I", "-c", _LOOPBACK_WORKS)
# AWS asks nobody who he is here; on ECS the task's role says it.
_AWS_CLIENT = {
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{_AWS_PORT}",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "lab",
    "AWS_SECRET_ACCESS_KEY": "lab",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Unpacked:
    """An image and its tree."""

    image: LaidOutImage
    tree: Path

    @property
    def entrypoint(self) -> tuple[str, ...]:
        return tuple(self.image.settings.get("Entrypoint") or ())

    def service(
        self,
        name: str,
        command: tuple[str, ...],
        env: Mapping[str, str],
        binds: tuple[ReadOnly, ...] = (),
        sockets: tuple[int, ...] = (),
    ) -> Service:
        """Describe a sandbox. Raises SandboxError where none can be made here, or it would have no loopback."""
        found = inside(self.image, self.tree, env=env, binds=binds, host={})
        made = sandbox.choose(found, probe=_PROBE).command(found, command)
        return Service(name, tuple(made), sockets)


def aws(lab: Unpacked, listening: int) -> Service:
    """Describe AWS, which answers at an inherited socket."""
    command = (*lab.entrypoint, "aws", "--fd", str(listening))
    return lab.service("aws", command, {"AWS_REGION": REGION}, sockets=(listening,))


def outside(lab: Unpacked, folder: UpFolder) -> Service:
    """Describe what answers the outbox, and the API that it calls: by the name that this has in the world."""
    command = (*_CARRIER, *_to_aws(), "--", *lab.entrypoint, "outside", "--with-api")
    binds = (ReadOnly(folder.aws, _AWS), ReadOnly(folder.hosts, "/etc/hosts"))
    return lab.service("outside", command, _AWS_CLIENT, binds)


def airflow(image: Unpacked, folder: UpFolder, dags: Path, url: str, listening: int) -> Service:
    """Describe Airflow, all of it, whose UI answers at an inherited socket."""
    ui = (f"fd:{listening}", f"tcp:127.0.0.1:{_UI_PORT}")
    carried = (*_CARRIER, *ui, *_to_aws(), "--", *image.entrypoint, "standalone")
    # Airflow insists on opening the file of passwords to write; what is bound is read-only
    command = ("bash", "-c", f"install -m 600 {_PASSWORDS} /tmp/passwords.json && exec {shlex.join(carried)}")
    binds = [ReadOnly(folder.aws, _AWS), ReadOnly(folder.passwords, _PASSWORDS)]
    binds += [ReadOnly(dags, f"{AIRFLOW_HOME}/dags")] if dags.is_dir() else []
    return image.service("airflow", command, _AWS_CLIENT | _settings(url), tuple(binds), (listening,))


def _to_aws() -> tuple[str, str]:
    return f"tcp:127.0.0.1:{_AWS_PORT}", f"unix:{_AWS}"


def _settings(url: str) -> dict[str, str]:
    settings = {
        "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": "/tmp/passwords.json",  # noqa: S108 - the sandbox's own
        "CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{_UI_PORT}/execution/",
        "API__BASE_URL": url,  # what the browser knows it by
        "CORE__PARALLELISM": "4",  # each of LocalExecutor's is a process that is started at once
        "LOGGING__REMOTE_LOGGING": "True",
        "LOGGING__REMOTE_BASE_LOG_FOLDER": f"cloudwatch://arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{LOG_GROUP}",
    }
    return {f"AIRFLOW__{name}": value for name, value in settings.items()}
