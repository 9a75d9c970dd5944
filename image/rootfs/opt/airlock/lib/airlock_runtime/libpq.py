"""PostgreSQL by its C library, in the form of a driver (PEP 249).

Importing a driver takes longer than all the rest of a health check does.
https://www.postgresql.org/docs/current/libpq.html
"""

from __future__ import annotations

import ctypes
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIBRARY = "libpq.so.5"
_CONNECTION_OK = 0  # ConnStatusType
_TUPLES_OK = 2  # ExecStatusType
_SQLSTATE = ord("C")  # PG_DIAG_SQLSTATE

Row = tuple[str | None, ...]


class Error(Exception):
    """What the library said, and the server's SQLSTATE where it is the server's error."""

    def __init__(self, said: str, sqlstate: str = "") -> None:
        super().__init__(said)
        self.sqlstate = sqlstate


class MissingError(Error):
    """There is no such library here."""


class Cursor:
    """One statement at a time; all values are text, in and out."""

    def __init__(self, library: ctypes.CDLL, connection: int) -> None:
        self._library = library
        self._connection = connection
        self._rows: list[Row] = []

    def execute(self, statement: str, values: Sequence[object]) -> None:
        """Run a SELECT whose values are written `?`. Raises Error."""
        pq = self._library
        numbers = iter(range(1, len(values) + 1))
        text = re.sub(r"\?", lambda _: f"${next(numbers)}", statement).encode()
        given = (ctypes.c_char_p * len(values))(*(str(value).encode() for value in values))
        result = pq.PQexecParams(self._connection, text, len(values), None, given, None, None, 0)
        try:
            if pq.PQresultStatus(result) != _TUPLES_OK:
                state = _text(pq.PQresultErrorField(result, _SQLSTATE))
                raise Error(_text(pq.PQresultErrorMessage(result)), state)
            self._rows = [*self._read(result)]
        finally:
            pq.PQclear(result)

    def fetchall(self) -> list[Row]:
        return self._rows

    def close(self) -> None:
        self._rows = []

    def _read(self, result: int) -> Iterator[Row]:
        pq = self._library
        columns = range(pq.PQnfields(result))
        for row in range(pq.PQntuples(result)):
            yield tuple(
                None if pq.PQgetisnull(result, row, column) else _text(pq.PQgetvalue(result, row, column))
                for column in columns
            )


class Connection:
    """A session that only reads."""

    def __init__(self, library: ctypes.CDLL, handle: int) -> None:
        self._library = library
        self._handle = handle

    def cursor(self) -> Cursor:
        return Cursor(self._library, self._handle)

    def close(self) -> None:
        self._library.PQfinish(self._handle)


def connect(parameters: Mapping[str, str]) -> Connection:
    """Connect with libpq's own parameters; those without a value are left to its defaults. Raises Error."""
    pq = _library()
    given = {key: value for key, value in parameters.items() if value}
    count = len(given) + 1  # a null ends the list
    keys = (ctypes.c_char_p * count)(*(key.encode() for key in given), None)
    values = (ctypes.c_char_p * count)(*(value.encode() for value in given.values()), None)
    handle = pq.PQconnectdbParams(keys, values, 0)
    if pq.PQstatus(handle) != _CONNECTION_OK:
        said = _text(pq.PQerrorMessage(handle))
        pq.PQfinish(handle)
        raise Error(said)
    return Connection(pq, handle)


def _library() -> ctypes.CDLL:
    try:
        pq = ctypes.CDLL(LIBRARY)
    except OSError as error:
        raise MissingError(f"{LIBRARY} cannot be loaded: {error}") from error
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("PQconnectdbParams", pointer, (pointer, pointer, number)),
        ("PQstatus", number, (pointer,)),
        ("PQerrorMessage", text, (pointer,)),
        ("PQfinish", None, (pointer,)),
        ("PQexecParams", pointer, (pointer, text, number, *[pointer] * 4, number)),
        ("PQresultStatus", number, (pointer,)),
        ("PQresultErrorMessage", text, (pointer,)),
        ("PQresultErrorField", text, (pointer, number)),
        ("PQntuples", number, (pointer,)),
        ("PQnfields", number, (pointer,)),
        ("PQgetisnull", number, (pointer, number, number)),
        ("PQgetvalue", text, (pointer, number, number)),
        ("PQclear", None, (pointer,)),
    ):
        function = getattr(pq, name)
        function.restype, function.argtypes = result, arguments
    return pq


def _text(said: bytes | None) -> str:
    return (said or b"").decode(errors="replace")
