"""Waiting for the database and the broker: cheap attempts, a bound, and one clear last line."""

from __future__ import annotations

import socket
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airlock_runtime import schema
from airlock_runtime.broker import BrokerDeniedError, BrokerError
from airlock_runtime.database import (
    DeniedError,
    DriverError,
    PasswordlessError,
    QueryError,
    UnreachableError,
    Url,
    connect,
)
from airlock_runtime.failures import Denied, SchemaMismatch, Unavailable
from airlock_runtime.schema import Schema, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from airlock_runtime.broker import Broker

ATTEMPTS, PAUSE = 20, 1.0  # an attempt costs milliseconds, so that they may be denser than the official 3 s
MIGRATION = 3  # times as long: it creates or changes all tables, and Airflow starts first
ATTEMPT = 2.0  # seconds to connect; libpq knows no less
NEEDS = "the route and security groups from here to there, and that it runs"


@dataclass(frozen=True)
class Patience:
    """How long to wait: in all `attempts` times `pause` seconds, however long one attempt takes."""

    attempts: int = ATTEMPTS
    pause: float = PAUSE
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Patience:
        """Read CONNECTION_CHECK_MAX_COUNT (0: do not wait, do not look) and CONNECTION_CHECK_SLEEP_TIME.

        Raises ValueError with all that is wrong with them.
        """
        problems = []
        attempts, pause = (
            environ.get("CONNECTION_CHECK_MAX_COUNT"),
            environ.get("CONNECTION_CHECK_SLEEP_TIME"),
        )
        if attempts and not (attempts.isascii() and attempts.isdigit()):
            problems.append(f"CONNECTION_CHECK_MAX_COUNT is {attempts!r}, not a number of attempts: 20")
        try:
            seconds = float(pause or PAUSE)
        except ValueError:
            seconds = -1
        if not 0 <= seconds < float("inf"):
            problems.append(f"CONNECTION_CHECK_SLEEP_TIME is {pause!r}, not a number of seconds: 1")
        if problems:
            raise ValueError("; ".join(problems))
        return cls(int(attempts) if attempts else ATTEMPTS, seconds)

    @property
    def seconds(self) -> float:
        return self.attempts * max(self.pause, 0.1)

    def until(self, what: str, attempt: Callable[[], str | None]) -> str | None:
        """Attempt until there is no reason left not to go on; return the last reason."""
        end = self.clock() + self.seconds
        said = False
        while reason := attempt():
            left = end - self.clock()
            if left <= 0:
                return reason
            if not said:
                say(f"waiting for {what}, up to {self.seconds:.0f} s: {reason}")
                said = True
            self.sleep(min(max(self.pause, 0.1), left))
        return None


def say(line: str) -> None:
    """Write a line to stderr, for stdout is the command's."""
    print(f"airlock: {line}", file=sys.stderr, flush=True)  # noqa: T201 - the entrypoint has no other voice


@dataclass(frozen=True)
class Answered:
    """What a database said: its revision, unless there is no driver for it here (`known` is false)."""

    revision: str | None
    known: bool = True


def for_database(url: Url, patience: Patience, *, by_port: bool = False) -> Answered:
    """Wait until the database answers, or its port where a URL is not all that Airflow connects with.

    Raises Unavailable or Denied.
    """
    seen: list[Answered] = []

    def attempt() -> str | None:
        seen.append(_port(url) if by_port else _ask(url))
        return None

    _until(f"the database {url}", url, patience, attempt)
    return seen[-1]


def _until(what: str, url: Url, patience: Patience, attempt: Callable[[], str | None]) -> str | None:
    """Attempt until there is no reason left; return the last one. Raises Unavailable or Denied."""
    failed: list[Exception] = []

    def guarded() -> str | None:
        failed.clear()
        try:
            return attempt()
        except (UnreachableError, QueryError, OSError) as error:
            failed.append(error)
            return str(error)

    try:
        reason = patience.until(what, guarded)
    except DeniedError as error:
        raise Denied(
            f"the database {url} refuses: {error}. Mend AIRFLOW__DATABASE__SQL_ALCHEMY_CONN."
        ) from error
    if failed:
        raise Unavailable(
            f"the database {url} did not answer for {patience.seconds:.0f} s: {reason}. "
            f"Check AIRFLOW__DATABASE__SQL_ALCHEMY_CONN, {NEEDS}."
        )
    return reason


def _ask(url: Url) -> Answered:
    try:
        with connect(url, ATTEMPT) as database:
            return Answered(schema.revision(database))
    except DriverError:
        return _port(url)
    except PasswordlessError as error:
        say(f"{url}: {error}; what Airflow connects with besides it is known to Airflow alone")
        return Answered(None, known=False)


def _port(url: Url) -> Answered:
    if url.host and url.port:
        socket.create_connection((url.host, url.port), ATTEMPT).close()
    return Answered(None, known=False)


def for_schema(url: Url, found: str | None, own: Schema, version: str, patience: Patience) -> None:
    """Wait until another container has migrated the database. Raises SchemaMismatch, Unavailable or Denied."""
    state = own.state(found)

    def attempt() -> str | None:
        with connect(url, ATTEMPT) as database:
            seen = own.state(schema.revision(database))
        return None if seen is State.CURRENT else _STATES.get(seen)

    longer = replace(patience, attempts=patience.attempts * MIGRATION)
    if state is not State.CURRENT and (reason := _until(f"the migration of {url}", url, longer, attempt)):
        raise SchemaMismatch(
            f"the database {url} {reason} (this image: {version} at {own.head}; there: {found or 'nothing'}). "
            "Migrate it once: airflow db migrate, or any command with _AIRFLOW_DB_MIGRATE=true."
        )


_STATES = {
    State.EMPTY: "has no tables of Airflow",
    State.BEHIND: "is of an older Airflow",
    State.AHEAD: "is of a newer Airflow",
}


def refuse_newer(url: Url, found: str | None, own: Schema, version: str) -> None:
    """Refuse a database that is of a newer Airflow, which nothing here can mend. Raises SchemaMismatch."""
    if own.state(found) is not State.AHEAD:
        return
    raise SchemaMismatch(
        f"the database {url} is of a newer Airflow (this image: {version} at {own.head}; there: {found}). "
        "Run the newer image, or downgrade the database with it: airflow db downgrade --to-version "
        f"{version}."
    )


def for_broker(places: Sequence[Broker], patience: Patience) -> None:
    """Wait until one of the broker's places answers. Raises Unavailable or Denied."""
    what = ", ".join(map(str, places))

    def attempt() -> str | None:
        reasons = []
        for place in places:
            try:
                place.ask(ATTEMPT)
            except BrokerDeniedError:
                raise
            except BrokerError as error:
                reasons.append(str(error))
            else:
                return None
        return "; ".join(dict.fromkeys(reasons))

    try:
        reason = patience.until(f"the broker {what}", attempt)
    except BrokerDeniedError as error:
        raise Denied(f"the broker {what} refuses: {error}. Mend AIRFLOW__CELERY__BROKER_URL.") from error
    if reason:
        raise Unavailable(
            f"the broker {what} did not answer for {patience.seconds:.0f} s: {reason}. "
            f"Check AIRFLOW__CELERY__BROKER_URL, {NEEDS}."
        )
