"""Amazon ECR's control plane: what it says of one repository, and what it is told to make of it.

Images themselves travel through the registry's own API (airlock.registry), with the token that is had here.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from airlock import aws, aws_failures
from airlock.aws import PATIENCE
from airlock.aws_failures import Service
from airlock.errors import AwsError, ConfigError, RepositoryError
from airlock.index.locations import is_protected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from mypy_boto3_ecr import ECRClient

    from airlock.aws import Asking, Patience
    from airlock.registry.reference import Repository

_T = TypeVar("_T")  # PEP 695 syntax needs Python 3.12

_HOST = re.compile(
    r"([0-9]{12})\.dkr(?:\.ecr|-ecr)(?:-fips)?\.([a-z0-9-]+)\."  # dkr-ecr: dual-stack
    r"(?:amazonaws\.(?:com|eu|com\.cn)|on\.(?:aws|amazonwebservices\.(?:com\.cn|eu))"
    r"|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)
_LAYERS = 100  # digests that BatchCheckLayerAvailability takes
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
NO_REPOSITORY = "RepositoryNotFoundException"
_DENIED = (
    "allow these credentials what they lack: ecr:GetAuthorizationToken (on *), and on the repository\n"
    "what the cause names; the VPC endpoint's policy and the repository's may refuse, too.\n"
    "Whose the credentials are: aws sts get-caller-identity"
)
SERVICE = Service(
    "ecr", "Amazon ECR", _DENIED, "an interface VPC endpoint of the region, ecr.api (and ecr.dkr)"
)


@dataclass(frozen=True)
class EcrHost:
    """Whose registry a host is, and where."""

    account: str
    region: str


@dataclass(frozen=True)
class Token:
    """What a registry takes as Basic authorization, for twelve hours; `endpoint` is the URL that takes it."""

    user: str
    password: str = field(repr=False)
    expires: datetime
    endpoint: str


def parse(host: str) -> EcrHost | None:
    """Return whose registry a host is; None where it is not (private) ECR's."""
    match = _HOST.fullmatch(host)
    return EcrHost(match[1], match[2]) if match else None


def is_ecr(host: str) -> bool:
    return parse(host) is not None


def connect(repository: Repository, patience: Patience = PATIENCE) -> Ecr:
    """Return a repository's control plane, in the region of its host. Raises AwsError without credentials."""
    host = parse(repository.host)
    if host is None:
        raise ConfigError(
            f"{repository.host} is not a registry of Amazon ECR",
            cause="such a host has the shape ACCOUNT.dkr.ecr.REGION.amazonaws.com",
            remedy="mend [tool.airlock.push] repository",
        )
    return Ecr(repository, host, aws.connect(SERVICE, str(repository), patience=patience, region=host.region))


class Ecr:
    """One repository of ECR; failures are AwsErrors, and RepositoryError where there is no such repository."""

    def __init__(self, repository: Repository, host: EcrHost, asking: Asking[ECRClient]) -> None:
        self.repository, self.host = repository, host
        self._asking = asking
        self.client = asking.client
        # the registry's account, for the credentials may be another's
        self.ours: Any = {"registryId": host.account, "repositoryName": repository.path}

    def token(self) -> Token:
        """Ask for a token of every registry that these credentials may use."""
        answer = self.ask("get a token for", self.client.get_authorization_token)
        try:
            data = answer["authorizationData"][0]
            user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
            expires, told = data["expiresAt"], data["proxyEndpoint"].rstrip("/")
        except (LookupError, ValueError):
            raise self._another("it gives no token") from None  # the cause might quote some of one
        if is_ecr(told.removeprefix("https://")):
            # the plain host of the caller's own account: the repository's may be another's, FIPS or dual-stack
            told = self.repository.url
        if not is_protected(told):
            raise self._another("its tokens are for a registry over plain HTTP")
        return Token(user, password, expires, told)

    def absent(self, digests: Sequence[str]) -> set[str] | None:
        """Return those that are to be sent: what is ARCHIVED can be in no manifest. None where ECR does not tell."""
        wanted = list(dict.fromkeys(digests))
        there: set[str] = set()
        try:
            for start in range(0, len(wanted), _LAYERS):
                there |= self._available(wanted[start : start + _LAYERS])
        except AwsError:  # denied, busy, or an endpoint that has no such action
            return None
        return set(wanted) - there

    def digest_of(self, tag: str) -> str:
        """Return what a tag names; "" where there is no such tag."""
        request: Any = {**self.ours, "imageIds": [{"imageTag": tag}], "acceptedMediaTypes": [*_MANIFESTS]}
        images = self.ask("look for a tag in", lambda: self.client.batch_get_image(**request))["images"]
        return str(images[0]["imageId"]["imageDigest"]) if images else ""

    def put_tag(self, digest: str, tag: str) -> None:
        """Give an image that is there a tag, in place of the image that has it."""
        request: Any = {
            **self.ours,
            "imageIds": [{"imageDigest": digest}],
            "acceptedMediaTypes": [*_MANIFESTS],
        }
        images = self.ask("read an image of", lambda: self.client.batch_get_image(**request))["images"]
        if not images:
            raise RepositoryError(
                f"there is no image {digest} in {self.repository}", remedy="push it: airlock push"
            )
        manifest: Any = {
            **self.ours,
            "imageManifest": images[0]["imageManifest"],
            "imageTag": tag,
            "imageDigest": digest,
        }
        if kind := images[0].get("imageManifestMediaType"):
            manifest["imageManifestMediaType"] = kind
        try:
            self.ask(f"give an image the tag {tag} in", lambda: self.client.put_image(**manifest))
        except AwsError as error:
            if error.code == "ImageTagAlreadyExistsException":
                raise RepositoryError(
                    f"the tag {tag} of {self.repository} cannot be moved",
                    cause="tags are immutable there, and this one is not excluded",
                    remedy="airlock push --create",
                ) from error
            if error.code != "ImageAlreadyExistsException":  # it has the tag
                raise

    def ask(self, doing: str, request: Callable[[], _T]) -> _T:
        """Make a request, told as what is done (`describe`). Raises RepositoryError where there is none."""
        try:
            return self._asking.ask(doing, str(self.repository), request)
        except AwsError as error:
            if error.code == NO_REPOSITORY:
                raise no_repository(self.repository) from error
            raise

    def _another(self, cause: str) -> AwsError:
        where = str(self.repository)
        return aws_failures.another_service(SERVICE, self._asking.endpoint, cause, "get a token for", where)

    def _available(self, digests: Sequence[str]) -> set[str]:
        request: Any = {**self.ours, "layerDigests": digests}
        answer = self.ask("look for layers in", lambda: self.client.batch_check_layer_availability(**request))
        return {one["layerDigest"] for one in answer["layers"] if one["layerAvailability"] == "AVAILABLE"}


def no_repository(repository: Repository) -> RepositoryError:
    return RepositoryError(
        f"there is no repository {repository}",
        cause="it was never created, or under another name, account or region",
        remedy="airlock push --create",
    )
