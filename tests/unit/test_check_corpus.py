"""The corpus of DAG files says of every code what it finds and what it does not."""

from __future__ import annotations

import ast
import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import pytest

import check_corpus
from airlock_spec.check.catalogue import CHECKS
from benchmarks import generated_dags
from check_corpus import ROOT, Case, Said, cases

if TYPE_CHECKING:
    from pathlib import Path

CODES = sorted(check.code for check in CHECKS)
BY_NAME = {str(case): case for case in cases()}


def expected_of(case: Case) -> set[Said]:
    if case.alone:
        return check_corpus.expected_of(case)
    return {said for said in check_corpus.expected_of_shared() if said.path == f"dags/{case}"}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_what_it_finds_and_a_near_miss(code: str) -> None:
    assert {case.kind for case in cases() if case.code == code} == {"found", "near"}


def test_there_is_no_case_of_an_unknown_code() -> None:
    assert {path.name for path in ROOT.iterdir() if path.is_dir()} == set(CODES)


@pytest.mark.parametrize("case", [case for case in cases() if case.kind == "found"], ids=str)
def test_a_file_that_is_to_be_found_is_about_its_code_alone(case: Case) -> None:
    assert {said.code for said in expected_of(case)} == {case.code}


@pytest.mark.parametrize("case", [case for case in cases() if case.kind == "near"], ids=str)
def test_nothing_is_expected_of_a_near_miss(case: Case) -> None:
    assert expected_of(case) == set()


def test_files_that_share_a_bundle_have_dag_ids_of_their_own() -> None:
    ids = Counter(
        dag_id
        for case in cases()
        if not case.alone
        for dag_id in set(re.findall(r'DAG\("([^"]+)"', case.path.read_text()))
    )

    assert ids
    assert [dag_id for dag_id, files in ids.items() if files > 1] == []


def test_a_folder_called_zip_is_packed(tmp_path: Path) -> None:
    check_corpus.lay_out(BY_NAME["AL404/found/nested"], tmp_path)

    with zipfile.ZipFile(tmp_path / "dags/sales.zip") as archive:
        assert sorted(archive.namelist()) == ["sales.py", "team/returns.py"]


def test_projects_of_their_own_stay_out_of_the_shared_one(tmp_path: Path) -> None:
    check_corpus.lay_out_shared(tmp_path)

    assert (tmp_path / "dags/AL110/found/twice_in_one_file.py").is_file()
    assert (tmp_path / "dags/AL114/near/scripts/nightly.sh").is_file()
    assert not (tmp_path / "dags/AL110/found/across_files").exists()


def test_the_benchmarks_files_are_python_and_each_another(tmp_path: Path) -> None:
    generated_dags.write(tmp_path, 201)
    written = [path.read_text() for path in sorted(tmp_path.rglob("*.py"))]

    assert len(set(written)) == 201
    assert all(ast.parse(text) for text in written)
    assert written[7] == generated_dags.source(7)
