from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from airlock_spec import identity, paths
from airlock_spec.identity import Identity

if TYPE_CHECKING:
    from pathlib import Path

ONE = Identity(
    airflow_lock="sha256:" + "a" * 64,
    debian_lock="sha256:" + "b" * 64,
    airflow="3.3.2",
    python="3.13.5",
    platform="linux/amd64",
)
GOLDEN = f"""\
{{
  "airflow": "3.3.2",
  "airflow_lock": "sha256:{"a" * 64}",
  "debian_lock": "sha256:{"b" * 64}",
  "platform": "linux/amd64",
  "python": "3.13.5"
}}
"""


def test_the_file_in_the_image_has_one_form() -> None:
    assert ONE.to_json() == GOLDEN


def test_what_is_written_is_read_back() -> None:
    assert Identity.from_json(ONE.to_json()) == ONE


def test_in_a_template_it_reads_as_one_line() -> None:
    assert str(ONE) == (
        "airflow 3.3.2, python 3.13.5, linux/amd64, airflow.lock aaaaaaaaaaaa, debian.lock bbbbbbbbbbbb"
    )


def test_an_image_without_airflow_says_none() -> None:
    lab = replace(ONE, airflow=None)

    assert '"airflow": null' in lab.to_json()
    assert Identity.from_json(lab.to_json()) == lab
    assert str(lab).startswith("python 3.13.5, linux/amd64")


def test_only_airflow_may_be_none() -> None:
    with pytest.raises(ValueError, match="python must be a version, not None"):
        replace(ONE, python=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("airflow_lock", "a" * 64),
        ("airflow_lock", "sha256:" + "A" * 64),
        ("debian_lock", "sha256:" + "b" * 63),
        ("debian_lock", "sha256:" + "b" * 64 + "\n"),
        ("airflow", ""),
        ("python", "python 3"),
        ("platform", "linux"),
        ("platform", "linux/amd64/"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused_by_name(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"^{field} must be "):
        replace(ONE, **{field: value})
    with pytest.raises(ValueError, match=f"^{field} must be "):
        Identity.from_json(json.dumps(asdict(ONE) | {field: value}))


def test_all_that_is_wrong_is_said_at_once() -> None:
    document = asdict(ONE) | {"color": "red"}
    del document["python"], document["platform"]

    with pytest.raises(ValueError, match=r"^platform is missing; python is missing; color is not known$"):
        Identity.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must be JSON"),
        ("{", "must be JSON"),
        ("3", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('["airflow"]', "must be a JSON object"),
        (GOLDEN.replace("{", '{"python": "3.13.4",'), "python is given twice"),
        (GOLDEN.replace('"3.3.2"', "3.3"), "airflow must be a version, not 3.3"),
        (GOLDEN.replace('"3.3.2"', '{"major": 3}'), "airflow must be a version"),
    ],
)
def test_anything_else_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Identity.from_json(text)


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_text(GOLDEN, encoding="utf-8")

    assert identity.read(tmp_path / "identity.json") == ONE


def test_outside_an_image_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="not an image that airlock composed"):
        identity.read(tmp_path / "identity.json")


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "identity.json").write_bytes(b"\xff")

    with pytest.raises(ValueError, match=r"identity\.json: "):
        identity.read(tmp_path / "identity.json")


def test_the_virtual_environment_is_not_in_the_folder_that_may_be_a_volume() -> None:
    assert not paths.VENV.startswith(paths.AIRFLOW_HOME)
    assert not paths.IDENTITY.startswith(paths.AIRFLOW_HOME)
