"""Terraform with the providers of a mirror on this machine, run in a copy of infra/example."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock import process
from moto_aws import CREDENTIALS
from project import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARTS = ("infra/example", "infra/modules", "infra/values", "scripts/airlock/verify/mocks")
EXAMPLE = "infra/example"
# Everything that there may be, and all of it may be destroyed.
WHOLE = {
    "exec": "true",
    "file_system": "true",
    "force_destroy": "true",
    "deletion_protection": "false",
    "secret_recovery_days": "0",
    "database_password_days": "7",  # RDS's own: moto does not cancel the rotation of a secret that RDS keeps
}
_SETTINGS, _MIRROR = "TF_CLI_CONFIG_FILE", "AIRLOCK_TERRAFORM_MIRROR"
_PROVIDER = ("*/hashicorp/aws", "*/*/hashicorp/aws", "*/*/*/hashicorp/aws")  # below a mirror stands a host
_ROOTS = ("~/.terraform.d", "/usr/share", "/usr/local/share", "/opt")


@dataclass(frozen=True)
class Terraform:
    """The program, and the file of settings that names the mirror of providers."""

    program: Path
    settings: Path

    def run(self, folder: Path, *command: str, url: str = "", offline: bool = False) -> process.Done:
        """Run a command in a folder: against a server, or in a namespace that has no network."""
        options = [f"-chdir={folder}", *command]
        apart = ["unshare", "--map-root-user", "--net"] if offline else []
        return process.run([*apart, self.program, *options], env=self._environment(url), check=False)

    def _environment(self, url: str) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_", "http"))
        }
        more = {
            _SETTINGS: str(self.settings),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "NO_PROXY": "127.0.0.1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        server = {"AWS_ENDPOINT_URL": url, **CREDENTIALS} if url else {}
        return {**kept, **more, **server}


@dataclass
class Deployment:
    """A copy of infra/example, on a server; `outputs` are those of its last apply."""

    terraform: Terraform
    folder: Path
    url: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)  # that each command took

    def init(self, *, offline: bool = False) -> None:
        """Find the providers in the mirror."""
        self.must("init", "-backend=false", offline=offline)

    def apply(self) -> None:
        self.must("apply", "-auto-approve", *self._given())
        told = json.loads(self.must("output", "-json").stdout)
        self.outputs = {name: one["value"] for name, one in told.items()}

    def destroy(self) -> None:
        self.must("destroy", "-auto-approve", *self._given())

    def differences(self) -> Iterator[tuple[str, str]]:
        """Plan once more, and give the type of each resource that it would change, and the attribute.

        Of one that it would make or delete the attribute is the action.
        """
        self.must("plan", "-out=again", *self._given())
        for one in json.loads(self.must("show", "-json", "again").stdout)["resource_changes"]:
            change = one["change"]
            if change["actions"] == ["update"]:
                names = (name for name in change["after"] if change["after"][name] != change["before"][name])
                yield from ((one["type"], name) for name in names)
                # what is known only afterwards differs, too
                yield from ((one["type"], name) for name, value in change["after_unknown"].items() if value)
            elif change["actions"] not in (["no-op"], ["read"]):
                yield one["type"], "-".join(change["actions"])

    def must(self, command: str, *options: str, offline: bool = False) -> process.Done:
        """Run a command that must succeed, and note how long it took."""
        started = time.monotonic()
        done = self.terraform.run(self.folder, command, "-no-color", *options, url=self.url, offline=offline)
        self.seconds[command] = time.monotonic() - started
        assert not done.returncode, (done.stdout + done.stderr).decode()[-6000:]
        return done

    def _given(self) -> list[str]:
        return [f"-var={name}={value}" for name, value in self.variables.items()]


def find(folder: Path) -> Terraform | str:
    """Find the program and a mirror with the AWS provider; settings that name it are written into a folder.

    Returns what is missing where something is.
    """
    program = process.find("terraform")
    if program is None:
        return "there is no terraform: install it (1.11 or newer)"
    named = Path(os.environ.get(_SETTINGS, ""))
    if named.is_file():
        return Terraform(program, named)
    mirror = os.environ.get(_MIRROR) or next(_mirrors(), "")
    if not mirror:
        return f"there is no mirror of the AWS provider: make one (terraform providers mirror), and set {_MIRROR}"
    settings = folder / "terraform.rc"
    settings.write_text(
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n'
    )
    return Terraform(program, settings)


def copy(terraform: Terraform, folder: Path, url: str = "", **variables: str) -> Deployment:
    """Copy infra/example, and what it is made of, as this repository has it."""
    for part in PARTS:
        leave = shutil.ignore_patterns(".terraform*", "*.tfstate*")
        shutil.copytree(REPOSITORY / part, folder / part, ignore=leave)
    return Deployment(terraform, folder / EXAMPLE, url, variables)


def _mirrors() -> Iterator[str]:
    """Give mirrors where programs keep what belongs to them, a few folders deep."""
    for root in (Path(one).expanduser() for one in _ROOTS):
        for pattern in _PROVIDER:
            yield from (str(found.parents[2]) for found in sorted(root.glob(pattern)))
