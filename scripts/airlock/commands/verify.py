"""`airlock verify`: a verdict on every promise of ADR-001."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from airlock import report_output
from airlock.report_output import NEVER, Output

if TYPE_CHECKING:
    from airlock.cli import Session
    from airlock.config import Config
    from airlock.release_settings import Verify
    from airlock.verify.report import Report

EPILOG = """\b
Examples:
  airlock verify --terraform infra/example        before anything is applied; needs neither network nor credentials
  airlock verify --terraform infra/example --var executor=CeleryExecutor --var-file prod.tfvars
  terraform show -json plan.out >plan.json && airlock verify --terraform plan.json
  airlock verify --live                           the account, read-only
  airlock verify --live --policy                  the IAM policy which that needs
  airlock verify --from-task                      what a task in each network of the services sees
  airlock verify --from-task report.json          what `airlock-verify --json` said in a task
  airlock verify --terraform infra/example --dags with what the project's DAGs need
  airlock verify --live --format sarif --output verify.sarif

Exit code 1 where a finding blocks (--fail-on); verdicts set no exit code. `airlock explain CODE` tells more of a
finding, docs/rules.md has all; docs/verify.md tells how to accept what is so on purpose.
"""
_ONE = "one of --terraform DIR, --live and --from-task says what to look at"


@click.command("verify", epilog=EPILOG)
@click.option(
    "--terraform",
    type=click.Path(path_type=Path, exists=True),
    metavar="DIR|FILE",
    help="A folder of Terraform; or a plan or a state, as Terraform or `terraform show -json` wrote it.",
)
@click.option(
    "--var", "values", multiple=True, metavar="NAME=VALUE", help="A variable of that folder (several)."
)
@click.option(
    "--var-file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file of variables (several).",
)
@click.option("--live", is_flag=True, help="The account that the credentials are of.")
@click.option(
    "--cluster", default="", help="With --live: the cluster (default: that of [tool.airlock.deploy])."
)
@click.option(
    "--vpc", "vpcs", multiple=True, metavar="ID", help="With --live: a VPC, with or without a cluster."
)
@click.option(
    "--policy", is_flag=True, help="With --live: print the IAM policy that it needs, and ask nothing."
)
@click.option(
    "--from-task",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[FILE|-]",
    help="Run a task in each network of the services; or read what one said.",
)
@click.option(
    "--service",
    "services",
    multiple=True,
    help="With --from-task: look from this service's network (several).",
)
@click.option("--dry-run", is_flag=True, help="With --from-task: say what would be run, and run nothing.")
@click.option("--dags", is_flag=True, help="Ask also for what the project's DAGs need.")
@report_output.options
@click.pass_obj
def command(session: Session, /, **options: Any) -> int:
    """Judge a deployment, before it is applied, in the account, or from inside a task.

    Findings have a code, a resource, evidence and a fix; then a table says of each promise of ADR-001 whether it
    holds, does not hold, or cannot be known from here. Nothing is changed anywhere, but that --from-task runs tasks.
    """
    from airlock import config as configuration  # noqa: PLC0415 - after --help

    config = configuration.of(session)
    settings = _settings(config.verify, options)
    output = Output.of(options)
    if options["policy"]:
        return _print_policy(config, options)
    if options["from_task"] is not None and options["dry_run"]:
        return _rehearse(session, options, output)
    made = _look(session, config, options, settings)
    report_output.show(session, made, output)
    return 0 if options["fail_on"] == NEVER else made.exit_code


def _look(session: Session, config: Config, options: dict[str, Any], settings: Verify) -> Report:
    """Look at the one thing that was asked for. Raises UsageError for none, and for several."""
    terraform = options["terraform"]
    asked = [terraform is not None, options["live"], options["from_task"] is not None]
    if not any(asked) and config.verify.terraform:
        terraform, asked = config.project / config.verify.terraform, [True]
    if sum(asked) != 1:
        raise click.UsageError(_ONE)
    if options["from_task"] is not None:
        return _from_task(session, options, settings)
    from airlock.verify.looking import Wanted, look  # noqa: PLC0415 - heavy imports, after --help
    from airlock.verify.terraform.folder import Variables  # noqa: PLC0415

    variables = Variables(options["values"], options["files"])
    wanted = Wanted(terraform, variables, options["cluster"], options["vpcs"], dags=options["dags"])
    return look(session, config, wanted, settings)


def _from_task(session: Session, options: dict[str, Any], settings: Verify) -> Report:
    from airlock.verify.task import from_cluster, reports, told  # noqa: PLC0415 - after --help
    from airlock_spec.check.finding import Severity  # noqa: PLC0415
    from airlock_spec.check.judge import selected  # noqa: PLC0415

    begun = time.monotonic()
    file = options["from_task"]
    seen = (reports.read(file),) if file else from_cluster.look(session, options["services"])
    made = told.report(seen, Severity(settings.fail_on), time.monotonic() - begun)
    return replace(made, findings=tuple(one for one in made.findings if selected(one.code, settings)))


def _rehearse(session: Session, options: dict[str, Any], output: Output) -> int:
    from airlock.verify.task import from_cluster  # noqa: PLC0415 - after --help

    if options["from_task"]:
        raise click.UsageError("--dry-run is for tasks that would be run; a report is only read")
    stands = from_cluster.rehearse(session, options["services"])
    if output.form == "json":
        click.echo(json.dumps({"dry_run": True, "tasks": [one.plain() for one in stands]}, indent=2))
    return 0


def _print_policy(config: Config, options: dict[str, Any]) -> int:
    from airlock.verify.account import permissions  # noqa: PLC0415 - after --help

    if not options["live"]:
        raise click.UsageError("--policy is what --live needs: airlock verify --live --policy")
    click.echo(json.dumps(permissions.policy(options["cluster"] or config.deploy.cluster), indent=2))
    return 0


def _settings(configured: Verify, options: dict[str, Any]) -> Verify:
    """Lay the options over what is configured."""
    given = options["fail_on"]
    return replace(
        configured,
        fail_on=given if given and given != NEVER else configured.fail_on,
        select=tuple(report_output.names(options["selected"])) or configured.select,
        ignore=tuple(report_output.names(options["ignored"])) or configured.ignore,
    )
