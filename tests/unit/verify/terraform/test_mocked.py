from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airlock.verify.terraform import documents, made_up, mocked, modules
from terraform_states import resource

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::123456789012:role/"
EMPTY = '{"Version":"2012-10-17","Id":"%s","Statement":[]}'


def _modules(folder: Path, text: str) -> modules.Modules:
    (folder / "main.tf").write_text(text)
    return modules.read(folder, folder)


def test_each_block_whose_value_must_have_a_form_gets_one_of_its_own(tmp_path: Path) -> None:
    text = (
        'resource "aws_iam_role" "a" {}\nresource "aws_iam_role" "b" {}\nresource "aws_route_table" "t" {}\n'
    )
    first, second = mocked.Mocks().of_blocks(_modules(tmp_path, text))
    assert "target = aws_iam_role.a" in first
    assert f"{ROLE}mock0000x" in first
    assert f"{ROLE}mock0001x" in second


def test_the_region_of_the_mocks_is_that_of_the_configuration(tmp_path: Path) -> None:
    mocks = mocked.Mocks("eu-north-1")
    [override] = mocks.of_blocks(_modules(tmp_path, 'resource "aws_kms_key" "k" {}\n'))
    assert "arn:aws:kms:eu-north-1:" in override
    assert "eu-west-1" not in mocks.text()


def test_when_the_run_is_over_a_name_stands_for_each_token(tmp_path: Path) -> None:
    mocks = mocked.Mocks()
    list(
        mocks.of_blocks(_modules(tmp_path, 'resource "aws_iam_role" "a" {}\nresource "aws_kms_key" "k" {}\n'))
    )
    state = [
        resource("aws_iam_role.a", {"name": "worker", "arn": f"{ROLE}mock0000x"}),
        resource("aws_kms_key.k", {"arn": "arn:aws:kms:eu-west-1:123456789012:key/mock0001x"}),
        resource("aws_ecs_task_definition.t", {"task_role_arn": f"{ROLE}mock0000x"}),
    ]
    words = mocks.named(state)
    role, key, task = (mocks.renamed(one, one.content, words) for one in state)
    assert role.text("arn") == task.text("task_role_arn") == f"{ROLE}worker"
    assert key.text("arn").endswith(":key/aws_kms_key.k")


def test_instances_of_one_block_are_told_apart_where_others_name_them(tmp_path: Path) -> None:
    mocks = mocked.Mocks()
    text = 'resource "aws_iam_role" "a" {\n  count = 2\n}\nresource "aws_kms_key" "k" {\n  count = 2\n}\n'
    list(mocks.of_blocks(_modules(tmp_path, text)))
    state = [
        *(resource(f"aws_iam_role.a[{at}]", {"arn": f"{ROLE}mock0000x"}) for at in range(2)),
        *(resource(f"aws_kms_key.k[{at}]", {"arn": "key/mock0001x"}) for at in range(2)),
        resource("aws_ecs_task_definition.t", {"task_role_arn": f"{ROLE}mock0000x"}),
    ]
    twice = mocks.ambiguous(state)
    assert [one.address for one in twice] == ["aws_iam_role.a[0]", "aws_iam_role.a[1]"]
    first, second = mocks.of_instances({one.address: one.type for one in twice})
    assert "target = aws_iam_role.a[0]" in first
    assert first.replace("[0]", "") != second.replace("[1]", "")


def test_instances_in_modules_of_several_instances_have_no_token_yet() -> None:
    state = [resource(f'module.m["{key}"].aws_iam_role.r', {"arn": f"{ROLE}mock"}) for key in "ab"]
    assert mocked.Mocks().ambiguous(state) == state


def test_a_document_of_policies_is_written_from_its_statements() -> None:
    statement = {
        "sid": "Read", "actions": ["s3:GetObject"], "resources": ["*"],
        "principals": [{"type": "Service", "identifiers": ["ecs-tasks.amazonaws.com"]}],
        "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
    }  # fmt: skip
    base, whole = EMPTY % "mock0000x", EMPTY % "mock0001x"
    written = documents.written(
        [
            resource("data.aws_iam_policy_document.base", {"json": base, "statement": [statement]}),
            resource(
                "data.aws_iam_policy_document.whole",
                {
                    "json": whole,
                    "source_policy_documents": [base, '{"Statement": [{"Sid": "Other", "Effect": "Deny"}]}'],
                    "override_policy_documents": ['{"Statement": [{"Sid": "Other", "Effect": "Allow"}]}'],
                    "statement": [{"effect": "Deny", "not_actions": ["s3:*"], "resources": ["x"]}],
                },
            ),
        ]
    )
    assert [one.get("Sid", "") for one in json.loads(written[whole])["Statement"]] == ["Read", "", "Other"]
    assert json.loads(written[whole])["Statement"][2]["Effect"] == "Allow"
    assert json.loads(written[base])["Statement"] == [
        {
            "Effect": "Allow",
            "Sid": "Read",
            "Action": ["s3:GetObject"],
            "Resource": ["*"],
            "Principal": {"Service": ["ecs-tasks.amazonaws.com"]},
            "Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}},
        }
    ]


def test_what_was_made_up_is_forgotten_unless_it_is_written_or_named(tmp_path: Path) -> None:
    found = _modules(
        tmp_path, 'resource "aws_db_instance" "d" {\n  engine = "postgres"\n}\nresource "aws_subnet" "s" {}\n'
    )
    state = [
        resource(
            "aws_db_instance.d",
            {"engine": "postgres", "kms_key_id": "a1b2c3d4", "availability_zone": "z1z2z3z4"},
        ),
        resource("aws_subnet.s", {"availability_zone": "z1z2z3z4"}),
    ]
    optional = {"aws_db_instance": {"engine", "kms_key_id", "availability_zone"}}
    database = made_up.forgotten(state, found, optional)[0]
    assert (database.text("engine"), database.text("kms_key_id")) == ("postgres", "")
    assert database.text("availability_zone") == "z1z2z3z4"  # a subnet has the same: it was named


def test_what_was_made_up_in_a_block_of_a_resource_is_forgotten_too(tmp_path: Path) -> None:
    text = 'resource "aws_ecr_repository" "r" {\n  encryption_configuration {\n    encryption_type = "KMS"\n  }\n}\n'
    content = {
        "encryption_configuration": [{"encryption_type": "KMS", "kms_key": "a1b2c3d4"}],
        "tags": {"team": "platform"},
    }
    [found] = made_up.forgotten([resource("aws_ecr_repository.r", content)], _modules(tmp_path, text), {})
    assert found.block("encryption_configuration").content == {"encryption_type": "KMS", "kms_key": None}
    assert found.words("tags") == {"team": "platform"}


def test_only_optional_attributes_that_aws_may_choose_count_as_made_up() -> None:
    attributes = {
        "id": {"optional": True, "computed": True},
        "policy": {"optional": True, "computed": True},
        "arn": {"computed": True},
        "name": {"required": True},
    }
    provider = {"resource_schemas": {"aws_x": {"block": {"attributes": attributes}}}}
    assert made_up.schemas({"provider": provider}) == {"aws_x": {"policy"}}
