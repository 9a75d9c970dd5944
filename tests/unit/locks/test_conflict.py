from __future__ import annotations

import pytest

from airlock.errors import FetchError, ResolveError
from airlock.locks.conflict import explain, lacks_dates, mentioned
from airlock.locks.intent import Asked

ASKED = (
    Asked("constraints/airflow.in", 4, "apache-airflow[otel]==3.3.2"),
    Asked("constraints/airflow.in", 9, "apache-airflow-providers-http"),
    Asked("operators/pyproject.toml", 7, "pydantic<2"),
)
CONFLICT = """\
warning: The requested Python version 3.13.5 is not available; 3.11.7 will be used to build.
error: No solution found when resolving dependencies
  cause: Because apache-airflow-core==3.3.2 depends on pydantic>=2.11.0 and apache-airflow[otel]==3.3.2 depends on \
apache-airflow-core==3.3.2, we can conclude that apache-airflow==3.3.2 depends on pydantic>=2.11.0.
         And because you require apache-airflow==3.3.2 and pydantic<2, we can conclude that your requirements are \
unsatisfiable.
"""
NO_WHEEL = """\
error: No solution found when resolving dependencies
  cause: Because mysqlclient>=1.3.6,<=1.4.0rc3 has no usable wheels and pydantic{sys_platform != 'darwin'}>=1,<=1.9 \
depends on mysqlclient>=1.4.0, we can conclude that it fails.

hint: Wheels are required for `mysqlclient` because building from source is disabled for all packages
"""


def test_a_conflict_keeps_uvs_reasons_and_names_our_lines_that_take_part() -> None:
    error = explain(CONFLICT, ASKED, "linux/amd64")
    assert isinstance(error, ResolveError)
    lines = error.cause.splitlines()
    assert lines[0].startswith("Because apache-airflow-core==3.3.2")
    assert lines[1].startswith("And because you require")
    assert lines[2:] == [
        "asked for by",
        "  constraints/airflow.in:4: apache-airflow[otel]==3.3.2",
        "  operators/pyproject.toml:7: pydantic<2",
    ]


def test_only_whole_names_count_as_mentioned() -> None:
    assert mentioned(CONFLICT, ["pydantic", "pydantic-core", "apache", "core", "apache-airflow"]) == {
        "pydantic",
        "apache-airflow",
    }


def test_a_package_without_wheels_is_told_apart_from_a_conflict() -> None:
    error = explain(NO_WHEEL, ASKED, "linux/amd64")
    assert error.fact == "mysqlclient has no wheel for linux/amd64, and none can be built"
    assert error.cause.splitlines()[0] == "wanted by pydantic"
    assert "hint" not in error.cause


def test_a_version_newer_than_the_locks_date_is_one_upgrade_away() -> None:
    messages = (
        "error: No solution found when resolving\n  cause: Because there is no version of click==8.5.1.\n\n"
        "hint: `click` was filtered by `exclude-newer` to only include packages uploaded before 2025-01-23T12:00:00Z.\n"
    )
    assert explain(messages, (), "linux/amd64").remedy.endswith("airlock lock --upgrade click")
    assert not lacks_dates(messages)


def test_a_name_that_no_index_has_is_a_matter_of_spelling() -> None:
    messages = "error: No solution found …\n  cause: Because clik was not found in the package registry.\n"
    assert "spelling" in explain(messages, (), "linux/amd64").remedy


def test_files_without_dates_matter_only_where_uv_blames_their_package() -> None:
    warning = "warning: `{}-1.0-py3-none-any.whl` is missing an upload date, but user provided: 2026\n"
    blame = (
        "error: No solution found\n  cause: Because zope-event==1.0 has no publish time and you require it.\n"
    )
    assert lacks_dates(warning.format("zope.event") + blame)
    assert not lacks_dates(warning.format("rich") + blame)


@pytest.mark.parametrize(
    ("hint", "status"),
    [
        ("An index URL (http://me:s3cret@mirror.example:8080/simple) could not be … (401 Unauthorized)", 401),
        ("An index (http://mirror.example:8080/simple) returned a 403 Forbidden error. Check that …", 403),
    ],
)
def test_an_index_that_wants_other_credentials_is_not_taken_for_one_without_the_package(
    hint: str, status: int
) -> None:
    messages = (
        "error: No solution found when resolving dependencies\n  cause: Because pydantic was not found in the package"
        f" registry and you require pydantic, your requirements are unsatisfiable.\n\nhint: {hint}\n"
    )
    error = explain(messages, ASKED, "linux/amd64")
    assert isinstance(error, FetchError)
    assert error.fact == "http://mirror.example:8080/simple refuses to answer"
    assert error.cause.splitlines() == [
        f"mirror.example:8080 wants other credentials (HTTP {status})",
        "asked for by",
        "  operators/pyproject.toml:7: pydantic<2",
    ]
    assert "machine mirror.example)" in error.remedy
    assert "s3cret" not in str(error)


def test_a_conflict_stays_one_where_an_index_beside_it_refuses() -> None:
    hint = "hint: An index (http://mirror.example/simple) returned a 403 Forbidden error. Check that …\n"
    assert isinstance(explain(f"{CONFLICT}\n{hint}", ASKED, "linux/amd64"), ResolveError)
