from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airlock.verify.network import Place
from airlock.verify.terraform import blocks, mirror, modules, regions

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """\
# a comment { that opens nothing
provider "aws" {
  region = var.region
}
variable "region" {
  default = "eu-central-1"
}
module "net" {
  for_each = toset(["a"])
  source   = "../modules/net"
}
resource "aws_vpc" "v" {
  cidr_block = "10.0.0.0/16" # }
  tags = {
    text = <<-EOT
      resource "aws_vpc" "none" {
    EOT
  }
}
data "aws_region" "this" {}
"""


def _project(folder: Path) -> Path:
    """Make a project: root module live/, module modules/net/."""
    for name, text in {
        "live/main.tf": MAIN,
        "modules/net/net.tf": '\nresource "aws_subnet" "s" {\n}\n',
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_blocks_are_told_with_their_lines_whatever_is_in_texts_and_comments(tmp_path: Path) -> None:
    found = blocks.read(_project(tmp_path) / "live")
    assert [(one.kind, one.labels, one.lines) for one in found] == [
        ("provider", ("aws",), range(2, 5)),
        ("variable", ("region",), range(5, 8)),
        ("module", ("net",), range(8, 12)),
        ("resource", ("aws_vpc", "v"), range(12, 20)),
        ("data", ("aws_region", "this"), range(20, 21)),
    ]


def test_of_a_file_that_is_not_understood_the_first_lines_of_blocks_are_told(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_vpc" "v" {\n  cidr_block =\n}\n\ndata "a" "b" {\n')
    assert [(one.labels, one.lines.start) for one in blocks.read(tmp_path)] == [
        (("aws_vpc", "v"), 1),
        (("a", "b"), 5),
    ]


def test_a_resource_is_found_in_its_modules_file_by_its_address(tmp_path: Path) -> None:
    found = modules.read(_project(tmp_path) / "live", tmp_path)
    address = 'module.net["a"].aws_subnet.s[0]'
    assert found.place(address) == Place(address, "modules/net/net.tf", 2)
    assert found.place("data.aws_region.this") == Place("data.aws_region.this", "live/main.tf", 20)
    assert found.place("aws_vpc.unheard_of") == Place("aws_vpc.unheard_of")


def test_modules_of_registries_are_found_where_init_has_put_them(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('module "vpc" {\n  source = "somebody/vpc/aws"\n}\n')
    fetched = tmp_path / ".terraform" / "modules" / "vpc"
    fetched.mkdir(parents=True)
    (fetched / "main.tf").write_text('resource "aws_vpc" "this" {}\n')
    listed = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "vpc", "Dir": ".terraform/modules/vpc"}]}
    (fetched.parent / "modules.json").write_text(json.dumps(listed))
    found = modules.read(tmp_path, tmp_path)
    assert found.place("module.vpc.aws_vpc.this").path == ".terraform/modules/vpc/main.tf"


def test_the_region_is_that_of_the_provider_and_of_the_variable_it_names(tmp_path: Path) -> None:
    live = _project(tmp_path) / "live"
    given = tmp_path / "given.tfvars"
    given.write_text('region = "eu-north-1"\n')
    root = modules.read(live, tmp_path).root
    assert regions.of(root) == "eu-central-1"
    (live / "terraform.tfvars").write_text('region   = "eu-west-3" # Paris\n')
    assert regions.of(root) == "eu-west-3"
    assert regions.of(root, files=[given]) == "eu-north-1"
    assert regions.of(root, values=["region=us-east-1"], files=[given]) == "us-east-1"


def test_the_mirror_reaches_modules_beside_the_folder_and_its_files_are_links(tmp_path: Path) -> None:
    project = _project(tmp_path / "project")
    (project / "shared").mkdir()
    (project / "shared" / "text.json").write_text("{}")
    found = modules.read(project / "live", project)
    mirrored = mirror.make(found, tmp_path / "mirror")
    assert (mirrored / "../modules/net/net.tf").resolve() == project / "modules/net/net.tf"
    assert (mirrored / "../shared/text.json").read_text() == "{}"
    assert (mirrored / "main.tf").is_symlink()
    (mirrored / "new").mkdir()
    (mirrored / "../modules/net/new").mkdir()
    assert not (project / "live/new").exists()
    assert not (project / "modules/net/new").exists()


def test_the_mirror_leaves_out_what_terraform_writes_and_other_tests(tmp_path: Path) -> None:
    live = _project(tmp_path / "project") / "live"
    for name in (".terraform/providers/x", "terraform.tfstate", "own.tftest.hcl"):
        (live / name).parent.mkdir(parents=True, exist_ok=True)
        (live / name).write_text("x")
    lock = live / ".terraform.lock.hcl"
    lock.write_text("# chosen versions\n")
    mirrored = mirror.make(modules.read(live, tmp_path), tmp_path / "mirror")
    assert sorted(path.name for path in mirrored.iterdir()) == [".terraform.lock.hcl", "main.tf"]
    (mirrored / lock.name).write_text("other versions")
    assert lock.read_text() == "# chosen versions\n"


def test_a_backend_is_overridden(tmp_path: Path) -> None:
    live = _project(tmp_path / "project") / "live"
    (live / "backend.tf").write_text('terraform {\n  backend "s3" {\n    bucket = "state"\n  }\n}\n')
    mirrored = mirror.make(modules.read(live, tmp_path), tmp_path / "mirror")
    assert 'backend "local"' in (mirrored / "airlock_override.tf").read_text()
    assert not (live / "airlock_override.tf").exists()
