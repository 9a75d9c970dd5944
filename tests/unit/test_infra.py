"""What Terraform's modules repeat of Python, because they must, is what Python has."""

from __future__ import annotations

import json
import re

import pytest

from airlock.push import lifecycle
from airlock.release_settings import Push
from airlock_spec.endpoint_table import document
from project import REPOSITORY

MODULES = REPOSITORY / "infra/modules"


def test_the_table_that_terraform_reads_is_the_one_that_python_has() -> None:
    written = (MODULES / "endpoints/table.json").read_text(encoding="utf-8")
    assert written == json.dumps(document(), indent=2) + "\n", (
        "python -m airlock_spec.endpoint_table > infra/modules/endpoints/table.json"
    )


@pytest.mark.parametrize("keep", [1, Push().keep])
def test_the_registry_keeps_what_push_keeps(keep: int) -> None:
    """The rules are compared as Terraform's file has them; how it makes JSON of them is the example's test's."""
    text = (MODULES / "registry/main.tf").read_text(encoding="utf-8").replace("${var.keep}", str(keep))
    found = re.findall(r'\{ pattern = "(.+?)", count = (.+?), description = "(.+?)" \}', text)
    kept = {"9999": 9999, "var.keep * 10": keep * 10}
    rules = [(pattern, kept[count], f"airlock: keep {what}") for pattern, count, what in found]
    wanted = [
        (*one["selection"]["tagPatternList"], one["selection"]["countNumber"], one["description"])
        for one in json.loads(lifecycle.policy(keep))["rules"]
    ]
    assert rules == wanted


def test_the_registry_keeps_as_many_images_by_default_as_push() -> None:
    text = (MODULES / "registry/variables.tf").read_text(encoding="utf-8")
    assert re.findall(r"default +=\s+(\d+)", text) == [str(Push().keep)]
