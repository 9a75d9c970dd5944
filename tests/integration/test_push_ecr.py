"""`airlock push` to Amazon ECR as its stub has it: the whole command, from credentials to the scan's verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

import committing
import ecr_stub
from ecr_stub_world import World
from signing_keys import pem, public_pem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ecr_stub_world import StubRepository
    from project import Project
    from reduced import Built

pytestmark = pytest.mark.real

NAME = "team/airflow"
WHERE = f"{ecr_stub.HOST}/{NAME}"


@pytest.fixture
def world() -> Iterator[World]:
    with ecr_stub.serving(World()) as world:
        yield world


@pytest.fixture
def project(built: Built, tmp_path: Path, world: World) -> Project:
    """Return the reduced project in a git repository, as one that is pushed to the stub."""
    made = built.warm(tmp_path)
    (made.folder / ".gitignore").write_text("build/\n")
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "key.pem").write_bytes(pem(key))
    (made.folder / "release.pub").write_bytes(public_pem(key))
    configuration = made.folder / "pyproject.toml"
    configuration.write_text(
        f'{configuration.read_text()}\n[tool.airlock.push]\nrepository = "{WHERE}"\ntrusted-keys = ["release.pub"]\n'
    )
    for command in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", "All")):
        committing.git(made.folder, *command)
    environment = {**made.environment, **ecr_stub.environment(world)}
    return type(made)(made.folder, made.cache, environment)


def commit_of(project: Project) -> str:
    return committing.git(project.folder, "rev-parse", "HEAD")[:12]


def repository(world: World) -> StubRepository:
    return world.repositories[NAME]


def test_a_release_is_created_signed_scanned_and_named_last(
    project: Project, world: World, tmp_path: Path
) -> None:
    dry = project.document("push", "--create", "--sign", str(tmp_path / "key.pem"), "--scan", "--dry-run")
    assert world.repositories == {}
    assert dry["dry_run"]
    pushed = project.document("push", "--create", "--sign", str(tmp_path / "key.pem"), "--scan")
    assert (dry["sent_bytes"], dry["set_tags"]) == (pushed["sent_bytes"], pushed["set_tags"])
    commit = commit_of(project)
    assert pushed["tags"] == [f"3.3.2-{commit}", commit]
    stub = repository(world)
    assert stub.tags[commit] == stub.tags[f"3.3.2-{commit}"] == pushed["digest"]
    assert {one["kind"] for one in pushed["papers"]} == {"sbom", "provenance", "facts"}
    assert pushed["signed"] == 4
    assert pushed["scans"][0]["counts"] == {}
    assert pushed["drift"] == []
    puts = [
        one.path.rpartition("/")[2]
        for one in world.requests
        if one.method == "PUT" and "/manifests/" in one.path
    ]
    assert puts[-2:] == pushed["tags"]
    again = project.document("push", "--sign", str(tmp_path / "key.pem"))
    assert (again["sent_blobs"], again["set_tags"], again["signed"]) == (0, [], 0)
    told = project.document("verify-image", f"{WHERE}:{commit}", "--no-rebuild")
    assert told["digest"] == pushed["digest"]


def test_an_immutable_tag_of_another_digest_is_refused_before_any_byte_is_sent(
    project: Project, world: World
) -> None:
    project.document("push", "--create", "--tag", "dev-x")
    (project.folder / "image" / "rootfs" / "added").write_text("more")
    world.requests.clear()
    said = project.refused("push", "--tag", "dev-x", code=29)
    assert "1 tag of" in said
    assert not [
        one
        for one in world.requests
        if one.method in {"POST", "PUT", "PATCH"} and one.path.startswith("/v2/")
    ]


def test_the_same_digest_under_an_immutable_tag_is_no_matter(project: Project, world: World) -> None:
    first = project.document("push", "--create", "--tag", "dev-x")
    again = project.document("push", "--tag", "dev-x", "--tag", "dev-y")
    assert again["digest"] == first["digest"]
    assert again["set_tags"] == ["dev-y"]
    assert set(repository(world).tags) >= {"dev-x", "dev-y"}


def test_a_missing_repository_is_told_with_what_makes_it(project: Project, world: World) -> None:
    said = project.refused("push", code=30)
    assert "airlock push --create" in said
    assert not [one for one in world.requests if one.method == "PUT"]


def test_findings_of_a_scan_fail_the_push_from_the_threshold_up(project: Project, world: World) -> None:
    world.findings = [{"severity": "CRITICAL", "name": "CVE-2026-0001"}]
    said = project.refused("push", "--create", "--scan", "--tag", "dev-x", code=30)
    assert "1 finding of severity critical" in said
    assert repository(world).tags == {}
    world.findings = [{"severity": "LOW", "name": "CVE-2026-0002"}]
    (scanned,) = project.document("push", "--scan", "--tag", "dev-x")["scans"]
    assert scanned["counts"] == {"low": 1}
    assert scanned["findings"][0]["name"] == "CVE-2026-0002"
    assert repository(world).tags["dev-x"] == scanned["digest"]


@pytest.mark.parametrize("option", ["--repository", "--expect", "--sign", "--reuse-from"])
def test_an_option_that_is_given_empty_is_misuse(project: Project, world: World, option: str) -> None:
    said = project.refused("push", "--create", option, "", code=2)
    assert f"'{option}'" in said
    assert world.requests == []


def test_a_repository_that_git_refuses_is_not_taken_for_none(project: Project, world: World) -> None:
    """As of another user's work tree, of which nobody could tell whether it is committed."""
    (project.folder / ".git" / "HEAD").write_text("nonsense")
    said = project.refused("push", "--create", "--tag", "3.3.2", code=3)
    assert "git finds no repository around" in said
    assert world.repositories == {}


def test_a_token_that_ends_amid_a_push_is_renewed(project: Project, world: World) -> None:
    project.document("push", "--create", "--tag", "dev-a")
    world.expire()
    (project.folder / "image" / "rootfs" / "added").write_text("more")
    assert project.document("push", "--tag", "dev-b")["sent_blobs"] == 2


def test_no_credentials_are_told_and_nothing_is_asked(project: Project, world: World) -> None:
    bare = {
        **project.environment,
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_EC2_METADATA_DISABLED": "1",
    }
    said = type(project)(project.folder, project.cache, bare).refused("push", code=18)
    assert "there are no usable AWS credentials" in said
    assert world.requests == []


def test_an_expected_digest_is_the_only_one_that_is_pushed(project: Project, world: World) -> None:
    said = project.refused("push", "--create", "--expect", f"sha256:{'0' * 64}", code=29)
    assert "was expected" in said
    assert "64 hexadecimal digits" in project.refused("push", "--expect", "sha256:0", code=2)
    assert world.repositories == {}


def test_a_dirty_work_tree_has_no_release(project: Project, world: World) -> None:
    (project.folder / "image" / "rootfs" / "added").write_text("more")
    said = project.refused("push", "--create", code=29)
    assert "image/rootfs/added" in said
    assert world.repositories == {}
