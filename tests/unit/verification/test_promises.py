"""What a registry promises of an image: whose word counts, of which platforms, and what is made of hostile answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

import signing_keys
from airlock import config, layout
from airlock.compose import oci
from airlock.errors import RegistryError, UntrustedError
from airlock.git import State
from airlock.papers import paper, provenance
from airlock.push import sending
from airlock.push.outgoing import Outgoing
from airlock.registry import failures
from airlock.registry.images import require_image
from airlock.registry.reference import Reference
from airlock.registry.registry import Blob, Manifest
from airlock.signing import attached, local
from airlock.terminal import Terminal
from airlock.verification import promises
from layouts import folder, write_index
from memory_registry import HERE, MemoryRegistry

if TYPE_CHECKING:
    from pathlib import Path

    from airlock.layout import LaidOutImage
    from airlock.registry.registry import Registry

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OURS, OTHERS = (
    local.private_key(name, signing_keys.pem(signing_keys.private()), None) for name in ("ours", "others")
)


@dataclass
class Pushed:
    """An image for two platforms, with provenance, all of it signed."""

    registry: MemoryRegistry
    top: Manifest
    images: tuple[LaidOutImage, ...]
    project: Path

    def attach(self, image: LaidOutImage, content: bytes, kind: str = provenance.MEDIA_TYPE) -> str:
        """Push and sign a paper with any content about an image; return its digest."""
        made = paper.make(provenance.KIND, kind, content, image)
        for document in made.blobs:
            blob = Blob(f"sha256:{document.digest}", len(document.content), document.content)
            self.registry.upload(blob, lambda _: None)
        self.registry.put_manifest(Manifest(oci.MANIFEST, made.manifest.content))
        attached.sign(self.registry, made.digest, OURS)
        return made.digest


@pytest.fixture
def pushed(tmp_path: Path) -> Pushed:
    return push(tmp_path, State(COMMIT, (), ""))


def push(folder_: Path, *states: State) -> Pushed:
    """Push an image for two platforms; the states are theirs, the last one's for the rest."""
    (folder_ / "pyproject.toml").write_text("")
    write_index(folder_ / "layout", {"amd64": [[folder("a")]], "arm64": [[folder("b")]]})
    images = tuple(layout.images(folder_ / "layout"))
    (described,) = json.loads((folder_ / "layout" / "index.json").read_bytes())["manifests"]
    index = oci.Document(
        oci.INDEX, (folder_ / "layout" / "blobs" / "sha256" / described["digest"][7:]).read_bytes()
    )
    registry, found = MemoryRegistry(), config.load(folder_, environ={})
    told = [states[min(number, len(states) - 1)] for number in range(len(images))]
    papers = tuple(provenance.of(image, found, state, {}) for image, state in zip(images, told, strict=True))

    def sign(into: Registry, digest: str) -> bool:
        return attached.sign(into, digest, OURS).written

    outgoing = Outgoing(images, index, papers, ("tag",))
    sending.push(outgoing, registry, sending.Rules(sign=sign), Terminal(quiet=True))
    return Pushed(registry, promises.resolved(registry, Reference(HERE, "tag")), images, folder_)


def test_each_platform_s_signed_provenance_is_found(pushed: Pushed) -> None:
    images = promises.images_of(pushed.registry, pushed.top)
    assert [one.digest for one in images] == [one.digest for one in pushed.images]
    found = promises.of_one_source(
        [promises.promised(pushed.registry, one, [OURS]) for one in images], none_is_here
    )
    assert [one.provenance.platform for one in found] == ["linux/amd64", "linux/arm64"]
    assert {one.provenance.commit for one in found} == {COMMIT}


def test_an_image_for_one_platform_is_its_own(pushed: Pushed) -> None:
    (first, _) = promises.images_of(pushed.registry, pushed.top)
    assert promises.images_of(pushed.registry, first) == [first]


