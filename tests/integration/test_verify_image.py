"""`airlock verify-image`: real images in a real registry, rebuilt from the commits that their provenance names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import committing
import signing_keys
from airlock import config, git, layout, process
from airlock.papers import provenance
from airlock.push import sending
from airlock.push.outgoing import Outgoing
from airlock.registry import connecting
from airlock.registry.reference import Repository
from airlock.signing import attached, keys
from airlock.terminal import Terminal
from registries import registry
from signing_keys import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airlock.registry.registry import Registry
    from project import Project
    from reduced import Built

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running.host


@dataclass
class Released:
    """A project in git, with pairs of keys, and a repository to push to."""

    project: Project
    repository: Repository

    @property
    def key(self) -> str:
        return f"--key={self.project.folder.parent / 'ours.pub'}"

    @property
    def reference(self) -> str:
        return f"{self.repository}:tag"

    def run_git(self, *arguments: str) -> str:
        return committing.git(self.project.folder, *arguments)

    def push(
        self, key: str = "ours", state: git.State | None = None, *, papers_are_signed: bool = True
    ) -> str:
        """Push the image in the layout with its provenance, each signed; return the image's digest."""
        found = config.load(self.project.folder, environ={})
        images = tuple(layout.images(found.layout))
        state = state or git.state(self.project.folder)
        papers = tuple(provenance.of(image, found, state, {}) for image in images)
        signer = keys.signer(f"{key}.key", self.project.folder.parent, {"COSIGN_PASSWORD": PASSWORD})

        def sign(registry: Registry, digest: str) -> bool:
            is_paper = any(digest == paper.digest for paper in papers)
            return (papers_are_signed or not is_paper) and attached.sign(registry, digest, signer).written

        outgoing = Outgoing(images, None, papers, ("tag",))
        rules = sending.Rules(sign=sign)
        return sending.push(outgoing, connecting.connect(self.repository), rules, Terminal(quiet=True)).digest

    def push_by_command(self) -> str:
        options = [f"--sign={self.project.folder.parent / 'ours.key'}", "--tag=tag", "--offline"]
        done = process.run(
            self.project.command("push", f"--repository={self.repository}", *options),
            env={**self.project.variables(), "COSIGN_PASSWORD": PASSWORD},
        )
        return done.stdout.decode().strip()

    def verify(self, *options: str, code: int = 0) -> dict[str, Any]:
        return self.project.document("verify-image", self.reference, self.key, *options, code=code)

    def refused(self, *options: str) -> str:
        return self.project.refused("verify-image", self.reference, self.key, *options, code=31)


@pytest.fixture
def released(built: Built, tmp_path: Path, host: str, request: pytest.FixtureRequest) -> Released:
    made = Released(built.warm(tmp_path), Repository(host, f"team/{request.node.name}"))
    (made.project.folder / ".gitignore").write_text("/build/\n__pycache__/\n")
    made.run_git("init", "--quiet")
    made.run_git("add", "--all")
    made.run_git("commit", "--quiet", "-m", "one")
    for name in ("ours", "others"):
        signing_keys.write_pair(tmp_path, name)
    return made


def test_an_image_that_its_commit_makes_again_holds(released: Released) -> None:
    digest = released.push_by_command()
    (released.project.folder / "image" / "rootfs" / "new").write_text("not committed, and not touched\n")
    released.run_git("commit", "--quiet", "--allow-empty", "-m", "two")
    before = released.run_git("status", "--porcelain"), released.run_git("rev-parse", "HEAD")
    told = released.verify()
    assert (told["holds"], told["digest"], told["difference"]) == (True, digest, None)
    assert told["commit"] == released.run_git("rev-parse", "HEAD~1")
    assert list(told["steps"]) == ["signature", "provenance", "rebuilt", "equal"]
    assert told["steps"]["rebuilt"] == digest
    assert (released.run_git("status", "--porcelain"), released.run_git("rev-parse", "HEAD")) == before
    assert not (released.project.folder / "build" / "rebuilt").exists()


def test_an_image_that_its_commit_does_not_make_is_shown_with_the_file_that_differs(
    released: Released,
) -> None:
    clean = git.state(released.project.folder)
    (released.project.folder / "image" / "rootfs" / "opt" / "smuggled").write_text("in\n")
    released.project.image()
    released.push(state=clean)  # which claims that nothing was changed
    said = released.project.run(
        "verify-image", released.reference, f"--key={released.project.folder.parent}/ours.pub", check=False
    )
    assert (said.returncode, said.stdout) == (31, b"")
    assert b"is not what commit" in said.stderr
    assert b"/opt/smuggled" in said.stderr
    assert b"only the first image has it" in said.stderr


def test_the_signature_alone_wants_no_provenance(released: Released) -> None:
    digest = released.push(papers_are_signed=False)
    told = released.verify("--no-rebuild")
    assert (told["holds"], told["digest"], list(told["steps"])) == (True, digest, ["signature"])
    by_digest = f"{released.repository}@{digest}"
    done = released.project.run("verify-image", by_digest, released.key, "--no-rebuild")
    assert done.stdout.decode() == f"{digest}\n"


def test_another_key_s_signature_is_not_enough(released: Released) -> None:
    released.push("others")
    assert "no trusted key made it" in released.refused()


def test_provenance_that_nobody_signed_is_not_believed(released: Released) -> None:
    released.push(papers_are_signed=False)
    said = released.refused()
    assert "has no provenance that a trusted key signed" in said
    assert "it bears none at all" in said


def test_a_commit_that_is_not_here_says_what_to_fetch(released: Released) -> None:
    state = git.state(released.project.folder)
    released.push(state=git.State("0" * 40, (), state.remote))
    assert f"git fetch origin {'0' * 40}" in released.refused()


def test_a_dirty_work_tree_cannot_be_made_again(released: Released) -> None:
    state = git.state(released.project.folder)
    released.push(state=git.State(state.commit, ("image/x",), ""))
    assert "a work tree that was not as commit" in released.refused()


def test_locks_that_the_commit_does_not_hold_are_named(released: Released) -> None:
    released.project.append("constraints/toolchain.lock", "# another\n")
    state = git.state(released.project.folder)
    released.push(state=git.State(state.commit, (), ""))
    assert "constraints/toolchain.lock has another sha256 there" in released.refused()


def test_what_failed_is_in_the_json_too(released: Released) -> None:
    released.push(papers_are_signed=False)
    told = released.verify(code=31)
    assert (told["holds"], list(told["steps"])) == (False, ["signature"])
    assert json.dumps(told)
