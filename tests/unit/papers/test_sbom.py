"""The document: valid CycloneDX, and the same bytes whatever the circumstances."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from airlock import process
from airlock.papers import sbom
from airlock.papers.facts import Facts, Licenses
from airlock.papers.inventory import Ecosystem, Inventory, Package
from airlock.platforms import AMD64

if TYPE_CHECKING:
    from pathlib import Path

SUBJECT = sbom.Subject("airflow", f"sha256:{'ab' * 32}", "3.3.2")
DEB = "pkg:deb/debian/libc6@2.41-12?arch=amd64&distro=debian-13&upstream=glibc%402.41-12"
# runs in a process of its own, whose hash seed, zone and folder are others
AGAIN = """
import sys
sys.path[:0] = sys.argv[1:]
from test_sbom import INVENTORY, SUBJECT
from airlock.papers import sbom
sys.stdout.buffer.write(sbom.document(SUBJECT, INVENTORY))
"""


def package(
    ecosystem: Ecosystem, name: str, purl: str, *terms: str, requires: tuple[str, ...] = ()
) -> Package:
    facts = Facts(
        Licenses(terms, "License"), summary="what it is", homepage="https://example.org/", supplier="A <a@b>"
    )
    sha256 = "" if ecosystem is Ecosystem.PROJECT else "cd" * 32
    return Package(ecosystem, name, "1", purl, facts, requires, sha256)


INVENTORY = Inventory(
    AMD64,
    "13",
    (
        package(Ecosystem.PYTHON, "a", "pkg:pypi/a@1", "MIT", requires=("pkg:pypi/b@1",)),
        package(Ecosystem.PYTHON, "b", "pkg:pypi/b@1", "MIT OR Apache-2.0"),
        package(Ecosystem.PYTHON, "c", "pkg:pypi/c@1", "BSD License", "MIT OR ISC"),
        package(Ecosystem.PROJECT, "ours", "pkg:pypi/ours@1", requires=("pkg:pypi/a@1", "pkg:pypi/c@1")),
        package(Ecosystem.DEBIAN, "libc6", DEB, "GPL-2.0-only", "LGPL-2.1-or-later OR MIT"),
    ),
    (DEB, "pkg:pypi/a@1", "pkg:pypi/ours@1"),
)


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(sbom.document(SUBJECT, INVENTORY))


def component(document: Any, name: str) -> Any:
    return next(one for one in document["components"] if one["name"] == name)


def test_it_is_valid_by_the_schema_of_cyclonedx_1_6() -> None:
    text = sbom.document(SUBJECT, INVENTORY).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert json.loads(text)["specVersion"] == "1.6"


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    here = sbom.document(SUBJECT, INVENTORY)
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    command = [sys.executable, "-c", AGAIN, os.path.dirname(__file__), *sys.path]  # noqa: PTH120 - a string
    assert process.run(command, env=environment, cwd=tmp_path).stdout == here
    shuffled = replace(INVENTORY, packages=INVENTORY.packages[::-1], asked=INVENTORY.asked[::-1])
    assert sbom.document(SUBJECT, shuffled) == here


def test_it_tells_no_time_and_its_number_is_the_image_s(document: Any) -> None:
    assert "timestamp" not in document["metadata"]
    other = json.loads(sbom.document(replace(SUBJECT, digest=f"sha256:{'ef' * 32}"), INVENTORY))
    assert document["serialNumber"] != other["serialNumber"]


def test_it_is_about_the_image(document: Any) -> None:
    about = document["metadata"]["component"]
    assert (about["type"], about["name"], about["version"]) == ("container", "airflow", "3.3.2")
    assert about["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert about["purl"] == f"pkg:oci/airflow@sha256:{'ab' * 32}?arch=amd64"


def test_every_package_has_its_purl_hash_and_supplier(document: Any) -> None:
    libc = component(document, "libc6")
    assert (libc["purl"], libc["bom-ref"]) == (DEB, DEB)
    assert libc["hashes"] == [{"alg": "SHA-256", "content": "cd" * 32}]
    assert libc["supplier"] == {"name": "A <a@b>"}
    assert "hashes" not in component(document, "ours")
    system = component(document, "debian")
    assert (system["type"], system["version"]) == ("operating-system", "13")


@pytest.mark.parametrize(
    ("name", "licenses"),
    [
        ("a", [{"license": {"id": "MIT"}}]),
        ("b", [{"expression": "MIT OR Apache-2.0"}]),
        ("c", [{"license": {"name": "BSD License"}}, {"license": {"name": "MIT OR ISC"}}]),
        ("libc6", [{"expression": "GPL-2.0-only AND (LGPL-2.1-or-later OR MIT)"}]),
    ],
)
def test_licences_are_one_expression_or_a_list(document: Any, name: str, licenses: Any) -> None:
    found = component(document, name)["licenses"]
    for one in found:
        assert one.get("license", one).pop("acknowledgement") == "declared"
    assert found == licenses


def test_a_package_of_unknown_licence_has_none(document: Any) -> None:
    assert "licenses" not in component(document, "ours")


def test_the_graph_leads_from_the_image_to_every_package(document: Any) -> None:
    edges = {one["ref"]: set(one.get("dependsOn", ())) for one in document["dependencies"]}
    image = document["metadata"]["component"]["bom-ref"]
    assert edges[image] == {"debian-13", "pkg:pypi/a@1", "pkg:pypi/ours@1"}
    assert edges["debian-13"] == {DEB}
    assert edges["pkg:pypi/ours@1"] == {"pkg:pypi/a@1", "pkg:pypi/c@1"}
    seen, waiting = set(), [image]
    while waiting:
        ref = waiting.pop()
        seen.add(ref)
        waiting += edges[ref] - seen
    assert seen == {image, *(one["bom-ref"] for one in document["components"])}
