"""`[tool.airlock.push]`, `deploy`, `sync`, `verify`: where images and DAGs go, who runs them, how it is judged."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Table = TypeVar("Table", "Push", "Deploy", "Sync", "Verify")
ACCEPTED = re.compile(r"(?P<code>AL\d+) (?P<resource>\S+): *(?P<reason>\S.*)")
SEVERITIES = ("informational", "low", "medium", "high", "critical")  # as ECR's scans have them, with dashes


@dataclass(frozen=True)
class Push:
    """Where images are pushed to, and what is asked of the repository; keys of TOML have dashes."""

    repository: str = ""  # HOST[:PORT]/PATH
    tags: tuple[str, ...] = ("{version}-{commit}", "{commit}")  # patterns: airlock.push.tags
    sign: str = ""  # the key to sign with: awskms:///KEY, or a file; "": only where --sign names one
    trusted_keys: tuple[str, ...] = ()  # whose signatures count: awskms:///KEY, or files of public keys
    kms_key: str = ""  # the customer-managed key that the repository is encrypted with
    keep: int = 30  # images that the lifecycle keeps
    scan_block: str = "critical"  # the least severity of a scan's finding that fails `--scan`


@dataclass(frozen=True)
class Deploy:
    """The services on ECS that run the image; keys of TOML have dashes."""

    cluster: str = ""
    services: tuple[
        str, ...
    ] = ()  # updated in this order of their names; each runs the image in some container
    families: tuple[str, ...] = ()  # task definitions that no service runs: the ECS executor's workers
    migrate: str = ""  # the service whose task definition and network the migration's task has; "": the first
    timeout: int = 1200  # seconds until the services must be stable


@dataclass(frozen=True)
class Sync:
    """Where DAGs are published to as releases; keys of TOML have dashes."""

    to: str = ""  # s3://BUCKET/PREFIX, or a folder
    sign: str = ""  # the key to sign with: awskms:///KEY, or a file; "": only where --sign names one
    trusted_keys: tuple[str, ...] = ()  # whose signatures count, where releases are pulled
    kms_key: str = ""  # the customer-managed key that objects are encrypted with
    timeout: int = 60  # seconds in which a release must have arrived
    keep: int = 30  # releases that `airlock gc` keeps, the last
    keep_days: int = 30  # days for which it keeps every release


@dataclass(frozen=True)
class Verify:
    """How a deployment is judged; keys of TOML have dashes."""

    terraform: str = ""  # the folder that `airlock verify` looks at where no flag says otherwise
    fail_on: str = "error"
    select: tuple[str, ...] = ()  # codes, or beginnings of codes
    ignore: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()  # what is so on purpose: "CODE RESOURCE: reason", RESOURCE with wildcards
    gigabytes: int = 1_500  # of traffic with AWS's services a month, for what endpoints save


def read(kind: type[Table], table: object, environ: Mapping[str, str], problems: list[str]) -> Table:
    """Read a table of TOML, overridable by variables: `kms-key` of push is AIRLOCK_PUSH_KMS_KEY.

    What is wrong is added to `problems`, and stays at its default.
    """
    name = kind.__name__.lower()
    where = f"[tool.airlock.{name}]"
    if not isinstance(table, dict):
        problems.append(f"{where} must be a table")
        table = {}
    known = {field.name.replace("_", "-"): field for field in fields(kind)}
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            problems.append(
                f"{where} {key} is not known" + (f"; perhaps you meant {near[0]}" if near else "")
            )
    values: dict[str, Any] = {}
    for key, field in known.items():
        given = environ.get(f"AIRLOCK_{name}_{key}".upper().replace("-", "_"), table.get(key, field.default))
        try:
            values[field.name] = _value(given, field.default)
        except ValueError as error:
            problems.append(f"{where} {key} must be {error}, not {given!r}")
    made = kind(**values)
    if isinstance(made, Push) and made.scan_block not in SEVERITIES:
        problems.append(f"{where} scan-block must be one of {', '.join(SEVERITIES)}, not {made.scan_block!r}")
    if isinstance(made, Verify):
        problems += (f"{where} {problem}" for problem in _wrong(made))
    return made


def _wrong(made: Verify) -> Iterator[str]:
    if made.fail_on not in set(Severity):
        yield f"fail-on must be one of {', '.join(Severity)}, not {made.fail_on!r}"
    for one in made.accept:
        if not ACCEPTED.fullmatch(one):
            yield f'accept must hold "CODE RESOURCE: reason", not {one!r}'


def _value(given: object, default: object) -> object:
    """Return a value in the shape of its default; a variable gives a list as words. Raises ValueError."""
    if isinstance(default, tuple):
        listed = given.split() if isinstance(given, str) else given
        if not isinstance(listed, (list, tuple)) or not all(isinstance(one, str) for one in listed):
            raise ValueError("a list of strings")
        return tuple(listed)
    if isinstance(default, int):
        if (
            isinstance(given, bool)
            or not isinstance(given, (int, str))
            or not str(given).isdecimal()
            or not int(given)
        ):
            raise ValueError("a whole number above 0")
        return int(given)
    if not isinstance(given, str):
        raise ValueError("a string")  # noqa: TRY004 - one kind of refusal for the caller
    return given
