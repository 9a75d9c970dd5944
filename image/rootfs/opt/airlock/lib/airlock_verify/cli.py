"""`airlock-verify`: what a task in this container can reach, and must not."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from airlock_spec.check.finding import Severity
from airlock_spec.check.reports import FORMATS, render
from airlock_spec.reach import carried
from airlock_spec.reach.destination import HTTPS, Destination
from airlock_spec.reach.looking import Looking, Wanted
from airlock_spec.reach.needed import ANYBODY, forbidden, missing, of_buckets, reasons, wanted
from airlock_spec.reach.observed import Kind, Observed
from airlock_spec.reach.report import Report
from airlock_spec.reach.sockets import SystemNetwork
from airlock_verify import place
from airlock_verify.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airlock_spec.reach.network import Network

MISUSE = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
_EPILOG = """\
It looks at what this container's settings need (AIRFLOW__SECTION__KEY and airflow.cfg: remote logs, secrets, executors,
DAG bundles, buckets, the database, the broker, the api-server; in ECS what every Fargate task needs), and at names and
addresses outside, which must not answer. No credentials of AWS are needed, and no request is signed.

examples:
  airlock-verify                                    for people
  airlock-verify --json                             one object: observed, findings
  airlock-verify --service sqs --service iam --endpoint redis.internal:6379
  aws ecs execute-command --cluster prod --task ID --container airflow --interactive --command 'airlock-verify'

exit code 0: nothing that blocks. 1: findings at or above --fail-on. 2: the command line cannot be understood.
"""


class MisuseError(Exception):
    """The command line cannot be understood."""


@dataclass(frozen=True)
class Surroundings:
    """What is around this process, for tests to give another."""

    environ: Mapping[str, str]
    network: Network
    ask: Callable[[str], bytes]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Look, report, and end this process, whatever a thread still waits for."""
    given = parser().parse_args(arguments)
    try:
        code = run(given, Surroundings(os.environ, SystemNetwork(), place.ask))
        sys.stdout.flush()
    except MisuseError as error:
        sys.stderr.write(f"airlock-verify: {error}\n")
        code = MISUSE
    except BrokenPipeError:
        code = 1
    except KeyboardInterrupt:
        code = INTERRUPTED
    os._exit(code)


def run(given: argparse.Namespace, around: Surroundings) -> int:
    """Do what was asked for and return the exit code. Raises MisuseError."""
    report = Report(look(given, around), Severity(given.fail_on))
    form = "json" if given.json else given.format
    if given.marked:
        document = json.dumps(json.loads(render(report, "json")), separators=(",", ":"))
        text = "\n".join([*carried.lines(document), ""])
    else:
        text = render(report, form, colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    sys.stdout.write(text)
    return report.exit_code


def look(given: argparse.Namespace, around: Surroundings) -> Observed:
    """Look at all that this container needs, and at what it must not reach. Raises MisuseError."""
    begun = time.monotonic()
    here = place.place(around.environ, around.ask)
    configuration = Configuration(around.environ)
    region = given.region or here.region
    targets = _wanted(given, configuration, region, given.account or here.account or ANYBODY)
    left = max(given.within - (time.monotonic() - begun), 0.0)
    sights = Looking(around.network, given.timeout, left).look_at_all(targets)
    return Observed(
        tuple(sights),
        round(time.monotonic() - begun, 3),
        given.within,
        here.task,
        here.zone,
        region,
        tuple(configuration.unknown),
    )


def _wanted(
    given: argparse.Namespace, configuration: Configuration, region: str, account: str
) -> list[Wanted]:
    found = configuration.needs()
    try:
        needed = reasons(found, given.service)
        peers = [*configuration.peers(), *map(_given, given.endpoint)]
    except ValueError as error:
        raise MisuseError(str(error)) from error
    if missing(needed, region, account):
        raise MisuseError("in which region? Set AWS_REGION, or give --region")
    hosts = wanted(needed, region, account)
    if region:
        hosts += of_buckets(configuration.buckets(found, region), region)
    inside = list({one.destination: one for one in [*hosts, *peers]}.values())
    return [*inside, *forbidden(inside)]


def _given(text: str) -> Wanted:
    """Return what --endpoint names: on port 443 it speaks TLS with a certificate for its name. Raises ValueError."""
    destination = Destination.parse(text)
    kind = Kind.ENDPOINT if destination.port == HTTPS else Kind.PEER
    return Wanted(str(destination), "--endpoint", kind=kind)


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number <= 3600:  # noqa: PLR2004 - an hour
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600 seconds")
    return number


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(
        "airlock-verify",
        description="Tell what a task in this container can reach, and what it must not.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    many: dict[str, Any] = {"action": "append", "default": [], "metavar": "NAME"}
    made.add_argument("--service", **many, help="a VPC endpoint's service, too (as sqs; repeatable)")
    made.add_argument("--endpoint", **many, help="a host or host:port, too (repeatable)")
    made.add_argument("--region", default="", help="of the endpoints (default: AWS_REGION, or the task's)")
    made.add_argument(
        "--account", default="", help="whose registry (default: the task's; any has the endpoint)"
    )
    made.add_argument(
        "--timeout", type=_seconds, default=5.0, metavar="S", help="for one address (default: 5)"
    )
    made.add_argument(
        "--within", type=_seconds, default=20.0, metavar="S", help="for all of it (default: 20)"
    )
    made.add_argument(
        "--fail-on", choices=[*map(str, Severity)], default="error", help="exit with 1 from here on"
    )
    made.add_argument("--format", choices=FORMATS, default="text", help="how to report (default: text)")
    made.add_argument("--json", action="store_true", help="the same as --format json: one object")
    made.add_argument(
        "--marked", action="store_true", help="the object in marked lines, for a log to carry it"
    )
    return made
