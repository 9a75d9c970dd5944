"""Layers are taken from a published image where they would be the same, and the image is the same."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from airlock.cache import Cache
from airlock.compose import image, oci
from airlock.compose.published import MEDIA_TYPE, Published
from airlock.compose.taking import Reuse
from airlock.errors import (
    CollisionError,
    CorruptError,
    ImageError,
    RegistryError,
    UnsealedError,
    UntrustedError,
)
from airlock.layout import images, read_image
from airlock.papers import paper, published
from airlock.papers.reading import Reader
from airlock.platforms import AMD64, ARM64
from airlock.registry.reference import Reference
from airlock.registry.registry import Manifest
from airlock.registry.reusable import Finder
from airlock.store import Store
from airlock.terminal import Terminal
from published_images import TAG, Machine, Shelf, paper_of
from small_project import HERE, INTERPRETER, SmallProject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airlock.papers.paper import Paper
    from airlock.registry.registry import Registry

PACKAGES = ("apache-airflow", *(f"apache-airflow-providers-{name}" for name in ("a", "b", "c", "d", "e")))
SITE = "opt/venv/lib/python3.13/site-packages"


def wheels(**changed: int) -> dict[str, dict[str, str]]:
    """Return the files of the packages, some of them changed."""
    made = {name: {f"{name.replace('-', '_')}.py": "x = 0\n"} for name in PACKAGES}
    for name, number in changed.items():
        made[name.replace("_", "-")] |= {f"{name}.py": f"x = {number}\n"}
    return made


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    made = SmallProject.create(tmp_path / "project", tmp_path / "cache")
    made.lock_wheels(wheels())
    return made


@pytest.fixture
def shelf(project: SmallProject) -> Shelf:
    """Give a registry that holds the project's image, signed."""
    made = Shelf()
    made.push(project, project.compose())
    return made


