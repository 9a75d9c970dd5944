"""`airlock verify`: a verdict on every promise of ADR-001."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from airlock import report_output
from airlock.errors import ConfigError
from airlock.report_output import NEVER, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_OF_A_SOURCE = (  # option, its name here, and what it is for
    ("--var", "values", ("--terraform",)),
    ("--var-file", "files", ("--terraform",)),
    ("--cluster", "cluster", ("--live",)),
    ("--vpc", "vpcs", ("--live",)),
    ("--service", "services", ("--from-task",)),
    ("--dry-run", "dry_run", ("--from-task",)),
    ("--dags", "dags", ("--terraform", "--live")),
)


def _assignments(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    for one in given:
        if not one.partition("=")[0].strip() or "=" not in one:
            raise click.BadParameter(f"{one!r} is not NAME=VALUE")
    return given


@click.command("verify", epilog=EPILOG)
@click.option(
    "--terraform",
    type=click.Path(path_type=Path, exists=True),
    metavar="DIR|FILE",
    help="A folder of Terraform; or a plan or a state, as Terraform or `terraform show -json` wrote it.",
)
@click.option(
    "--var",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_assignments,
    help="A variable of that folder (several).",
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

    output = Output.of(options)
    config = configuration.of(session)
    terraform = _source(config, options)
    settings = _settings(config.verify, options)
    if options["policy"]:
        return _print_policy(config, options)
    if options["from_task"] is not None and options["dry_run"]:
        return _rehearse(session, options, output)
    if options["from_task"] is not None:
        made = _from_task(session, options, settings)
    else:
        made = _look(session, config, terraform, options, settings)
    found = report_output.from_checkout(made.findings, config.project, output)
    report_output.show(session, replace(made, findings=found), output)
    return 0 if options["fail_on"] == NEVER else made.exit_code


def _source(config: Config, options: dict[str, Any]) -> Path | None:
    """Return the Terraform that is looked at, None for the account and for tasks.

    Raises UsageError where nothing is asked for, where several are, and for options of another source; ConfigError
    where the configured folder is not there.
    """
    given = {"--terraform": options["terraform"] is not None, "--live": options["live"]}
    given["--from-task"] = options["from_task"] is not None
    asked = [name for name, is_so in given.items() if is_so]
    if len(asked) > 1:
        raise click.UsageError(f"of {' and '.join(asked)} only one can be looked at in one run")
    if options["policy"] and asked != ["--live"]:
        raise click.UsageError("--policy is what --live needs: airlock verify --live --policy")
    if not asked and not config.verify.terraform:
        raise click.UsageError(_ONE)
    source = asked[0] if asked else "--terraform"
    for option, key, of in _OF_A_SOURCE:
        if options[key] and source not in of:
            raise click.UsageError(f"{option} is for {' or '.join(of)}, and this looks by {source}")
    if options["from_task"] and options["services"]:
        raise click.UsageError("--service is for tasks that are run; a report is only read")
    if source != "--terraform":
        return None
    terraform = options["terraform"] or config.project / config.verify.terraform
    if not terraform.exists():
        raise ConfigError(
            f"there is no {config.verify.terraform} to look at",
            cause="[tool.airlock.verify] terraform names it",
            remedy="name the folder of the root module there, or: airlock verify --terraform DIR",
        )
    if terraform.is_file() and (options["values"] or options["files"]):
        raise click.UsageError(f"--var and --var-file are for a folder; {terraform} has its values in it")
    return Path(terraform)


def _look(
    session: Session, config: Config, terraform: Path | None, options: dict[str, Any], settings: Verify
) -> Report:
    from airlock.verify.looking import Wanted, look  # noqa: PLC0415 - heavy imports, after --help
    from airlock.verify.terraform.folder import Variables  # noqa: PLC0415

    variables = Variables(options["values"], options["files"])
    wanted = Wanted(terraform, variables, options["cluster"], options["vpcs"], dags=options["dags"])
    return look(session, config, wanted, settings)


def _from_task(session: Session, options: dict[str, Any], settings: Verify) -> Report:
    from airlock.verify.task import from_cluster, reports, told  # noqa: PLC0415 - after --help

    begun = time.monotonic()
    file = options["from_task"]
    seen = (reports.read(file),) if file else from_cluster.look(session, options["services"])
    return told.report(seen, settings, 0.0 if file else time.monotonic() - begun)  # a file knows its own


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

    click.echo(json.dumps(permissions.policy(options["cluster"] or config.deploy.cluster), indent=2))
    return 0


def _settings(configured: Verify, options: dict[str, Any]) -> Verify:
    """Lay the options over what is configured. Raises UsageError and ConfigError for codes of no rule."""
    chosen = tuple(report_output.names(options["selected"]))
    left_out = tuple(report_output.names(options["ignored"]))
    if problems := [*_unknown("--select", chosen), *_unknown("--ignore", left_out)]:
        raise click.UsageError("\n".join(problems))
    accepted = [one.split()[0] for one in configured.accept]
    named = {"select": configured.select, "ignore": configured.ignore, "accept": accepted}
    if problems := [one for key, codes in named.items() for one in _unknown(key, codes)]:
        raise ConfigError(
            "[tool.airlock.verify] names codes that there are not",
            cause="\n".join(problems),
            remedy="airlock explain, which lists all",
        )
    given = options["fail_on"]
    return replace(
        configured,
        fail_on=given if given and given != NEVER else configured.fail_on,
        select=chosen or configured.select,
        ignore=left_out or configured.ignore,
    )


def _unknown(where: str, codes: Sequence[str]) -> list[str]:
    """Say of each code with which no rule's begins which one might be meant."""
    if not codes:
        return []
    from airlock.verify.catalogue import DOCUMENTED  # noqa: PLC0415 - after --help
    from airlock_spec.check.documented import nearest  # noqa: PLC0415

    return [
        f"{where} names {code}, with which no code of a rule begins (perhaps you meant {nearest(code, DOCUMENTED)})"
        for code in codes
        if not any(one.code.startswith(code) for one in DOCUMENTED)
    ]
