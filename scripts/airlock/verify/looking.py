"""From what was asked for to a report: an inventory of Terraform or of an account, judged."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.verify.catalogue import RULES
from airlock.verify.inventory import Source
from airlock.verify.judge import judge
from airlock.verify.promises import PROMISES, verdicts
from airlock.verify.report import Report
from airlock.verify.rule import Subject
from airlock.verify.terraform import ignores, modules
from airlock.verify.terraform.folder import Folder, Variables
from airlock.verify.terraform.plan import Plan
from airlock_spec.check.finding import Severity
from airlock_spec.check.ignores import Ignore
from airlock_spec.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.cli import Session
    from airlock.config import Config
    from airlock.release_settings import Verify
    from airlock.verify.inventory import Deployment, Inventory

_SOURCES = {Source.TERRAFORM: "by a mocked run of Terraform", Source.PLAN: "as planned", Source.AWS: "in AWS"}


@dataclass(frozen=True)
class Wanted:
    """What to look at: `terraform` is a folder, a plan or a state; None: the account."""

    terraform: Path | None
    variables: Variables = field(default_factory=Variables)
    cluster: str = ""
    vpcs: tuple[str, ...] = ()
    dags: bool = False  # what DAGs need is asked for, too


def look(session: Session, config: Config, wanted: Wanted, settings: Verify) -> Report:
    """Read the inventory, and judge it by all rules.

    Raises TerraformError, AwsError, ConfigError, and with `dags` what reading DAGs raises.
    """
    begun = time.monotonic()
    needs = _needs(session, config) if wanted.dags else {}
    inventory = _deployment(session, config, wanted).read()
    comments, notes = _comments(config, wanted)
    network = config.check.network
    judgement = judge(Subject(inventory, network, needs), RULES, settings, comments)
    notes += [f"accepted, and not found: {one}" for one in judgement.unused]
    return Report(
        str(inventory.source),
        _looked_at(wanted, inventory),
        RULES,
        judgement.findings,
        Severity(settings.fail_on),
        time.monotonic() - begun,
        judgement.accepted,
        verdicts(PROMISES, inventory, judgement, settings.gigabytes),
        judgement.undecided,
        tuple(notes),
    )


def _deployment(session: Session, config: Config, wanted: Wanted) -> Deployment:
    if wanted.terraform is None:
        return _account(config, wanted)
    if wanted.terraform.is_dir():
        return Folder(wanted.terraform, config.project, session.terminal, wanted.variables)
    return Plan(wanted.terraform, config.project)


def _account(config: Config, wanted: Wanted) -> Deployment:
    """Return the account that the credentials are of. Raises ConfigError where nothing says what belongs to it."""
    from airlock import aws  # noqa: PLC0415 - boto3 is not wanted elsewhere
    from airlock.errors import ConfigError  # noqa: PLC0415
    from airlock.verify.account.account import Account  # noqa: PLC0415
    from airlock.verify.account.scope import Scope  # noqa: PLC0415

    scope = Scope(
        wanted.cluster or config.deploy.cluster,
        wanted.vpcs,
        tuple(one for one in (config.sync.to,) if one.startswith("s3://")),
        tuple(one for one in (config.push.repository,) if one),
    )
    if not scope.cluster and not scope.vpcs:
        raise ConfigError(
            "nobody said which deployment to look at",
            cause="[tool.airlock.deploy] has no cluster",
            remedy="airlock verify --live --cluster NAME, or --vpc ID",
        )
    where = f"cluster {scope.cluster}" if scope.cluster else f"VPC {', '.join(scope.vpcs)}"
    return Account(lambda service: aws.connect(service, where, connections=8), scope)


def _needs(session: Session, config: Config) -> Mapping[str, str]:
    """Return the services that DAGs need, and what needs each first, as `airlock network` finds them."""
    from airlock import network as tables  # noqa: PLC0415 - composes the image where it is not there
    from airlock.check.run import facts  # noqa: PLC0415

    found = tables.table(facts(session), config.check.network)
    return {
        row.service: f"{first.by.rpartition('.')[2]} in {first.path}:{first.line}"
        for row in found.rows
        for first in [one for one in row.users if one.path][:1]
    }


def _comments(config: Config, wanted: Wanted) -> tuple[Mapping[str, tuple[Ignore, ...]], list[str]]:
    """Return what comments of Terraform's files accept, by file, and notes of those that cannot be used."""
    if wanted.terraform is None:
        return {}, []
    folder = wanted.terraform if wanted.terraform.is_dir() else wanted.terraform.resolve().parent
    found: dict[str, list[Ignore]] = defaultdict(list)
    notes = []
    for one in ignores.read(modules.read(folder, config.project)):
        if isinstance(one.comment, Ignore):
            found[one.path].append(one.comment)
        else:
            notes.append(f"{one.path}:{one.comment.line}: {one.comment.what}")
    return {path: tuple(comments) for path, comments in found.items()}, notes


def _looked_at(wanted: Wanted, inventory: Inventory) -> str:
    what = str(wanted.terraform) if wanted.terraform else inventory.account or "the account"
    return f"{what} {_SOURCES[inventory.source]}: {counted(inventory.size, 'resource')}"
