"""Terraform itself: found, run, and its complaints as ours, with the place that it names."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock import process
from airlock.errors import TerraformError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from airlock.process import Arg

OLDEST = (1, 7)  # the first whose tests mock providers
_SETTINGS = ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "TF_TOKEN_", "TF_VAR_", "TF_REGISTRY_")
_PROVIDER = re.compile(
    r"(?i)failed to query available provider|provider registry|could not retrieve|no available releases"
)
_COLLECTS = "GOGC"  # at Go's own 100 Terraform spends a third of its time on collecting garbage
CHECK = "Check block assertion failed"
_BESIDES = "Terraform encountered problems during initialisation"  # said after each error of `init`


@dataclass(frozen=True)
class Complaint:
    """An error of Terraform: what it says, and where, from the folder that it ran in."""

    summary: str
    detail: str = ""
    address: str = ""
    path: str = ""
    line: int = 0

    def shown(self, place: str) -> str:
        where = ", ".join(one for one in (place, self.address) if one)
        text = f"{self.summary}: {self.detail}" if self.detail else self.summary
        return f"{where}: {text}" if where else text


@dataclass(frozen=True)
class Terraform:
    """The program, of a version that can do what is asked of it."""

    program: Path
    version: tuple[int, ...] = OLDEST

    def run(self, folder: Path, *arguments: Arg) -> process.Done:
        """Run it in a folder without AWS's credentials, its settings otherwise the user's; it asks nobody."""
        return process.run(
            [self.program, *arguments], env=_environment(), cwd=folder, check=False, apart=True
        )


def find() -> Terraform:
    """Find Terraform on PATH. Raises TerraformError where there is none, or one too old to mock providers."""
    program = process.find("terraform")
    if not program:
        raise TerraformError(
            "terraform is not on PATH",
            cause=f"a folder or a plan is read by Terraform itself, {OLDEST[0]}.{OLDEST[1]} or newer",
            remedy="install it, or read a plan that is JSON: airlock verify --terraform plan.json",
        )
    said = process.run([program, "version", "-json"], env=_environment()).stdout
    version = str(json.loads(said)["terraform_version"])
    numbers = tuple(int(one) for one in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        raise TerraformError(
            f"terraform {version} is too old",
            cause="its tests cannot mock providers",
            remedy=f"install {OLDEST[0]}.{OLDEST[1]} or newer, or make a plan: terraform show -json plan > plan.json",
        )
    return Terraform(program, numbers)


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_SETTINGS) or not name.startswith(("TF_", "AWS_"))
    }
    told = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    return {_COLLECTS: "400", **kept, **told}


def events(stdout: bytes) -> list[Mapping[str, Any]]:
    """Return the objects that Terraform writes with -json, one a line."""
    return [json.loads(line) for line in stdout.splitlines() if line.startswith(b"{")]


def complaints(found: Iterable[Mapping[str, Any]]) -> list[Complaint]:
    """Return the errors among what Terraform says, each once."""
    said = [one["diagnostic"] for one in found if one.get("type") == "diagnostic"]
    errors = [_complaint(one) for one in said if one.get("severity") == "error"]
    return list(dict.fromkeys(errors))


def _complaint(found: Mapping[str, Any]) -> Complaint:
    where = found.get("range") or {}
    return Complaint(
        str(found.get("summary", "")),
        str(found.get("detail", "")).split(_BESIDES, maxsplit=1)[0].strip(),
        str(found.get("address", "")),
        str(where.get("filename", "")),
        int((where.get("start") or {}).get("line", 0)),
    )


def next_command(complaint: Complaint, folder: Path) -> str:
    """Return what helps against an error, as far as it can be told from its words."""
    said = f"{complaint.summary} {complaint.detail}"
    if "No value for required variable" in said or "no definition for variable" in said.lower():
        name = re.search(r'variable "([^"]+)"|named "([^"]+)"', said)
        word = next((one for one in name.groups() if one), "NAME") if name else "NAME"
        return f"airlock verify --terraform {folder} --var {word}=…, or --var-file FILE"
    if _PROVIDER.search(said):
        return f"with a network once: terraform -chdir={folder} init -backend=false, or a mirror of providers"
    if "Module not installed" in said or "download module" in said.lower():
        return f"with a network once: terraform -chdir={folder} init -backend=false"
    return f"terraform -chdir={folder} validate"
