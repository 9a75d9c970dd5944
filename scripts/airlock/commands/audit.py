"""`airlock audit`: the known vulnerabilities of what the locks pin."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from airlock.audit.pins import Pin
    from airlock.audit.report import Report
    from airlock.cli import Session

EPILOG = """\b
Examples:
  airlock audit                 the image's Python and Debian packages; exit code 22 where
                                a vulnerability blocks
  airlock audit --toolchain     what airlock itself runs on
  airlock audit --json | jq -r '.vulnerabilities[] | select(.blocks).id'

Asks the OSV database, or what [tool.airlock] audit-source names. audit-block is the least severity that
blocks (none, low, medium, high, critical); a vulnerability of unknown severity blocks, too. audit-ignore
lets single ones pass until a day, with a reason.
"""


@click.command("audit", epilog=EPILOG)
@click.option("--toolchain", is_flag=True, help="Audit the toolchain's lock instead of the image's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", is_flag=True, help="Print Markdown for a pull request.")
@click.pass_obj
def command(session: Session, *, toolchain: bool, as_json: bool, markdown: bool) -> int:
    """List the known vulnerabilities of what the locks pin, and fail where one blocks."""
    if as_json and markdown:
        raise click.UsageError("of --json and --markdown only one can be had")
    from airlock.audit import policy, report  # noqa: PLC0415 - heavy imports, after --help
    from airlock.audit.findings import find  # noqa: PLC0415
    from airlock.audit.osv import THREADS, Database  # noqa: PLC0415
    from airlock.index.configuration import configured  # noqa: PLC0415
    from airlock.index.web import Web  # noqa: PLC0415

    config = session.config
    rules = policy.read(config, datetime.now(UTC).date())
    pins = _pins(session, toolchain=toolchain)
    database = Database(Web(configured(config.project), THREADS), config.audit_source)
    found = report.Report(tuple(pins), tuple(find(pins, database, rules)), rules, config.audit_source)
    if as_json:
        click.echo(json.dumps(report.document(found), indent=2))
    else:
        click.echo(report.markdown(found) if markdown else report.table(found))
    refuse_blocking(found)
    return 0


def _pins(session: Session, *, toolchain: bool) -> list[Pin]:
    """Read what the locks pin. Raises LockError."""
    from airlock.audit import pins  # noqa: PLC0415 - as above
    from airlock.locks import airflow, debian  # noqa: PLC0415
    from airlock.locks import toolchain as tools  # noqa: PLC0415

    config = session.config
    if toolchain:
        return pins.of_toolchain(tools.read(config.toolchain_lock))
    debs = debian.read(config.debian_lock)
    if debs.suite not in pins.SUITES:
        session.terminal.say(
            f"Debian packages are not asked about: advisories know {', '.join(pins.SUITES)}, not {debs.suite}"
        )
    return [
        *pins.of_airflow(airflow.read(config.airflow_lock)),
        *pins.of_debian(debs, config.platforms),
    ]


def refuse_blocking(found: Report) -> None:
    """Raise VulnerableError where a vulnerability blocks."""
    from airlock.errors import VulnerableError  # noqa: PLC0415 - as above

    if not found.blocking:
        return
    number = len(found.blocking)
    fixable = dict.fromkeys(name for one in found.blocking if one.fixed for name in one.pin.packages)
    upgrade = f"airlock lock --upgrade {' '.join(fixable)}, or " if fixable else ""
    raise VulnerableError(
        f"{number} known {'vulnerability blocks' if number == 1 else 'vulnerabilities block'}",
        cause="\n".join(
            f"{one.pin.name} {one.pin.version}: {one.id} ({one.severity})" for one in found.blocking
        ),
        remedy=f"{upgrade}give a reason and a day in [tool.airlock] audit-ignore (docs/upgrades.md)",
    )
