"""The heartbeat of a component in Airflow's table `job`, which the component itself writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airlock_runtime import database
from airlock_runtime.database import (
    CONNECT_ARGS,
    DatabaseError,
    DriverError,
    MissingTableError,
    PasswordlessError,
    UnreachableError,
    Url,
)
from airlock_runtime.settings import SecretSettingError, SettingError
from airlock_runtime.verdict import Sign

if TYPE_CHECKING:
    from airlock_runtime.database import Database
    from airlock_runtime.settings import Settings

CONNECT_SECONDS = 2.0
SLACK = 2.0  # seconds that the start of a process, as /proc and two clocks give it, may be off
HEARTBEAT = "heartbeat"

# Of several rows since the start of our process the first is ours: with host networking another container of
# this host name may have started later. Rows of earlier containers began before our process did.
_QUERY = (
    "SELECT {at}latest_heartbeat{end}, {at}end_date{end} FROM {schema}job"
    " WHERE job_type = ? AND {named} AND start_date >= {since} ORDER BY start_date, id LIMIT 1"
)
_POSTGRESQL = {"at": "extract(epoch FROM ", "end": ")", "since": "to_timestamp(CAST(? AS double precision))"}
# SQLAlchemy writes text in sqlite: 2026-11-26 09:00:00.000000, which is UTC
_SQLITE = {
    "at": "(julianday(",
    "end": ") - 2440587.5) * 86400",
    "since": "strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch')",
}


def hostname(settings: Settings) -> str | None:
    """Return the name that Airflow gives this host, or None where only Airflow could tell.

    Raises OSError where a name cannot be looked up.
    """
    chosen = settings.get("core", "hostname_callable") or "airflow.utils.net.getfqdn"
    name = os.uname().nodename
    if chosen in {"socket.gethostname", "os.gethostname"}:
        return name
    import socket  # noqa: PLC0415 - health checks pay for every import, and the image's default needs none

    if chosen == "socket.getfqdn":
        return socket.getfqdn()
    if chosen == "airflow.utils.net.getfqdn":
        return _canonical(name)
    if chosen == "airflow.utils.net.get_host_ip_address":
        return socket.gethostbyname(_canonical(name))
    return None


def sign(settings: Settings, home: str, job_type: str, since: float, host: str | None) -> Sign:
    """Return what the database tells of a component whose process started at `since` (seconds since 1970)."""
    try:
        text = settings.get("database", "sql_alchemy_conn")
        schema = settings.get("database", "sql_alchemy_schema") or ""
        more = settings.is_set(*CONNECT_ARGS)
    except SecretSettingError as error:
        return Sign("unproven", HEARTBEAT, reason=f"its database is unknown here: {error}")
    except SettingError as error:
        return Sign("outage", "database", reason=f"is unknown: {error}")
    try:
        url = Url.parse(text or f"sqlite:///{home}/airflow.db")
    except ValueError as error:
        return Sign("outage", "database", reason=f"is unknown: sql_alchemy_conn is wrong, {error}")
    try:
        with database.connect(url, CONNECT_SECONDS) as connection:
            return _row(connection, url.kind, schema, job_type, since, host)
    except DatabaseError as error:
        return _of_failure(error, url, more=more)


def _of_failure(error: DatabaseError, url: Url, *, more: bool) -> Sign:
    """Say what a failure means; `more` is whether Airflow connects with more than the URL."""
    known = not isinstance(error, (PasswordlessError, DriverError))
    if not known or (more and not isinstance(error, UnreachableError)):
        return Sign("unproven", HEARTBEAT, reason=f"Airflow alone can ask its database ({url}: {error})")
    if isinstance(error, MissingTableError):  # before `airflow db migrate`
        return Sign("none", HEARTBEAT, reason=f"{url}: {error}")
    return Sign("outage", "database", reason=f"does not answer ({url}: {error})")


def _row(connection: Database, kind: str, schema: str, job_type: str, since: float, host: str | None) -> Sign:
    words = _SQLITE if kind == "sqlite" else _POSTGRESQL
    quoted = '"{}".'.format(schema.replace('"', '""')) if schema else ""
    named = "hostname = ?" if host is not None else "1 = 1"
    values = [job_type, *([host] if host is not None else []), f"{since - SLACK:.3f}"]
    rows = connection.rows(_QUERY.format(**words, schema=quoted, named=named), *values)
    if not rows:
        of = f"of host {host}" if host is not None else "of any host"
        return Sign("none", HEARTBEAT, reason=f"no {job_type} {of} in its database")
    beat, end = rows[0]
    if end is not None:
        return Sign("ended", HEARTBEAT, float(end))
    if beat is None:
        return Sign("none", HEARTBEAT)
    return Sign("beat", HEARTBEAT, float(beat))


def _canonical(name: str) -> str:
    """Do what airflow.utils.net.getfqdn does."""
    import socket  # noqa: PLC0415

    try:
        found = socket.getaddrinfo(name, None, 0, socket.SOCK_DGRAM, 0, socket.AI_CANONNAME)
    except OSError:
        return name
    return next((one[3] for one in found if one[3]), name)
