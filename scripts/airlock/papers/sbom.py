"""The bill of materials of an image: CycloneDX 1.6, the same bytes for the same image on every machine."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.model.license import DisjunctiveLicense, LicenseAcknowledgement, LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.spdx import is_supported_id
from packageurl import PackageURL

from airlock.papers.inventory import Ecosystem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock.papers.facts import Licenses
    from airlock.papers.inventory import Inventory, Package

MEDIA_TYPE = "application/vnd.cyclonedx+json"
_DECLARED = LicenseAcknowledgement.DECLARED  # by whoever published the package; nobody concluded anything


@dataclass(frozen=True)
class Subject:
    """The image that a document is about: its short name, `sha256:…` of its manifest, its version of Airflow."""

    name: str
    digest: str
    version: str


def document(subject: Subject, inventory: Inventory) -> bytes:
    """Return the document as JSON: nothing in it comes from the clock, the machine or chance."""
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"oci:{subject.digest}"),
        metadata=BomMetaData(
            component=_image(subject, inventory),
            tools=ToolRepository(
                components=[
                    Component(name="airlock", version=version("airlock"), type=ComponentType.APPLICATION)
                ]
            ),
        ),
    )
    bom.metadata.timestamp = None  # type: ignore[assignment] # the library's default is now
    system = Component(
        name="debian",
        version=inventory.release,
        type=ComponentType.OPERATING_SYSTEM,
        bom_ref=f"debian-{inventory.release}",
    )
    components = {one.purl: _component(one) for one in inventory.packages}
    bom.components.update([system, *components.values()])
    debian = {one.purl for one in inventory.of(Ecosystem.DEBIAN)}
    asked = [components[purl] for purl in inventory.asked if purl not in debian]
    assert bom.metadata.component is not None
    bom.register_dependency(bom.metadata.component, [system, *asked])
    bom.register_dependency(system, [components[purl] for purl in inventory.asked if purl in debian])
    for one in inventory.packages:
        bom.register_dependency(components[one.purl], [components[purl] for purl in one.requires])
    return (
        make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1).encode() + b"\n"
    )


def _image(subject: Subject, inventory: Inventory) -> Component:
    purl = PackageURL("oci", None, subject.name, subject.digest, {"arch": inventory.platform.architecture})
    return Component(
        name=subject.name,
        version=subject.version,
        type=ComponentType.CONTAINER,
        purl=purl,
        bom_ref=purl.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=subject.digest.removeprefix("sha256:"))],
    )


def _component(package: Package) -> Component:
    facts = package.facts
    hashes = [HashType(alg=HashAlgorithm.SHA_256, content=package.sha256)] if package.sha256 else []
    homepage = ExternalReference(type=ExternalReferenceType.WEBSITE, url=XsUri(facts.homepage))
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        purl=PackageURL.from_string(package.purl),
        bom_ref=package.purl,
        hashes=hashes,
        licenses=_licenses(package.licenses),
        description=facts.summary or None,
        supplier=OrganizationalEntity(name=facts.supplier) if facts.supplier else None,
        external_references=[homepage] if facts.homepage else [],
    )


def _licenses(licenses: Licenses) -> Iterable[LicenseExpression | DisjunctiveLicense]:
    """Return one expression, or a list of licences: the schema allows no mixture of the two."""
    if licenses.expression and not is_supported_id(licenses.expression):
        return [LicenseExpression(licenses.expression, acknowledgement=_DECLARED)]
    return [_license(term) for term in licenses.terms]


def _license(term: str) -> DisjunctiveLicense:
    if is_supported_id(term):
        return DisjunctiveLicense(id=term, acknowledgement=_DECLARED)
    return DisjunctiveLicense(name=term, acknowledgement=_DECLARED)