def test_what_buildkit_attests_is_no_image(pushed: Pushed) -> None:
    document = pushed.top.document
    attestation = {"digest": f"sha256:{'0' * 64}", "platform": {"architecture": "unknown", "os": "unknown"}}
    document["manifests"].append(attestation)
    top = Manifest(oci.INDEX, json.dumps(document).encode())
    assert len(promises.images_of(pushed.registry, top)) == 2


@pytest.mark.parametrize(
    ("manifests", "said"),
    [
        ([{"digest": f"sha256:{'0' * 64}"}], "is not whole"),
        ([], "is not whole"),
        ([{"digest": "sha256:0"}] * 1000, "is not whole"),
        ([{}], "is malformed"),
        (["x"], "is malformed"),
        (7, "is malformed"),
    ],
)
def test_an_index_that_names_what_is_not_there_is_refused(
    pushed: Pushed, manifests: object, said: str
) -> None:
    top = Manifest(oci.INDEX, json.dumps({"manifests": manifests}).encode())
    with pytest.raises(UntrustedError, match=said):
        promises.images_of(pushed.registry, top)


def test_a_name_of_nothing_is_told(pushed: Pushed) -> None:
    with pytest.raises(RegistryError, match="there is no"):
        promises.resolved(pushed.registry, Reference(HERE, "none"))


def test_provenance_by_another_key_does_not_count(pushed: Pushed) -> None:
    (first, _) = promises.images_of(pushed.registry, pushed.top)
    with pytest.raises(UntrustedError, match="no provenance that a trusted key signed") as caught:
        promises.promised(pushed.registry, first, [OTHERS])
    assert "no trusted key made it" in caught.value.cause


def test_signed_provenance_of_another_image_does_not_count(tmp_path: Path) -> None:
    pushed = push(tmp_path, State(COMMIT, (), ""))
    one, other = pushed.images
    image = pushed.registry.manifests[one.digest]
    del_papers(pushed.registry, one.digest)
    about_other = provenance.document(other, config.load(tmp_path, environ={}), State(COMMIT, (), ""), {})
    pushed.attach(one, about_other)
    with pytest.raises(UntrustedError) as caught:
        promises.promised(pushed.registry, image, [OURS])
    assert f"it is about another image, {other.digest}" in caught.value.cause


def test_a_signed_paper_of_another_kind_is_no_provenance(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, _) = pushed.images
    del_papers(pushed.registry, one.digest)
    told = provenance.document(one, config.load(pushed.project, environ={}), State(COMMIT, (), ""), {})
    pushed.attach(one, told, "text/plain")
    truly = pushed.registry.referrers
    lie = {"artifactType": provenance.MEDIA_TYPE}
    monkeypatch.setattr(pushed.registry, "referrers", lambda digest: [each | lie for each in truly(digest)])
    with pytest.raises(UntrustedError) as caught:
        promises.promised(pushed.registry, pushed.registry.manifests[one.digest], [OURS])
    assert "it is a paper of another kind" in caught.value.cause


def test_a_registry_that_fails_is_no_lack_of_provenance(pushed: Pushed) -> None:
    image = pushed.registry.manifests[pushed.images[0].digest]

    def fail(digest: str, limit: int) -> bytes:
        raise failures.unanswered("GET", "http://127.0.0.1:5000/v2/", "timeout")

    pushed.registry.blob = fail  # type: ignore[method-assign]
    with pytest.raises(RegistryError, match="does not answer"):
        promises.promised(pushed.registry, image, [OURS])


def test_images_and_their_indexes_are_images(pushed: Pushed) -> None:
    for manifest in (pushed.top, *promises.images_of(pushed.registry, pushed.top)):
        require_image(manifest)


def test_a_signed_paper_that_a_tag_came_to_name_is_no_image(pushed: Pushed) -> None:
    (one, _) = pushed.images
    listed = pushed.registry.referrers(one.digest)
    papers = [each["digest"] for each in listed if each["artifactType"] == provenance.MEDIA_TYPE]
    assert papers
    for digest in papers:
        attached.require_trusted(pushed.registry, digest, [OURS])
        found = pushed.registry.manifest(digest)
        assert found
        with pytest.raises(UntrustedError, match="is no image"):
            require_image(found)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"x" * (2 << 20)])
