"""Whether a database forces TLS, and what a cluster of databases is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.verify.account.account import Account
from airlock.verify.account.scope import Scope
from shaped_aws import DEPLOYED, ShapedAws

if TYPE_CHECKING:
    from airlock.verify.services import Database

pytestmark = pytest.mark.usefixtures("aws_keys")
ALONE = {"DBClusterIdentifier": ""}


def databases(**values: Any) -> tuple[Database, ...]:
    return Account(ShapedAws(DEPLOYED | values), Scope("airflow")).read().databases


def test_members_of_a_cluster_are_told_of_with_it() -> None:
    [found] = databases(MultiAZ=False)
    assert found.place.resource == "a-DBClusterArn"
    assert found.public  # one of its members is
    assert found.zones == 1


def test_an_instance_of_its_own_is_a_database() -> None:
    found = {one.place.resource: one for one in databases(**ALONE)}
    assert found["a-DBInstanceArn"].zones == 2
    assert found["a-DBInstanceArn"].groups == ("a-VpcSecurityGroupId",)


@pytest.mark.parametrize(
    ("values", "forces"),
    [
        ({"ParameterValue": "1"}, True),
        ({"ParameterValue": "0"}, False),
        ({"ParameterName": "require_secure_transport", "ParameterValue": "ON"}, True),
        ({"ParameterName": "work_mem", "Engine": "postgres", "EngineVersion": "16.4"}, True),
        ({"ParameterName": "work_mem", "Engine": "postgres", "EngineVersion": "14.9"}, False),
        ({"ParameterName": "work_mem", "Engine": "mysql", "EngineVersion": "8.0.39"}, None),
    ],
)
def test_tls_is_forced_by_a_parameter_or_by_the_engines_default(
    values: dict[str, str], *, forces: bool | None
) -> None:
    assert {one.forces_tls for one in databases(**ALONE, **values)} == {forces}


def test_secrets_that_rds_made_belong_to_the_deployment() -> None:
    world = ShapedAws(DEPLOYED)
    Account(world, Scope("airflow")).read()
    assert ("secretsmanager", "describe_secret") in world.called
