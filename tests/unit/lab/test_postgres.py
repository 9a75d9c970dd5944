"""How a cluster is made, with programs in the place of PostgreSQL's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from airlock_lab import postgres
from airlock_lab.refused import RefusedError

if TYPE_CHECKING:
    from pathlib import Path

INITDB = '#!/bin/sh\necho "$@" >"$2/PG_VERSION"; : >"$2/pg_hba.conf"; cp "$6" "$2/password"\n'
SERVER = '#!/bin/sh\ncat >"$3/statements"\n'


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    programs = tmp_path / "bin"
    programs.mkdir()
    write_program(programs / "initdb", INITDB)
    write_program(programs / "postgres", SERVER)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return {"PATH": os.environ["PATH"], "POSTGRES_PASSWORD": "hidden"}


def write_program(path: Path, script: str) -> None:
    path.write_text(script)
    path.chmod(0o755)


def test_root_is_refused_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)

    with pytest.raises(RefusedError, match="refuses to run as root"):
        postgres.run([], {})


def test_a_cluster_has_its_role_its_database_and_a_password_in_no_argument(
    environ: dict[str, str], tmp_path: Path
) -> None:
    data = tmp_path / "volume" / "data"
    data.mkdir(parents=True)  # as a volume may bring it

    postgres.make_cluster(data, environ)

    arguments = (data / "PG_VERSION").read_text()
    assert "--username airflow" in arguments
    assert "hidden" not in arguments
    assert (data / "password").read_text() == "hidden"
    assert (data / "statements").read_text() == 'CREATE DATABASE "airflow"\n'
    assert "host all all all scram-sha-256" in (data / "pg_hba.conf").read_text()


def test_a_start_that_fails_leaves_no_cluster(environ: dict[str, str], tmp_path: Path) -> None:
    write_program(tmp_path / "bin" / "initdb", "#!/bin/sh\necho 'disk  full' >&2; exit 1\n")

    with pytest.raises(RefusedError, match="initdb failed: disk full"):
        postgres.make_cluster(tmp_path / "data", environ)

    assert not (tmp_path / "data").exists()


def test_what_a_killed_start_left_is_removed(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "volume" / "new-1").mkdir(parents=True)

    postgres.make_cluster(tmp_path / "volume" / "data", environ)

    assert [path.name for path in (tmp_path / "volume").iterdir()] == ["data"]


def test_without_a_password_it_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="set POSTGRES_PASSWORD"):
        postgres.make_cluster(tmp_path / "data", environ | {"POSTGRES_PASSWORD": ""})
