"""A repository as it should be: made, looked at, put right; by the stub of ECR, and by moto."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import boto3
import pytest

from airlock.ecr_settings import EcrSettings, Found
from airlock.errors import AwsError, RepositoryError
from airlock.push import lifecycle, repository
from airlock.push.drift import IMMUTABLE, Wanted, drift
from airlock.push.repository import DryRun, put_right
from airlock.registry.reference import Repository
from airlock.release_settings import Push
from airlock.terminal import Terminal
from ecr_asked import HERE, NAME, answered
from ecr_stub_world import ACCOUNT, REGION, World, digest_of

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0123"
WANTED = Wanted(30)
AS_WANTED = Found(IMMUTABLE, lifecycle.HELD, True, "AES256", "", WANTED.policy)  # noqa: FBT003 - scanned
TERMINAL = Terminal()
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def world(aws_keys: None) -> World:
    return World(base="http://127.0.0.1:1")


def control(world: World) -> EcrSettings:
    return EcrSettings(answered(world))


def changes(world: World) -> list[str]:
    return [one.action for one in world.requests if one.action.startswith(("Create", "Put"))]


def test_a_new_repository_is_as_it_should_be(world: World) -> None:
    want = Wanted(30, KEY)
    assert put_right(control(world), HERE, want, TERMINAL) == []
    found = control(world).found()
    assert found == replace(AS_WANTED, encryption="KMS", kms_key=KEY)
    assert drift(HERE, want, found) == []


def test_a_second_time_nothing_is_changed(world: World) -> None:
    put_right(control(world), HERE, WANTED, TERMINAL)
    before = len(changes(world))
    assert put_right(control(world), HERE, WANTED, TERMINAL) == []
    assert len(changes(world)) == before


def test_what_was_broken_off_after_the_creation_is_finished(world: World) -> None:
    control(world).create(IMMUTABLE, WANTED.writable, "")
    assert put_right(control(world), HERE, WANTED, TERMINAL) == []
    assert world.repository(NAME).lifecycle == WANTED.policy


def test_of_two_creators_at_once_both_end_with_the_repository(world: World) -> None:
    both = threading.Barrier(2, timeout=10)

    class Racing(EcrSettings):
        """Looks, as the other does, before either creates."""

        looked = False

        def found(self) -> Found | None:
            found = super().found()
            if not self.looked:
                self.looked = True
                both.wait()
            return found

    ends: list[object] = []

    def make() -> None:
        ends.append(put_right(Racing(answered(world)), HERE, WANTED, TERMINAL))

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [[], []]
    assert changes(world).count("CreateRepository") == 2
    assert control(world).found() == AS_WANTED


def test_a_repository_that_vanishes_meanwhile_is_told(world: World) -> None:
    class Vanishing(EcrSettings):
        def found(self) -> Found | None:
            found = super().found()
            if found is None:
                world.create(NAME)
            return None

    with pytest.raises(RepositoryError, match="was deleted while it was set up"):
        put_right(Vanishing(answered(world)), HERE, WANTED, TERMINAL)


def test_what_can_be_changed_is_put_right(world: World) -> None:
    world.create(NAME)
    assert put_right(control(world), HERE, WANTED, TERMINAL) == []
    assert control(world).found() == AS_WANTED


def test_a_policy_that_somebody_wrote_and_a_key_stay_and_are_told(world: World) -> None:
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 2},
    }
    policy = json.dumps({"rules": [rule]})
    world.create(NAME, lifecycle=policy)
    remaining = put_right(control(world), HERE, Wanted(30, KEY), TERMINAL)
    assert [(one.name, one.fixable) for one in remaining] == [("encryption", False), ("lifecycle", False)]
    assert world.repository(NAME).lifecycle == policy
    assert remaining[0].found == "AES256"
    assert remaining[1].found == "rule 1 takes what has no tag: papers, and images of an index"


def test_scanning_that_the_registry_alone_decides_stays_and_is_told(world: World) -> None:
    class Unscanned(EcrSettings):
        """A repository that no rule of Inspector's registry is about."""

        def found(self) -> Found | None:
            return replace(AS_WANTED, scanned=False)

    world.create(NAME)
    world.enhanced = True
    (one,) = put_right(Unscanned(answered(world)), HERE, WANTED, TERMINAL)
    assert (one.name, one.fixable) == ("scan", False)
    assert "put-registry-scanning-configuration" in one.remedy


