"""The order of a push, with a registry in memory: what is there whenever it ends, and what is never sent."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from airlock import layout
from airlock.compose import oci
from airlock.compose.oci import Document
from airlock.errors import ImageError, PushError, RegistryError, RepositoryError
from airlock.papers import paper
from airlock.platforms import AMD64, ARM64
from airlock.push.dry_run import DryRun
from airlock.push.outgoing import Outgoing
from airlock.push.sending import Rules, push
from airlock.terminal import Terminal
from memory_registry import MemoryRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from airlock.platforms import Platform
    from airlock.registry.registry import Blob, Manifest, Registry

QUIET = Terminal(quiet=True)
TAGS = ("3.3.2-abc", "abc")


def stored(folder: Path, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / digest).write_bytes(content)
    return {
        "mediaType": "application/vnd.oci.image.layer.v1.tar+zstd",
        "digest": f"sha256:{digest}",
        "size": len(content),
    }


def outgoing(folder: Path, *platforms: Platform, tags: tuple[str, ...] = TAGS) -> Outgoing:
    """Return an image of two layers for each platform, of which one is shared, and a paper about each."""
    made = []
    for platform in platforms:
        layers = [stored(folder, b"shared"), stored(folder, platform.name.encode())]
        config = {
            "os": platform.os, "architecture": platform.architecture,
            "rootfs": {"type": "layers", "diff_ids": [one["digest"] for one in layers]},
        }  # fmt: skip
        described = stored(folder, json.dumps(config).encode()) | {"mediaType": oci.CONFIG}
        manifest = {"schemaVersion": 2, "mediaType": oci.MANIFEST, "config": described, "layers": layers}
        content = json.dumps(manifest).encode()
        stored(folder, content)
        made.append((Document(oci.MANIFEST, content), platform))
    index = oci.index(made)
    (folder / "index.json").write_bytes(index.content)
    images = tuple(layout.read_image(folder, platform) for platform in platforms)
    papers = tuple(paper.make("sbom", "application/x", one.platform.encode(), one) for one in images)
    return Outgoing(images, index if len(images) > 1 else None, papers, tags)


@pytest.mark.parametrize("platforms", [(AMD64,), (AMD64, ARM64)])
def test_what_is_named_is_there_before_its_name(tmp_path: Path, platforms: tuple[Platform, ...]) -> None:
    registry, image = MemoryRegistry(), outgoing(tmp_path, *platforms)
    pushed = push(image, registry, Rules(), QUIET)
    kinds = [kind for kind, _ in registry.log]
    first_tag = kinds.index("tag") - 1  # the put that sets it
    assert set(kinds[first_tag:]) == {"manifest", "tag"}
    assert [what for kind, what in registry.log if kind == "tag"] == list(TAGS)
    assert registry.tags == dict.fromkeys(TAGS, image.digest)
    assert pushed.digest == image.digest
    assert pushed.set_tags == TAGS
    assert pushed.sent_blobs == pushed.blobs == len(platforms) * 2 + 1
    assert [one["digest"] for one in registry.referrers(image.images[0].digest)] == [image.papers[0].digest]


def test_pushing_again_writes_nothing(tmp_path: Path) -> None:
    registry, image = MemoryRegistry(), outgoing(tmp_path, AMD64, ARM64)
    push(image, registry, Rules(), QUIET)
    registry.log.clear()
    pushed = push(image, registry, Rules(), QUIET)
    assert registry.log == []
    assert (pushed.sent_blobs, pushed.sent_bytes, pushed.set_tags) == (0, 0, ())


def test_a_tag_is_added_without_sending_anything(tmp_path: Path) -> None:
    registry = MemoryRegistry()
    push(outgoing(tmp_path, AMD64), registry, Rules(), QUIET)
    registry.log.clear()
    push(outgoing(tmp_path, AMD64, tags=("new", *TAGS)), registry, Rules(), QUIET)
    assert [kind for kind, _ in registry.log] == ["manifest", "tag"]
    assert registry.tags["new"] == registry.tags["abc"]


def test_an_immutable_tag_of_another_image_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    registry, image = MemoryRegistry(immutable=True), outgoing(tmp_path / "a", AMD64)
    push(image, registry, Rules(immutable=lambda _: True), QUIET)
    before = dict(registry.blobs)
    registry.log.clear()
    with pytest.raises(PushError, match="2 tags") as caught:
        push(outgoing(tmp_path / "b", ARM64), registry, Rules(immutable=lambda _: True), QUIET)
    assert image.digest in caught.value.cause
    assert registry.log == []
    assert registry.blobs == before
    pushed = push(image, registry, Rules(immutable=lambda _: True), QUIET)  # the same digest is no matter
    assert pushed.set_tags == ()


def test_a_mutable_tag_moves(tmp_path: Path) -> None:
    registry = MemoryRegistry()
    before = outgoing(tmp_path / "a", AMD64)
    push(before, registry, Rules(), QUIET)
    other = outgoing(tmp_path / "b", ARM64)
    pushed = push(other, registry, Rules(), QUIET)
    assert set(registry.tags.values()) == {other.digest}
    assert pushed.moved == dict.fromkeys(TAGS, before.digest)


def test_what_is_not_approved_is_sent_and_bears_no_tag(tmp_path: Path) -> None:
    registry, image = MemoryRegistry(), outgoing(tmp_path, AMD64)

    def refuse() -> None:
        assert image.digest in registry.manifests
        raise RepositoryError("a scan found something")

    with pytest.raises(RepositoryError):
        push(image, registry, Rules(approve=refuse), QUIET)
    assert registry.tags == {}


class Mounting(MemoryRegistry):
    """A registry that mounts every blob but the configuration."""

    def upload(self, blob: Blob, sent: Callable[[int], None], mount_from: Iterable[str] = ()) -> None:
        is_mounted = blob.size < 100
        super().upload(blob, (lambda _: None) if is_mounted else sent, mount_from)


def test_what_was_mounted_was_not_sent(tmp_path: Path) -> None:
    image = outgoing(tmp_path, AMD64)
    pushed = push(image, Mounting(), Rules(mount_from=["other"]), QUIET)
    assert (pushed.blobs, pushed.sent_blobs) == (3, 1)
    assert pushed.sent_bytes == image.images[0].config.size


class Forgetful(MemoryRegistry):
    """A registry whose list of referrers another push overwrites once."""

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        super().put_manifest(manifest, tag)
        if "subject" in manifest.document and ("lost", "") not in self.log:
            self.log.append(("lost", ""))

    def referrers(self, digest: str) -> list[dict[str, Any]]:
        return super().referrers(digest) if self.log[-1] != ("lost", "") else []


def test_a_paper_that_another_push_took_from_the_list_is_listed_again(tmp_path: Path) -> None:
    registry, image = Forgetful(), outgoing(tmp_path, AMD64)
    push(image, registry, Rules(), QUIET)
    assert [what for _, what in registry.log].count(image.papers[0].digest) == 2


class Endless(MemoryRegistry):
    """A registry that takes one blob and never answers to the others."""

    def upload(self, blob: Blob, sent: Callable[[int], None], mount_from: Iterable[str] = ()) -> None:
        super().upload(blob, sent, mount_from)
        if len(self.blobs) > 1:
            time.sleep(600)


def test_an_interrupt_waits_for_no_answer(tmp_path: Path) -> None:
    image = outgoing(tmp_path, AMD64)
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        push(image, Endless(), Rules(), QUIET)
    assert time.monotonic() - begun < 5


class Ending(MemoryRegistry):
    """A registry that fails at the n-th write."""

    left: int = 0

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise RegistryError("the connection is gone")

    def upload(self, *args: object, **kwargs: object) -> None:
        self._count()
        super().upload(*args, **kwargs)  # type: ignore[arg-type]

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        self._count()
        super().put_manifest(manifest, tag)


def test_wherever_it_ends_no_tag_names_anything_incomplete_and_the_next_push_completes_it(
    tmp_path: Path,
) -> None:
    image, registry = outgoing(tmp_path, AMD64, ARM64), Ending()
    ends = 0
    for left in range(100):
        broken = Ending()
        broken.left = left
        try:
            push(image, broken, Rules(), QUIET)
        except RegistryError:
            ends += 1
        else:
            break
        assert_complete(broken)
        broken.left = 1000
        push(image, broken, Rules(), QUIET)
        assert broken.tags == dict.fromkeys(TAGS, image.digest)
        assert_complete(broken)
    assert ends > 10
    assert registry.tags == {}


def assert_complete(registry: MemoryRegistry) -> None:
    left = list(registry.tags.values())
    while left:
        document = registry.manifests[left.pop()].document
        left += [one["digest"] for one in document.get("manifests", [])]
        named = [document["config"], *document["layers"]] if "config" in document else []
        assert all(one["digest"] in registry.blobs for one in named)


class Lost(MemoryRegistry):
    """A registry whose answer to a tag gets lost: it is set, and it is immutable from then on."""

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        super().put_manifest(manifest, tag)
        if tag:
            raise RegistryError("reset by peer")


def test_a_tag_whose_answer_was_lost_is_set(tmp_path: Path) -> None:
    registry, image = Lost(), outgoing(tmp_path, AMD64)
    assert push(image, registry, Rules(), QUIET).set_tags == TAGS


class Contested(MemoryRegistry):
    """A registry where somebody else sets every tag a moment later."""

    def put_manifest(self, manifest: Manifest, tag: str = "") -> None:
        super().put_manifest(manifest, tag)
        if tag:
            self.tags[tag] = next(iter(self.manifests.keys() - {manifest.digest}))


def test_a_tag_that_somebody_else_moved_is_told(tmp_path: Path) -> None:
    with pytest.raises(PushError, match="does not name what was pushed"):
        push(outgoing(tmp_path, AMD64), Contested(), Rules(), QUIET)


def test_a_layer_that_is_nowhere_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    registry, image = MemoryRegistry(), outgoing(tmp_path, AMD64)
    image.images[0].blob(image.images[0].layers[0]).unlink()
    with pytest.raises(ImageError, match="neither here nor in"):
        push(image, registry, Rules(), QUIET)
    assert registry.log == []


def test_a_layer_that_the_registry_holds_need_not_be_here(tmp_path: Path) -> None:
    registry, image = MemoryRegistry(), outgoing(tmp_path, AMD64)
    layer = image.images[0].layers[0]
    registry.blobs[layer.digest] = b"shared"
    image.images[0].blob(layer).unlink()
    assert push(image, registry, Rules(), QUIET).sent_blobs == 2


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path: Path) -> None:
    registry, image = MemoryRegistry(), outgoing(tmp_path, AMD64, ARM64)
    told = push(image, DryRun(registry.repository, registry), Rules(), QUIET)
    assert registry.log == []
    done = push(image, registry, Rules(), QUIET)
    assert (told.sent_blobs, told.sent_bytes, told.set_tags) == (
        done.sent_blobs,
        done.sent_bytes,
        done.set_tags,
    )


def test_all_is_signed_before_any_tag(tmp_path: Path) -> None:
    registry, image = MemoryRegistry(), outgoing(tmp_path, AMD64, ARM64)
    signed: list[str] = []

    def sign(there: Registry, digest: str) -> bool:
        assert there.manifest(digest)
        assert not registry.tags
        signed.append(digest)
        return True

    pushed = push(image, registry, Rules(sign=sign), QUIET)
    below = {one.digest for one in image.images} | {one.digest for one in image.papers}
    assert set(signed) == {image.digest, *below}
    assert pushed.signed == 5
