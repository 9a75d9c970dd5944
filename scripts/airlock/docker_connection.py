"""HTTP to a Docker Engine: over its socket by the standard library, to all else by the Docker SDK.

The SDK knows TLS, ssh and contexts, and takes longer to import than an engine takes to load a small change; a
local socket needs nothing of it.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from airlock.errors import ConfigError, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECONDS = 600  # of silence: an engine unpacks a layer without a word
_DEFAULT = "unix:///var/run/docker.sock"
REMEDY = "start the Docker Engine, or name one that runs: export DOCKER_HOST=unix:///PATH/docker.sock"


@dataclass(frozen=True)
class Answer:
    """An engine's answer: the status of HTTP, and the whole body."""

    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection(Protocol):
    """Asks one engine. Raises EngineError where it does not answer."""

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Iterator[bytes] | None = None,
    ) -> Answer: ...


def connect(environ: Mapping[str, str]) -> Connection:
    """Connect to the engine of DOCKER_HOST, else to that of the current Docker context.

    Raises EngineError where none answers.
    """
    address = environ.get("DOCKER_HOST") or ("" if _has_context(environ) else _DEFAULT)
    if address.startswith("unix://"):
        return UnixSocket(address)
    return Sdk(environ)


def login(host: str) -> tuple[str, str] | None:
    """Return the user and password that `docker login` keeps for a registry, itself or by a credential helper.

    An identity token has the user `<token>`. Raises ConfigError where they cannot be read.
    """
    import docker.auth  # noqa: PLC0415 - costs 0.2 s
    from docker.errors import DockerException  # noqa: PLC0415

    try:
        found = docker.auth.load_config().resolve_authconfig(host)
    except (DockerException, ValueError, OSError) as error:
        raise ConfigError(
            f"the credentials for {host} cannot be read",
            cause=type(error).__name__,  # a helper's own words may hold anything
            remedy=f"docker login {host}",
        ) from None
    if not found:
        return None
    if found.get("IdentityToken"):
        return "<token>", str(found["IdentityToken"])
    user, password = (
        found.get("Username", found.get("username")),
        found.get("Password", found.get("password")),
    )
    return (str(user), str(password)) if user else None


def no_engine(address: str, error: Exception) -> EngineError:
    where = address or "its usual socket"
    return EngineError(f"no Docker Engine answers at {where}", cause=str(error), remedy=REMEDY)


def _has_context(environ: Mapping[str, str]) -> bool:
    """Whether a Docker context other than the default is chosen (docker-context(1))."""
    folder = environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "/") / ".docker"
    try:
        chosen = json.loads((Path(folder) / "config.json").read_bytes()).get("currentContext", "")
    except (OSError, ValueError, AttributeError):
        chosen = ""
    return (environ.get("DOCKER_CONTEXT") or chosen) not in {"", "default"}


class UnixSocket:
    """An engine behind a socket of this machine, `unix:///PATH`."""

    def __init__(self, address: str) -> None:
        self._address = address
        answer = self._ask("GET", "/_ping")
        self._version = dict(answer[1]).get("Api-Version", "")

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Iterator[bytes] | None = None,
    ) -> Answer:
        prefix = f"/v{self._version}" if self._version else ""
        return self._ask(method, f"{prefix}{path}?{urlencode(query or {})}", body)[0]

    def _ask(
        self, method: str, path: str, body: Iterator[bytes] | None = None
    ) -> tuple[Answer, list[tuple[str, str]]]:
        connection = _Http(self._address.removeprefix("unix://"))
        try:
            headers = {"Content-Type": "application/x-tar"} if body is not None else {}
            try:
                connection.request(method, path, body, headers, encode_chunked=body is not None)
            except BrokenPipeError:
                if body is None:
                    raise  # else it may have answered before it hung up: it saw something that it does not like
            response = connection.getresponse()
            return Answer(response.status, response.read()), response.getheaders()
        except (OSError, http.client.HTTPException) as error:
            raise no_engine(self._address, error) from error
        finally:
            connection.close()


class _Http(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Sdk:
    """An engine that the Docker SDK finds: by TLS or ssh, or by a context."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        import docker  # noqa: PLC0415 - costs 0.2 s
        from docker.context import ContextAPI  # noqa: PLC0415
        from docker.errors import DockerException  # noqa: PLC0415
        from docker.utils import kwargs_from_env  # noqa: PLC0415

        settings: dict[str, Any] = {**kwargs_from_env(dict(environ))}
        try:
            context = None if "base_url" in settings else ContextAPI.get_current_context()
            if context and context.Host:
                settings["base_url"] = str(context.Host)
            self._client = docker.APIClient(version="auto", timeout=_SECONDS, **settings)
        except (DockerException, ValueError) as error:
            raise no_engine(str(settings.get("base_url", "")), error) from error

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Iterator[bytes] | None = None,
    ) -> Answer:
        from requests.exceptions import RequestException  # noqa: PLC0415 - the SDK has imported it

        url = f"{self._client.base_url}/v{self._client.api_version}{path}"
        try:
            answer = self._client.request(method, url, params=dict(query or {}), data=body, timeout=_SECONDS)
        except RequestException as error:
            raise no_engine(self._client.base_url, error) from error
        return Answer(answer.status_code, answer.content)