def test_what_the_registry_scans_needs_no_setting_of_the_repository(world: World) -> None:
    world.create(NAME)
    world.enhanced = True
    found = control(world).found()
    assert found is not None
    assert found.scanned


def test_a_dry_run_tells_and_changes_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert put_right(DryRun(control(world), TERMINAL), HERE, Wanted(30, KEY), TERMINAL) == []
    told = capsys.readouterr().err
    assert (
        f"would create the repository: immutable but deployed-*, sha256-*, scanned on push, encrypted with {KEY}"
        in told
    )
    assert "would set its lifecycle policy" in told
    world.create(NAME)
    put_right(DryRun(control(world), TERMINAL), HERE, WANTED, TERMINAL)
    assert "would have images scanned on push" in capsys.readouterr().err
    assert changes(world) == []


@pytest.mark.parametrize("mutability", ["MUTABLE", "IMMUTABLE", "MUTABLE_WITH_EXCLUSION"])
def test_tags_that_move_and_signatures_that_do_not_are_drift(mutability: str) -> None:
    excluded = ("v*",) if mutability.endswith("EXCLUSION") else ()
    (one,) = drift(HERE, WANTED, replace(AS_WANTED, mutability=mutability, exclusions=excluded))
    assert one.remedy == (
        f"aws ecr put-image-tag-mutability --region {REGION} --registry-id {ACCOUNT} --repository-name {NAME} "
        "--image-tag-mutability IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters "
        "'filterType=WILDCARD,filter=deployed-*' 'filterType=WILDCARD,filter=sha256-*'"
    )


def test_tags_that_somebody_excluded_stay_excluded() -> None:
    chosen = replace(AS_WANTED, exclusions=(*lifecycle.HELD, "nightly"))
    assert drift(HERE, WANTED, chosen) == []
    (one,) = drift(HERE, WANTED, replace(AS_WANTED, exclusions=("nightly",)))
    assert one.wanted == "immutable but deployed-*, sha256-*, nightly"


def test_excluding_every_tag_is_no_immutability() -> None:
    (one,) = drift(HERE, WANTED, replace(AS_WANTED, exclusions=(*lifecycle.HELD, "**")))
    assert one.wanted == "immutable but deployed-*, sha256-*"


@pytest.mark.parametrize("wished", [KEY, "0123", "alias/airlock"])
@pytest.mark.parametrize("encryption", ["KMS", "KMS_DSSE"])
def test_a_key_is_known_by_its_arn_or_id_and_an_alias_is_believed(wished: str, encryption: str) -> None:
    found = replace(AS_WANTED, encryption=encryption, kms_key=KEY)
    assert drift(HERE, Wanted(30, wished), found) == []


def test_another_key_belongs_to_the_repository() -> None:
    (one,) = drift(HERE, Wanted(30, KEY), replace(AS_WANTED, encryption="KMS", kms_key=f"{KEY}9"))
    assert (one.name, one.fixable, one.found) == ("encryption", False, f"KMS {KEY}9")
    assert "since its creation" in one.remedy


def test_a_policy_that_may_not_be_seen_is_no_drift(world: World) -> None:
    put_right(control(world), HERE, WANTED, TERMINAL)
    world.denied.add("GetLifecyclePolicy")
    found = control(world).found()
    assert found == replace(AS_WANTED, lifecycle=None)
    assert drift(HERE, WANTED, found) == []


def test_nothing_is_verified_of_another_registry(capsys: pytest.CaptureFixture[str]) -> None:
    other = Repository("registry.example.com", NAME)
    assert repository.verify(other, Push(), TERMINAL).drifts == ()
    assert repository.create(other, Push(), TERMINAL).drifts == ()
    repository.hold(other, "sha256:0", "prod", {"web": ""}, TERMINAL)
    said = "registry.example.com is not Amazon ECR: there is nothing to set up"
    assert capsys.readouterr().err.splitlines() == [said]


