"""Settings are read as Airflow reads them: variables, commands, the file, former names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from airlock_runtime.settings import SecretSettingError, SettingError, Settings

if TYPE_CHECKING:
    from pathlib import Path

CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def settings(tmp_path: Path, file: str = "", **environ: str) -> Settings:
    (tmp_path / "airflow.cfg").write_text(file, encoding="utf-8")
    return Settings.read({"AIRFLOW_HOME": str(tmp_path), **environ})


def test_a_variable_is_read_before_the_file(tmp_path: Path) -> None:
    found = settings(tmp_path, "[core]\nexecutor = A\nparallelism = 7\n", AIRFLOW__CORE__EXECUTOR="B")

    assert found.get("core", "executor") == "B"
    assert found.get("core", "parallelism") == "7"
    assert found.get("core", "hostname_callable") is None


def test_the_file_is_where_airflow_config_says(tmp_path: Path) -> None:
    other = tmp_path / "other.cfg"
    other.write_text("[api]\nport = 9090\n", encoding="utf-8")

    assert settings(tmp_path, "[api]\nport = 1\n", AIRFLOW_CONFIG=str(other)).get("api", "port") == "9090"


def test_without_a_file_there_are_variables_alone(tmp_path: Path) -> None:
    assert Settings.read({"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__A_B__C": "1"}).get("a.b", "c") == "1"


def test_a_percent_sign_is_written_twice_in_the_file_and_once_in_a_variable(tmp_path: Path) -> None:
    assert settings(tmp_path, "[core]\nx = p%%40ss\n").get("core", "x") == "p%40ss"
    assert settings(tmp_path, AIRFLOW__CORE__X="p%40ss").get("core", "x") == "p%40ss"

    wrong = settings(tmp_path, "[core]\nx = secret%40\n")  # Airflow ends in a traceback, which shows it
    assert wrong.is_set("core", "x")
    with pytest.raises(SettingError, match=r"^\[core\] x in airflow\.cfg has a % that stands for nothing"):
        wrong.get("core", "x")


def test_variables_and_home_are_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("INNER", "this check's, not the process's whose settings they are")
    given = {"INNER": "$OUTER/x", "OUTER": "/o", "AIRFLOW__CORE__X": "${INNER}:~:$NOT_SET"}

    assert settings(tmp_path, **given).get("core", "x") == "/o/x:~:$NOT_SET"
    assert settings(tmp_path, "[core]\nx = ~/y\n").get("core", "x") == "/home/me/y"


def test_a_former_name_is_read_where_the_new_one_is_not_set(tmp_path: Path) -> None:
    old = {"AIRFLOW__CORE__SQL_ALCHEMY_CONN": "old"}

    assert settings(tmp_path, **old).get("database", "sql_alchemy_conn") == "old"
    assert settings(tmp_path, **old, **{CONN: "new"}).get("database", "sql_alchemy_conn") == "new"
    assert settings(tmp_path, "[database]\nsql_alchemy_conn = file\n", **old).get(
        "database", "sql_alchemy_conn"
    ) == ("old")


def test_a_command_is_run_once_and_its_output_taken(tmp_path: Path) -> None:
    count = tmp_path / "count"
    command = f"{sys.executable} -c \"open(r'{count}', 'a').write('x'); print('said', end='')\""
    found = settings(tmp_path, **{f"{CONN}_CMD": command})

    assert [found.get("database", "sql_alchemy_conn") for _ in range(3)] == ["said"] * 3
    assert count.read_text(encoding="utf-8") == "x"
    assert settings(tmp_path, f"[database]\nsql_alchemy_conn_cmd = {command}\n").get(
        "database", "sql_alchemy_conn"
    ) == ("said")


def test_a_command_has_the_variables_of_the_process(tmp_path: Path) -> None:
    command = "sh -c 'echo $INNER'"

    assert (
        settings(tmp_path, INNER="x", AIRFLOW__CORE__FERNET_KEY_CMD=command).get("core", "fernet_key")
        == "x\n"
    )


def test_a_command_that_fails_says_so_without_the_command(tmp_path: Path) -> None:
    with pytest.raises(
        SettingError, match=r"^AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD cannot be run: .*No such"
    ):
        settings(tmp_path, **{f"{CONN}_CMD": "/nowhere --password=x"}).get("database", "sql_alchemy_conn")
    with pytest.raises(SettingError, match="failed with exit code 3: why"):
        settings(tmp_path, **{f"{CONN}_CMD": "sh -c 'echo why >&2; exit 3'"}).get(
            "database", "sql_alchemy_conn"
        )


def test_what_is_in_a_secrets_backend_is_said_to_be(tmp_path: Path) -> None:
    for found in (
        settings(tmp_path, **{f"{CONN}_SECRET": "db"}),
        settings(tmp_path, "[database]\nsql_alchemy_conn_secret = db\n"),
    ):
        with pytest.raises(SecretSettingError, match=r"(?i)sql_alchemy_conn_secret"):
            found.get("database", "sql_alchemy_conn")
        assert found.is_set("database", "sql_alchemy_conn")


def test_nothing_is_not_a_value(tmp_path: Path) -> None:
    assert not settings(tmp_path, "[core]\nfernet_key =\n").is_set("core", "fernet_key")
    assert not settings(tmp_path, AIRFLOW__CORE__FERNET_KEY="").is_set("core", "fernet_key")
    assert settings(tmp_path, AIRFLOW__CORE__FERNET_KEY_CMD="cat x").is_set("core", "fernet_key")


@pytest.mark.parametrize(("text", "value"), [("True", True), ("on", True), ("no", False), ("", True)])
def test_a_flag_is_read_in_airflows_words(tmp_path: Path, text: str, *, value: bool) -> None:
    assert settings(tmp_path, AIRFLOW__A__B=text).flag("a", "b", default=True) is value


def test_a_file_that_cannot_be_parsed_is_named(tmp_path: Path) -> None:
    for file, line in (("secret section\n", 1), ("[core]\nx = 1\nsecret\n", 3)):
        with pytest.raises(
            SettingError, match=rf"airflow\.cfg cannot be read: line {line} is neither"
        ) as raised:
            settings(tmp_path, file)
        assert "secret" not in str(raised.value)
