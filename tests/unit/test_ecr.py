"""Amazon ECR's control plane: hosts, tokens, layers and tags; answered by the stub, or by moto in this process."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from airlock import ecr
from airlock.ecr import EcrHost
from airlock.errors import AwsError, ConfigError, RepositoryError
from airlock.registry.reference import Repository
from ecr_asked import HERE, NAME, answered
from ecr_stub_world import ACCOUNT, REGION, World, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

FIPS = f"{ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com"
DUAL_STACK = f"{ACCOUNT}.dkr-ecr.eu-central-1.on.aws"
BLOB = b"content of a layer"
DIGEST = digest_of(BLOB)
IMAGE = b'{"layers": []}'


@pytest.fixture
def world(aws_keys: None) -> World:
    made = World(base="http://127.0.0.1:1")
    made.create(NAME)
    return made


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com", "eu-central-1"),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        (f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
        (FIPS, "us-gov-west-1"),
        (DUAL_STACK, "eu-central-1"),
        (f"{ACCOUNT}.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"),
        (f"{ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
    ],
)
def test_a_host_of_ecr_names_an_account_and_a_region(host: str, region: str) -> None:
    assert ecr.parse(host) == EcrHost(ACCOUNT, region)


@pytest.mark.parametrize(
    "host",
    [
        "public.ecr.aws",
        "registry.example.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com.example.com",
        f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com:443",
        "12345.dkr.ecr.eu-central-1.amazonaws.com",
        f"x.{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com",
        "127.0.0.1:5000",
    ],
)
def test_any_other_host_is_not_ecrs(host: str) -> None:
    assert not ecr.is_ecr(host)
    with pytest.raises(ConfigError, match="not a registry of Amazon ECR"):
        ecr.connect(Repository(host, NAME))


def test_the_region_asked_is_the_hosts(world: World) -> None:
    assert ecr.connect(Repository(FIPS, NAME)).client.meta.region_name == "us-gov-west-1"


def test_a_token_is_for_a_while_and_for_the_endpoint_that_is_named(world: World) -> None:
    token = answered(world).token()
    assert (token.user, token.endpoint) == ("AWS", world.base)
    assert token.password in world.tokens
    assert token.expires.timestamp() > time.time()


@pytest.mark.parametrize("host", [HERE.host, FIPS, DUAL_STACK, HERE.host.replace("123", "999")])
def test_the_hosts_own_endpoint_is_kept_where_that_of_the_callers_account_is_named(
    world: World, host: str
) -> None:
    world.base = f"https://{HERE.host}"
    assert answered(world, Repository(host, NAME)).token().endpoint == f"https://{host}"


def test_a_token_for_plain_http_elsewhere_is_not_taken(world: World) -> None:
    world.base = "http://registry.example.com"
    with pytest.raises(AwsError, match="cannot get a token") as failure:
        answered(world).token()
    assert "plain HTTP" in failure.value.cause


def test_a_token_shows_in_no_text(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = answered(world).token()
    assert token.password not in f"{token!r} {token}"
    asked = answered(world)
    broken: dict[str, Any] = {"authorizationToken": "c2VjcmV0", "expiresAt": None}
    monkeypatch.setattr(asked.client, "get_authorization_token", lambda: {"authorizationData": [broken]})
    with pytest.raises(AwsError) as failure:
        asked.token()
    assert failure.value.cause.endswith("it gives no token")
    assert "c2VjcmV0" not in "".join(traceback.format_exception(failure.value))


def test_layers_that_are_there_are_not_sent(world: World) -> None:
    world.repository(NAME).blobs[DIGEST] = BLOB
    assert answered(world).absent([DIGEST, "sha256:1", "sha256:1"]) == {"sha256:1"}


def test_archived_layers_are_sent(world: World) -> None:
    world.repository(NAME).blobs[DIGEST] = BLOB
    world.repository(NAME).archived.add(DIGEST)
    assert answered(world).absent([DIGEST]) == {DIGEST}


@pytest.mark.parametrize(("layers", "requests"), [(0, 0), (100, 1), (101, 2), (250, 3)])
def test_a_hundred_layers_are_asked_about_at_once(world: World, layers: int, requests: int) -> None:
    digests = [f"sha256:{number}" for number in range(layers)]
    assert answered(world).absent(digests) == set(digests)
    assert len(world.requests) == requests


def _deny(world: World) -> None:
    world.denied.add("BatchCheckLayerAvailability")


def _lack(world: World) -> None:
    world.missing.add("BatchCheckLayerAvailability")


def _throttle(world: World) -> None:
    world.throttled = 100


@pytest.mark.parametrize("trouble", [_deny, _lack, _throttle])
def test_whoever_is_not_told_of_layers_asks_otherwise(world: World, trouble: Callable[[World], None]) -> None:
    trouble(world)
    assert answered(world).absent([DIGEST]) is None


def test_a_repository_that_is_not_there_is_told_with_the_way_to_one(world: World) -> None:
    world.repositories.clear()
    with pytest.raises(RepositoryError, match=f"there is no repository {HERE}") as failure:
        answered(world).absent([DIGEST])
    assert (failure.value.remedy, failure.value.exit_code) == ("airlock push --create", 30)


def test_a_denial_says_what_to_allow_on_which_repository(world: World) -> None:
    world.denied.add("BatchGetImage")
    with pytest.raises(AwsError, match=str(HERE)) as failure:
        answered(world).digest_of("v1")
    assert "ecr:BatchGetImage" in failure.value.cause
    assert "ecr:GetAuthorizationToken" in failure.value.remedy


def test_a_tag_is_given_to_an_image_that_is_there(world: World) -> None:
    digest = digest_of(IMAGE)
    world.repository(NAME).manifests[digest] = ("application/vnd.oci.image.manifest.v1+json", IMAGE)
    asked = answered(world)
    assert asked.digest_of("v1") == ""
    asked.put_tag(digest, "v1")
    asked.put_tag(digest, "v1")
    assert asked.digest_of("v1") == digest
    with pytest.raises(RepositoryError, match="there is no image sha256:0"):
        asked.put_tag("sha256:0", "v1")


def test_a_tag_that_is_immutable_is_not_moved(world: World) -> None:
    stub = world.repository(NAME)
    stub.mutability = "IMMUTABLE"
    contents = [IMAGE, IMAGE + b" "]
    for content in contents:
        stub.manifests[digest_of(content)] = ("application/vnd.oci.image.manifest.v1+json", content)
    asked = answered(world)
    asked.put_tag(digest_of(contents[0]), "v1")
    with pytest.raises(RepositoryError, match=f"the tag v1 of {HERE} cannot be moved"):
        asked.put_tag(digest_of(contents[1]), "v1")
    assert stub.tags == {"v1": digest_of(contents[0])}


def test_moto_gives_a_token_for_the_hosts_endpoint(aws: None) -> None:
    token = ecr.connect(HERE).token()
    assert token.user == "AWS"
    assert token.endpoint == f"https://{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
