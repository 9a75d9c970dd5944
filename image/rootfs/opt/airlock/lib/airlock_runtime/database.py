"""Airflow's metadata database, by its driver alone."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import parse_qsl, quote, unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

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


class DriverError(DatabaseError):
    """There is no driver for it here, so that only its port can be tried."""


class QueryError(DatabaseError):
    """It answers, and a statement failed (no such table, no right to read it)."""


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
        port = found["port"] or ""
        if port and not (port.isascii() and port.isdigit()):
            raise ValueError(
                "its port is no number (a '/', '@' or ':' of the password must be written %2F, …)"
            )
        return cls(
            found["kind"],
            unquote(found["user"] or ""),
            unquote(found["password"] or ""),
            found["ipv6"] or found["host"] or "",
            int(port) if port else PORTS.get(found["kind"]),
            unquote(found["name"] or ""),
            tuple(parse_qsl(found["query"] or "")),
        )

    def __str__(self) -> str:
        if self.kind == "sqlite":
            return f"sqlite {self.name or ':memory:'}"
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
        """Return the rows of a SELECT whose values are written `?`. Raises QueryError."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement.replace("?", self._mark), values)
            return list(cursor.fetchall())
        except Exception as error:  # DB-API drivers share no base class but this (PEP 249)
            raise QueryError(_line(error)) from error
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
        **dict(url.query),
    }
    try:
        return Database(libpq.connect(parameters), "?")
    except libpq.MissingError as error:
        raise DriverError(_line(error)) from error
    except libpq.Error as error:
        raise _refusal(_line(error)) from error


# What a server says while it starts, stops or is full: libpq gives no SQLSTATE for a refused connection.
_PASSING = (
    "starting up",
    "shutting down",
    "recovery",
    "too many",
    "remaining connection slots",
    "not yet accept",
)


def _refusal(said: str) -> DatabaseError:
    refused = "FATAL:" in said or "invalid" in said or "no password supplied" in said
    if refused and not any(word in said for word in _PASSING):
        return DeniedError(said.rpartition("FATAL:")[2].strip())
    return UnreachableError(said)


def _line(error: Exception) -> str:
    """Say an error in one line; libpq has one for each address."""
    lines: Sequence[str] = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines) or type(error).__name__
