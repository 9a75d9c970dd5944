"""What of the facts becomes a report: the selection alone, but for what other files decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.check import reporting
from airlock.check.bundle import Bundle
from airlock.check.run import Checked
from airlock_spec.check.facts import Dag, File, Isolation, Kind, Pattern, Place, Problem, Reason, Run, Skipped
from airlock_spec.check.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def dag(path: str, dag_id: str) -> File:
    return File(path, 0.1, (Dag(dag_id, Place(path, 1), "0", (), "", "", catchup=False, tasks=()),))


def run(*files: File) -> Run:
    skipped = tuple(
        Skipped(path, Reason.NESTED, looks_like_dag=True) for path in ("a.zip/x/y.py", "b.zip/x/y.py")
    )
    unmatched = (Pattern("x", Place(".airflowignore", 1)), Pattern("y", Place("sub/.airflowignore", 1)))
    return Run("3", "3.13", Isolation(namespace=True, seccomp=True, notified=True), files, skipped, unmatched)


def test_what_is_not_selected_is_left_out(tmp_path: Path) -> None:
    found = reporting.selected(
        run(dag("one.py", "a"), dag("sub/two.py", "b")), Bundle(tmp_path, ("sub", "b.zip"))
    )
    assert [file.path for file in found.files] == ["sub/two.py"]
    assert [one.path for one in found.skipped] == ["b.zip/x/y.py"]
    assert [one.place.path for one in found.unmatched] == ["sub/.airflowignore"]


def test_what_keeps_airflow_from_finding_any_file_is_never_left_out(tmp_path: Path) -> None:
    failed = File("", 0.0, problems=(Problem(Kind.IMPORT, "RuntimeError: recursive loop", Place("")),))
    found = reporting.judged([Checked(Bundle(tmp_path, ("one.py",)), run(failed))], Settings(), tmp_path)
    assert [one.code for one in found.findings] == ["AL101"]
    assert found.run.files == ()


def test_a_dag_id_that_a_file_outside_the_selection_has_is_found(tmp_path: Path) -> None:
    facts = run(dag("one.py", "same"), dag("two.py", "same"), dag("three.py", "other"))
    found = reporting.judged([Checked(Bundle(tmp_path, ("one.py",)), facts)], Settings(), tmp_path)
    assert [(one.path, one.code) for one in found.findings if one.code == "AL110"] == [("one.py", "AL110")]
    assert not found.everything


def test_it_is_not_found_where_it_is_not_asked_for(tmp_path: Path) -> None:
    facts = run(dag("one.py", "same"), dag("two.py", "same"))
    settings = Settings(ignore=("AL1",))
    found = reporting.judged([Checked(Bundle(tmp_path, ("one.py",)), facts)], settings, tmp_path)
    assert "AL110" not in {one.code for one in found.findings}


def test_a_file_of_the_whole_bundle_is_told_once(tmp_path: Path) -> None:
    facts = run(dag("one.py", "same"), dag("two.py", "same"))
    found = reporting.judged([Checked(Bundle(tmp_path), facts)], Settings(), tmp_path)
    assert [one.path for one in found.findings if one.code == "AL110"] == ["one.py", "two.py"]
    assert found.everything


def test_sources_are_those_that_are_selected(tmp_path: Path) -> None:
    for name in ("one.py", "two.py", "sub/three.py", "sub/data.sql", ".venv/x.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert reporting.sources(Bundle(tmp_path, ("sub", "one.py"))) == {
        "one.py": "one.py",
        "sub/three.py": "sub/three.py",
    }
    assert list(reporting.sources(Bundle(tmp_path))) == ["one.py", "two.py", "sub/three.py"]
