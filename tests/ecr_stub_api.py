"""AWS's API of the stub of Amazon ECR (AmazonEC2ContainerRegistry_V20150921), without sockets."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

from ecr_stub_registry import Response
from ecr_stub_world import ACCOUNT, REGION, RefusedError, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecr_stub_world import StubRepository, World

_DOCUMENT = dict[str, Any]
_KIND = {"Content-Type": "application/x-amz-json-1.1"}
_MOST_LAYERS = 100
_OTHER_ACCOUNT = "its registry is another account's"


def answer(world: World, action: str, request: _DOCUMENT) -> Response:
    """Answer a request for an action."""
    try:
        if world.throttles():
            raise RefusedError("ThrottlingException", "Rate exceeded")  # noqa: TRY301 - one form of refusals
        if action in world.denied:
            said = f"User: arn:aws:iam::{ACCOUNT}:user/ci is not authorized to perform: ecr:{action}"
            raise RefusedError("AccessDeniedException", said)  # noqa: TRY301 - as above
        if action in world.missing or action not in _ACTIONS:
            return Response(500, b"<!doctype html>", {"Content-Type": "text/html"})
        with world.lock:
            told = _ACTIONS[action](world, request)
    except RefusedError as error:
        document = {"__type": error.code, "message": str(error)}
        return Response(400, json.dumps(document).encode(), _KIND | {"x-amzn-ErrorType": error.code})
    return Response(200, json.dumps(told).encode(), _KIND)


def _token(world: World, _: _DOCUMENT) -> _DOCUMENT:
    token, expires = secrets.token_urlsafe(32), time.time() + world.token_seconds
    world.tokens[token] = expires
    data = base64.b64encode(f"AWS:{token}".encode()).decode()
    told = {"authorizationToken": data, "expiresAt": expires, "proxyEndpoint": world.base}
    return {"authorizationData": [told]}


def _layers(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    if not 1 <= len(request["layerDigests"]) <= _MOST_LAYERS:
        raise RefusedError("InvalidParameterException", "Invalid parameter at 'layerDigests'")
    layers: list[_DOCUMENT] = []
    for digest in request["layerDigests"]:
        content = repository.blobs.get(digest)
        one: _DOCUMENT = {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"}
        if content is not None:
            available = "ARCHIVED" if digest in repository.archived else "AVAILABLE"
            one |= {"layerAvailability": available, "layerSize": len(content)}
        layers.append(one)
    return {"layers": layers, "failures": []}


def _describe(world: World, request: _DOCUMENT) -> _DOCUMENT:
    names = request.get("repositoryNames") or list(world.repositories)
    return {
        "repositories": [
            _described(_repository(world, {**request, "repositoryName": name})) for name in names
        ]
    }


def _create(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = world.create(
        request["repositoryName"],
        scan_on_push=request.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        encryption=request.get("encryptionConfiguration", {"encryptionType": "AES256"}),
        **_mutability(request),
    )
    if (key := repository.encryption.get("kmsKey")) and not key.startswith("arn:"):
        repository.encryption["kmsKey"] = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"
    return {"repository": _described(repository)}


def _put_mutability(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    made = _mutability(request)
    repository.mutability, repository.exclusions = made["mutability"], made["exclusions"]
    return {"repositoryName": repository.name, "imageTagMutability": repository.mutability}


def _put_scanning(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    if world.enhanced:
        raise RefusedError("ValidationException", "not allowed while the registry's scan type is ENHANCED")
    repository.scan_on_push = request["imageScanningConfiguration"]["scanOnPush"]
    return {"repositoryName": repository.name}


def _scanning(world: World, request: _DOCUMENT) -> _DOCUMENT:
    told = []
    for name in request["repositoryNames"]:
        repository = world.repository(name)
        frequency = "SCAN_ON_PUSH" if repository.scan_on_push else "MANUAL"
        if world.enhanced:
            frequency = "CONTINUOUS_SCAN"
        one = {"repositoryArn": _arn(name), "repositoryName": name, "scanFrequency": frequency}
        told.append({**one, "scanOnPush": repository.scan_on_push, "appliedScanFilters": []})
    return {"scanningConfigurations": told, "failures": []}


def _put_lifecycle(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    json.loads(request["lifecyclePolicyText"])
    repository.lifecycle = request["lifecyclePolicyText"]
    return {"lifecyclePolicyText": repository.lifecycle}


def _lifecycle(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    if not repository.lifecycle:
        raise RefusedError("LifecyclePolicyNotFoundException", "Lifecycle policy does not exist")
    return {"lifecyclePolicyText": repository.lifecycle}


def _images(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    images, failures = [], []
    for one in request["imageIds"]:
        found = repository.named(one.get("imageDigest") or one["imageTag"])
        if found is None:
            failures.append({"imageId": one, "failureCode": "ImageNotFound"})
            continue
        digest, kind, content = found
        told = {"imageManifest": content.decode(), "imageManifestMediaType": kind}
        images.append({"imageId": {**one, "imageDigest": digest}, **told})
    return {"images": images, "failures": failures}


def _put_image(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    content = request["imageManifest"].encode()
    kind = request.get("imageManifestMediaType") or json.loads(content)["mediaType"]
    tag = request.get("imageTag", "")
    found = repository.named(tag)
    if found and found[2] == content:
        raise RefusedError("ImageAlreadyExistsException", "Image already exists with that tag")
    digest = store(world, repository, (kind, content), tag or request["imageDigest"])
    if request.get("imageDigest", digest) != digest:
        raise RefusedError("ImageDigestDoesNotMatchException", "the digest differs")
    return {"image": {"imageId": {"imageDigest": digest, "imageTag": tag}}}


def _findings(world: World, request: _DOCUMENT) -> _DOCUMENT:
    """Tell of a scan, which is asynchronous: under way for as often as `polls` says, then finished."""
    repository = _repository(world, request)
    digest = _image(repository, request)
    if digest not in repository.scans:
        raise RefusedError("ScanNotFoundException", f"Image scan does not exist for {digest}")
    if repository.scans[digest]:
        repository.scans[digest] -= 1
        return {"imageScanStatus": {"status": "PENDING" if world.enhanced else "IN_PROGRESS"}}
    if world.finished not in {"COMPLETE", "ACTIVE"}:
        return {"imageScanStatus": {"status": world.finished, "description": "as the test wishes"}}
    start = int(request.get("nextToken", 0))
    counts: dict[str, int] = {}
    for one in world.findings:
        counts[one["severity"]] = counts.get(one["severity"], 0) + 1
    key = "enhancedFindings" if world.enhanced else "findings"
    found = {
        "imageScanCompletedAt": time.time(),
        "findingSeverityCounts": counts,
        key: world.findings[start : start + world.page],
    }
    more = {"nextToken": str(start + world.page)} if start + world.page < len(world.findings) else {}
    return {"imageScanStatus": {"status": world.finished}, "imageScanFindings": found, **more}


def _start_scan(world: World, request: _DOCUMENT) -> _DOCUMENT:
    repository = _repository(world, request)
    digest = _image(repository, request)
    if world.enhanced:
        raise RefusedError("ValidationException", "This feature is disabled with enhanced scanning")
    if "layers" not in json.loads(repository.manifests[digest][1]):
        raise RefusedError("UnsupportedImageTypeException", "The image is of a type that cannot be scanned")
    if digest in repository.scans:
        raise RefusedError("LimitExceededException", "The scan quota per image has been exceeded.")
    repository.scans[digest] = world.polls
    return {"imageScanStatus": {"status": "IN_PROGRESS"}}


def _setting(world: World, request: _DOCUMENT) -> _DOCUMENT:
    return {"name": request["name"], "value": "ENABLED" if world.blob_mounting else "DISABLED"}


_ACTIONS: dict[str, Callable[[World, _DOCUMENT], _DOCUMENT]] = {
    "GetAuthorizationToken": _token,
    "BatchCheckLayerAvailability": _layers,
    "DescribeRepositories": _describe,
    "CreateRepository": _create,
    "PutImageTagMutability": _put_mutability,
    "PutImageScanningConfiguration": _put_scanning,
    "BatchGetRepositoryScanningConfiguration": _scanning,
    "PutLifecyclePolicy": _put_lifecycle,
    "GetLifecyclePolicy": _lifecycle,
    "BatchGetImage": _images,
    "PutImage": _put_image,
    "DescribeImageScanFindings": _findings,
    "StartImageScan": _start_scan,
    "GetAccountSetting": _setting,
}


def _repository(world: World, request: _DOCUMENT) -> StubRepository:
    if request.get("registryId", ACCOUNT) != ACCOUNT:
        raise RefusedError("RepositoryNotFoundException", _OTHER_ACCOUNT)
    return world.repository(request["repositoryName"])


def _image(repository: StubRepository, request: _DOCUMENT) -> str:
    told = request["imageId"]
    found = repository.named(told.get("imageDigest") or told["imageTag"])
    if found is None:
        raise RefusedError("ImageNotFoundException", "The image requested does not exist")
    return found[0]


def _mutability(request: _DOCUMENT) -> _DOCUMENT:
    mutability = request.get("imageTagMutability", "MUTABLE")
    filters = tuple(one["filter"] for one in request.get("imageTagMutabilityExclusionFilters", []))
    if bool(filters) != mutability.endswith("_WITH_EXCLUSION"):
        raise RefusedError(
            "InvalidParameterException", "Invalid parameter at 'imageTagMutabilityExclusionFilters'"
        )
    return {"mutability": mutability, "exclusions": filters}


def _arn(name: str) -> str:
    return f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"


def _described(repository: StubRepository) -> _DOCUMENT:
    filters = [{"filterType": "WILDCARD", "filter": one} for one in repository.exclusions]
    told = {
        "repositoryArn": _arn(repository.name),
        "registryId": ACCOUNT,
        "repositoryName": repository.name,
        "repositoryUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{repository.name}",
        "imageTagMutability": repository.mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption,
    }
    return told | ({"imageTagMutabilityExclusionFilters": filters} if filters else {})
