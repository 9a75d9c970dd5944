from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.errors import InitError
from airlock.projects import version

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.projects.findings import Findings

    Read = Callable[..., Findings]

OFFICIAL = "https://files.example/airflow/constraints-{}/constraints-{}.txt"


def settled(findings: Findings, asked: str | None = None) -> tuple[str, str, list[str]]:
    chosen = version.chosen(findings, asked)
    constraints = version.settle(findings, chosen)
    return chosen, constraints, [one.why for one in findings.left]


def test_a_pin_that_fits_is_the_projects_version(found: Read) -> None:
    assert settled(found({"requirements.txt": "apache-airflow==3.1.5\n"})) == ("3.1.5", "", [])


def test_an_airflow_2_is_told_to_move(found: Read) -> None:
    chosen, _, (why,) = settled(found({"requirements.txt": "apache-airflow==2.9.3\n"}))

    assert chosen == version.DEFAULT
    assert why.startswith(
        "Airflow 2.9.3 does not run on the image's Python 3.13; this project asks for 3.3.2"
    )


def test_the_version_asked_for_wins_and_the_pin_is_told(found: Read) -> None:
    chosen, _, (why,) = settled(found({"requirements.txt": "apache-airflow==3.1.5\n"}), "3.2.1")

    assert chosen == "3.2.1"
    assert (
        why
        == "it has Airflow 3.1.5, and this project asks for 3.2.1; to have that: airlock init --airflow 3.1.5"
    )


@pytest.mark.parametrize("asked", ["2.10.3", "3.0.6", "4.0", "newest", ""])
def test_an_airflow_that_does_not_run_here_cannot_be_asked_for(found: Read, asked: str) -> None:
    with pytest.raises(InitError, match="cannot be had in this image"):
        version.chosen(found({}), asked)


def test_constraints_of_another_airflow_are_left_with_what_to_write_instead(found: Read) -> None:
    line = f'--constraint "{OFFICIAL.format("2.10.3", "3.11")}"\n'
    chosen, constraints, (why,) = settled(found({"requirements.txt": line}))

    assert (chosen, constraints) == (version.DEFAULT, "")
    assert why.startswith(
        "these constraints are of Airflow 2.10.3, and this project asks for 3.3.2; for those of 3.3.2:"
    )
    assert OFFICIAL.format("{airflow}", "{python}") in why


def test_constraints_of_this_airflow_are_taken_for_any_version(found: Read) -> None:
    line = f"-c https://me:secret@{OFFICIAL.format('3.3.2', '3.12').removeprefix('https://')}\n"

    assert settled(found({"requirements.txt": line})) == (
        "3.3.2",
        OFFICIAL.format("{airflow}", "{python}"),
        [],
    )


def test_constraints_decide_the_version_where_no_line_does(found: Read) -> None:
    line = f"-c {OFFICIAL.format('3.2.1', '3.13')}\n"

    assert settled(found({"requirements.txt": line}))[0] == "3.2.1"


def test_a_file_of_constraints_is_taken_where_it_pins_no_other_airflow(found: Read) -> None:
    files = {
        "requirements/all.txt": "-c ../constraints.txt\n-c more.txt\npandas\n",
        "requirements/more.txt": "a==1\n",
    }

    findings = found({**files, "constraints.txt": "pandas==2.2\n"}, "requirements/all.txt")

    assert settled(findings) == (
        version.DEFAULT,
        "constraints.txt",
        ["constraints.txt is taken already, and there is one set of constraints"],
    )


def test_a_file_of_constraints_for_another_airflow_is_left(found: Read) -> None:
    findings = found({"requirements.txt": "-c c.txt\n", "c.txt": "a==1\napache-airflow-core==2.9.3\n"})

    assert settled(findings) == (
        version.DEFAULT,
        "",
        ["these constraints are of Airflow 2.9.3, and this project asks for 3.3.2"],
    )
