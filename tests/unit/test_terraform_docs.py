"""The READMEs of Terraform's modules are what their files say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airlock import terraform_docs
from airlock.errors import TerraformError
from airlock.terraform_docs import Output, Variable
from project import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

MODULES = terraform_docs.modules(REPOSITORY / "infra")
MAIN = "# What it is for,\n# in two lines.\n\n# Of the resource.\n"
VARIABLES = """
variable "zones" {
  type        = list(string)
  description = "Zones, as eu-west-1a | eu-west-1b."
  default     = ["a", "b"]
}

variable "name" {
  type        = string
  description = "A name."
}

variable "there" {
  type        = bool
  description = "Whether."
  default     = false
}
"""
OUTPUTS = 'output "id" {\n  description = "The \\"id\\"."\n  value       = aws_vpc.this.id\n}\n'


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "main.tf").write_text(f'{MAIN}resource "aws_vpc" "this" {{\n  cidr_block = "10.0.0.0/16"\n}}\n')
    (folder / "variables.tf").write_text(VARIABLES)
    (folder / "outputs.tf").write_text(OUTPUTS)
    return folder


def test_all_modules_are_found() -> None:
    assert {"network", "endpoints", "services", "example"} <= {folder.name for folder in MODULES}


@pytest.mark.parametrize("folder", MODULES, ids=[folder.name for folder in MODULES])
def test_the_readme_of_a_module_is_up_to_date(folder: Path) -> None:
    made = terraform_docs.markdown(terraform_docs.read(folder))
    assert (folder / terraform_docs.README).read_text(encoding="utf-8") == made, "make docs"


@pytest.mark.parametrize("folder", MODULES, ids=[folder.name for folder in MODULES])
def test_every_input_and_output_of_a_module_is_described_and_every_input_has_a_type(folder: Path) -> None:
    module = terraform_docs.read(folder)
    described = {one.name: one.description for one in module.variables} | {
        one.name: one.description for one in module.outputs
    }
    assert [name for name, description in described.items() if not description] == []
    assert [one.name for one in module.variables if not one.type] == []


def test_a_module_is_read_as_people_write_it(module: Path) -> None:
    read = terraform_docs.read(module)
    assert read.purpose == "What it is for, in two lines."
    assert read.resources == ("aws_vpc",)
    assert read.outputs == (Output("id", 'The "id".'),)
    assert read.variables == (
        Variable("zones", "list(string)", "Zones, as eu-west-1a | eu-west-1b.", '["a", "b"]'),
        Variable("name", "string", "A name."),
        Variable("there", "bool", "Whether.", "false"),
    )


def test_a_bar_in_a_description_does_not_end_a_cell(module: Path) -> None:
    assert r"eu-west-1a \| eu-west-1b" in terraform_docs.markdown(terraform_docs.read(module))


def test_what_is_stale_is_told_and_then_written(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert terraform_docs.main(["--check", str(module)]) == 1
    assert not (module / terraform_docs.README).exists()
    assert terraform_docs.main([str(module)]) == 0
    assert terraform_docs.main(["--check", str(module)]) == 0
    assert "make docs" in capsys.readouterr().err


def test_a_module_that_does_not_say_what_it_is_for_is_refused(module: Path) -> None:
    (module / "main.tf").write_text("locals {\n}\n")
    with pytest.raises(TerraformError, match="does not say what it is for"):
        terraform_docs.read(module)


def test_what_is_no_terraform_is_refused_by_its_name(module: Path) -> None:
    (module / "main.tf").write_text("# For.\n\nresource {{{\n")
    with pytest.raises(TerraformError, match=r"main\.tf cannot be read"):
        terraform_docs.read(module)
