"""Whom the function calls, how, and with which secrets: decided outside, whatever a request asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from airlock_spec.outbox.request import METHODS, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock_spec.outbox.request import Request

PORTS = {"https": 443, "http": 80}


class PolicyError(ValueError):
    """The policy cannot be read; the message says everything that is wrong."""


@dataclass(frozen=True)
class Host:
    """What may be asked of one host. No method is allowed but those named; paths are prefixes.

    `secrets` are the names of the secrets it may be sent. `plain` allows http, for what is on a private wire.
    """

    methods: tuple[str, ...]
    paths: tuple[str, ...] = ("/",)
    secrets: tuple[str, ...] = ()
    plain: bool = False


@dataclass(frozen=True)
class Policy:
    """The hosts (`name` or `name:port`, in lower case) that may be called."""

    hosts: Mapping[str, Host] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str) -> Policy:
        """Read {"hosts": {HOST: {"methods": […], "paths": […], "secrets": […], "plain": …}}}."""
        try:
            given = json.loads(text)
        except ValueError as error:
            raise PolicyError(f"a policy must be JSON: {error}") from error
        if not isinstance(given, dict) or set(given) != {"hosts"} or not isinstance(given["hosts"], dict):
            raise PolicyError('a policy must be {"hosts": {…}}')
        problems = [problem for host, rule in given["hosts"].items() for problem in _problems(host, rule)]
        if problems:
            raise PolicyError("; ".join(problems))
        return cls({name.lower(): _host(rule) for name, rule in given["hosts"].items()})

    def refusal(self, request: Request) -> str | None:
        """Say why a request is not allowed, or None where it is."""
        reason = self.url_refusal(request.method, request.url)
        if reason is not None:
            return reason
        secrets = self.hosts[host_of(request.url)].secrets
        for name, value in request.headers.items():
            if isinstance(value, Secret) and value.secret not in secrets:
                return f"secret {value.secret} (header {name}) may not be sent to {host_of(request.url)}"
        return None

    def url_refusal(self, method: str, url: str) -> str | None:
        """Say why this method may not be used on this URL, or None where it may."""
        parts, host = urlsplit(url), host_of(url)
        rule = self.hosts.get(host)
        if rule is None:
            return f"host {host} is not in the policy"
        if parts.scheme != "https" and not rule.plain:
            return f"host {host} may only be called by https"
        if method not in rule.methods:
            return f"method {method} is not allowed on {host}: only {', '.join(rule.methods)}"
        path = parts.path or "/"
        if climbs(path):
            return "the URL's path has a . or .. in it"
        if not path.startswith(rule.paths):
            return f"path {path} is not allowed on {host}: only below {', '.join(rule.paths)}"
        return None


def climbs(path: str) -> bool:
    """Tell whether a server may take "/v1/%2e%2e/x" for "/x", or so a backslash, "..;" and what is encoded twice."""
    while (plain := unquote(path)) != path:
        path = plain
    segments = path.replace("\\", "/").split("/")
    return any(segment.partition(";")[0] in {".", ".."} for segment in segments)


def host_of(url: str) -> str:
    """Return the host of a URL as a policy writes it: with a port where it is not the scheme's own."""
    parts = urlsplit(url)
    name = (parts.hostname or "").lower()
    name = f"[{name}]" if ":" in name else name
    return name if parts.port in {None, PORTS.get(parts.scheme)} else f"{name}:{parts.port}"


def _host(rule: dict[str, Any]) -> Host:
    return Host(
        tuple(rule["methods"]),
        tuple(rule.get("paths", ("/",))),
        tuple(rule.get("secrets", ())),
        rule.get("plain", False),
    )


def _problems(host: str, rule: object) -> list[str]:
    if not isinstance(rule, dict) or set(rule) - {"methods", "paths", "secrets", "plain"}:
        return [f"{host} must have methods and may have paths, secrets and plain, and nothing else"]
    problems = []
    for name in ("methods", "paths", "secrets"):
        value = rule.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            problems.append(f"{name} of {host} must be a list of strings")
        elif not value and (name == "methods" or name in rule):
            problems.append(f"{name} of {host} must not be empty")
        elif name == "methods" and (unknown := set(value) - set(METHODS)):
            problems.append(f"{host} allows unknown methods: {', '.join(sorted(unknown))}")
        elif name == "paths" and not all(path.startswith("/") for path in value):
            problems.append(f"paths of {host} must begin with a slash")
    if not isinstance(rule.get("plain", False), bool):
        problems.append(f"plain of {host} must be true or false")
    return problems
