"""What was published of packages stands in for their files, and no further."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airlock.cache import Cache
from airlock.compose.oci import LAYER_NAME
from airlock.compose.plan import ROOTFS
from airlock.errors import ImageError, UnsealedError
from airlock.layout import REUSED_FROM, REUSED_LAYERS, read_image
from airlock.papers import bill, paper, published, reading, subject
from airlock.papers.facts import Facts, Licenses
from airlock.papers.reading import Reader
from airlock.platforms import AMD64
from airlock.store import Store
from airlock.terminal import Terminal
from layouts import Member, write_layout
from published_images import Machine, Shelf, paper_of
from small_project import HERE, SmallProject

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.store import StoreFile

FACTS = Facts(Licenses(("MIT",), "License"), requires=("other>=1",), summary="known elsewhere")


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    made = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    made.lock_wheels({"apache-airflow": {}})
    return made


def reader(folder: Path, known: dict[str, Any]) -> Reader:
    return Reader(Store(folder / "store"), Cache(folder / "cache"), Terminal(quiet=True), known)


def test_a_package_is_known_without_its_file(project: SmallProject, tmp_path: Path) -> None:
    wheels = project.inputs.airflow.wheels(HERE)
    known = {reading.key(wheels[0].file): FACTS.to_json()}
    assert reader(tmp_path / "other", known).wheels(wheels) == {"apache-airflow": FACTS}
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"licenses": None},
        {"licenses": {"terms": [5], "origin": "License"}},
        {"licenses": {"terms": ["MIT"], "origin": None}},
        {"requires": [None]},
        {"requires": 5},
        {"more": "than there is"},
    ],
    ids=str,
)
def test_what_is_malformed_counts_as_not_known(
    project: SmallProject, tmp_path: Path, change: dict[str, Any]
) -> None:
    wheels = project.inputs.airflow.wheels(HERE)
    known = {reading.key(wheels[0].file): FACTS.to_json() | change}
    with pytest.raises(UnsealedError):
        reader(tmp_path / "other", known).wheels(wheels)


def test_files_that_are_not_known_are_asked_for_at_once(project: SmallProject, tmp_path: Path) -> None:
    project.lock_wheels({"apache-airflow": {}, "another": {}, "third": {}})
    wheels = project.inputs.airflow.wheels(HERE)
    asked: list[list[StoreFile]] = []

    def supply(files: Any) -> None:
        asked.append(list(files))
        for file in asked[-1]:
            Store(tmp_path / "other" / "store").add(
                file, [Store(project.places.store).read(file)], "elsewhere"
            )

    other = tmp_path / "other"
    made = Reader(
        Store(other / "store"),
        Cache(other / "cache"),
        Terminal(quiet=True),
        {reading.key(wheels[0].file): FACTS.to_json()},
        supply,
    )
    found = made.wheels(wheels)
    assert asked == [[one.file for one in wheels[1:]]]
    assert list(found) == [one.name for one in wheels]


def test_the_papers_beside_a_layout_tell_what_is_in_it(project: SmallProject) -> None:
    made = project.compose()
    config = project.inputs.config
    assert published.packages(config) == {}
    paper.publish(config.papers, [paper_of(project, made)], [made.digest], Terminal(quiet=True))

    wheels, debs = project.inputs.airflow.wheels(HERE), project.inputs.debian.for_platform(HERE)
    assert set(published.packages(config)) == {
        reading.key(file) for file in (*(one.file for one in wheels), *(one.file for one in debs))
    }
    for path in (config.papers / "blobs" / "sha256").iterdir():
        path.write_bytes(b"damaged")
    assert published.packages(config) == {}


def test_a_paper_is_kept_while_the_toolchain_that_made_it_is_this_one(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project.compose()
    config, laid_out = project.inputs.config, read_image(project.inputs.config.layout, HERE)
    assert not published.is_kept(config.papers, laid_out)
    paper.publish(config.papers, [paper_of(project, made)], [made.digest], Terminal(quiet=True))
    assert published.is_kept(config.papers, laid_out)
    monkeypatch.setattr(published, "toolchain", lambda: "0" * 64)
    assert not published.is_kept(config.papers, laid_out)


def test_a_bill_of_what_others_read_is_not_kept_as_read_here(project: SmallProject, tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.push(project, project.compose())
    machine = Machine.empty(project, tmp_path / "other")
    made = machine.compose(machine.find(shelf))
    places, config = machine.project.places, machine.project.inputs.config
    laid_out = read_image(config.layout, HERE, partial=True)
    paper.publish(config.papers, [paper_of(project, made)], [made.digest], Terminal(quiet=True))

    told = bill.of(laid_out, config, places, Terminal(quiet=True))
    whole = read_image(project.inputs.config.layout, HERE)
    assert told == bill.of(whole, project.inputs.config, project.places, Terminal(quiet=True))
    assert not (places.cache / bill.KIND).exists()
    assert (project.places.cache / bill.KIND).exists()


def test_without_a_layout_nothing_is_known(project: SmallProject) -> None:
    assert published.packages(project.inputs.config) == {}


METADATA = "site-packages/own-1.dist-info/METADATA"


def test_the_metadata_of_a_layer_that_is_elsewhere_is_what_was_published_of_it(tmp_path: Path) -> None:
    names = [{LAYER_NAME: name} for name in (ROOTFS, "own", "other")]
    layers = [[Member("etc/x")], [Member(METADATA, b"Name: own\n")], [Member(METADATA, b"Name: other\n")]]
    write_layout(tmp_path, layers, annotations=names)
    whole = read_image(tmp_path, AMD64)
    told = subject.own_metadata(whole)
    diff_ids = [diff_id.removeprefix("sha256:") for diff_id in whole.diff_ids]
    assert told == {diff_ids[1]: b"Name: own\n", diff_ids[2]: b"Name: other\n"}

    index = tmp_path / "index.json"
    marks = (
        f'"annotations": {{"{REUSED_FROM}": "REF", "{REUSED_LAYERS}": "{whole.layers[1].digest}"}}, "digest"'
    )
    index.write_text(index.read_text().replace('"digest"', marks, 1))
    whole.blob(whole.layers[1]).unlink()
    partial = read_image(tmp_path, AMD64, partial=True)
    assert subject.own_metadata(partial, told) == told
    with pytest.raises(ImageError, match="is not whole"):
        subject.own_metadata(partial, {diff_ids[2]: b""})
