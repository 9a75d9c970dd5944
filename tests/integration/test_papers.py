"""Papers of the real image: what they list is what the locks pin and the image holds, for any reader."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from airlock import layout, process
from airlock.papers import paper
from airlock.places import places
from airlock.platforms import AMD64, ARM64
from airlock.terminal import Terminal
from airlock.tree import Trees
from project import REPOSITORY, Project
from registries import INDEX, registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from airlock.layout import LaidOutImage
    from airlock.papers.paper import Paper

pytestmark = pytest.mark.real

SITE = "opt/venv/lib/python3.13/site-packages"
DPKG = "var/lib/dpkg"
OURS = {"airlock-spec", "airlock-operators", "airlock-plugins"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project composed from the user's own store and caches, with its bill of materials."""
    Project(REPOSITORY, places().root).run("fetch")
    made = Project.copy(tmp_path_factory.mktemp("papers") / "project", places().root)
    made.image()
    made.run("sbom")
    return made


@pytest.fixture(scope="module")
def image(project: Project) -> LaidOutImage:
    return layout.read_image(project.layout, AMD64)


@pytest.fixture(scope="module")
def sbom(project: Project, image: LaidOutImage) -> Paper:
    (found,) = paper.read(project.folder / "build" / "papers", [image.digest])
    return found


@pytest.fixture(scope="module")
def document(sbom: Paper) -> Any:
    return json.loads(sbom.content.content)


@pytest.fixture(scope="module")
def tree(image: LaidOutImage) -> Iterator[Path]:
    with Trees(places().trees, Terminal(quiet=True)).use(image) as root:
        yield root


@pytest.fixture(scope="module")
def locked(project: Project) -> Mapping[str, set[tuple[str, str, str]]]:
    """Return name, version and sha256 of what the locks pin, by the type of its purl."""
    return {
        "pypi": {(one.name, one.version, one.file.sha256) for one in project.airflow_lock.wheels(AMD64)},
        "deb": {(one.package, one.version, one.sha256) for one in project.debian_lock.for_platform(AMD64)},
    }


def listed(document: Any, kind: str) -> set[tuple[str, str, str]]:
    """Return name, version and sha256 of the components whose purl is of a type, ours left out."""
    found = set()
    for one in document["components"]:
        if "purl" in one and PackageURL.from_string(one["purl"]).type == kind and one["name"] not in OURS:
            (sha256,) = (item["content"] for item in one["hashes"])
            found.add((one["name"], one["version"], sha256))
    return found


def test_the_bill_lists_exactly_what_the_locks_pin(document: Any, locked: Mapping[str, set[Any]]) -> None:
    assert listed(document, "pypi") == locked["pypi"]
    assert listed(document, "deb") == locked["deb"]
    assert {one["name"] for one in document["components"]} >= OURS


def test_the_bill_is_valid_and_about_this_image(sbom: Paper, document: Any, image: LaidOutImage) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom.content.content.decode()) is None
    about = document["metadata"]["component"]
    assert about["hashes"] == [{"alg": "SHA-256", "content": image.manifest.hex}]
    purls = [one["bom-ref"] for one in document["components"]]
    assert len(purls) == len(set(purls))


def test_debian_packages_name_their_source_for_advisories(document: Any) -> None:
    purls = {
        one["name"]: PackageURL.from_string(one["purl"]) for one in document["components"] if "purl" in one
    }
    libgcc = purls["libgcc-s1"]
    assert libgcc.qualifiers["distro"] == "debian-13"
    assert libgcc.qualifiers["arch"] == "amd64"
    assert libgcc.qualifiers["upstream"].startswith("gcc-14@")