def test_signed_nonsense_does_not_count(pushed: Pushed, content: bytes) -> None:
    (one, _) = pushed.images
    image = pushed.registry.manifests[one.digest]
    del_papers(pushed.registry, one.digest)
    pushed.attach(one, content)
    with pytest.raises(UntrustedError, match="has no provenance"):
        promises.promised(pushed.registry, image, [OURS])


def test_of_several_papers_one_that_counts_is_enough(pushed: Pushed) -> None:
    (one, _) = pushed.images
    digest = pushed.attach(one, b"{}")
    listed = pushed.registry.referrers(one.digest)
    assert [item["digest"] for item in listed].count(digest) == 1
    assert len(promises.promised(pushed.registry, pushed.registry.manifests[one.digest], [OURS])) == 1


@pytest.mark.parametrize(
    "document", [{"layers": []}, {"layers": [1]}, {"layers": [{}, {}]}, {}, {"layers": {}}]
)
def test_a_paper_of_another_shape_does_not_count(pushed: Pushed, document: dict[str, Any]) -> None:
    (one, _) = pushed.images
    del_papers(pushed.registry, one.digest)
    subject = {"subject": {"digest": one.digest}, "artifactType": provenance.MEDIA_TYPE}
    manifest = Manifest(oci.MANIFEST, json.dumps(subject | document).encode())
    pushed.registry.manifests[manifest.digest] = manifest
    attached.sign(pushed.registry, manifest.digest, OURS)
    with pytest.raises(UntrustedError, match="has no provenance"):
        promises.promised(pushed.registry, pushed.registry.manifests[one.digest], [OURS])


def test_platforms_of_different_commits_are_refused(tmp_path: Path) -> None:
    pushed = push(tmp_path, State(COMMIT, (), ""), State("f" * 40, (), ""))
    images = promises.images_of(pushed.registry, pushed.top)
    found = [promises.promised(pushed.registry, one, [OURS]) for one in images]
    with pytest.raises(UntrustedError, match="of different commits"):
        promises.of_one_source(found, none_is_here)


def test_of_several_commits_that_made_the_image_one_that_is_here_is_taken(pushed: Pushed) -> None:
    images = promises.images_of(pushed.registry, pushed.top)
    found = [promises.promised(pushed.registry, one, [OURS]) for one in images]
    both = [[*told, of_commit(told[0], "f" * 40), of_commit(told[0], "e" * 40, dirty=True)] for told in found]
    for commit in (COMMIT, "f" * 40):
        chosen = promises.of_one_source(both, commit.__eq__)
        assert [one.provenance.commit for one in chosen] == [commit, commit]
    assert promises.of_one_source(both, none_is_here)[0].provenance.commit == COMMIT


def test_a_dirty_tree_is_refused_where_no_commit_makes_every_platform(pushed: Pushed) -> None:
    images = promises.images_of(pushed.registry, pushed.top)
    found = [promises.promised(pushed.registry, one, [OURS]) for one in images]
    with pytest.raises(UntrustedError, match="was not as commit"):
        promises.of_one_source([found[0], [of_commit(found[1][0], COMMIT, dirty=True)]], none_is_here)


def none_is_here(_: str) -> bool:
    return False


def of_commit(one: promises.Promised, commit: str, *, dirty: bool = False) -> promises.Promised:
    return replace(one, provenance=replace(one.provenance, commit=commit, dirty=dirty))


def del_papers(registry: MemoryRegistry, digest: str) -> None:
    """Take away what refers to an image."""
    for one in registry.referrers(digest):
        if one["artifactType"] == provenance.MEDIA_TYPE:
            del registry.manifests[one["digest"]]
