"""How a repository of Amazon ECR is set up, and setting it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock.errors import AwsError, RepositoryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airlock.ecr import Ecr


@dataclass(frozen=True)
class Found:
    """A repository as it is; `lifecycle` is its policy's text, "" where it has none, None where nobody may see."""

    mutability: str  # MUTABLE, IMMUTABLE, or one of the two with _WITH_EXCLUSION
    exclusions: tuple[str, ...]  # patterns of tags that are excluded from that
    scanned: bool
    encryption: str  # AES256, KMS, KMS_DSSE
    kms_key: str  # its ARN
    lifecycle: str | None


class EcrSettings:
    """The settings of one repository; failures are AwsErrors, and RepositoryError where there is none."""

    def __init__(self, ecr: Ecr) -> None:
        self._ecr = ecr

    def found(self) -> Found | None:
        """Return what the repository is; None where there is none."""
        request: Any = {"registryId": self._ecr.host.account, "repositoryNames": [self._ecr.repository.path]}
        try:
            answer = self._ecr.ask("describe", lambda: self._ecr.client.describe_repositories(**request))
        except RepositoryError:
            return None
        told = answer["repositories"][0]
        encryption: Mapping[str, Any] = told.get("encryptionConfiguration", {})
        filters: Iterable[Mapping[str, Any]] = told.get("imageTagMutabilityExclusionFilters", [])
        flag = bool(told.get("imageScanningConfiguration", {}).get("scanOnPush"))
        return Found(
            str(told.get("imageTagMutability", "MUTABLE")),
            tuple(str(one["filter"]) for one in filters),
            flag or self._scanned_by_registry(),
            str(encryption.get("encryptionType", "AES256")),
            str(encryption.get("kmsKey", "")),
            self._lifecycle(),
        )

    def create(self, mutability: str, exclusions: Sequence[str], kms_key: str) -> bool:
        """Make the repository, scanned on push; False where it is there already."""
        request: dict[str, Any] = {**self._ecr.ours, **_mutability(mutability, exclusions)}
        request["imageScanningConfiguration"] = {"scanOnPush": True}
        if kms_key:
            request["encryptionConfiguration"] = {"encryptionType": "KMS", "kmsKey": kms_key}
        try:
            self._ecr.ask("create", lambda: self._ecr.client.create_repository(**request))
        except AwsError as error:
            if error.code != "RepositoryAlreadyExistsException":
                raise
            return False
        return True

    def set_mutability(self, mutability: str, exclusions: Sequence[str]) -> None:
        request: Any = {**self._ecr.ours, **_mutability(mutability, exclusions)}
        self._ecr.ask("make tags immutable in", lambda: self._ecr.client.put_image_tag_mutability(**request))

    def set_scan_on_push(self) -> bool:
        """Have images scanned on push; False where the registry alone decides (enhanced scanning)."""
        request: Any = {**self._ecr.ours, "imageScanningConfiguration": {"scanOnPush": True}}
        try:
            self._ecr.ask(
                "have images scanned in", lambda: self._ecr.client.put_image_scanning_configuration(**request)
            )
        except AwsError as error:
            if error.code != "ValidationException":
                raise
            return False
        return True

    def set_lifecycle(self, policy: str) -> None:
        request: Any = {**self._ecr.ours, "lifecyclePolicyText": policy}
        self._ecr.ask("set the lifecycle policy of", lambda: self._ecr.client.put_lifecycle_policy(**request))

    def _lifecycle(self) -> str | None:
        try:
            answer = self._ecr.ask(
                "read the lifecycle policy of",
                lambda: self._ecr.client.get_lifecycle_policy(**self._ecr.ours),
            )
        except AwsError as error:
            return "" if error.code == "LifecyclePolicyNotFoundException" else None
        return answer["lifecyclePolicyText"]

    def _scanned_by_registry(self) -> bool:
        """Whether a rule of the registry has the repository scanned; False where that cannot be seen."""
        names = [self._ecr.repository.path]
        try:
            answer = self._ecr.ask(
                "read how images are scanned in",
                lambda: self._ecr.client.batch_get_repository_scanning_configuration(repositoryNames=names),
            )
        except AwsError:
            return False
        told: Sequence[Mapping[str, Any]] = answer.get("scanningConfigurations", [])
        return any(
            f":{self._ecr.host.account}:"
            in one.get("repositoryArn", "")  # it asks of the caller's own registry
            and one.get("scanFrequency") in {"SCAN_ON_PUSH", "CONTINUOUS_SCAN"}
            for one in told
        )


def _mutability(mutability: str, exclusions: Sequence[str]) -> dict[str, Any]:
    request: dict[str, Any] = {"imageTagMutability": mutability}
    if exclusions:
        filters = [{"filterType": "WILDCARD", "filter": one} for one in exclusions]
        request["imageTagMutabilityExclusionFilters"] = filters
    return request
