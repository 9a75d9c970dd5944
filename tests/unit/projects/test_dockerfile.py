from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock.projects import version

if TYPE_CHECKING:
    from collections.abc import Callable

    from airlock.projects.findings import Findings

    Read = Callable[..., Findings]

ASTRO = "FROM registry.example/runtime:3.1-4\n"


@pytest.mark.parametrize(
    ("image", "found_version", "exact"),
    [
        ("registry.example/runtime:3.1-4", "3.1", False),
        ("registry.example/runtime:3.3-2-python-3.12-base", "3.3", False),
        ("registry.example/astronomer/astro-runtime:12.6.0", "2.10", False),
        ("--platform=linux/amd64 registry.example/astronomer/astro-runtime:9.1.0-base AS one", "2.7", False),
        ("registry.example/astronomer/astro-runtime:99.0.0", "", False),
        ("apache/airflow:2.9.3-python3.11", "2.9.3", True),
        ("apache/airflow:slim-3.1.5", "3.1.5", True),
        ("registry.example/mirror/apache/airflow:3.1.5@sha256:00", "3.1.5", True),
    ],
)
def test_the_image_it_builds_on_tells_the_airflow(
    found: Read, image: str, found_version: str, *, exact: bool
) -> None:
    (pin,) = found({"Dockerfile": f"FROM {image}\n"}).pins

    assert (pin.version, pin.exact, str(pin.line)) == (found_version, exact, "Dockerfile:1")


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        ("3.3-2", None),
        ("3.1-4", "it has Airflow 3.1, and this project asks for 3.3.2"),
        ("12.6.0", "Airflow 2.10 does not run on the image's Python 3.13; this project asks for 3.3.2"),
        ("latest", "its Airflow is not known here; this project asks for 3.3.2"),
    ],
)
def test_a_runtime_with_another_airflow_is_told(found: Read, tag: str, why: str | None) -> None:
    findings = found({"Dockerfile": f"FROM registry.example/astro-runtime:{tag}\n"})
    version.settle(findings, "3.3.2")

    assert [one.why.startswith(why or "") for one in findings.left] == [True] * (why is not None)


def test_variables_are_taken_in_both_of_their_forms(found: Read) -> None:
    findings = found(
        {
            "Dockerfile": f"{ASTRO}ENV AIRFLOW__CORE__PARALLELISM=64 \\\n"
            "# between\n"
            '    NAME="two words"\n'
            "env OLD of old times\n"
        }
    )

    assert [(str(taken.line), taken.text, value) for taken, value in findings.environment] == [
        ("Dockerfile:2", "AIRFLOW__CORE__PARALLELISM", "64"),
        ("Dockerfile:2", "NAME", "two words"),
        ("Dockerfile:5", "OLD", "of old times"),
    ]


@pytest.mark.parametrize(
    ("instruction", "why"),
    [
        ("ENV PATH=/x", "image/image.toml sets PATH already"),
        ("ENV HERE=$HOME/x", "HERE is put together from other variables"),
        ("ENV HERE=/usr/local/airflow/x", "here AIRFLOW_HOME is /opt/airflow"),
        ("ENV 1=2", "it cannot be read as NAME=VALUE"),
        ('ENV A="b', "it cannot be read as NAME=VALUE"),
        ("ENV A=\x1b[2J", "it cannot be read as NAME=VALUE"),
        ("RUN pip install dbt", "constraints/airflow.in"),
        ("RUN apt-get update && apt-get install -y git", "constraints/debian.in"),
        ("RUN make", "no command runs while an image is composed"),
        ("COPY include /include", "image/rootfs"),
        ("USER root", "[user] in image/image.toml"),
        ("HEALTHCHECK NONE", "HEALTHCHECK has no place in a composed image"),
    ],
)
def test_what_an_image_is_composed_without_is_left_with_its_line(
    found: Read, instruction: str, why: str
) -> None:
    findings = found({"Dockerfile": f"# syntax=x\n{ASTRO}\n{instruction}\n"}, reserved=frozenset({"PATH"}))

    (left,) = findings.left
    assert str(left.line) == "Dockerfile:4"
    assert why in left.why
    assert findings.environment == []


def test_a_here_document_is_part_of_its_instruction(found: Read) -> None:
    findings = found(
        {"Dockerfile": f"{ASTRO}RUN <<EOF\nENV A=1\nCOPY x y\nEOF\nRUN echo $((1<<2))\nENV B=2\n"}
    )

    assert [str(one.line) for one in findings.left] == ["Dockerfile:2", "Dockerfile:6"]
    assert [taken.text for taken, _ in findings.environment] == ["B"]


def test_a_dockerfile_of_something_else_is_left_as_a_whole(found: Read) -> None:
    findings = found({"Dockerfile": "FROM python:3.13\nENV A=1\nRUN make\n"})

    assert [(str(one.line), one.why) for one in findings.left] == [
        ("Dockerfile:1", "python:3.13 is no image of Airflow known here")
    ]
    assert findings.environment == []
