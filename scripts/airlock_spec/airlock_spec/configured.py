"""Which endpoints and hosts this Airflow needs, as its own configuration says; without Airflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from airlock_spec.endpoint import Need
from airlock_spec.outside import host_of_module

Option = Callable[[str, str], str]  # section, key → value, empty where there is none

FARGATE = "ECS_CONTAINER_METADATA_URI_V4"  # which ECS gives to every container
TRUE = {"true", "t", "1"}  # as Airflow reads them
LOGS = {"cloudwatch": Need.CLOUDWATCH_LOGS, "s3": Need.S3_LOGS}
LOGS_OUTSIDE = {
    "gs": "*.googleapis.com",
    "oss": "*.aliyuncs.com",
    "stackdriver": "*.googleapis.com",
    "wasb": "*.blob.core.windows.net",
}
BACKENDS = {
    "SecretsManagerBackend": Need.SECRETS_MANAGER,
    "SystemsManagerParameterStoreBackend": Need.PARAMETER_STORE,
}
EXECUTORS = {
    "AwsEcsExecutor": (Need.ECS,),
    "AwsBatchExecutor": (Need.BATCH,),
    "AwsLambdaExecutor": (Need.LAMBDA, Need.LAMBDA_RESULTS),
}


def needs(option: Option, environment: Mapping[str, str]) -> dict[Need, str]:
    """Return what is needed, and the setting that says so. No setting's value is shown: it may hold a password."""
    found: dict[Need, str] = {}
    if environment.get(FARGATE):
        found[Need.FARGATE] = FARGATE
    if option("logging", "remote_logging").lower() in TRUE:
        scheme = option("logging", "remote_base_log_folder").partition("://")[0]
        if scheme in LOGS:
            found[LOGS[scheme]] = "[logging] remote_base_log_folder"
    for section, key in (("secrets", "backend"), ("workers", "secrets_backend")):
        name = option(section, key).rpartition(".")[2]
        if name in BACKENDS:
            found[BACKENDS[name]] = f"[{section}] {key}"
    for name in executors(option("core", "executor")):
        found.update(dict.fromkeys(EXECUTORS.get(name, ()), "[core] executor"))
    celery = "CeleryExecutor" in executors(option("core", "executor"))
    if celery and option("celery", "broker_url").startswith("sqs:"):
        found[Need.CELERY] = "[celery] broker_url"
    if any(in_s3(bundle) for bundle in bundles(option("dag_processor", "dag_bundle_config_list"))):
        found[Need.S3_BUNDLE] = "[dag_processor] dag_bundle_config_list"
    return found


def executors(value: str) -> list[str]:
    """Return class names of `[core] executor`: names or paths, perhaps with an alias, perhaps of teams.

    Airflow writes `Name`, `path.to.Name`, `alias:path.to.Name` and `team=…` with `;` between teams.
    """
    paths = (one for team in value.split(";") for one in team.rpartition("=")[2].split(","))
    names = (path.strip().rpartition(":")[2].rpartition(".")[2] for path in paths)
    return [name for name in names if name]


def bundles(value: str) -> list[Any]:
    try:
        found = json.loads(value) if value else []
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def in_s3(bundle: object) -> bool:
    """Tell whether a bundle is read from S3: by its location, or Amazon's by the name of its class."""
    if not isinstance(bundle, dict):
        return False
    arguments = bundle.get("kwargs")
    location = str(arguments.get("location", "")) if isinstance(arguments, dict) else ""
    return location.startswith("s3://") or "S3" in str(bundle.get("classpath", "")).rpartition(".")[2]


def hosts(option: Option) -> dict[str, str]:
    """Return the hosts outside AWS that the configuration needs, and the setting that says so."""
    found: dict[str, str] = {}
    if option("logging", "remote_logging").lower() in TRUE:
        scheme = option("logging", "remote_base_log_folder").partition("://")[0]
        if scheme in LOGS_OUTSIDE:
            found[LOGS_OUTSIDE[scheme]] = "[logging] remote_base_log_folder"
    for section, key in (("secrets", "backend"), ("workers", "secrets_backend")):
        if host := host_of_module(option(section, key)):
            found[host] = f"[{section}] {key}"
    return found
