"""The commit of an image: whether this clone has it, and its tree elsewhere."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import committing
from airlock.errors import CommandError, ConfigError, UntrustedError
from airlock.papers.provenance import Provenance
from airlock.verification import rebuilding, source
from airlock.verification.rebuilding import Rebuilding

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "project"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("one")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    committing.git(folder.parent, "init", "--quiet")
    committing.git(folder.parent, "add", "--all")
    committing.git(folder.parent, "commit", "--quiet", "-m", "one")
    return folder


def promise(project: Path, files: Mapping[str, str], commit: str = "", folder: str = "project") -> Provenance:
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    found = commit or committing.git(project, "rev-parse", "HEAD")
    return Provenance(
        "sha256:0", "linux/amd64", folder, found, dirty=False, files=hashes, builder="b", toolchain="1"
    )


def test_files_of_the_commit_are_accepted_whatever_the_work_tree_holds(project: Path) -> None:
    (project / "pyproject.toml").write_text("two")
    source.require_commit(project, promise(project, {"pyproject.toml": "one"}))


def test_other_files_are_each_named(project: Path) -> None:
    with pytest.raises(UntrustedError, match="does not hold what") as caught:
        source.require_commit(project, promise(project, {"pyproject.toml": "two", "image/image.toml": ""}))
    assert caught.value.cause.splitlines() == [
        "image/image.toml is not in it",
        "pyproject.toml has another sha256 there",
    ]


def test_a_commit_that_is_not_here_says_what_to_fetch(project: Path) -> None:
    with pytest.raises(UntrustedError) as caught:
        source.require_commit(project, promise(project, {}, commit="f" * 40))
    assert caught.value.remedy.startswith(f"git fetch origin {'f' * 40}")


def test_outside_of_a_repository_nothing_is_verified(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        source.require_commit(tmp_path, promise(tmp_path, {}, commit="f" * 40))


def test_a_tree_is_checked_out_elsewhere_and_nothing_is_touched(project: Path, tmp_path: Path) -> None:
    commit = committing.git(project, "rev-parse", "HEAD")
    (project / "pyproject.toml").write_text("two")
    committing.git(project, "commit", "--quiet", "-am", "two")
    (project / "pyproject.toml").write_text("three")
    (project / "staged").write_text("")
    committing.git(project, "add", "staged")
    before = (
        committing.git(project, "status", "--porcelain"),
        committing.git(project, "show-ref"),
        committing.git(project, "worktree", "list"),
    )
    source.check_out(project, commit, tmp_path / "elsewhere" / "tree")
    tree = tmp_path / "elsewhere" / "tree" / "project"
    assert (tree / "pyproject.toml").read_text() == "one"
    assert (tree / "run").stat().st_mode & 0o100
    assert (
        committing.git(project, "status", "--porcelain"),
        committing.git(project, "show-ref"),
        committing.git(project, "worktree", "list"),
    ) == before


def test_nobody_s_hooks_run(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "post-checkout").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (hooks / "post-checkout").chmod(0o755)
    for number, (key, value) in enumerate((("core.hooksPath", hooks), ("init.templateDir", tmp_path))):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", str(value))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    source.check_out(project, committing.git(project, "rev-parse", "HEAD"), tmp_path / "tree")
    assert (tmp_path / "tree" / "project" / "run").exists()
    assert not (tmp_path / "ran").exists()


def test_a_repository_that_variables_name_is_left_alone(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = committing.git(project, "rev-parse", "HEAD")
    (project / "pyproject.toml").write_text("two")
    committing.git(project, "commit", "--quiet", "-am", "two")
    before = (
        committing.git(project, "status", "--branch", "--porcelain"),
        committing.git(project, "rev-parse", "HEAD"),
    )
    with monkeypatch.context() as patched:  # as git rebase --exec sets them
        patched.setenv("GIT_DIR", str(project.parent / ".git"))
        patched.setenv("GIT_WORK_TREE", str(project.parent))
        patched.setenv("GIT_INDEX_FILE", str(project.parent / ".git" / "index"))
        patched.setenv("GIT_COMMON_DIR", str(project.parent / ".git"))
        source.check_out(project, first, tmp_path / "tree")
    assert (tmp_path / "tree" / "project" / "pyproject.toml").read_text() == "one"
    assert (project / "pyproject.toml").read_text() == "two"
    assert (
        committing.git(project, "status", "--branch", "--porcelain"),
        committing.git(project, "rev-parse", "HEAD"),
    ) == before


def test_a_shallow_clone_gives_the_commit_that_it_has(project: Path, tmp_path: Path) -> None:
    (project / "pyproject.toml").write_text("two")
    committing.git(project, "commit", "--quiet", "-am", "two")
    committing.git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{project.parent}", "shallow")
    shallow = tmp_path / "shallow" / "project"
    source.check_out(shallow, committing.git(shallow, "rev-parse", "HEAD"), tmp_path / "tree")
    assert (tmp_path / "tree" / "project" / "pyproject.toml").read_text() == "two"


def test_a_commit_without_objects_is_git_s_failure(project: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="git checkout failed"):
        source.check_out(project, "f" * 40, tmp_path / "tree")


def rebuild_in(project: Path, tmp_path: Path, **environ: str) -> Rebuilding:
    return Rebuilding(project, tmp_path / "rebuilt", tmp_path / "store", environ)


def test_a_commit_that_carries_the_toolchain_is_built_by_it(project: Path, tmp_path: Path) -> None:
    made = rebuild_in(project, tmp_path, PYTHONPATH="before", HOME="h")
    clone = tmp_path / "clone"
    cache = tmp_path / "cache"
    assert made._variables(clone, cache) == {"PYTHONPATH": "before", "HOME": "h", "AIRLOCK_CACHE": str(cache)}
    (clone / "scripts" / "airlock").mkdir(parents=True)
    (clone / "scripts" / "airlock" / "__main__.py").touch()
    path = made._variables(clone, cache)["PYTHONPATH"]
    assert path == f"{clone}/scripts:{clone}/scripts/airlock_spec:before"
    assert rebuilding.carries_toolchain(clone)


def test_the_platforms_of_the_image_are_built(project: Path, tmp_path: Path) -> None:
    command = rebuild_in(project, tmp_path)._command(Path("p"), ["linux/amd64", "linux/arm64"])
    assert command == [
        sys.executable, "-P", "-m", "airlock", "--project", Path("p"), "image",
        "--platform=linux/amd64", "--platform=linux/arm64",
    ]  # fmt: skip


def test_a_build_that_fails_says_of_which_commit(project: Path, tmp_path: Path) -> None:
    (tmp_path / "rebuilt").mkdir()
    made = Rebuilding(project, tmp_path / "rebuilt", tmp_path / "store", {}, quiet=True)
    told = promise(project, {})
    with pytest.raises(CommandError, match=f"cannot be built again from commit {told.commit}"):
        made(told, ["linux/amd64"])
