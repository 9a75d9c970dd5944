"""Airflow's database, for the dag-processor alone: no other process of Airflow that has a bundle may ask it."""

from __future__ import annotations

import hashlib
import json
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airlock_plugins.arrival import Outcome, Parsed
from airlock_plugins.reporting import reader_name
from airlock_spec.releases.manifest import ID

if TYPE_CHECKING:
    import types
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

_SOME = 500  # paths that one query names; for more it asks for all
_LINE = 500  # characters of an error
_HERE = {None, "", "localhost", "127.0.0.1", "::1"}  # a file, a socket, or a server on this host
_DIGITS = 16  # of the digest that names a database
_DEPTH = 12  # calls from the dag-processor's loop down to us


class Metadatabase:
    """Implements `arrival.Database` for one bundle. Raises what SQLAlchemy raises."""

    def __init__(self, bundle: str) -> None:
        self._bundle = bundle

    def request(self, paths: Collection[str]) -> None:
        from airflow.models.dagbag import DagPriorityParsingRequest  # noqa: PLC0415 - see the module
        from airflow.utils.session import create_session  # noqa: PLC0415
        from sqlalchemy import select  # noqa: PLC0415

        asked = DagPriorityParsingRequest
        with create_session() as session:
            known = set(
                session.scalars(select(asked.relative_fileloc).where(asked.bundle_name == self._bundle))
            )
            session.add_all(
                asked(bundle_name=self._bundle, relative_fileloc=path) for path in paths if path not in known
            )

    def outcome(self, release: str, paths: Collection[str], since: datetime) -> Outcome:
        from airflow.utils.session import create_session  # noqa: PLC0415 - see the module

        with create_session() as session:
            found = list(self._dags(session, paths, since))
            written = self._serialized(session, [one for one, _ in found], release)
            errors = self._errors(session, since)
        dags: dict[str, list[str]] = {}
        for one, fileloc in found:
            path = _file_of(fileloc, paths)
            if path and one in written:
                dags.setdefault(path, []).append(one)
        return Outcome(
            {path: tuple(sorted(ids)) for path, ids in dags.items()},
            {path: text for fileloc, text in errors if (path := _file_of(fileloc, paths))},
        )

    def needed(self) -> set[str]:
        from airflow.models.dag import DagModel  # noqa: PLC0415 - see the module
        from airflow.models.dag_version import DagVersion  # noqa: PLC0415
        from airflow.models.dagrun import DagRun  # noqa: PLC0415
        from airflow.utils.session import create_session  # noqa: PLC0415
        from sqlalchemy import select  # noqa: PLC0415

        with create_session() as session:
            of_runs = session.scalars(
                select(DagRun.bundle_version)
                .join(DagModel, DagModel.dag_id == DagRun.dag_id)
                .where(DagModel.bundle_name == self._bundle, DagRun.bundle_version.is_not(None))
                .distinct()
            )
            found = set(of_runs)
            # Tasks take the code of their own DagVersion, which any of them may still be.
            of_dags = session.scalars(
                select(DagVersion.bundle_version)
                .where(DagVersion.bundle_name == self._bundle, DagVersion.bundle_version.is_not(None))
                .distinct()
            )
            found.update(of_dags)
        return {version for version in found if ID.fullmatch(version)}

    def name(self) -> str:
        from airflow.configuration import conf  # noqa: PLC0415 - see the module
        from airflow.utils.session import create_session  # noqa: PLC0415

        schema = conf.get("database", "sql_alchemy_schema", fallback="")
        with create_session() as session:
            digest = digest_of(session.get_bind().url, schema, self._server(session))
        return reader_name("airflow", self._bundle, digest)

    def _server(self, session: Any) -> str:
        from sqlalchemy import text  # noqa: PLC0415 - see the module
        from sqlalchemy.exc import ProgrammingError  # noqa: PLC0415

        if session.get_bind().dialect.name != "postgresql":
            return ""
        try:
            return str(session.scalar(text("select system_identifier from pg_control_system()")))
        except ProgrammingError:  # somebody revoked it
            session.rollback()
            return ""

    def _dags(self, session: Any, paths: Collection[str], since: datetime) -> Iterator[tuple[str, str]]:
        from airflow.models.dag import DagModel  # noqa: PLC0415 - see the module
        from sqlalchemy import select  # noqa: PLC0415

        query = select(
            DagModel.dag_id,
            DagModel.relative_fileloc,
            DagModel.last_parsed_time,
            DagModel.last_parse_duration,
        ).where(DagModel.bundle_name == self._bundle, DagModel.last_parsed_time >= since)
        if len(paths) <= _SOME and not any(path.endswith(".zip") for path in paths):
            query = query.where(DagModel.relative_fileloc.in_(list(paths)))
        for one, fileloc, ended, seconds in session.execute(query):
            if fileloc and (ended - since).total_seconds() >= (
                seconds or 0.0
            ):  # it began after the release came
                yield one, fileloc

    def _serialized(self, session: Any, ids: list[str], release: str) -> set[str]:
        """Return those of the DAGs whose last version, which new DagRuns take, is of this release."""
        from airflow.models.dag_version import DagVersion  # noqa: PLC0415 - see the module
        from sqlalchemy import func, select  # noqa: PLC0415

        found: set[str] = set()
        for start in range(0, len(ids), _SOME):
            last = (
                select(DagVersion.dag_id, func.max(DagVersion.version_number).label("number"))
                .where(DagVersion.dag_id.in_(ids[start : start + _SOME]))
                .group_by(DagVersion.dag_id)
                .subquery()
            )
            found.update(
                session.scalars(
                    select(DagVersion.dag_id)
                    .join(
                        last,
                        (DagVersion.dag_id == last.c.dag_id) & (DagVersion.version_number == last.c.number),
                    )
                    .where(DagVersion.bundle_version == release)
                )
            )
        return found

    def _errors(self, session: Any, since: datetime) -> list[tuple[str, str]]:
        from airflow.models.errors import ParseImportError  # noqa: PLC0415 - see the module
        from sqlalchemy import select  # noqa: PLC0415

        rows = session.execute(
            select(ParseImportError.filename, ParseImportError.stacktrace).where(
                ParseImportError.bundle_name == self._bundle, ParseImportError.timestamp >= since
            )
        )
        return [(filename or "", _last_line(text or "")) for filename, text in rows]


