"""Clients that answer every call with each member that AWS's own description of the answer has, and no other."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ConnectTimeoutError
from botocore.session import Session
from botocore.validate import validate_parameters

from airlock.aws import Asking

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from botocore.model import ServiceModel, Shape

    from airlock.aws_failures import Service

_PLAIN: dict[str, object] = {
    "boolean": True,
    "double": 1.0,
    "float": 1.0,
    "integer": 2,
    "long": 2,
    "timestamp": datetime(2026, 1, 1, tzinfo=UTC),
}


class Told(dict[str, Any]):
    """A structure of an answer: to ask it for what its description does not have is a mistake."""

    def __init__(self, values: dict[str, Any], shape: Shape) -> None:
        super().__init__(values)
        self.shape = shape

    def __getitem__(self, key: str) -> Any:
        self._known(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._known(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._known(str(key))
        return super().__contains__(key)

    def _known(self, key: str) -> None:
        members = self.shape.members  # type: ignore[attr-defined]
        if key not in members:
            raise AssertionError(f"{self.shape.name} has no {key}: {', '.join(members)}")


class ShapedAws:
    """Makes such clients. `values` are by the name of a member; `called` are services and methods, in their order.

    `refused` are methods and the code that they are refused with; a service of `silent` never answers.
    """

    def __init__(
        self, values: dict[str, Any], refused: Mapping[str, str] | None = None, silent: Collection[str] = ()
    ) -> None:
        self.values, self.refused, self.silent = values, refused or {}, silent
        self.called: list[tuple[str, str]] = []

    def __call__(self, service: Service) -> Asking[Any]:
        return Asking(service, ShapedClient(self, service.name), 10.0)

    def value(self, name: str, shape: Shape | None, depth: int = 0) -> Any:
        """Make a value of a shape, as the member of this name."""
        assert shape is not None, name
        chosen = self.values.get(name)
        kind = {str: "string", dict: "map", list: "list", bool: "boolean"}.get(type(chosen))
        if chosen is not None and kind == shape.type_name:
            return chosen
        match shape.type_name:
            case "structure":
                members: dict[str, Shape] = shape.members if depth < 8 else {}  # type: ignore[attr-defined]
                return Told({key: self.value(key, of, depth + 1) for key, of in members.items()}, shape)
            case "list":
                return [self.value(name, shape.member, depth + 1)]  # type: ignore[attr-defined]
            case "map":
                return {}
            case "string":
                return f"a-{name}"
            case other:
                return _PLAIN[other]


class ShapedClient:
    """A client of one service; what is asked must be as the service's description has it, too."""

    def __init__(self, aws: ShapedAws, service: str) -> None:
        self._aws, self._service = aws, service
        self._model, self.meta = _described(service)

    def can_paginate(self, method: str) -> bool:
        del method
        return False

    def __getattr__(self, method: str) -> Callable[..., Any]:
        model = self._model.operation_model(self.meta.method_to_api_mapping[method])

        def call(**request: Any) -> Any:
            self._aws.called.append((self._service, method))
            if self._service in self._aws.silent:
                raise ConnectTimeoutError(endpoint_url=f"https://{self._service}.eu-west-1.amazonaws.com")
            if code := self._aws.refused.get(method):
                raise ClientError({"Error": {"Code": code, "Message": "not for you"}}, model.name)
            assert model.input_shape is not None
            validate_parameters(request, model.input_shape)
            return self._aws.value(model.name, model.output_shape)

        return call


@functools.cache
def _described(service: str) -> tuple[ServiceModel, Any]:
    """Return the description of a service, and what a client of it is and where it would ask."""
    session = Session()
    client = session.create_client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106 - nobody is asked
    )
    return session.get_service_model(service), client.meta


POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
)
ARN = "arn:aws:{}:eu-west-1:123456789012:{}"
DEPLOYED: dict[str, Any] = {
    **dict.fromkeys(
        ("AssumeRolePolicyDocument", "Document", "Policy", "PolicyDocument", "ResourcePolicy", "policyText"),
        POLICY,
    ),
    "Arn": ARN.format("kms", "key/1"),
    "CacheClusterId": "airflow-001",
    "CacheSubnetGroupName": "caches",
    "MemberClusters": ["airflow-001"],
    "Attributes": {
        "QueueArn": ARN.format("sqs", "airflow"),
        "KmsMasterKeyId": "alias/airflow",
        "Policy": POLICY,
    },
    "DBClusterIdentifier": "aurora",
    "DBSubnetGroup": "databases",
    "DBSubnetGroupName": "databases",
    "DestinationCidrBlock": "",
    "DestinationIpv6CidrBlock": "",
    "DestinationPrefixListId": "pl-1",
    "KeyManager": "CUSTOMER",
    "LogDestination": "arn:aws:s3:::flows/prefix",
    "LogDestinationType": "s3",
    "Name": "airflow/connections/db",
    "ParameterName": "rds.force_ssl",
    "ParameterValue": "1",
    "PolicyArn": "arn:aws:iam::123456789012:policy/one",
    "PrefixListId": "pl-1",
    "ResourceId": "eni-1",
    "NetworkInterfaceId": "eni-1",
    "SecretArn": ARN.format("secretsmanager", "secret:rds-abc"),
    "State": "available",
    "VpcId": "vpc-1",
    "s3BucketName": "sessions-of-a-test",
    "clusterName": "airflow",
    "clusterArn": ARN.format("ecs", "cluster/airflow"),
    "command": ["airflow", "scheduler"],
    "environment": [
        {
            "name": "AIRFLOW__SECRETS__BACKEND",
            "value": "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
        },
        {"name": "AIRFLOW__CELERY__BROKER_URL", "value": "sqs://"},
        {"name": "FOLDER", "value": "s3://logs-of-a-test/prod"},
    ],
    "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/airflow@sha256:1",
    "logGroupName": "/airflow",
    "options": {"awslogs-group": "/airflow"},
    "resource": "arn:aws:s3:::flows",
    "scanOnPush": False,
    "status": "ACTIVE",
    "type": "ACCOUNT",
    "valueFrom": ARN.format("secretsmanager", "secret:fernet-abc:key::"),
}
