"""What a release changes, and which files name what changed."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airlock_spec.releases.difference import Difference, between, naming
from published_releases import manifest_of
from release_strategies import releases

if TYPE_CHECKING:
    from pathlib import Path

    from airlock_spec.releases.manifest import Manifest


@given(st.tuples(releases(), releases()))
def test_a_difference_leads_from_one_release_to_the_other(
    drawn: tuple[tuple[dict[str, bytes], Manifest], tuple[dict[str, bytes], Manifest]],
) -> None:
    before, after = drawn[0][1], drawn[1][1]
    made = between(before, after)
    old = {file.path: file for file in before.files}
    new = {file.path: file for file in after.files}
    assert {path: file for path, file in old.items() if path not in made.removed} | {
        path: new[path] for path in (*made.added, *made.changed)
    } == new
    assert (made == Difference((), (), ())) == (before.files == after.files)
    assert between(None, after).added == tuple(new)


def test_a_mode_is_a_difference() -> None:
    before, after = manifest_of({"a": b"1"}), manifest_of({"a": b"1"}, executable=("a",))
    assert between(before, after).changed == ("a",)


TEXTS = {
    "dag.py": "import lib\n",
    "other.py": "from package.deep import thing\n",
    "third.py": "open('sql/my-query.sql')\n",
    "fourth.py": "x = 'library'\n",
    "package/__init__.py": "",
    "package/deep.py": "import lib\n",
    "lib.py": "",
    "notes.txt": "lib",
}


def written(top: Path, texts: dict[str, str]) -> Path:
    for path, text in texts.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    return top


def test_files_that_name_a_changed_one_are_found_and_those_that_name_these(tmp_path: Path) -> None:
    top = written(tmp_path, TEXTS)
    assert naming(top, TEXTS, ["lib.py"]) == {"dag.py", "package/deep.py", "other.py"}
    assert naming(top, TEXTS, ["package/__init__.py"]) == {"other.py"}
    assert naming(top, TEXTS, ["sql/my-query.sql"]) == {"third.py"}
    assert naming(top, TEXTS, ["nobody.py"]) == set()
    assert naming(top, [*TEXTS, "gone.py"], []) == set()


@pytest.mark.parametrize("touched", [["lib.py"], ["sql/my-query.sql"], ["package/__init__.py", "lib.py"]])
def test_many_changed_files_are_looked_for_in_another_way_and_find_the_same(
    tmp_path: Path, touched: list[str]
) -> None:
    top = written(tmp_path, TEXTS)
    many = [f"nobody_{number}.py" for number in range(100)]
    assert naming(top, TEXTS, [*touched, *many]) == naming(top, TEXTS, touched) != set()


def test_files_that_name_each_other_have_an_end(tmp_path: Path) -> None:
    texts = {"a.py": "import b", "b.py": "import a", "é.py": "import a", "c.py": "import é"}
    assert naming(written(tmp_path, texts), texts, ["a.py"]) == {"a.py", "b.py", "é.py", "c.py"}


NAMES = st.text("ab_-.é", min_size=1, max_size=4)


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4).map(" ".join), max_size=6), NAMES)
def test_never_less_is_found_than_the_words_say(tmp_path: Path, texts: dict[str, str], name: str) -> None:
    paths = {f"{path}.py": text for path, text in texts.items() if path not in {".", ".."}}
    told = naming(written(tmp_path / uuid.uuid4().hex, paths), paths, [f"{name}.py"])
    word = re.compile(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)")
    assert told >= {path for path, text in paths.items() if word.search(text.encode())}


def test_thousands_of_changed_files_are_looked_for_at_once(tmp_path: Path) -> None:
    texts = {f"dag_{number}.py": f"import lib_{number}\n" + "x = call(y)\n" * 20 for number in range(500)}
    top = written(tmp_path, texts)
    begun = time.monotonic()
    assert naming(top, texts, [f"lib_{number * 10}.py" for number in range(20_000)]) == {
        f"dag_{number}.py" for number in range(0, 500, 10)
    }
    assert time.monotonic() - begun < 3
