"""Airflow's metadata database, by its driver alone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import parse_qsl, quote, unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

# Where Airflow's driver is given more than the URL says: options, a password, a path to search for tables.
CONNECT_ARGS = ("database", "sql_alchemy_connect_args")
PORTS = {"postgresql": 5432, "mysql": 3306}
SITE_PACKAGES = "/opt/venv/lib"  # below it is Airflow's environment; nothing of it is imported
# sqlalchemy.engine.url takes anything but "@" for a password, "/" too, so urllib.parse would differ.
_URL = re.compile(
    r"(?P<kind>\w+)(?:\+(?P<driver>[\w]+))?://"
    r"(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:\[(?P<ipv6>[^/?]+)\]|(?P<host>[^/:?]+))?(?::(?P<port>[^/?]*))?"
    r"(?:/(?P<name>[^?]*))?(?:\?(?P<query>.*))?",
    re.DOTALL,
)


class DatabaseError(Exception):
    """The database cannot be used: why, in one line, without a secret."""


class UnreachableError(DatabaseError):
    """It does not answer now; it may later."""


class DeniedError(DatabaseError):
    """It answers and refuses: asking again does not help."""


class PasswordlessError(DatabaseError):
    """It asks for a password that the URL does not have: Airflow may be given one elsewhere (a token of IAM)."""


class DriverError(DatabaseError):
    """There is no driver for it here, so that only its port can be tried."""


class QueryError(DatabaseError):
    """It answered, and a statement failed (a lost connection, a time-out)."""


class MissingTableError(QueryError):
    """There is no such table."""


class Url(NamedTuple):
    """A database URL as SQLAlchemy reads it; neither `str` nor `repr` of it shows a password."""

    kind: str  # postgresql, mysql, sqlite
    user: str
    password: str
    host: str
    port: int | None
    name: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Url:
        """Read a URL. Raises ValueError, which does not repeat the text: it may hold a password."""
        found = _URL.fullmatch(text.strip())
        if not found:
            raise ValueError("it is no URL of the form postgresql://USER:PASSWORD@HOST:PORT/NAME")
        if "@" in (found["host"] or ""):  # a part of the password, which would be shown as the host
            raise ValueError("an '@' of its password must be written %40")
        kind = "postgresql" if found["kind"] == "postgres" else found["kind"]  # as Airflow mends it
        port = found["port"] or ""
        if port and not (port.isascii() and port.isdigit()):
            raise ValueError(
                "its port is no number (a '/', '@' or ':' of the password must be written %2F, …)"
            )
        return cls(
            kind,
            unquote(found["user"] or ""),
            unquote(found["password"] or ""),
            found["ipv6"] or found["host"] or "",
            int(port) if port else PORTS.get(kind),
            unquote(found["name"] or ""),
            tuple(parse_qsl(found["query"] or "")),
        )

    def __str__(self) -> str:
        if self.kind == "sqlite":
            return f"sqlite {self.name or ':memory:'}"
        if not self.host and (hosts := [value for key, value in self.query if key == "host"]):
            return f"{self.kind} {','.join(hosts)}/{self.name}"
        port = f":{self.port}" if self.port else ""
        return f"{self.kind} {self.host or 'localhost'}{port}/{self.name}"

    def __repr__(self) -> str:
        return f"<Url {self}>"


class Database:
    """A connection that only reads; `with` closes it."""

    def __init__(self, connection: Any, mark: str) -> None:
        self._connection = connection
        self._mark = mark  # what stands for a value in a statement

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT whose values are written `?`. Raises QueryError, DeniedError."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement.replace("?", self._mark), values)
            return list(cursor.fetchall())
        except Exception as error:  # DB-API drivers share no base class but this (PEP 249)
            raise _of_query(error) from error
        finally:
            cursor.close()


def connect(url: Url, timeout: float = 5.0) -> Database:
    """Connect within `timeout` seconds for each address. Raises DatabaseError of the fitting kind."""
    if url.kind == "sqlite":
        return _sqlite(url, timeout)
    if url.kind == "postgresql":
        return _postgresql(url, timeout)
    raise DriverError(f"no driver for {url.kind} is known here")


def _sqlite(url: Url, timeout: float) -> Database:
    import sqlite3  # noqa: PLC0415 - health checks pay for every import, and few are about sqlite

    if not os.path.isfile(url.name):  # noqa: PTH113 - the same
        raise UnreachableError(f"there is no file {url.name}")
    try:
        return Database(sqlite3.connect(f"file:{quote(url.name)}?mode=ro", timeout=timeout, uri=True), "?")
    except sqlite3.Error as error:
        raise UnreachableError(_line(error)) from error


def _postgresql(url: Url, timeout: float) -> Database:
    from airlock_runtime import libpq  # noqa: PLC0415 - ctypes; as above

    parameters = {
        "host": url.host,
        "port": str(url.port or "") if url.host else "",
        "user": url.user,
        "password": url.password,
        "dbname": url.name,
        # libpq takes whole seconds, and 2 at least
        "connect_timeout": str(max(2, round(timeout))),
        "application_name": "airlock",
        **_options(url.query),
    }
    while True:
        try:
            return Database(libpq.connect(parameters), "?")
        except libpq.MissingError as error:
            raise DriverError(_line(error)) from error
        except libpq.Error as error:
            unknown = _UNKNOWN.search(str(error))
            if not (
                unknown and parameters.pop(unknown[1], None)
            ):  # else: for Airflow's driver, not for its library
                raise _refusal(_line(error), url) from error


_UNKNOWN = re.compile(r'invalid connection option "([^"]+)"')
_PLACE = re.compile(r"([a-zA-Z0-9.-]*):(\d*)")


def _options(query: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return libpq's options of a query; several servers, host=A:1&host=B:2 to SQLAlchemy, are lists to libpq."""
    options: dict[str, str] = {}
    for key, value in query:
        options[key] = f"{options[key]},{value}" if key in options and key in {"host", "port"} else value
    hosts = options.get("host", "").split(",")
    places = [found.groups() if (found := _PLACE.fullmatch(one)) else (one, "") for one in hosts]
    if "port" not in options and any(port for _, port in places):
        options["host"] = ",".join(host for host, _ in places)
        options["port"] = ",".join(port for _, port in places)
    return options


# What a server, or a pooler before it, says while it starts, stops or is full; libpq gives no SQLSTATE for it.
_PASSING = (
    "starting up",
    "shutting down",
    "recovery",
    "too many",
    "remaining connection slots",
    "not yet accept",
    "not accepting",
    "terminating",
    "timeout",
    "timed out",
    "cannot connect",
)


def _refusal(said: str, url: Url) -> DatabaseError:
    if "no password supplied" in said and not url.password:
        return PasswordlessError("it asks for a password, and its URL has none")
    refused = "FATAL:" in said or "invalid" in said or "no password supplied" in said
    if refused and not any(word in said.lower() for word in _PASSING):
        return DeniedError(said.rpartition("FATAL:")[2].strip())
    return UnreachableError(said)


_MISSING_TABLE, _NO_RIGHT = "42P01", "42501"  # SQLSTATE


def _of_query(error: Exception) -> DatabaseError:
    sqlstate = getattr(error, "sqlstate", "")
    if sqlstate == _NO_RIGHT:
        return DeniedError(_line(error))
    missing = sqlstate == _MISSING_TABLE or "no such table" in str(error)
    return (MissingTableError if missing else QueryError)(_line(error))


def _line(error: Exception) -> str:
    """Say an error in one line; libpq has one for each address."""
    lines: Sequence[str] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines) or type(error).__name__
