"""The contract of the entrypoint in a real engine: exit codes, what is said, and that nothing is started wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services import READ_ONLY, Services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from containers import Engine, Image

pytestmark = [pytest.mark.real, pytest.mark.docker]

DOCS = Path(__file__).parents[2] / "docs"
CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SOON = {"CONNECTION_CHECK_MAX_COUNT": "2"}
USER = {"_AIRFLOW_WWW_USER_CREATE": "true", "_AIRFLOW_WWW_USER_PASSWORD": "Geheim-1"}
OWN_HEAD = "SELECT version_num FROM alembic_version"


@pytest.fixture(scope="module")
def services(engine: Engine, image: Image, lab_image: str) -> Iterator[Services]:
    """Give a PostgreSQL with a database of each kind: migrated, without tables, older, newer."""
    with Services(engine.program, image.reference, lab_image) as found:
        found.postgres()
        for name, revision in (("empty", None), ("older", "02ca36b0235b"), ("newer", "ffffffffffff")):
            found.sql(f"CREATE DATABASE {name}")
            if revision:
                found.sql("CREATE TABLE alembic_version (version_num varchar)", name)
                found.sql(f"INSERT INTO alembic_version VALUES ('{revision}')", name)  # noqa: S608 - ours
        migrated = found.run("version", env=found.env(_AIRFLOW_DB_MIGRATE="true"))
        assert (migrated.code, migrated.stdout) == (0, "3.3.2\n"), migrated.stderr
        assert found.sql(OWN_HEAD)
        # a revision that this Airflow knows, and is not its newest
        known = found.run("python", "-c", KNOWN, env={}).stdout.strip()
        found.sql(f"UPDATE alembic_version SET version_num = '{known}'", "older")  # noqa: S608 - ours
        yield found


KNOWN = "from airflow.utils.db import _REVISION_HEADS_MAP as known; print(known['2.10.3'])"


@pytest.mark.parametrize(
    ("command", "env", "code", "said"),
    [
        # what the official image does, too
        (["bash", "-c", "exit 7"], {}, 7, None),
        (["python", "-c", "raise SystemExit(9)"], {}, 9, None),
        (["version"], {}, 0, None),
        (["airflow", "version"], {}, 0, None),
        (["schedular"], {}, 2, None),
        (["/nowhere/program"], {}, 2, None),
        (["db", "check"], {}, 0, None),
        (["db", "check-migrations", "-t", "0"], {}, 0, None),
        (["connections", "get", "nothing"], {}, 1, None),
        # what it leaves to a traceback, a time-out or luck
        (["scheduler"], {"AIRFLOW__CORE__FERNET_KEY": ""}, 78, "AIRFLOW__CORE__FERNET_KEY is not set"),
        (["scheduler"], {"AIRFLOW__CORE__FERNET_KEY": "x"}, 78, "32 bytes in URL-safe base64"),
        (["triggerer"], {CONN: "{wrong_host}"}, 69, "nowhere:5432/airflow did not answer for 2 s"),
        (["db", "check"], {CONN: "{wrong_host}"}, 69, "nowhere:5432/airflow did not answer for 2 s"),
        (["dag-processor"], {CONN: "{wrong_password}"}, 77, "password authentication failed"),
        (["scheduler"], {CONN: "{nothing}"}, 77, 'database "nothing" does not exist'),
        (["scheduler"], {CONN: "{empty}"}, 79, "has no tables of Airflow"),
        (["scheduler"], {CONN: "{older}"}, 79, "is of an older Airflow"),
        (["api-server"], {CONN: "{newer}"}, 79, "is of a newer Airflow"),
        (["db", "migrate"], {CONN: "{newer}"}, 79, "is of a newer Airflow"),
        (["version"], {CONN: "{newer}", "_AIRFLOW_DB_MIGRATE": "1"}, 79, "is of a newer Airflow"),
        (
            ["celery", "worker"],
            {"AIRFLOW__CELERY__BROKER_URL": "redis://postgres:6379/0"},
            69,
            "did not answer for 2 s",
        ),
        (
            ["scheduler"],
            {
                "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
                "AIRFLOW__CELERY__BROKER_URL": "redis://:x@valkey/0",
            },
            77,
            "the broker redis valkey:6379 refuses",
        ),
        (["version"], {"_PIP_ADDITIONAL_REQUIREMENTS": "pandas"}, 64, "nothing is installed"),
        (["pip", "install", "pandas"], {}, 64, "pip is not in this image"),
        (["info", "--file-io"], {}, 64, "would send this deployment's description"),
        (["version"], USER, 78, "SimpleAuthManager keeps no users"),
        (
            ["version"],
            {"_AIRFLOW_WWW_USER_CREATE": "1", "AIRFLOW__CORE__AUTH_MANAGER": FAB},
            78,
            "PASSWORD is not set",
        ),
        (
            ["version"],
            USER | {"AIRFLOW__CORE__AUTH_MANAGER": FAB, "_AIRFLOW_WWW_USER_ROLE": "Nobody"},
            70,
            "making the user failed with exit code 1",
        ),
    ],
)
def test_a_container_ends_with_the_code_and_the_line_that_fit(
    services: Services, command: list[str], env: dict[str, str], code: int, said: str | None
) -> None:
    if "valkey" in env.get("AIRFLOW__CELERY__BROKER_URL", ""):
        services.valkey()
    urls = {
        "{wrong_host}": services.url(host="nowhere"),
        "{wrong_password}": services.url(password="wrong"),  # noqa: S106
        **{f"{{{name}}}": services.url(name) for name in ("nothing", "empty", "older", "newer")},
    }

    ended = services.run(*command, env=services.env(**SOON | {key: urls.get(v, v) for key, v in env.items()}))

    assert ended.code == code, ended.stderr
    if said:
        assert ended.stdout == ""
        assert any(said in line for line in ended.said)
        assert "Traceback" not in ended.stderr
        assert "s3cret" not in ended.stderr
        assert "wrong@" not in ended.stderr


def test_a_user_is_made_once_and_its_password_works(services: Services) -> None:
    env = services.env(**USER, AIRFLOW__CORE__AUTH_MANAGER=FAB)

    first, second = (services.run("version", env=env) for _ in range(2))

    assert (first.code, second.code) == (0, 0)
    assert 'User "admin" created' in first.stderr
    assert "already exists" in second.stderr
    assert "Geheim-1" not in first.stderr
    check = "import sys; from werkzeug.security import check_password_hash as c; print(c(sys.argv[1], 'Geheim-1'))"
    kept = services.sql("SELECT password FROM ab_user WHERE username = 'admin'")
    assert services.run("python", "-c", check, kept, env={}).stdout == "True\n"


def test_a_group_that_cannot_write_is_refused(services: Services) -> None:
    refused = services.run("version", env={}, options=("--user", "12345:1"))

    assert refused.code == 77
    assert "--user 12345:0" in refused.said[0]
    assert (
        services.run("version", env={}, options=("--user", "50000:1")).code == 0
    )  # as the official image does


def test_a_root_that_cannot_be_written_to_needs_memory_for_logs_alone(services: Services) -> None:
    ended = services.run("scheduler", env=services.env(**SOON), options=("--read-only", "--tmpfs", "/tmp"))  # noqa: S108

    assert ended.code == 78
    assert "--tmpfs /opt/airflow/logs:mode=1777" in ended.said[0]


def test_the_entrypoint_never_makes_a_component_of_an_image_that_lacks_bytecode(image: Image) -> None:
    """Starting would compile what is not there: the standard library, Airflow and the entrypoint's own modules."""
    missing = image.text("python", "-c", WITHOUT_BYTECODE)

    assert missing == "[]"


WITHOUT_BYTECODE = """
import importlib.util, pathlib, sys
sys.path.append('/opt/airlock/lib')
names = ('json', 'airflow', 'airlock_runtime.entrypoint', 'airlock_operators')
print([name for name in names if not pathlib.Path(importlib.util.find_spec(name).cached).exists()])
"""


def test_read_only_options_are_those_of_the_documentation() -> None:
    text = (DOCS / "runtime.md").read_text(encoding="utf-8")

    assert " ".join(READ_ONLY) in " ".join(text.split())
