"""What an inventory of an account says where AWS refuses, does not answer, or has nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from airlock.aws_failures import Service
from airlock.errors import AwsError
from airlock.verify import looking
from airlock.verify.account import calls, keys
from airlock.verify.account.account import Account, connect
from airlock.verify.account.api import Api
from airlock.verify.account.scope import Scope
from airlock.verify.inventory import Source
from airlock.verify.looking import Wanted
from shaped_aws import ARN, DEPLOYED, ShapedAws

if TYPE_CHECKING:
    from airlock.verify.inventory import Inventory

pytestmark = pytest.mark.usefixtures("aws_keys")
DENIED = "AccessDeniedException"


def read(scope: Scope | None = None, refused: dict[str, str] | None = None, **values: Any) -> Inventory:
    return Account(ShapedAws(DEPLOYED | values, refused), scope or Scope("airflow")).read()


def unread(found: Inventory) -> set[str]:
    return {one.kind for one in found.unread}


def test_an_inventory_says_where_it_was_read() -> None:
    found = read()
    assert (found.source, found.region, found.account) == (Source.AWS, "eu-west-1", "123456789012")


def test_resources_are_in_the_same_order_each_time() -> None:
    assert read() == read()


def test_a_thing_that_may_not_be_seen_whole_is_unread_and_not_half_there() -> None:
    found = read(refused={"get_bucket_policy": "AccessDenied"})
    assert (unread(found), found.buckets) == ({"buckets"}, ())
    assert {one.cause for one in found.unread} == {
        f"cannot read the policy of bucket {name}: AccessDenied: not for you"
        for name in ("flows", "logs-of-a-test", "sessions-of-a-test")
    }
    assert found.roles
    assert found.endpoints


@pytest.mark.parametrize(
    ("method", "code", "kind"),
    [
        ("get_bucket_policy", "NoSuchBucketPolicy", "buckets"),
        ("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError", "buckets"),
        ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration", "buckets"),
        ("describe_file_system_policy", "PolicyNotFound", "file_systems"),
        ("get_repository_policy", "RepositoryPolicyNotFoundException", "repositories"),
        ("get_key_rotation_status", "UnsupportedOperationException", "keys"),
    ],
)
def test_that_there_is_none_is_an_answer(method: str, code: str, kind: str) -> None:
    found = read(refused={method: code})
    assert not found.unread
    assert getattr(found, kind)


def test_a_bucket_without_settings_is_neither_encrypted_nor_blocked() -> None:
    absent = {
        "get_bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
        "get_public_access_block": "NoSuchPublicAccessBlockConfiguration",
        "get_bucket_policy": "NoSuchBucketPolicy",
    }
    bucket = read(refused=absent).buckets[0]
    assert (bucket.encryption.on, bucket.public_blocked, bucket.policy) == (False, False, None)


def test_a_service_that_does_not_answer_is_asked_once() -> None:
    aws = ShapedAws(DEPLOYED, silent={"ec2"})
    found = Account(aws, Scope("airflow")).read()
    assert [method for service, method in aws.called if service == "ec2"] == ["describe_subnets"]
    assert {"vpcs", "endpoints", "security_groups", "gateways", "databases", "caches"} <= unread(found)
    assert found.services
    assert found.buckets
    assert found.unread[0].cause.startswith("cannot read subnets: EC2 does not answer: ")
    assert "\n" not in "".join(one.cause for one in found.unread)


def test_without_a_right_to_task_definitions_nothing_that_they_name_is_known() -> None:
    found = read(refused={"describe_task_definition": DENIED})
    assert {"task_definitions", "roles", "secrets", "buckets", "log_groups", "queues"} <= unread(found)
    assert found.subnets


def test_what_the_ecs_executor_runs_is_unread_where_it_is_gone() -> None:
    class Gone(ShapedAws):
        def value(self, name: str, shape: Any, depth: int = 0) -> Any:
            told = super().value(name, shape, depth)
            if name == "DescribeTaskDefinition" and len([one for one in self.called if one[1] == GONE]) > 1:
                raise AwsError("cannot read task definition worker", cause="ClientException: it is gone")
            return told

    GONE = "describe_task_definition"  # noqa: N806 - a constant of this test
    environment = [{"name": "AIRFLOW__AWS_ECS_EXECUTOR__TASK_DEFINITION", "value": "worker"}]
    found = Account(Gone(DEPLOYED | {"environment": environment}), Scope("airflow")).read()
    assert len(found.task_definitions) == 1
    assert "task_definitions" in unread(found)


def test_there_is_an_error_where_there_is_no_cluster() -> None:
    with pytest.raises(AwsError, match="there is no cluster airflow in eu-west-1") as raised:
        read(status="INACTIVE")
    assert raised.value.remedy == "aws ecs list-clusters"


@pytest.mark.parametrize("method", ["describe_clusters", "list_services", "describe_services"])
def test_there_is_an_error_where_neither_cluster_nor_vpc_can_be_had(method: str) -> None:
    with pytest.raises(AwsError, match=r"cannot read (services of )?cluster airflow") as raised:
        read(refused={method: DENIED})
    assert "airlock verify --live --policy" in raised.value.remedy


def test_a_vpc_that_is_given_is_read_without_a_cluster() -> None:
    found = read(Scope(vpcs=("vpc-1",)))
    assert (len(found.vpcs), found.account) == (1, "123456789012")
    assert {"services", "task_definitions", "roles", "clusters"} <= unread(found)
    assert found.unread[0].cause == "no cluster was named"


def test_a_vpc_that_is_given_is_read_where_the_cluster_may_not_be() -> None:
    found = read(Scope("airflow", vpcs=("vpc-1",)), {"list_services": DENIED})
    assert found.vpcs
    assert "services" in unread(found)


def test_a_vpc_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AwsError, match="cannot read VPCs"):
        read(Scope(vpcs=("vpc-2",)), {"describe_vpcs": "InvalidVpcID.NotFound"})


def test_a_vpc_beside_the_cluster_that_is_not_there_leaves_the_network_unread() -> None:
    found = read(Scope("airflow", vpcs=("vpc-2",)), {"describe_vpcs": "InvalidVpcID.NotFound"})
    assert {"vpcs", "gateways", "endpoints", "route_tables"} <= unread(found)


def test_subnets_that_are_not_there_leave_the_network_unread() -> None:
    class NoSubnets(ShapedAws):
        def value(self, name: str, shape: Any, depth: int = 0) -> Any:
            return [] if name == "Subnets" and depth == 1 else super().value(name, shape, depth)

    found = Account(NoSubnets(DEPLOYED), Scope("airflow")).read()
    assert {"vpcs", "gateways", "endpoints"} <= unread(found)
    assert any("none of the services' subnets is there" in one.cause for one in found.unread)


def test_of_a_vpc_that_another_account_shares_not_all_is_known() -> None:
    found = read(OwnerId="210987654321")
    assert {"gateways", "endpoints", "route_tables"} <= unread(found)
    cause = "VPC vpc-1 is shared by account 210987654321: that account alone sees all of it"
    assert cause in {one.cause for one in found.unread}
    assert found.account == "123456789012"


def test_a_service_outside_any_vpc_leaves_the_network_unread() -> None:
    found = read(subnets=[])
    assert "vpcs" in unread(found)
    assert any("no service of cluster airflow says which VPC it is in" in one.cause for one in found.unread)


def test_what_aws_itself_has_the_key_of_has_no_customers_key() -> None:
    found = read(KeyManager="AWS")
    assert not found.keys
    keys = (one.encryption.key for kind in (found.buckets, found.queues, found.databases) for one in kind)
    assert set(keys) == {""}


def test_an_alias_of_awss_own_key_is_not_asked_for_which_would_make_the_key() -> None:
    aws, of_aws = ShapedAws(DEPLOYED), set[str]()
    names = ("alias/aws/sqs", "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3")
    assert [list(job.read()) for job in keys.jobs(Api(aws), names, of_aws)] == [[], []]
    assert (aws.called, of_aws) == ([], set(names))


def test_a_key_that_may_not_be_described_stays_named() -> None:
    found = read(refused={"describe_key": DENIED})
    assert unread(found) == {"keys"}
    assert found.queues[0].encryption.key == "alias/airflow"


def test_a_key_of_another_account_stays_named_and_is_not_asked_for() -> None:
    strange = "arn:aws:kms:eu-west-1:999999999999:key/1"
    found = read(Attributes={**DEPLOYED["Attributes"], "KmsMasterKeyId": strange})
    assert not unread(found)
    assert found.queues[0].encryption.key == strange
    assert found.key(strange) is None


def test_a_key_has_every_name_that_it_is_called_by() -> None:
    found = read()
    assert len(found.keys) == 1
    assert {"alias/airflow", ARN.format("kms", "key/1"), "a-KmsKeyId"} <= set(found.keys[0].names)
    assert found.key("alias/airflow") == found.keys[0]


def test_a_policy_that_is_no_json_is_unread() -> None:
    assert unread(read(ResourcePolicy="{")) == {"secrets"}


def test_credentials_are_asked_for_once_whatever_the_number_of_services(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[object] = []
    known = boto3.Session.get_credentials

    def counting(session: boto3.Session) -> object:
        given.append(session)
        return known(session)

    monkeypatch.setattr(boto3.Session, "get_credentials", counting)
    config: Any = SimpleNamespace(
        deploy=SimpleNamespace(cluster="airflow"),
        sync=SimpleNamespace(to=""),
        push=SimpleNamespace(repository=""),
    )
    deployment = looking._account(config, Wanted(None))
    assert isinstance(deployment, Account)
    for service in (calls.CLUSTERS, calls.VPCS, calls.KEY):
        deployment._api.region(service)
    assert len(given) == 1


def test_a_cluster_is_looked_for_in_its_arns_region() -> None:
    account = connect(Scope("arn:aws:ecs:ap-south-1:123456789012:cluster/airflow"))
    assert account._api.region(calls.CLUSTERS) == "ap-south-1"


def test_an_image_of_another_region_leaves_its_repository_unread() -> None:
    found = read(image=DEPLOYED["image"].replace("eu-west-1", "us-east-1"))
    assert unread(found) == {"repositories"}


def test_findings_are_those_on_the_deployments_resources() -> None:
    assert read().analyzers[0].active == ("arn:aws:s3:::flows: anybody may a-action",)
    assert read(resource="arn:aws:s3:::of-others").analyzers[0].active == ()


def test_a_failure_that_nobody_foresaw_is_not_kept_quiet() -> None:
    class Broken(ShapedAws):
        def value(self, name: str, shape: Any, depth: int = 0) -> Any:
            if name == "DescribeRouteTables":
                raise KeyError(name)
            return super().value(name, shape, depth)

    with pytest.raises(KeyError):
        Account(Broken(DEPLOYED), Scope("airflow")).read()


def test_no_credentials_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    with pytest.raises(AwsError, match="there are no usable AWS credentials"):
        connect(Scope("airflow", vpcs=("vpc-1",))).read()


def test_credentials_are_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from airlock import aws  # noqa: PLC0415 - the module is looked into

    asked: list[str] = []
    session = aws._session

    def counting(service: Service, where: str, seconds: float) -> Any:
        asked.append(service.name)
        return session(service, where, seconds)

    monkeypatch.setattr(aws, "_session", counting)
    made = aws.Connector("cluster airflow", region="eu-west-1")
    told = [made(Service(name, name, "", "")) for name in ("ecs", "sqs")]
    assert (asked, [one.region for one in told]) == (["ecs"], ["eu-west-1", "eu-west-1"])


def test_the_policy_of_an_endpoint_is_read_as_its_grammar_has_it() -> None:
    found = read(VpcEndpointType="Interface")
    policy = found.endpoints[0].policy
    assert policy is not None
    assert [one.actions for one in policy.statements] == [("s3:Get*",)]
