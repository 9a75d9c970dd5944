"""Certificates of the project in the real image: what trusts them, what does not, and what they cost."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airlock.compose import trust
from airlock.places import places
from airlock.platforms import native
from authorities import Signed
from project import REPOSITORY, Project, layers

pytestmark = pytest.mark.real

INSIDE = Path(__file__).parent / "inside"
SITE = "/opt/venv/lib/python3.13/site-packages"
# Not links: these trust one service's certificates on purpose, or are a test's.
OF_THEIR_OWN = {f"{SITE}/redshift_connector/files/redshift-ca-bundle.crt", f"{SITE}/tornado/test/test.crt"}


@dataclass(frozen=True)
class Trusting:
    """A project with a certificate of its own; what `airlock image` said before and after."""

    project: Project
    servers: Path  # servers signed by the project's authority, and by another
    lax: Path  # a server signed by one of the project's authorities that is not what RFC 5280 wants
    before: dict[str, Any]
    after: dict[str, Any]

    def seen(self, servers: Path, *clients: str) -> dict[str, dict[str, str]]:
        """Let clients in the image connect to servers; return by server and client what it did."""
        binds = (f"--bind={servers}:/run/servers", f"--bind={INSIDE}:/run/inside")
        command = ("python", "/run/inside/trust.py", "/run/servers", *clients)
        done = self.project.run("run", *binds, "--", *command)
        sys.stderr.buffer.write(done.stderr)  # what each client said, where the test fails
        found: dict[str, dict[str, str]] = json.loads(done.stdout)
        return found

    def find(self, *what: str) -> set[str]:
        """Return the paths of the image that find(1) finds."""
        done = self.project.run("run", "--", "find", "/", "-xdev", *what)
        return set(done.stdout.decode().splitlines())


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Trusting:
    Project(REPOSITORY, places().root).run("fetch")
    folder = tmp_path_factory.mktemp("certificates")
    project = Project.copy(folder / "project", places().root)
    before = project.image("--platform", native().name)
    ours, theirs = Signed.authority("Corporate root"), Signed.authority("Somebody else's root")
    lax = Signed.authority("Lax root", without="critical")
    (project.folder / "image/certificates").mkdir()
    (project.folder / "image/certificates/corporate.pem").write_text(ours.pem + lax.pem)
    for name, authority in (("servers/ours", ours), ("servers/theirs", theirs), ("lax/lax", lax)):
        server = authority.server("127.0.0.1")
        path = folder / f"{name}.pem"
        path.parent.mkdir(exist_ok=True)
        path.write_text(server.pem + server.key_pem)
    after = project.image("--platform", native().name)
    return Trusting(project, folder / "servers", folder / "lax", before, after)


def test_every_tls_library_of_the_image_trusts_the_projects_authority_and_no_unknown_one(
    trusting: Trusting,
) -> None:
    seen = trusting.seen(trusting.servers)
    clients = {
        "standard_library", "requests", "urllib3", "httpx", "aiohttp", "botocore", "slack_sdk", "snowflake",
        "grpc", "arrow_s3", "arrow_flight", "debian_libpq", "psycopg2", "psycopg", "asyncpg", "openssl",
    }  # fmt: skip
    assert seen["ours"] == dict.fromkeys(clients, "asked")
    assert seen["theirs"] == dict.fromkeys(clients, "went away")


def test_python_refuses_what_the_warning_says_that_it_refuses(trusting: Trusting) -> None:
    said = trusting.project.run("image", "--offline", "--platform", native().name).stderr.decode()
    assert "Lax root, Example has basic constraints that are not critical: Python 3.13 refuses" in said
    seen = trusting.seen(trusting.lax, "standard_library", "requests", "botocore")
    assert seen == {"lax": {"standard_library": "went away", "requests": "went away", "botocore": "asked"}}


def test_an_authority_more_is_one_small_layer_more(trusting: Trusting) -> None:
    before, after = layers(trusting.before), layers(trusting.after)
    assert before.keys() == after.keys()
    assert {name for name in after if after[name] != before[name]} == {"rootfs"}
    (size,) = (layer["size"] for layer in trusting.after["layers"] if layer["name"] == "rootfs")
    assert size < 500_000


def test_no_package_of_the_image_has_roots_of_its_own(trusting: Trusting) -> None:
    linked = trusting.find("-lname", trust.STORE)
    assert linked >= {
        f"{SITE}/certifi/cacert.pem",
        f"{SITE}/botocore/cacert.pem",
        f"{SITE}/grpc/_cython/_credentials/roots.pem",
        "/usr/lib/ssl/cert.pem",
    }
    named = ("-name", "*.pem", "-o", "-name", "*.crt", "-o", "-name", "cacerts.txt")
    assert {path for path in trusting.find(*named) if path.startswith("/opt/")} - linked == OF_THEIR_OWN