def digest_of(url: Any, schema: str, server: str) -> str:
    """Return a digest of which database this is (`url` is SQLAlchemy's), without its users and their passwords.

    Hosts may have equal names in two networks: `server` is what the server calls itself.
    """
    where = [
        url.get_backend_name(),
        url.host,
        url.port,
        url.database,
        url.query.get("options"),
        schema,
        server,
    ]
    if url.host in _HERE:
        where.append(socket.gethostname())
    return hashlib.sha256(json.dumps(where).encode()).hexdigest()[:_DIGITS]


def parsed_by(frame: types.FrameType | None, bundle: str) -> Mapping[str, Parsed] | None:
    """Return what the dag-processor that calls us knows of its files; None where it is none that we know.

    3.3.2 tells nobody which files it parsed that hold no DAGs, nor when it began. Its loop has it, and is our caller.
    """
    for _ in range(_DEPTH):
        if frame is None:
            return None
        caller = frame.f_locals.get("self")
        stats = getattr(caller, "_file_stats", None)
        if stats is not None and hasattr(caller, "_refresh_dag_bundles"):
            return dict(_parsed(stats, bundle))
        frame = frame.f_back
    return None


def _parsed(stats: Mapping[Any, Any], bundle: str) -> Iterator[tuple[str, Parsed]]:

    for file, stat in stats.items():
        if file.bundle_name == bundle and not file.bundle_version and stat.last_finish_time:
            begun = stat.last_finish_time - timedelta(seconds=stat.last_duration or 0.0)
            yield str(file.rel_path), Parsed(begun, stat.last_finish_time, stat.num_dags)


def _file_of(fileloc: str, paths: Collection[str]) -> str:
    """Return which of these files a DAG is from: the location within an archive has the archive's before it."""
    if fileloc in paths:
        return fileloc
    archive = fileloc.partition(".zip/")[0] + ".zip"
    return archive if archive in paths else ""


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:_LINE] if lines else "it cannot be imported"
