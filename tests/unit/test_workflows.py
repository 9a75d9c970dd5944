"""Workflows run nothing that is not pinned, and leave the work to make."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

WORKFLOWS = Path(__file__).parents[2] / ".github" / "workflows"
ACTIONS = {"actions/checkout", "actions/cache", "hashicorp/setup-terraform"}
PROGRAMS = {"make", "gh", "git"}
PINNED = re.compile(r"- uses: ([\w-]+/[\w-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# One command a line: a program's name, and what no shell reads as another command.
COMMAND = re.compile(r"(?:exec )?(\w+)( (?:\"(?:[^\"`$]|\$(?!\())*\"|[^\s\"'`;&|()]|2>&1| )+)?( \|\|)?")


def names() -> list[str]:
    return sorted(path.name for path in WORKFLOWS.iterdir())


def steps(document: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in document["jobs"].values() for step in job["steps"]]


def lines_of(document: dict[Any, Any]) -> list[str]:
    """Return what the steps run."""
    return [step["run"] for step in steps(document) if "run" in step]


def unpinned(text: str) -> list[str]:
    """Return the lines of `uses:` that are not an action we know, by the whole sha of its commit."""
    lines = [line.strip() for line in text.splitlines() if re.match(r"\s*(- )?uses:", line)]
    return [line for line in lines if not (found := PINNED.fullmatch(line)) or found[1] not in ACTIONS]


def foreign(run: str) -> list[str]:
    """Return the lines of a step that call something else than our programs."""
    found = [(line, COMMAND.fullmatch(line.strip())) for line in run.splitlines() if line.strip()]
    return [line for line, match in found if not match or match[1] not in PROGRAMS]


@pytest.mark.parametrize("name", names())
def test_a_workflow_runs_only_pinned_actions_and_our_programs(name: str) -> None:
    text = (WORKFLOWS / name).read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert document["permissions"] == {"contents": "read"}  # more, a job asks for itself
    assert unpinned(text) == []
    assert len([step for step in steps(document) if "uses" in step]) == text.count("uses:")
    for step in steps(document):
        assert ("uses" in step) != ("run" in step)
        assert foreign(step.get("run", "make")) == []


def test_the_upgrade_asks_for_no_more_than_it_needs() -> None:
    document = yaml.safe_load((WORKFLOWS / "upgrade.yml").read_text(encoding="utf-8"))
    (job,) = document["jobs"].values()
    assert job["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert [step["run"].split()[0] for step in job["steps"] if "GH_TOKEN" in step.get("env", {})] == ["gh"]
    assert "env" not in job
    assert set(document[True]) == {"schedule", "workflow_dispatch"}  # YAML 1.1 reads `on` as a boolean


def test_a_release_takes_its_role_in_the_protected_environment_alone() -> None:
    document = yaml.safe_load((WORKFLOWS / "release.yml").read_text(encoding="utf-8"))
    tested, released = document["jobs"]["tested"], document["jobs"]["released"]
    assert "permissions" not in tested
    assert "environment" not in tested
    assert (released["environment"], released["needs"]) == ("release", "tested")
    assert released["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in (WORKFLOWS / "release.yml").read_text(encoding="utf-8")
    assert document["concurrency"] == {"group": "${{ github.workflow }}"}  # nothing cancels a deployment


def test_a_release_tests_before_it_pushes_and_pushes_what_it_tested_before_it_deploys() -> None:
    document = yaml.safe_load((WORKFLOWS / "release.yml").read_text(encoding="utf-8"))
    made = [line.split()[-1] if ">>" not in line else "image-digest" for line in lines_of(document)]
    assert made == [
        *("runner", "test", "image-digest", "reproduce", "check"),
        *("runner", "image", "web-identity", "push", "web-identity", "deploy", "web-identity", "sync"),
    ]
    push = next(step for step in steps(document) if step.get("run") == "make push")
    assert push["env"]["PUSH"] == "--scan --expect ${{ needs.tested.outputs.digest }}"


def test_a_deployment_that_is_cancelled_is_told_so() -> None:
    document = yaml.safe_load((WORKFLOWS / "release.yml").read_text(encoding="utf-8"))
    assert "exec make deploy" in lines_of(document)  # a shell in between would pass no signal on


def test_make_release_does_what_the_workflow_does() -> None:
    makefile = (WORKFLOWS.parents[1] / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\nrelease:")[2].partition("\n\n")[0]
    done = re.findall(r"\$\(MAKE\) ([a-z-]+)", recipe)
    assert done == ["test", "image", "reproduce", "check", "push", "deploy", "sync"]


@pytest.mark.parametrize(
    "line",
    [
        "- uses: actions/checkout@v4",
        "- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683",
        "- uses: somebody/else@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2",
        "uses: ./.github/actions/mine",
    ],
)
def test_what_is_not_pinned_is_found(line: str) -> None:
    assert unpinned(f"    {line}\n") == [line]


@pytest.mark.parametrize(
    "run",
    [
        "curl https://example.invalid",
        "make image; curl x",
        "make image | sh",
        "make $(curl x)",
        "make `curl x`",
        "git log && curl x",
        'git log "$(curl x)"',
        "git log '`curl x`'",
        "pip install x",
        "exec curl x",
    ],
)
def test_a_step_that_calls_something_else_is_found(run: str) -> None:
    assert foreign(run) == [run]
