"""A real registry on this machine (Debian's docker-registry, the CNCF's distribution), and what it holds, read back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from airlock import process
from authorities import Signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

USER, PASSWORD = "releaser", "correct horse battery"
# bcrypt of PASSWORD, the only scheme that the registry takes; of 2^5 rounds, for each request pays for them
_HASH = "$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo."
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class RunningRegistry:
    """A registry that answers at `host` (with its port) and keeps what it holds in `folder`."""

    host: str
    folder: Path
    authority: Path | None = None  # the CA that signed its certificate; None where it speaks plain HTTP
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        return f"{'https' if self.authority else 'http'}://{self.host}"

    @property
    def variables(self) -> dict[str, str]:
        """What lets the programs of this machine trust it."""
        if not self.authority:
            return {}
        return {"SSL_CERT_FILE": str(self.authority), "REQUESTS_CA_BUNDLE": str(self.authority)}

    def get(self, path: str, accept: str = "*/*") -> requests.Response:
        """Ask for /v2/PATH; the body is not read yet."""
        return requests.get(
            f"{self.url}/v2/{path}",
            headers={"Accept": accept},
            auth=(self.user, self.password) if self.user else None,
            verify=str(self.authority) if self.authority else True,
            stream=True,
            timeout=30,
        )

    def manifest(self, repository: str, name: str) -> bytes | None:
        """Return what a tag or a digest names, None where there is none."""
        with self.get(f"{repository}/manifests/{name}", f"{MANIFEST}, {INDEX}") as answer:
            if answer.status_code == requests.codes.not_found:
                return None
            answer.raise_for_status()
            return answer.content

    def whole(self, repository: str, name: str) -> str | None:
        """Return the digest of what a name names, None where there is none.

        Asserts that all of it is there, read to the last byte: every manifest, configuration and layer.
        """
        content = self.manifest(repository, name)
        if content is None:
            return None
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert not name.startswith("sha256:") or digest == name
        document = json.loads(content)
        for one in document.get("manifests", ()):
            assert self.whole(repository, one["digest"]) == one["digest"], f"{one['digest']} is missing"
        for one in (*filter(None, [document.get("config")]), *document.get("layers", ())):
            self._require(repository, one)
        return digest

    def tags(self, repository: str) -> list[str]:
        with self.get(f"{repository}/tags/list") as answer:
            return sorted(answer.json().get("tags") or ()) if answer.ok else []

    def referrers(self, repository: str, digest: str) -> list[dict[str, Any]]:
        """Return what the fallback tag lists: this registry has no API for referrers (distribution-spec 1.1)."""
        content = self.manifest(repository, digest.replace(":", "-"))
        found: list[dict[str, Any]] = json.loads(content)["manifests"] if content else []
        return found

    def contents(self) -> dict[str, str]:
        """Return every file that it keeps: path, sha256."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def _require(self, repository: str, descriptor: Mapping[str, Any]) -> None:
        sha256, size = hashlib.sha256(), 0
        with self.get(f"{repository}/blobs/{descriptor['digest']}") as answer:
            answer.raise_for_status()
            for piece in answer.iter_content(_CHUNK):
                sha256.update(piece)
                size += len(piece)
        assert (f"sha256:{sha256.hexdigest()}", size) == (descriptor["digest"], descriptor["size"])


@contextlib.contextmanager
def registry(folder: Path, *, tls: bool = False, password: bool = False) -> Iterator[RunningRegistry]:
    """Run an empty registry that keeps its files in `folder`, or skip; USER has the `password` PASSWORD.

    One with TLS goes by this machine's name: the loopback address may be asked without.
    """
    program = process.find("docker-registry")
    if program is None:
        pytest.skip("there is no docker-registry: apt-get install docker-registry, then: make integration")
    name = _own_name() if tls else "127.0.0.1"
    with socket.socket() as free:
        free.bind((name, 0))
        address = f"{name}:{free.getsockname()[1]}"
    (folder / "data").mkdir(parents=True)
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
        "http": {"addr": address},
    }
    made = RunningRegistry(address, folder / "data")
    if tls:
        authority, server, key = certificate(folder, name)
        settings["http"]["tls"] = {"certificate": str(server), "key": str(key)}
        made = replace(made, authority=authority)
    if password:
        (folder / "htpasswd").write_text(f"{USER}:{_HASH}\n")
        settings["auth"] = {"htpasswd": {"realm": "releases", "path": str(folder / "htpasswd")}}
        made = replace(made, user=USER, password=PASSWORD)
    (folder / "config.json").write_text(json.dumps(settings))  # YAML, too
    # later versions would tell a collector of traces
    quiet = [process.find("env") or "env", "OTEL_TRACES_EXPORTER=none"]
    running = process.start_kept([*quiet, program, "serve", folder / "config.json"], log=folder / "log")
    try:
        _wait_for(made)
        yield made
    finally:
        running.kill()
        running.wait()


def certificate(folder: Path, name: str) -> tuple[Path, Path, Path]:
    """Write a CA, a server's certificate for `name` and its key into the folder; return their paths."""
    authority = Signed.authority("Authority of the registry")
    server = authority.server(name)
    paths = folder / "authority.pem", folder / "server.pem", folder / "server.key"
    for path, text in zip(paths, (authority.pem, server.pem, server.key_pem), strict=True):
        path.write_text(text)
    return paths


def _own_name() -> str:
    """Return the name of this machine, or skip where nothing says which address that is."""
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, None, socket.AF_INET)
    except OSError:
        pytest.skip(f"no address belongs to {name}: write it into /etc/hosts, then: make integration")
    return name


def _wait_for(made: RunningRegistry) -> None:
    for _ in range(100):
        with contextlib.suppress(requests.ConnectionError), made.get("") as answer:
            answer.raise_for_status()
            return
        time.sleep(0.1)
    raise AssertionError(f"{made.url} does not answer")
