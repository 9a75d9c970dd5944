"""Provenance: the same bytes from the same commit, and a reader that believes no shape it does not know."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from airlock import config
from airlock.git import State
from airlock.layout import images
from airlock.papers import provenance
from layouts import folder, write_layout

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.config import Config
    from airlock.layout import LaidOutImage

COMMIT = "0123456789abcdef0123456789abcdef01234567"
STATE = State(COMMIT, (), "https://git.example.org/team/airflow.git", "project")


@pytest.fixture
def project(tmp_path: Path) -> Config:
    for name in (
        "image/image.toml",
        "constraints/airflow.lock",
        "constraints/debian.lock",
        "constraints/airflow.in",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "pyproject.toml").write_text('[tool.airlock]\nname = "team/airflow"\n')
    return config.load(tmp_path, environ={})


@pytest.fixture
def image(tmp_path: Path) -> LaidOutImage:
    write_layout(tmp_path / "layout", [[folder("a")]])
    (found,) = images(tmp_path / "layout")
    return found


def statement(image: LaidOutImage, project: Config, state: State = STATE, **environ: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(provenance.document(image, project, state, environ))
    return document


def test_it_names_the_image_its_commit_and_every_lock(image: LaidOutImage, project: Config) -> None:
    made = statement(image, project)
    assert made["_type"] == "https://in-toto.io/Statement/v1"
    assert made["predicateType"] == "https://slsa.dev/provenance/v1"
    assert made["subject"] == [{"name": "team/airflow", "digest": {"sha256": image.manifest.hex}}]
    definition = made["predicate"]["buildDefinition"]
    assert definition["externalParameters"] == {
        "project": "team/airflow",
        "platform": "linux/amd64",
        "folder": "project",
    }
    source, *files = definition["resolvedDependencies"]
    assert source == {
        "name": "source",
        "uri": "git+https://git.example.org/team/airflow.git",
        "digest": {"gitCommit": COMMIT},
        "annotations": {"dirty": False},
    }
    named = ["pyproject.toml", "image/image.toml", "constraints/airflow.lock", "constraints/debian.lock"]
    assert [one["name"] for one in files] == named
    assert files[2]["digest"] == {"sha256": hashlib.sha256(b"constraints/airflow.lock").hexdigest()}


def test_the_paper_refers_to_the_image(image: LaidOutImage, project: Config) -> None:
    made = provenance.of(image, project, STATE, {})
    assert (made.kind, made.artifact_type, made.subject) == (
        "provenance",
        "application/vnd.in-toto+json",
        image.digest,
    )
    assert made == provenance.of(image, project, STATE, {"PATH": "elsewhere"})


def test_what_is_written_is_read(image: LaidOutImage, project: Config) -> None:
    made = provenance.read(provenance.document(image, project, STATE, {}))
    assert (made.subject, made.platform, made.folder) == (image.digest, "linux/amd64", "project")
    assert (made.commit, made.dirty, made.builder) == (COMMIT, False, provenance.LOCAL_BUILDER)
    assert made.files == provenance.files_of(project)


def test_a_dirty_tree_and_no_remote_are_told(image: LaidOutImage, project: Config) -> None:
    made = statement(image, project, State(COMMIT, ("image/image.toml",), ""))
    source = made["predicate"]["buildDefinition"]["resolvedDependencies"][0]
    assert source == {"name": "source", "digest": {"gitCommit": COMMIT}, "annotations": {"dirty": True}}


@pytest.mark.parametrize(
    ("environ", "builder"),
    [
        ({}, "urn:airlock:builder:local"),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://git.example.org",
                "GITHUB_WORKFLOW_REF": "team/airflow/.github/workflows/release.yml@refs/tags/v1",
                "GITHUB_RUN_ID": "17",
            },
            "https://git.example.org/team/airflow/.github/workflows/release.yml@refs/tags/v1",
        ),
        (
            {
                "GITLAB_CI": "true",
                "CI_CONFIG_REF_URI": "git.example.org/team/airflow//.gitlab-ci.yml@refs/heads/main",
            },
            "https://git.example.org/team/airflow//.gitlab-ci.yml@refs/heads/main",
        ),
        ({"GITHUB_ACTIONS": "true", "AIRLOCK_BUILDER_ID": "urn:example:ci"}, "urn:example:ci"),
        ({"GITHUB_ACTIONS": "true"}, "urn:airlock:builder:local"),
    ],
)
def test_the_builder_is_who_runs_it(environ: dict[str, str], builder: str) -> None:
    assert provenance.builder(environ) == builder


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("_type",), "https://in-toto.io/Statement/v0.1"),
        (("predicateType",), "https://slsa.dev/provenance/v0.2"),
        (("predicate", "buildDefinition", "buildType"), "https://example.org/other"),
        (("predicate", "buildDefinition"), None),
        (("predicate", "buildDefinition", "resolvedDependencies"), []),
        (
            ("predicate", "buildDefinition", "resolvedDependencies", 0, "digest", "gitCommit"),
            "--upload-pack=x",
        ),
        (("predicate", "buildDefinition", "resolvedDependencies", 0, "annotations", "dirty"), "no"),
        (("predicate", "buildDefinition", "resolvedDependencies", 1, "digest", "sha256"), "short"),
        (("predicate", "buildDefinition", "resolvedDependencies", 1, "digest", "sha256"), 7),
        (("predicate", "buildDefinition", "externalParameters", "folder"), "../elsewhere"),
        (("predicate", "buildDefinition", "externalParameters", "folder"), "/etc"),
        (("predicate", "buildDefinition", "externalParameters", "folder"), "inner/.."),
        (("predicate", "buildDefinition", "externalParameters", "folder"), "inner/../../x"),
        (("predicate", "buildDefinition", "externalParameters", "folder"), "two\nlines"),
        (("predicate", "buildDefinition", "externalParameters", "platform"), 7),
        (("predicate", "runDetails", "builder", "id"), None),
        (("subject",), []),
        (("subject",), "x"),
    ],
)
def test_a_statement_of_another_shape_is_not_believed(
    image: LaidOutImage, project: Config, path: tuple[str | int, ...], value: object
) -> None:
    made = statement(image, project)
    inner: Any = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ValueError, match="it is"):
        provenance.read(json.dumps(made).encode())


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"[" * 100_000, b"\xff"])
def test_what_is_no_statement_is_not_believed(content: bytes) -> None:
    with pytest.raises(ValueError, match="it is malformed"):
        provenance.read(content)
