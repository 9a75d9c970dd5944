"""The layout of papers: whole, about the image that is there, and nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from airlock import layout
from airlock.errors import CorruptError
from airlock.papers import paper
from airlock.terminal import Terminal
from layouts import Member, write_index, write_layout

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.layout import LaidOutImage

QUIET = Terminal(quiet=True)
TYPE = "application/vnd.example+json"


def image(folder: Path, content: bytes = b"x") -> LaidOutImage:
    write_layout(folder, [[Member("file", content)]])
    (found,) = layout.images(folder)
    return found


def published(papers: Path) -> Any:
    return json.loads((papers / "index.json").read_bytes())["manifests"]


def manifest(papers: Path, digest: str) -> Any:
    return json.loads((papers / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes())


def test_a_paper_refers_to_its_image_by_a_descriptor_of_three_keys(tmp_path: Path) -> None:
    about = image(tmp_path / "image")
    made = paper.make("sbom", TYPE, b"{}\n", about)
    paper.publish(tmp_path / "papers", [made], [about.digest], QUIET)

    (listed,) = published(tmp_path / "papers")
    assert (listed["digest"], listed["artifactType"]) == (made.digest, TYPE)
    written = manifest(tmp_path / "papers", made.digest)
    assert written["subject"] == {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": about.digest,
        "size": about.manifest.size,
    }
    assert written["artifactType"] == TYPE
    assert (written["config"]["mediaType"], written["config"]["size"]) == (
        "application/vnd.oci.empty.v1+json",
        2,
    )
    assert [layer["digest"] for layer in written["layers"]] == [
        f"sha256:{hashlib.sha256(b'{}' + bytes([10])).hexdigest()}"
    ]


def test_every_blob_is_there_under_its_digest(tmp_path: Path) -> None:
    about = image(tmp_path / "image")
    made = paper.make("sbom", TYPE, b"{}\n", about)
    paper.publish(tmp_path / "papers", [made], [about.digest], QUIET)

    blobs = {path.name: path.read_bytes() for path in (tmp_path / "papers" / "blobs" / "sha256").iterdir()}
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in blobs.items())
    assert set(blobs) == {made.manifest.digest, *(blob.digest for blob in made.blobs)}
    assert json.loads((tmp_path / "papers" / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}


def test_what_is_read_is_what_was_published(tmp_path: Path) -> None:
    about = image(tmp_path / "image")
    made = paper.make("sbom", TYPE, b"{}\n", about)
    paper.publish(tmp_path / "papers", [made], [about.digest], QUIET)

    assert paper.read(tmp_path / "papers", [about.digest]) == [made]
    assert paper.read(tmp_path / "papers", ["sha256:" + "0" * 64]) == []
    assert paper.read(tmp_path / "nowhere", [about.digest]) == []


def test_papers_of_another_image_are_replaced_and_those_of_this_one_stay(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    old, new = image(tmp_path / "old", b"1"), image(tmp_path / "new", b"2")
    paper.publish(folder, [paper.make("sbom", TYPE, b"1", old)], [old.digest], QUIET)
    paper.publish(folder, [paper.make("provenance", TYPE, b"2", new)], [new.digest], QUIET)
    again = paper.make("sbom", TYPE, b"3", new)
    paper.publish(folder, [paper.make("sbom", TYPE, b"2", new)], [new.digest], QUIET)
    paper.publish(folder, [again], [new.digest], QUIET)

    found = paper.read(folder, [old.digest, new.digest])
    assert [(one.kind, one.content.content, one.subject) for one in found] == [
        ("provenance", b"2", new.digest),
        ("sbom", b"3", new.digest),
    ]
    assert len(list((folder / "blobs" / "sha256").iterdir())) == 5  # two papers and the empty configuration


def test_an_image_for_several_platforms_has_a_paper_for_each(tmp_path: Path) -> None:
    write_index(tmp_path / "image", {"amd64": [[Member("a")]], "arm64": [[Member("b")]]})
    images = layout.images(tmp_path / "image")
    digests = [one.digest for one in images]
    for one in images:  # one after the other, as with --platform
        paper.publish(tmp_path / "papers", [paper.make("sbom", TYPE, b"{}", one)], digests, QUIET)

    names = [
        one["annotations"]["org.opencontainers.image.ref.name"] for one in published(tmp_path / "papers")
    ]
    assert sorted(names) == ["sbom-linux-amd64", "sbom-linux-arm64"]
    assert {one.subject for one in paper.read(tmp_path / "papers", digests)} == set(digests)


@pytest.mark.parametrize("damage", ["index", "manifest", "digest", "no object"])
def test_damaged_papers_are_named_when_read_and_replaced_when_written(tmp_path: Path, damage: str) -> None:
    folder, about = tmp_path / "papers", image(tmp_path / "image")
    made = paper.make("sbom", TYPE, b"{}\n", about)
    paper.publish(folder, [made], [about.digest], QUIET)
    index = folder / "index.json"
    if damage == "index":
        index.write_text("{")
    elif damage == "manifest":
        (folder / "blobs" / "sha256" / made.manifest.digest).write_text("{}")
    elif damage == "digest":
        index.write_text('{"manifests": [{"digest": "sha256:../../../etc/passwd"}]}')
    else:
        index.write_text("[]")

    with pytest.raises(CorruptError, match=r"the papers in .* are damaged"):
        paper.read(folder, [about.digest])
    paper.publish(folder, [made], [about.digest], QUIET)
    assert paper.read(folder, [about.digest]) == [made]
