"""What is asked of the probe, and what is known without it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from airlock import config
from airlock.check import probe_source, run, target
from airlock.check.target import Target
from airlock.cli import Session
from airlock.terminal import Terminal
from fake_probe import SILENT, FakeWay, answering

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airlock.check.starts import Way
    from airlock_spec.check.facts import Run


@dataclass
class Project:
    """A project whose image is a fake."""

    folder: Path
    log: Path
    digest: str = "sha256:1"
    probe: probe_source.ProbeSource = field(default_factory=lambda: probe_source.ProbeSource({}))
    ways: list[Way] = field(default_factory=list)

    def found(self, own: Path, wanted: str, env: Mapping[str, str]) -> Target:  # noqa: ARG002 - as the real one
        return Target(self.digest, self.probe, env, contained=self.ways)

    def check(self, *paths: str, cached: bool = True, table: str = "") -> Run:
        (self.folder / config.FILE).write_text(f"[tool.airlock.check]\n{table}")
        wanted = run.Wanted([self.folder / path for path in paths], cached=cached)
        (checked,) = run.check(Session(self.folder, Terminal(quiet=True)), wanted)
        return checked.run

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / "dags" / f"{name}.py").write_text(text)

    def asked(self) -> list[Any]:
        """Return the requests since the last call."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path / "project", tmp_path / "log")
    made.ways = [answering(made.log)]
    (made.folder / "dags").mkdir(parents=True)
    made.write(one="1", two="2")
    monkeypatch.setenv("AIRLOCK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(target, "find", made.found)
    return made


def paths(found: Run) -> list[str]:
    return [file.path for file in found.files]


def test_an_unchanged_bundle_asks_nobody(project: Project) -> None:
    first = project.check()
    assert paths(first) == ["one.py", "two.py"]
    project.asked()
    assert project.check() == first
    assert project.asked() == []


def test_only_what_changed_is_asked_for(project: Project) -> None:
    project.check()
    project.asked()
    project.write(two="broken")
    found = project.check()
    assert paths(found) == ["one.py", "two.py"]
    assert found.files[1].problems
    (request,) = project.asked()
    assert request["known"] == ["one.py"]


def test_a_new_and_a_removed_file_are_noticed(project: Project) -> None:
    project.check()
    (project.folder / "dags/one.py").unlink()
    project.write(three="3")
    assert paths(project.check()) == ["three.py", "two.py"]


def test_the_cache_can_be_left_alone(project: Project) -> None:
    project.check()
    project.check(cached=False)
    assert [request.get("known") for request in project.asked()] == [None, None]


@pytest.mark.parametrize(
    "table",
    [
        'env = { AIRFLOW_VAR_X = "1" }',
        'pools = ["a"]',
        "[tool.airlock.check.limits]\nseconds = 3",
    ],
)
def test_another_request_is_another_answer(project: Project, table: str) -> None:
    project.check()
    project.check(table=table)
    assert [request.get("known") for request in project.asked()] == [None, None]


def test_another_image_or_probe_is_another_answer(project: Project, tmp_path: Path) -> None:
    project.check()
    project.digest = "sha256:2"
    project.check()
    (tmp_path / "probe").mkdir()
    (tmp_path / "probe/main.py").write_text("new")
    project.probe = probe_source.ProbeSource({"airlock_probe": tmp_path / "probe"})
    project.check()
    assert [request.get("known") for request in project.asked()] == [None, None, None]


@pytest.mark.parametrize("name", [".airflowignore", "query.sql"])
def test_any_file_may_depend_on_what_is_not_python(project: Project, name: str) -> None:
    project.check()
    (project.folder / "dags" / name).write_text("x")
    project.check()
    (project.folder / "dags" / name).write_text("y")
    project.check()
    assert [request.get("known") for request in project.asked()] == [None, None, None]


def test_a_new_module_may_be_what_a_file_looked_for(project: Project) -> None:
    project.check()
    project.write(three="3")
    project.check()
    assert [request.get("known") for request in project.asked()] == [None, None]


def test_bytecode_stands_for_its_source(project: Project) -> None:
    """Python opens fresh bytecode, and only looks at the time and the size of the source."""
    bytecode = project.folder / "dags/__pycache__/two.cpython-313.pyc"
    bytecode.parent.mkdir()
    bytecode.write_bytes(b"1")
    content = hashlib.sha256(b"1").hexdigest()
    project.ways = [answering(project.log, reads={"__pycache__/two.cpython-313.pyc": content})]
    project.check()
    project.write(two="changed")
    project.check()
    assert [request.get("known") for request in project.asked()] == [None, None]


@pytest.mark.parametrize("text", ["crash", "unkept", "slow"])
def test_what_may_end_otherwise_is_asked_for_again(project: Project, text: str) -> None:
    project.write(two=text)
    project.check()
    project.asked()
    project.check()
    (request,) = project.asked()
    assert request["known"] == ["one.py"]


def test_a_damaged_entry_is_none(project: Project, tmp_path: Path) -> None:
    project.check()
    (entry,) = [path for path in (tmp_path / "cache/cache/facts").rglob("*") if path.is_file()]
    entry.write_bytes(entry.read_bytes()[:-9])
    project.check()
    assert len(project.asked()) == 2


def test_a_selection_asks_for_no_more_and_keeps_what_is_known(project: Project) -> None:
    project.check()
    project.write(one="new", two="new")
    assert paths(project.check("dags/one.py")) == ["one.py"]
    assert project.asked()[1]["only"] == ["one.py"]
    project.check("dags/one.py")
    project.check()
    first, second = project.asked()
    assert (first["only"], first["known"]) == (["one.py"], ["one.py"])
    assert "only" not in second


def test_a_selection_of_an_unchanged_bundle_asks_nobody(project: Project) -> None:
    project.check()
    project.check("dags/one.py")
    project.check()
    assert len(project.asked()) == 1


def test_what_was_found_without_a_sandbox_does_not_stand_where_there_is_one(project: Project) -> None:
    sandbox, bare = project.ways[0], answering(project.log, namespace=False)
    project.ways = [FakeWay(SILENT, fault="no"), bare]
    assert not project.check().isolation.namespace
    project.check()
    assert len(project.asked()) == 1  # there is still none
    project.ways = [sandbox, bare]
    assert project.check().isolation.namespace
    assert len(project.asked()) == 1


def test_a_plain_folder_of_dags_needs_no_configuration(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.py").write_text("")
    (checked,) = run.check(Session(folder, Terminal(quiet=True)), run.Wanted())
    assert paths(checked.run) == ["a.py"]


def test_facts_of_several_bundles_are_joined(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a.py").write_text("")
    session = Session(project.folder, Terminal(quiet=True))
    (project.folder / config.FILE).write_text("")
    assert paths(run.facts(session, [project.folder / "dags", folder])) == ["one.py", "two.py", "a.py"]
    assert replace(run.facts(session), files=()).airflow == "3.3.2"


@pytest.mark.parametrize(("name", "kept"), [("one.py", ["two.py"]), ("query.sql", None), ("new.py", None)])
def test_what_changed_while_it_was_looked_at_is_not_kept(
    project: Project, name: str, kept: list[str] | None
) -> None:
    (project.folder / "dags/query.sql").write_text("")
    before = (project.folder / "dags/one.py").read_text()
    changing = f"open({str(project.folder / 'dags' / name)!r}, 'w').write('meanwhile')\n"
    steady = answering(project.log)
    project.ways = [FakeWay(changing + steady.script)]
    project.check()
    (project.folder / "dags/query.sql").write_text("")
    (project.folder / "dags/new.py").unlink(missing_ok=True)
    project.write(one=before)
    project.ways = [steady]
    project.check()
    assert project.asked()[1].get("known") == kept