def test_whoever_may_not_look_is_told_that_nothing_was_verified(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.create(NAME)
    world.denied.add("DescribeRepositories")
    assert repository.look(control(world), HERE, WANTED, TERMINAL).drifts == ()
    assert "is not verified: AccessDeniedException" in capsys.readouterr().err


def test_what_a_service_runs_and_ran_before_is_tagged(world: World) -> None:
    stub = world.create(NAME, mutability=IMMUTABLE, exclusions=lifecycle.HELD)
    contents = [json.dumps({"layers": [], "n": number}).encode() for number in range(3)]
    digests = [digest_of(content) for content in contents]
    stub.manifests.update({one: (MANIFEST, content) for one, content in zip(digests, contents, strict=True)})
    for one in (0, 1, 1, 2):
        repository.move(answered(world), digests[one], "cluster/web")
    assert stub.tags == {"deployed-cluster-web": digests[2], "deployed-cluster-web-before": digests[1]}


def test_what_ran_before_the_first_deployment_is_tagged_where_it_is_known(world: World) -> None:
    stub = world.create(NAME, mutability=IMMUTABLE, exclusions=lifecycle.HELD)
    contents = [json.dumps({"layers": [], "n": number}).encode() for number in range(2)]
    digests = [digest_of(content) for content in contents]
    stub.manifests.update({one: (MANIFEST, content) for one, content in zip(digests, contents, strict=True)})
    repository.move(answered(world), digests[1], "web", digests[0])
    assert stub.tags == {"deployed-web": digests[1], "deployed-web-before": digests[0]}
    repository.move(answered(world), digests[1], "api", digests[1])  # it ran it already
    assert stub.tags["deployed-api"] == digests[1]
    assert "deployed-api-before" not in stub.tags


def test_moto_takes_what_is_created_and_changed(aws: None, capsys: pytest.CaptureFixture[str]) -> None:
    push = Push(kms_key=KEY)
    with pytest.raises(RepositoryError, match="there is no repository"):
        repository.verify(HERE, push, TERMINAL)
    assert repository.create(HERE, push, TERMINAL).drifts == ()
    assert repository.verify(HERE, push, TERMINAL).drifts == ()
    client = boto3.client("ecr", region_name=REGION)
    client.put_image_tag_mutability(repositoryName=NAME, imageTagMutability="MUTABLE", registryId=ACCOUNT)
    capsys.readouterr()
    assert [one.name for one in repository.verify(HERE, push, TERMINAL).drifts] == ["tags"]
    assert "airlock push --create" in capsys.readouterr().err
    assert repository.create(HERE, push, TERMINAL).drifts == ()
    assert repository.verify(HERE, push, TERMINAL).drifts == ()


def test_a_key_that_cannot_be_used_fails_the_creation(world: World) -> None:
    world.denied.add("CreateRepository")
    with pytest.raises(AwsError, match=f"cannot create {HERE}"):
        put_right(control(world), HERE, WANTED, TERMINAL)


@pytest.mark.parametrize(
    ("mutability", "moves", "stays"),
    [
        ("MUTABLE", ("1", "dev-x"), ()),
        ("IMMUTABLE", (), ("1", "dev-x")),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-x",), ("1", "sdev-x")),
        ("MUTABLE_WITH_EXCLUSION", ("1",), ("dev-x",)),
    ],
)
def test_which_tags_move_is_what_ecr_says(
    mutability: str, moves: tuple[str, ...], stays: tuple[str, ...]
) -> None:
    standing = repository.Standing(found=replace(AS_WANTED, mutability=mutability, exclusions=("dev-*",)))
    assert not any(standing.is_immutable(tag) for tag in moves)
    assert all(standing.is_immutable(tag) for tag in stays)


def test_of_an_unknown_repository_nothing_is_known() -> None:
    assert not repository.Standing().is_immutable("1")
