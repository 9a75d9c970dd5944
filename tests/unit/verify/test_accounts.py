"""Which accounts are the deployment's own."""

from __future__ import annotations

from dataclasses import replace

from airlock.verify.accounts import own
from airlock.verify.inventory import Inventory, Source
from airlock.verify.rules.policies import OtherAccount
from airlock.verify.rules.trust import OpenTrust
from verify_inventory import clean, found
from verify_network import ACCOUNT
from verify_spoiled import allow, with_container, with_policy, with_trust

OTHER = "999999999999"
UNTOLD = replace(clean(), account="")


def test_the_account_that_the_source_knows_is_the_only_one() -> None:
    assert own(replace(clean(), account=OTHER)) == {OTHER}


def test_where_it_is_not_known_it_is_that_of_the_deployments_own_resources() -> None:
    assert own(UNTOLD) == {ACCOUNT}


def test_beside_arns_that_were_made_up_the_account_of_the_images_is_its_own_too() -> None:
    image = f"{OTHER}.dkr.ecr.eu-west-1.amazonaws.com/airflow@sha256:{'c0' * 32}"

    assert own(with_container("airflow-worker", UNTOLD, image=image)) == {ACCOUNT, OTHER}


def test_an_account_that_a_trust_policy_lets_in_by_a_condition_on_all_is_not_its_own_for_that() -> None:
    condition = {"StringEquals": {"aws:SourceAccount": OTHER}}
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": condition}
    inventory = replace(with_trust("airflow-worker", statement), account="")

    assert own(inventory) == {ACCOUNT}
    assert len(found(OpenTrust(), inventory)) == 1


def test_where_nothing_tells_nobody_is_called_another() -> None:
    assert not own(Inventory(Source.PLAN, "eu-west-1"))
    assert not found(OtherAccount(), Inventory(Source.PLAN, "eu-west-1"))


def test_another_account_is_found_where_the_source_does_not_know_the_own_one() -> None:
    statement = {**allow("sqs:SendMessage"), "Principal": {"AWS": OTHER}}
    inventory = replace(with_policy("queues", "airflow-dead", statement), account="")

    assert len(found(OtherAccount(), inventory)) == 1
