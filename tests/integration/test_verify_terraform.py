"""Folders and plans of Terraform become inventories: by Terraform itself, offline, with no credentials."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import terraform_runs
from airlock.errors import TerraformError
from airlock.terminal import Terminal
from airlock.verify.network import Target
from airlock.verify.terraform.folder import Folder, Variables
from airlock.verify.terraform.plan import Plan

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory
    from terraform_runs import Terraform

AWS = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
ROLES = """\
variable "range" { type = string }
module "task" {
  for_each = toset(["api", "worker"])
  source   = "../role"
  name     = each.key
}
resource "aws_vpc" "this" { cidr_block = var.range }
resource "aws_subnet" "private" {
  count      = 2
  vpc_id     = aws_vpc.this.id
  cidr_block = cidrsubnet(var.range, 4, count.index)
}
resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}
resource "aws_ecs_task_definition" "this" {
  for_each              = module.task
  family                = each.key
  container_definitions = jsonencode([{ name = "main", image = "image" }])
  task_role_arn         = each.value.arn
}
resource "aws_ecs_service" "this" {
  for_each        = aws_ecs_task_definition.this
  name            = each.key
  task_definition = each.value.arn
  network_configuration {
    subnets = aws_subnet.private[*].id
  }
}
"""
ROLE = """\
variable "name" { type = string }
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
output "arn" { value = aws_iam_role.this.arn }
"""


@pytest.fixture(autouse=True)
def settings(terraform: Terraform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(terraform.settings))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing may be asked of a network
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")  # Terraform speaks to its providers there


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".tf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _listing(folder: Path) -> set[tuple[str, int]]:
    found = (Path(top) / name for top, folders, files in os.walk(folder) for name in (*folders, *files))
    return {(str(path), path.lstat().st_mtime_ns) for path in found}


def _read(folder: Path, project: Path, *values: str) -> Inventory:
    return Folder(folder, project, Terminal(quiet=True), Variables(values)).read()


def test_the_example_is_read_whole_and_nothing_is_written_into_it(
    terraform: Terraform, tmp_path: Path
) -> None:
    folder = terraform_runs.copy(terraform, tmp_path).folder
    before = _listing(tmp_path)
    found = _read(folder, tmp_path)
    assert _listing(tmp_path) == before
    assert not found.unread
    assert found.services
    subnets = {one.id for one in found.subnets}
    for service in found.services:
        assert set(service.subnets) == subnets
        assert all(found.group(name) for name in service.groups)
        definition = found.definition_of(service)
        assert definition
        assert found.role(definition.task_role)
        assert found.role(definition.execution_role)
    assert all(found.key(one.encryption.key) for one in found.secrets)
    assert all(found.key(one.encryption.key) for one in found.log_groups)
    assert all(found.key(one.encryption.key) for one in found.buckets)
    assert len({one.arn for one in found.roles}) == len(found.roles)
    assert all(one.place.path.startswith("infra/") and one.place.line for one in found.endpoints)


def test_what_leads_out_is_found_where_it_stands(terraform: Terraform, tmp_path: Path) -> None:
    found = _read(
        _write(tmp_path, live__main=AWS + ROLES, role__main=ROLE) / "live", tmp_path, "range=10.0.0.0/16"
    )
    [gateway] = found.gateways
    assert (gateway.kind, gateway.vpc) == (Target.INTERNET, found.vpcs[0].id)
    assert (gateway.place.path, gateway.place.resource) == ("live/main.tf", "aws_internet_gateway.this")
    lines = (tmp_path / "live/main.tf").read_text().splitlines()
    assert lines[gateway.place.line - 1].startswith('resource "aws_internet_gateway"')
    assert found.region == "eu-central-1"


def test_instances_of_modules_are_told_apart_and_documents_written(tmp_path: Path) -> None:
    found = _read(
        _write(tmp_path, live__main=AWS + ROLES, role__main=ROLE) / "live", tmp_path, "range=10.0.0.0/16"
    )
    roles = {one.family: found.role(one.task_role) for one in found.task_definitions}
    assert {family: role.name for family, role in roles.items() if role} == {"api": "api", "worker": "worker"}
    assert {
        one.name: definition.family for one in found.services if (definition := found.definition_of(one))
    } == {
        "api": "api",
        "worker": "worker",
    }
    for role in found.roles:
        assert role.trust
        assert [one.value for one in role.trust.statements[0].principals] == ["ecs-tasks.amazonaws.com"]


def test_backends_aliases_other_tests_and_failing_checks_are_no_obstacle(tmp_path: Path) -> None:
    more = """\
terraform {
  backend "s3" {
    bucket = "state"
    key    = "state"
    region = "eu-west-1"
  }
}
provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
variable "wanted" { default = 1 }
resource "aws_vpc" "this" {
  provider   = aws.us
  cidr_block = "10.0.0.0/16"
}
check "no" {
  assert {
    condition     = var.wanted == 2
    error_message = "it is not 2"
  }
}
"""
    _write(tmp_path, main=AWS + more)
    (tmp_path / "broken.tftest.hcl").write_text("run {")
    assert [one.cidrs for one in _read(tmp_path, tmp_path).vpcs] == [("10.0.0.0/16",)]


@pytest.mark.parametrize(
    ("text", "cause", "remedy"),
    [
        ('variable "size" {}\n', 'variable "size"', "--var size="),
        ('resource "aws_vpc" "v" { cidr_block = }\n', "main.tf:14", "validate"),
        ('resource "aws_vpc" "v" { cidr_block = aws_vpc.none.id }\n', "main.tf:14", "validate"),
        ('resource "random_id" "r" { byte_length = 8 }\n', "hashicorp/random", "init"),
    ],
)
def test_what_terraform_refuses_is_told_in_its_words_with_the_place(
    tmp_path: Path, text: str, cause: str, remedy: str
) -> None:
    _write(tmp_path, main=AWS + text)
    with pytest.raises(TerraformError) as raised:
        _read(tmp_path, tmp_path)
    assert cause in raised.value.cause
    assert remedy in raised.value.remedy


def test_a_binary_plan_is_read_by_the_terraform_that_made_it(terraform: Terraform, tmp_path: Path) -> None:
    folder = _write(tmp_path, live__main=AWS + ROLES, role__main=ROLE) / "live"
    assert not terraform.run(folder, "init", "-backend=false").returncode
    done = terraform.run(folder, "plan", "-out=plan", "-var=range=10.0.0.0/16")
    assert not done.returncode, done.stderr.decode()
    found = Plan(folder / "plan", tmp_path).read()
    assert [(one.kind, one.vpc) for one in found.gateways] == [(Target.INTERNET, "aws_vpc.this")]
    assert {one.subnets for one in found.services} == {("aws_subnet.private[0]", "aws_subnet.private[1]")}
    assert {one.family: one.task_role for one in found.task_definitions} == {
        "api": 'module.task["api"].aws_iam_role.this',
        "worker": 'module.task["worker"].aws_iam_role.this',
    }
    assert found.gateways[0].place.path == "live/main.tf"
