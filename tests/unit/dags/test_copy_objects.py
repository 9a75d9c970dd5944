"""What the DAG copy_objects does with S3, apart from Airflow, which is not here."""

from __future__ import annotations

import runpy
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parents[3] / "dags" / "copy_objects.py"
MORNING = datetime(2026, 1, 1, 6, tzinfo=UTC)


@dataclass
class Bucket:
    """S3, as far as it lists: key → when it was written."""

    objects: dict[str, datetime] = field(default_factory=dict)

    def get_paginator(self, _: str) -> Bucket:
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's names
        assert Bucket == "data"
        found = sorted(key for key in self.objects if key.startswith(Prefix))
        return [
            {"Contents": [{"Key": key, "ETag": '"x"', "LastModified": self.objects[key]}]} for key in found
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the file defines, its tasks being plain functions."""
    sdk = ModuleType("airflow.sdk")

    def decorator(*given: Any, **_: Any) -> Any:  # with brackets or without
        return given[0] if given else decorator

    sdk.task, sdk.dag, sdk.Param = decorator, lambda **_: lambda _: lambda: None, lambda *_, **__: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "airflow", ModuleType("airflow"))
    monkeypatch.setitem(sys.modules, "airflow.sdk", sdk)
    found = runpy.run_path(str(FILE))
    defined: dict[str, Any] = found["list_objects"].__globals__
    return defined


def keys(names: dict[str, Any], bucket: Bucket) -> list[str]:
    names["s3"], names["MOST"] = lambda: bucket, 2
    return [one["key"] for one in names["list_objects"]("data", "in/", "copied/")]


def test_what_is_beyond_one_run_comes_in_the_next(names: dict[str, Any]) -> None:
    bucket = Bucket({f"in/{number}": MORNING + timedelta(minutes=number) for number in range(3)})
    assert keys(names, bucket) == ["in/0", "in/1"]

    for key in ("copied/0", "copied/1"):
        bucket.objects[key] = MORNING + timedelta(hours=1)

    assert keys(names, bucket) == ["in/2", "in/0"]


def test_what_was_written_anew_since_it_was_copied_is_copied_again(names: dict[str, Any]) -> None:
    bucket = Bucket({f"in/{number}": MORNING for number in range(3)})
    for number in range(3):
        bucket.objects[f"copied/{number}"] = MORNING + timedelta(hours=1)
    bucket.objects["in/2"] = MORNING + timedelta(hours=2)

    assert keys(names, bucket)[0] == "in/2"


def test_folders_are_no_objects(names: dict[str, Any]) -> None:
    assert keys(names, Bucket({"in/": MORNING, "in/a": MORNING})) == ["in/a"]
