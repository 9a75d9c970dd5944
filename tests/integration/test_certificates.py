"""Certificates of the project in the real image: what trusts them, what does not, and what they cost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airlock import contents
from airlock.compose import trust
from airlock.layout import read_image
from airlock.places import places
from airlock.platforms import native
from authorities import Signed
from project import REPOSITORY, Project, layers

if TYPE_CHECKING:
    from airlock.contents import Member

pytestmark = pytest.mark.real

INSIDE = Path(__file__).parent / "inside"
SITE = "opt/venv/lib/python3.13/site-packages"
# Not links: these trust one service's certificates on purpose, or are a test's.
OF_THEIR_OWN = {f"{SITE}/redshift_connector/files/redshift-ca-bundle.crt", f"{SITE}/tornado/test/test.crt"}


@dataclass(frozen=True)
class Trusting:
    """A project with a certificate of its own; what `airlock image` said before and after."""

    project: Project
    servers: Path  # servers signed by the project's authority, and by another
    before: dict[str, Any]
    after: dict[str, Any]

    def members(self) -> dict[str, Member]:
        return contents.of_image(read_image(self.project.layout, native()))


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Trusting:
    Project(REPOSITORY, places().root).run("fetch")
    folder = tmp_path_factory.mktemp("certificates")
    project = Project.copy(folder / "project", places().root)
    before = project.image("--platform", native().name)
    ours, theirs = Signed.authority("Corporate root"), Signed.authority("Somebody else's root")
    (project.folder / "image/certificates").mkdir()
    (project.folder / "image/certificates/corporate.pem").write_text(ours.pem)
    (folder / "servers").mkdir()
    for name, authority in (("ours", ours), ("theirs", theirs)):
        server = authority.server("127.0.0.1")
        (folder / "servers" / f"{name}.pem").write_text(server.pem + server.key_pem)
    return Trusting(project, folder / "servers", before, project.image("--platform", native().name))


def test_every_tls_library_of_the_image_trusts_the_projects_authority_and_no_unknown_one(
    trusting: Trusting,
) -> None:
    binds = (f"--bind={trusting.servers}:/run/servers", f"--bind={INSIDE}:/run/inside")
    done = trusting.project.run("run", *binds, "--", "python", "/run/inside/trust.py", "/run/servers")
    seen = json.loads(done.stdout)
    clients = {
        "standard_library", "requests", "urllib3", "httpx", "aiohttp", "botocore", "slack_sdk", "snowflake",
        "grpc", "arrow_s3", "arrow_flight", "debian_libpq", "psycopg2", "psycopg", "openssl",
    }  # fmt: skip
    assert seen["ours"] == dict.fromkeys(clients, "asked"), done.stderr.decode()
    assert seen["theirs"] == dict.fromkeys(clients, "went away"), done.stderr.decode()


def test_an_authority_more_is_one_small_layer_more(trusting: Trusting) -> None:
    before, after = layers(trusting.before), layers(trusting.after)
    assert before.keys() == after.keys()
    assert {name for name in after if after[name] != before[name]} == {"rootfs"}
    (size,) = (layer["size"] for layer in trusting.after["layers"] if layer["name"] == "rootfs")
    assert size < 500_000


def test_no_package_of_the_image_has_roots_of_its_own(trusting: Trusting) -> None:
    members = trusting.members()
    linked = {path for path, member in members.items() if member.target == trust.STORE}
    assert {
        f"{SITE}/certifi/cacert.pem",
        f"{SITE}/botocore/cacert.pem",
        f"{SITE}/grpc/_cython/_credentials/roots.pem",
        "usr/lib/ssl/cert.pem",
    } <= linked
    named = {
        path for path in members if path.startswith("opt/") and path.endswith((".pem", ".crt", "cacerts.txt"))
    }
    assert named - linked == OF_THEIR_OWN
