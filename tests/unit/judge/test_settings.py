from __future__ import annotations

import tomllib

import pytest

from airlock_spec.check.finding import Severity
from airlock_spec.check.request import Limits
from airlock_spec.check.settings import House, Network, Settings, SettingsError, parse

FULL = """
[check]
fail-on = "warning"
budget = 2
select = ["AL", "AIR301"]
ignore = ["AL3"]
baseline = "checks.json"
pools = ["default_pool"]
dags = "src/dags/"
env = { AIRFLOW_VAR_REGION = "eu-west-1" }
house = { owner = "team-.*", tags = ["team:*"], retries = 2, dag-id = "[a-z_]+", description = true }
limits = { seconds = 60, memory-megabytes = 512, output-megabytes = 0.5 }

[network]
endpoints = ["s3", "ecs"]
hosts = ["*.internal"]
zones = 3
"""


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        parse(tomllib.loads(text))
    return error.value.problems


def test_every_key_is_read() -> None:
    assert parse(tomllib.loads(FULL)) == Settings(
        fail_on=Severity.WARNING,
        budget=2.0,
        select=("AL", "AIR301"),
        ignore=("AL3",),
        baseline="checks.json",
        pools=("default_pool",),
        dags="src/dags",
        env={"AIRFLOW_VAR_REGION": "eu-west-1"},
        house=House("team-.*", ("team:*",), 2, "[a-z_]+", description=True),
        limits=Limits(60.0, 512 * 1024**2, 512 * 1024),
        network=Network(("s3", "ecs"), ("*.internal",), 3),
    )


def test_what_is_not_there_is_at_its_default() -> None:
    assert parse({}) == Settings()
    assert parse({"name": "x", "check": {}, "network": {}}) == Settings()


def test_all_problems_come_at_once_with_the_nearest_key() -> None:
    text = """
    check = { fail-onn = "error", house = { onwer = "x" }, limits = { memory = 3 }, budget = 0 }
    network = { endpoint = [] }
    """

    assert problems(text) == [
        "[tool.airlock.check] fail-onn is not known; perhaps you meant fail-on",
        "[tool.airlock.network] endpoint is not known; perhaps you meant endpoints",
        "[tool.airlock.check] budget must be a number above 0, not 0",
        "[tool.airlock.check] house: onwer is not known; perhaps you meant owner",
        "[tool.airlock.check] limits: memory is not known; perhaps you meant memory-megabytes",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("check = 3", "[tool.airlock.check] must be a table, not 3"),
        ('check = { house = "x" }', "[tool.airlock.check] house: must be a table, not 'x'"),
        ('check = { fail-on = "eror" }', "fail-on must be one of error, warning, info, not 'eror'"),
        ("check = { fail-on = 3 }", "fail-on must be one of error, warning, info, not 3"),
        ("check = { budget = true }", "budget must be a number above 0"),
        ("check = { budget = nan }", "budget must be a number above 0"),
        ('check = { select = "AL" }', "select must be a list of strings"),
        (
            'check = { ignore = ["AL999"] }',
            "ignore names AL999, with which no code begins (perhaps you meant AL605)",
        ),
        ('check = { ignore = ["al2"] }', "ignore must be a list of codes or their beginnings"),
        ("check = { pools = [3] }", "pools must be a list of strings"),
        ("check = { env = { A = 3 } }", "env must be a table of strings"),
        ('check = { env = { "A=B" = "1" } }', "env must have names without ="),
        ('check = { env = { A = "\\u0000" } }', "env must have names without ="),
        ("check = { limits = { memory-megabytes = inf } }", "must be a number above 0"),
        ('check = { house = { owner = "(" } }', "house: owner must be a regular expression"),
        ("check = { house = { retries = -1 } }", "house: retries must be a whole number"),
        ("check = { house = { retries = true } }", "house: retries must be a whole number"),
        ("check = { house = { description = 1 } }", "house: description must be true or false"),
        ("check = { limits = { seconds = -1 } }", "limits: seconds must be a number above 0"),
        ("check = { dags = 3 }", "dags must be a string"),
        (
            'network = { endpoints = ["s3", "emr"] }',
            "names emr as boto3 does, whose endpoint is elasticmapreduce",
        ),
        ("network = { zones = 0 }", "zones must be at least 1"),
    ],
)
def test_a_wrong_value_is_refused_with_what_it_must_be(text: str, said: str) -> None:
    (problem,) = problems(text)

    assert said in problem
