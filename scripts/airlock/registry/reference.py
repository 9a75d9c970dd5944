"""Names of images: HOST[:PORT]/PATH[:TAG][@DIGEST] (distribution specification 1.1, "Pulling manifests")."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from airlock.errors import ConfigError
from airlock.index.locations import is_loopback

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[0-9]{{1,5}})?"
_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"({_HOST})/({_NAME}(?:/{_NAME})*)")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_USERINFO = re.compile(r"^([a-z]+://)?[^/@]*:[^/@]*@(?!sha256:)")
_LONGEST = 255  # characters, of host and path


@dataclass(frozen=True)
class Repository:
    """A repository of a registry: `host` with its port, if any; `path` without slashes at its ends."""

    host: str
    path: str

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine by its own name, so that plain HTTP leaves it never."""
        return is_loopback(re.sub(r":[0-9]+$", "", self.host))

    @property
    def url(self) -> str:
        return f"{'http' if self.is_local else 'https'}://{self.host}"

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"


@dataclass(frozen=True)
class Reference:
    """A name of an image in a repository: a tag, a digest (which then decides), or both."""

    repository: Repository
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """What a registry is asked for."""
        return self.digest or self.tag

    def by_digest(self, digest: str) -> Reference:
        return replace(self, tag="", digest=digest)

    def __str__(self) -> str:
        tag, digest = self.tag and f":{self.tag}", self.digest and f"@{self.digest}"
        return f"{self.repository}{tag}{digest}"


def repository(text: str) -> Repository:
    """Read HOST[:PORT]/PATH. Raises ConfigError for anything else."""
    match = _REPOSITORY.fullmatch(text)
    host = match[1] if match else ""
    if not match or len(text) > _LONGEST or not ("." in host or ":" in host or host == "localhost"):
        raise ConfigError(
            f"{_shown(text)!r} names no repository of a registry",
            cause="it has the shape HOST[:PORT]/PATH, the path in lower case",
            remedy="for Amazon ECR that is ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME",
        )
    return Repository(match[1], match[2])


def reference(text: str, tag: str = "") -> Reference:
    """Read HOST[:PORT]/PATH[:TAG][@DIGEST]; `tag` stands in where it has neither. Raises ConfigError."""
    rest, at, digest = text.partition("@")
    name, colon, given = rest.rpartition(":")
    if not colon or "/" in given:
        name, given = rest, ""
    if (at and not DIGEST.fullmatch(digest)) or (given and not TAG.fullmatch(given)):
        raise ConfigError(
            f"{_shown(text)!r} names no image",
            cause="a digest is sha256: and 64 hexadecimal digits"
            if at
            else "a tag has letters, digits, . _ -",
            remedy="name it as HOST[:PORT]/PATH:TAG or HOST[:PORT]/PATH@sha256:…",
        )
    if not given and not digest:
        given = tag
    if not given and not digest:
        raise ConfigError(
            f"{text!r} names no image, but a repository",
            cause="it has neither a tag nor a digest",
            remedy=f"name one of its images, as {text}:TAG",
        )
    return Reference(repository(name), given, digest)


def _shown(text: str) -> str:
    """Return what was given without a user and password, which no name has."""
    return _USERINFO.sub(r"\1", text)