def test_an_image_that_is_there_is_taken_whole_with_empty_caches_and_an_empty_store(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    machine = Machine.empty(project, tmp_path / "other")
    made = machine.compose(machine.find(shelf))

    assert made.digest == project.compose().digest
    assert [layer.published for layer in made.layers] == [True] * len(made.layers)
    assert machine.fetched == []
    assert not machine.project.places.store.exists()
    blobs = {path.name for path in (machine.project.folder / "build/image/blobs/sha256").iterdir()}
    assert blobs == {made.manifest.digest, made.config.digest}


def test_of_a_changed_layer_only_what_it_needs_is_fetched(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    project.lock_wheels(wheels(apache_airflow_providers_b=1))
    machine = Machine.empty(project, tmp_path / "other")
    made = machine.compose(machine.find(shelf))
    full = project.compose()

    assert made.digest == full.digest
    assert [layer.name for layer in made.layers if not layer.published] == [
        layer.name for layer in full.layers if not layer.reused
    ]
    changed = next(layer for layer in made.layers if "apache-airflow-providers-b 3.3.2" in layer.packages)
    needed = {f"{label.split()[0].replace('-', '_')}-3.3.2-py3-none-any.whl" for label in changed.packages}
    interpreter = {f"{name}_1_{HERE.debian}.deb" for name in INTERPRETER}
    assert set(machine.fetched) == needed | interpreter
    assert len(machine.fetched) == len(set(machine.fetched))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_changed_the_digest_is_that_of_a_full_build(
    project: SmallProject, shelf: Shelf, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - which packages change
    changed = {name.replace("-", "_"): seed + 1 for name in chance.sample(PACKAGES, chance.randint(1, 5))}
    left = wheels(**changed)
    if chance.random() < 0.5:
        del left[chance.choice(PACKAGES[1:])]
    if chance.random() < 0.5:
        left["apache-airflow-providers-new"] = {"new.py": "x = 1\n"}
    if chance.random() < 0.5:
        project.append("image/image.toml", '[directories]\n"/opt/venv" = { mode = "0775", uid = 50000 }\n')
    project.lock_wheels(left)
    machine = Machine.empty(project, tmp_path / "other")

    made, full = machine.compose(machine.find(shelf)), project.compose()
    assert (made.digest, made.config.digest) == (full.digest, full.config.digest)


def test_what_was_composed_of_taken_layers_can_be_taken_from_in_turn(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    project.lock_wheels(wheels(apache_airflow_providers_b=1))
    machine = Machine.empty(project, tmp_path / "other")
    made = machine.compose(reuse := machine.find(shelf))
    known = reuse.images[HERE.name]
    reader = Reader(
        Store(machine.project.places.store),
        Cache(machine.project.places.cache),
        Terminal(quiet=True),
        known.packages,
        machine.supply,
    )
    laid_out = read_image(machine.project.inputs.config.layout, HERE, partial=True)
    handed_on = published.make(made, laid_out, machine.project.inputs, reader)

    full = project.compose()
    assert handed_on.manifest.content == paper_of(project, full).manifest.content
    assert handed_on.content.content == paper_of(project, full).content.content


def test_the_paper_is_the_same_where_its_facts_were_pruned_from_the_cache(project: SmallProject) -> None:
    made = project.compose()
    before = paper_of(project, made).digest
    shutil.rmtree(project.places.cache / "facts")
    assert paper_of(project, made).digest == before


def test_the_owner_of_a_path_is_kept_without_the_packages(project: SmallProject, tmp_path: Path) -> None:
    both = {"apache-airflow": {"shared.py": "mine = 1\n"}, "intruder": {"shared.py": "theirs = 1\n"}}
    project.lock_wheels(both)
    project.append("image/image.toml", f'[owners]\n"/{SITE}/shared.py" = "apache-airflow"\n')
    shelf = Shelf()
    shelf.push(project, project.compose())
    machine = Machine.empty(project, tmp_path / "other")

    made = machine.compose(machine.find(shelf))
    assert made.digest == project.compose().digest
    assert machine.fetched == []


def test_a_collision_with_a_package_that_is_not_here_is_found(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    changed = wheels()
    changed["apache-airflow-providers-b"] = {"apache_airflow.py": "x = 'another'\n"}
    project.lock_wheels(changed)
    machine = Machine.empty(project, tmp_path / "other")
    with pytest.raises(CollisionError, match="2 paths"):
        machine.compose(machine.find(shelf))


def test_what_others_say_is_not_kept_as_found_here(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    machine = Machine.empty(project, tmp_path / "other")
    machine.compose(machine.find(shelf))
    kinds = {path.name for path in machine.project.places.cache.glob("*")}
    assert kinds.isdisjoint({"checked", "facts", "frames", "layers", "package-facts"})
    assert {"checked", "facts"} <= {path.name for path in project.places.cache.glob("*")}


def test_a_later_build_without_a_registry_composes_the_rest(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    machine = Machine.empty(project, tmp_path / "other")
    made = machine.compose(machine.find(shelf))
    layout = machine.project.inputs.config.layout
    with pytest.raises(ImageError, match="is not whole") as caught:
        read_image(layout, HERE)
    assert caught.value.cause == f"6 of its 6 layers are in {shelf.registry.repository}@{made.digest} alone"
    assert caught.value.remedy.startswith("airlock image")
    with pytest.raises(ImageError, match="is not whole"):
        images(layout)
    partial = read_image(layout, HERE, partial=True)
    assert partial.digest == made.digest
    assert partial.absent == {f"sha256:{layer.digest}" for layer in made.layers}
    assert [partial.held(one) for one in partial.layers] == [None] * 6

    machine.supply(image.files(machine.project.inputs, [HERE]))
    assert machine.project.compose().digest == made.digest
    whole = read_image(layout, HERE)
    assert (whole.absent, whole.reused_from) == (frozenset(), "")


def test_layers_that_are_here_already_are_not_said_to_be_elsewhere(
    project: SmallProject, shelf: Shelf
) -> None:
    machine = Machine(project, project.places.store)
    made = machine.compose(machine.find(shelf))
    assert [(layer.reused, layer.published) for layer in made.layers] == [(True, False)] * 6
    assert read_image(project.inputs.config.layout, HERE).digest == made.digest


def test_a_layer_that_is_missing_though_it_was_never_taken_is_damage(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    project.lock_wheels(wheels(apache_airflow_providers_b=1))
    machine = Machine.empty(project, tmp_path / "other")
    made = machine.compose(machine.find(shelf))
    own = next(layer for layer in made.layers if not layer.published)
    layout = machine.project.inputs.config.layout
    (layout / "blobs" / "sha256" / own.digest).unlink()
    with pytest.raises(CorruptError, match="missing"):
        read_image(layout, HERE, partial=True)


def test_files_that_cannot_be_had_fail_before_anything_is_published(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    project.lock_wheels(wheels(apache_airflow_providers_b=1))
    machine = Machine.empty(project, tmp_path / "other")
    reuse = replace(machine.find(shelf), supply=lambda _: None)
    with pytest.raises(UnsealedError):
        machine.compose(reuse)
    assert not (machine.project.folder / "build/image/index.json").exists()


def test_of_an_index_the_platforms_image_is_taken(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    made = project.compose()
    for tag, platforms in (
        ("both", [AMD64, ARM64]),
        ("other", [one for one in (AMD64, ARM64) if one != HERE]),
    ):
        document = oci.index([(made.manifest, one) for one in platforms])
        shelf.registry.put_manifest(Manifest(document.media_type, document.content), tag)
    machine = Machine.empty(project, tmp_path / "other")

    reuse = machine.find(shelf, "both")
    index = shelf.registry.tags["both"]
    assert reuse.reference == f"{shelf.registry.repository}@{index}"
    again = machine.compose(reuse)
    assert (again.digest, all(layer.published for layer in again.layers)) == (made.digest, True)
    assert machine.find(shelf, "other").images == {}


# Whose word counts


def test_an_image_that_no_trusted_key_signed_is_refused(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.signed.discard(project.compose().digest)
    with pytest.raises(UntrustedError):
        Machine.empty(project, tmp_path / "other").find(shelf)


def test_facts_that_no_trusted_key_signed_are_refused(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.signed = {project.compose().digest}
    with pytest.raises(UntrustedError):
        Machine.empty(project, tmp_path / "other").find(shelf)


def forged(project: SmallProject, change: Callable[[Published], Published]) -> Paper:
    """Make the paper about the project's image, but for a change."""
    made = project.compose()
    true = Published.read(paper_of(project, made).content.content, "here")
    laid_out = read_image(project.inputs.config.layout, HERE)
    return paper.make(published.KIND, MEDIA_TYPE, change(true).content, laid_out)


def test_facts_that_anybody_laid_beside_the_signed_ones_do_no_harm(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    lie = forged(project, lambda true: replace(true, layers={}))
    shelf.attach(lie, signed=False)
    shelf.registry.manifests = dict(reversed(shelf.registry.manifests.items()))  # the lie is met first
    machine = Machine.empty(project, tmp_path / "other")
    assert all(layer.published for layer in machine.compose(machine.find(shelf)).layers)


def test_a_signed_paper_that_a_tag_came_to_name_is_no_image(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.registry.tags[TAG] = paper_of(project, project.compose()).digest
    with pytest.raises(UntrustedError, match="is no image"):
        Machine.empty(project, tmp_path / "other").find(shelf)


def test_a_signed_paper_of_another_kind_is_not_read_as_facts(
    project: SmallProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project.compose()
    laid_out = read_image(project.inputs.config.layout, HERE)
    bill = paper.make("sbom", "application/vnd.cyclonedx+json", b"{}", laid_out)
    shelf = Shelf()
    shelf.push(project, made, bill)
    truly = shelf.registry.referrers
    monkeypatch.setattr(
        shelf.registry,
        "referrers",
        lambda digest: [one | {"artifactType": MEDIA_TYPE} for one in truly(digest)],
    )
    assert Machine.empty(project, tmp_path / "other").find(shelf).images == {}


def test_of_thousands_of_papers_that_anybody_laid_there_few_are_looked_at(
    project: SmallProject, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = paper_of(project, project.compose())
    asked: list[str] = []
    lies = [{"digest": f"sha256:{number:064x}", "artifactType": MEDIA_TYPE} for number in range(5000)]

    def require_trusted(registry: Registry, digest: str) -> None:
        asked.append(digest)
        shelf.require_trusted(registry, digest)

    monkeypatch.setattr(shelf.registry, "referrers", lambda _: lies)
    finder = Finder(shelf.registry, require_trusted, Terminal(quiet=True))
    with pytest.raises(UntrustedError):
        finder.find(Reference(shelf.registry.repository, TAG), [HERE])
    assert asked == [true.subject, *(one["digest"] for one in lies[:100])]


def test_an_image_without_facts_has_everything_built(project: SmallProject, tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.push(project, made := project.compose())
    shelf.registry.manifests = {made.digest: shelf.registry.manifests[made.digest]}
    machine = Machine.empty(project, tmp_path / "other")
    again = machine.compose(machine.find(shelf))
    assert again.digest == made.digest
    assert not any(layer.reused for layer in again.layers)


def test_facts_of_another_version_of_the_toolchain_have_everything_built(
    project: SmallProject, tmp_path: Path
) -> None:
    shelf = Shelf()
    shelf.push(project, project.compose(), forged(project, lambda true: replace(true, toolchain="another")))
    machine = Machine.empty(project, tmp_path / "other")
    assert machine.find(shelf).images == {}


def test_facts_about_another_image_are_not_taken_for_this_ones(
    project: SmallProject, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = paper_of(project, project.compose())
    project.lock_wheels(wheels(apache_airflow_providers_b=1))
    another = project.compose()
    shelf.push(project, another)
    shelf.registry.manifests = {
        digest: one
        for digest, one in shelf.registry.manifests.items()
        if digest in {another.digest, other.digest}
    }
    truly = shelf.registry.referrers
    monkeypatch.setattr(shelf.registry, "referrers", lambda _: truly(other.subject))
    assert Machine.empty(project, tmp_path / "other").find(shelf).images == {}


def test_layers_that_the_signed_image_does_not_have_are_refused(
    project: SmallProject, tmp_path: Path
) -> None:
    def swap(true: Published) -> Published:
        one, other, *_ = true.layers
        return replace(true, layers={one: replace(true.layers[one], diff_id=true.layers[other].diff_id)})

    shelf = Shelf()
    shelf.push(project, project.compose(), forged(project, swap))
    with pytest.raises(UntrustedError, match="not those of its image"):
        Machine.empty(project, tmp_path / "other").find(shelf)


def test_facts_under_a_key_that_no_package_of_ours_has_count_for_nothing(
    project: SmallProject, tmp_path: Path
) -> None:
    def rename(true: Published) -> Published:
        return replace(
            true,
            fragments={f"{number:064x}": one for number, one in enumerate(true.fragments.values())},
            layers={f"{number:064x}": one for number, one in enumerate(true.layers.values())},
        )

    shelf = Shelf()
    shelf.push(project, project.compose(), forged(project, rename))
    machine = Machine.empty(project, tmp_path / "other")
    made = machine.compose(machine.find(shelf))
    assert not any(layer.reused for layer in made.layers)
    assert made.digest == project.compose().digest


def test_facts_that_a_package_made_here_does_not_have_are_refused(
    project: SmallProject, tmp_path: Path
) -> None:
    def lie(true: Published) -> Published:
        changed = {
            key: one | {"paths": [*one["paths"], ["etc/more", "file", "", "0" * 32]]}
            if one["package"] == "apache-airflow-providers-a"
            else one
            for key, one in true.fragments.items()
        }
        return replace(true, fragments=changed, layers={})

    shelf = Shelf()
    shelf.push(project, project.compose(), forged(project, lie))
    machine = Machine.empty(project, tmp_path / "other")
    with pytest.raises(UntrustedError, match="apache-airflow-providers-a is not so"):
        machine.compose(machine.find(shelf))


def test_a_layer_that_this_machine_made_otherwise_of_the_same_inputs_is_refused(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    machine = Machine.empty(project, tmp_path / "other")
    reuse = machine.find(shelf)
    known = reuse.images[HERE.name]
    key, one = next(iter(known.layers.items()))
    other = replace(known, layers={**known.layers, key: replace(one, digest="0" * 64)})
    machine.supply(image.files(machine.project.inputs, [HERE]))
    made = machine.project.compose()

    with pytest.raises(UntrustedError, match="is not what it is said to be") as caught:
        machine.compose(Reuse(reuse.reference, {HERE.name: other}, machine.supply))
    assert one.digest in caught.value.cause
    assert read_image(machine.project.inputs.config.layout, HERE).digest == made.digest


def test_a_name_that_is_not_there_and_a_manifest_that_is_none_are_told(
    project: SmallProject, shelf: Shelf, tmp_path: Path
) -> None:
    machine = Machine.empty(project, tmp_path / "other")
    with pytest.raises(RegistryError, match="there is no image"):
        machine.find(shelf, "none")
    top = shelf.registry.manifest(TAG)
    assert top
    broken = replace(top, content=json.dumps({**top.document, "layers": 5}).encode())
    shelf.registry.manifests[broken.digest] = broken
    shelf.signed.add(broken.digest)
    laid_out = read_image(project.inputs.config.layout, HERE)
    manifest = replace(laid_out.manifest, digest=broken.digest, size=broken.size)
    true = paper_of(project, project.compose())
    shelf.attach(
        paper.make(
            published.KIND,
            MEDIA_TYPE,
            true.content.content,
            replace(laid_out, manifest=manifest),
        )
    )
    with pytest.raises(RegistryError, match="no image that can be read"):
        machine.find(shelf, broken.digest)
