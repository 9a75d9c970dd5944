"""What a registry's refusal means, in our words; no query of a URL and no header is ever told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from airlock.errors import RegistryError
from airlock.registry.exchange import BUSY

if TYPE_CHECKING:
    from airlock.registry.exchange import Answer
    from airlock.registry.reference import Repository

_LONGEST = 300  # characters of what a registry says
_UNAUTHORIZED, _DENIED, _MISSING, _BUSY = 401, 403, 404, 429


class RefusedError(RegistryError):
    """A registry refused: `status` is HTTP's, `codes` the registry's own (distribution specification, "Errors")."""

    def __init__(self, fact: str, *, cause: str, remedy: str, status: int, codes: tuple[str, ...]) -> None:
        super().__init__(fact, cause=cause, remedy=remedy)
        self.status, self.codes = status, codes


class UnansweredError(RegistryError):
    """No answer came, or it broke off: what was asked may have been done."""


def refused(method: str, answer: Answer, host: str) -> RefusedError:
    """Describe an answer that is a refusal; `host` is the registry's, whoever answered in the end."""
    said, codes = _errors(answer.body)
    parts = _split(answer.url)
    cause = f"HTTP {answer.status}" + (f": {said}" if said else "")
    return RefusedError(
        f"the registry refused {method} {parts.netloc}{parts.path}",
        cause=cause,
        remedy=_remedy(answer.status, host),
        status=answer.status,
        codes=codes,
    )


def unanswered(method: str, url: str, why: str) -> UnansweredError:
    """Describe a registry that does not answer, or whose answers break off."""
    parts = _split(url)
    return UnansweredError(
        f"the registry at {parts.netloc} does not answer {method} {parts.path}",
        cause=why,
        remedy=f"check the network's way to {parts.hostname} (in a VPC: the endpoints ecr.api, ecr.dkr and S3),\n"
        "then run it again: what arrived is not sent again",
    )


def insecure(url: str, why: str) -> RegistryError:
    """Describe a registry whose certificate is not trusted, or that speaks no TLS."""
    host = _split(url).netloc
    return RegistryError(
        f"the registry at {host} is not trusted",
        cause=why,
        remedy=f"name the file of its authority: REQUESTS_CA_BUNDLE=FILE, or /etc/docker/certs.d/{host}/ca.crt;\n"
        "plain HTTP is for registries of this machine alone",
    )


def homeless(digest: str, repository: Repository) -> RegistryError:
    """Describe a blob that is not here, and that the registry did not mount either."""
    return RegistryError(
        f"{digest} is neither here nor in {repository}, and could not be mounted",
        cause="the registry does not offer it, or the other repository does not have it",
        remedy="airlock image   (which composes it), then push again",
    )


def malformed(url: str, what: str) -> RegistryError:
    """Describe an answer that no registry would give."""
    parts = _split(url)
    return RegistryError(
        f"what answers at {parts.netloc} is no registry, or one that is not well",
        cause=f"{parts.path}: {what}",
        remedy="check the host's name; a proxy may answer, too",
    )


def too_long(url: str, limit: int) -> RegistryError:
    return malformed(url, f"the answer has more than {limit:,} bytes")


def require_answer(error: Exception) -> None:
    """Raise what says nothing of what was asked for: a registry that does not answer, is busy, or lets nobody in."""
    if isinstance(error, UnansweredError) or (
        isinstance(error, RefusedError) and error.status in {_UNAUTHORIZED, _DENIED, *BUSY}
    ):
        raise error


def _split(url: str) -> SplitResult:
    """Split a URL, without a user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2])


def _remedy(status: int, host: str) -> str:
    if status in {_UNAUTHORIZED, _DENIED}:
        return (
            f"sign in: docker login {host}\n"
            "for Amazon ECR, AWS credentials that may push: aws sts get-caller-identity"
        )
    if status == _MISSING:
        return "check the repository's name; in Amazon ECR create it: airlock push --create"
    if status == _BUSY:
        return "wait a minute and run it again: what arrived is not sent again"
    return "run it again: what arrived is not sent again; if it stays, ask whoever runs the registry"


def _errors(body: bytes) -> tuple[str, tuple[str, ...]]:
    """Return what the errors of an answer say, and their codes; nothing where they are of another form."""
    try:
        errors: list[Any] = json.loads(body)["errors"]
        listed = [(str(one.get("code", "")), str(one.get("message", ""))) for one in errors]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", ()
    said = "; ".join(f"{code}: {text}".strip(": ") for code, text in listed)
    return said[:_LONGEST], tuple(code for code, _ in listed)