def test_the_graph_reaches_every_package_from_the_image(document: Any) -> None:
    edges = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    seen, waiting = set(), [document["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in seen:
            seen.add(ref)
            waiting += edges[ref]
    assert {one["bom-ref"] for one in document["components"]} <= seen


def test_another_cache_and_folder_write_the_same_bytes(project: Project, sbom: Paper, tmp_path: Path) -> None:
    other = Project.copy(tmp_path / "elsewhere", tmp_path / "cache", PYTHONHASHSEED="3", TZ="Asia/Tokyo")
    other.cache.mkdir()
    (other.cache / "store").symlink_to(project.cache / "store")
    (other.folder / "build").mkdir()
    (other.folder / "build" / "image").symlink_to(project.layout)
    assert other.run("sbom", "--output", "-").stdout == sbom.content.content


def test_each_platform_of_an_image_for_two_has_its_own_bill(tmp_path: Path) -> None:
    both = ("--platform", AMD64.name, "--platform", ARM64.name)
    Project(REPOSITORY, places().root).run("fetch", *both)
    project = Project.copy(tmp_path / "project", places().root)
    project.image(*both)
    told = project.document("sbom", *both)["papers"]

    images = {one.platform: one.digest for one in layout.images(project.layout)}
    assert {one["platform"]: one["subject"] for one in told} == images
    found = paper.read(project.folder / "build" / "papers", images.values())
    assert sorted(one.digest for one in found) == sorted(one["digest"] for one in told)
    arm64 = next(one for one in found if one.platform == ARM64.name)
    assert listed(json.loads(arm64.content.content), "deb") == {
        (one.package, one.version, one.sha256) for one in project.debian_lock.for_platform(ARM64)
    }


def test_dpkg_finds_every_package_whole_and_once(tree: Path, locked: Mapping[str, set[Any]]) -> None:
    query = ["dpkg-query", f"--admindir={tree / DPKG}"]
    form = "${Package} ${Version} ${db:Status-Status} ${source:Package} ${Maintainer}\n"
    lines = process.run([*query, "--show", "--showformat", form]).stdout.decode().splitlines()
    fields = [line.split(" ", 4) for line in lines]

    assert sorted((name, version) for name, version, *_ in fields) == sorted(
        (name, version) for name, version, _ in locked["deb"]
    )
    assert all(status == "installed" and source and maintainer for *_, status, source, maintainer in fields)
    assert process.run(["dpkg", f"--root={tree}", "--verify"]).stdout == b""
    assert process.run(["dpkg", f"--admindir={tree / DPKG}", "--audit"]).stdout == b""


def test_scanners_find_debian_packages_in_one_place_and_know_their_programs(tree: Path) -> None:
    assert (tree / DPKG / "status").is_file()
    assert not (tree / DPKG / "status.d").exists()
    owned = {line for path in (tree / DPKG / "info").glob("*.list") for line in path.read_text().splitlines()}
    programs = {f"/usr/bin/{path.name}" for path in (tree / "usr" / "bin").iterdir()}
    # links of update-alternatives are no package's
    assert programs - owned == {"/usr/bin/awk", "/usr/bin/nawk", "/usr/bin/which"}


def test_scanners_know_the_distribution_and_its_release(tree: Path) -> None:
    assert (tree / "etc" / "os-release").readlink().as_posix() == "../usr/lib/os-release"
    lines = (tree / "usr" / "lib" / "os-release").read_text().splitlines()
    assert {"ID=debian", 'VERSION_ID="13"'} <= set(lines)


def test_pip_finds_every_distribution_once(tree: Path, locked: Mapping[str, set[Any]]) -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "list", "--format", "json"]
    found = json.loads(process.run([*pip, "--path", tree / SITE]).stdout)
    names = [canonicalize_name(one["name"]) for one in found]

    assert len(names) == len(set(names))
    assert {(name, one["version"]) for name, one in zip(names, found, strict=True) if name not in OURS} == {
        (name, version) for name, version, _ in locked["pypi"]
    }
    folders = list((tree / SITE).glob("*.dist-info"))
    assert len(folders) == len(names)
    assert all(
        (folder / file).is_file() for folder in folders for file in ("METADATA", "RECORD", "INSTALLER")
    )


def test_skopeo_reads_the_image_alone_and_the_paper_by_its_name(
    skopeo: Path, project: Project, image: LaidOutImage, sbom: Paper, tmp_path: Path
) -> None:
    inspected = json.loads(process.run([skopeo, "inspect", f"oci:{project.layout}"]).stdout)
    assert inspected["Digest"] == image.digest
    papers = f"oci:{project.folder / 'build' / 'papers'}:sbom-linux-amd64"
    assert process.run([skopeo, "inspect", "--raw", papers]).stdout == sbom.manifest.content

    process.run([skopeo, "copy", "--quiet", papers, f"oci:{tmp_path / 'copy'}:sbom"])
    blobs = {path.name: path.read_bytes() for path in (tmp_path / "copy" / "blobs" / "sha256").iterdir()}
    assert all(hashlib.sha256(content).hexdigest() == name for name, content in blobs.items())
    assert blobs[sbom.manifest.digest] == sbom.manifest.content


def test_a_registry_takes_the_paper_and_lists_it_under_the_image_s_tag(
    skopeo: Path, project: Project, sbom: Paper, tmp_path: Path
) -> None:
    """A registry without the referrers API lists by the tag `sha256-…` (distribution-spec 1.1)."""
    source = f"oci:{project.folder / 'build' / 'papers'}:sbom-linux-amd64"
    with registry(tmp_path) as running:
        target = f"docker://{running.host}/airflow:sbom"
        process.run([skopeo, "copy", "--quiet", "--dest-tls-verify=false", source, target])
        assert running.get(f"airflow/referrers/{sbom.subject}").status_code == requests.codes.not_found

        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [sbom.descriptor]}
        tag = f"{running.url}/v2/airflow/manifests/{sbom.subject.replace(':', '-')}"
        kind = {"Content-Type": INDEX}
        requests.put(tag, data=json.dumps(index), headers=kind, timeout=5).raise_for_status()
        (found,) = running.referrers("airflow", sbom.subject)
        manifest = running.manifest("airflow", found["digest"])
        assert manifest == sbom.manifest.content
        (layer,) = json.loads(manifest)["layers"]
        assert running.get(f"airflow/blobs/{layer['digest']}").content == sbom.content.content


def test_the_licences_of_this_repository_are_listed_and_accepted(project: Project) -> None:
    document = project.document("licenses")
    assert len(document["packages"]) == sum(document["clarity"].values())
    licenses = {one["name"]: one["licenses"] for one in document["packages"]}
    assert licenses["apache-airflow"] == ["Apache-2.0"]
    assert licenses.keys() >= OURS
    # the package whose documentation is a link has the licences of the one it leads to
    assert licenses["libgcc-s1"] == licenses["gcc-14-base"] != []


def test_a_denied_licence_is_refused_by_name(project: Project) -> None:
    denied = Project(project.folder, project.cache, {"AIRLOCK_LICENSES_DENIED": "LGPL-* MPL-2.0"})
    done = denied.run("licenses", "--json", check=False)
    assert done.returncode == 24
    refused = {one["name"] for one in json.loads(done.stdout)["packages"] if one["denied"]}
    assert {"certifi", "paramiko"} <= refused
    assert "certifi" in done.stderr.decode()
