"""Faults as `airlock verify` sees them: in Terraform, several at a time, and in an account."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import moto_aws
from airlock.release_settings import Verify
from airlock.terminal import Terminal
from airlock.verify.account.account import connect
from airlock.verify.account.scope import Scope
from airlock.verify.catalogue import RULES
from airlock.verify.inventory import Source
from airlock.verify.judge import judge
from airlock.verify.rule import Subject
from airlock.verify.terraform.folder import Folder
from airlock.verify.terraform.mapping.whole import inventory_of
from seeded.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from airlock.verify.inventory import Inventory
    from airlock.verify.terraform.state import Resource
    from airlock_spec.check.finding import Finding

# The example without a fault, by what it is made with.
CLEAN: dict[str, dict[str, str]] = {
    "as it is": {},
    "with Celery": {"executor": '"CeleryExecutor"'},
    "with sessions and a file system": {"exec": "true", "file_system": "true"},
    "with Celery and all else, without a release job": {
        "executor": '"CeleryExecutor"',
        "exec": "true",
        "file_system": "true",
        "github_repository": '""',
    },
}


def judged(inventory: Inventory) -> tuple[Finding, ...]:
    return tuple(judge(Subject(inventory), RULES, Verify()).findings)


@dataclass(frozen=True)
class Look:
    """What is found in one folder, and what Terraform makes of it, in the form of its plans."""

    findings: tuple[Finding, ...]
    plan: Mapping[str, Any]


@dataclass
class Looking:
    """Looks at faults in threads: most of a look is Terraform's. All looks share what one has learnt."""

    threads: int = 2
    _apart: dict[str, str] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(init=False)
    _looks: dict[str, Future[Look]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads)

    def start(self, *faults: Fault) -> None:
        """Look at faults, in this order: others begin when the first has told what all can use."""
        for one in faults:
            if len(self._looks) == 1:
                wait(self._looks.values())
            self._looks[one.name] = self._pool.submit(self._look, one)

    def found(self, fault: Fault) -> tuple[Finding, ...]:
        """Return what is found; wait until it is there. Raises what the look raised."""
        return self.look(fault).findings

    def look(self, fault: Fault) -> Look:
        return self._looks[fault.name].result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _look(self, fault: Fault) -> Look:
        with tempfile.TemporaryDirectory() as temporary:
            root = fault.seed(Path(temporary) / "infra")
            folder = Folder(root, root.parent, Terminal(quiet=True), apart=self._apart)
            with folder.resolved() as one:
                inventory = inventory_of(one.resources, one.modules, Source.TERRAFORM, one.region)
                return Look(judged(inventory), _plan(one.resources))


def _plan(found: list[Resource]) -> Mapping[str, Any]:
    """Return a plan as JSON that makes these resources.

    https://developer.hashicorp.com/terraform/internals/json-format
    """
    resources = [
        {
            "address": one.address,
            "mode": "data" if one.data else "managed",
            "type": one.type,
            "name": one.name,
            "provider_name": "aws",
            "values": one.content,
        }
        for one in found
    ]
    changes = [
        {**one, "change": {"actions": ["create"], "before": None, "after": one["values"]}}
        for one in resources
    ]
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {}},
    }


def clean() -> tuple[Fault, ...]:
    return tuple(Fault(name, (), variables=dict(variables)) for name, variables in CLEAN.items())


def read_account(url: str, outputs: Mapping[str, Any]) -> Inventory:
    """Read the deployment at a server of moto, as `airlock verify --live` does."""
    release = outputs["release_role_arn"]
    given = {
        **moto_aws.CREDENTIALS,
        "AWS_ENDPOINT_URL": url,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        for name, value in given.items():
            patch.setenv(name, value)
        return connect(Scope(outputs["cluster_name"], roles=(release,) if release else ())).read()
