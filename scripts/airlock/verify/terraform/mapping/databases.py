"""Databases of RDS and caches of ElastiCache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.verify import services as run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock.verify.terraform.mapping.model import Model
    from airlock.verify.terraform.state import Resource

_TLS = ("rds.force_ssl", "require_secure_transport")
_PORTS = {"mysql": 3306, "aurora-mysql": 3306, "mariadb": 3306}
_POSTGRES = 5432
_VALKEY = 6379
_IN_A_MULTI_AZ_CLUSTER = 3


def databases(model: Model) -> Iterator[run.Database]:
    for one in model.of("aws_db_instance"):
        if not model.named(one.text("replicate_source_db"), "aws_rds_cluster"):
            public = one.flag("publicly_accessible")
            tls = _forces_tls(model, one.text("parameter_group_name"), "aws_db_parameter_group")
            yield _database(model, one, (public, tls, 2 if one.flag("multi_az") else 1, 0))
    for one in model.of("aws_rds_cluster"):
        instances = list(model.beside(one, "aws_rds_cluster_instance", "cluster_identifier"))
        public = any(each.flag("publicly_accessible") for each in instances)
        tls = _forces_tls(
            model, one.text("db_cluster_parameter_group_name"), "aws_rds_cluster_parameter_group"
        )
        zones = _IN_A_MULTI_AZ_CLUSTER if one.text("db_cluster_instance_class") else max(1, len(instances))
        yield _database(model, one, (public, tls, zones, 1))


def _database(model: Model, one: Resource, told: tuple[bool, bool | None, int, int]) -> run.Database:
    public, tls, zones, backup_days = told
    subnets = _subnets(model, one.text("db_subnet_group_name"), "aws_db_subnet_group")
    engine = one.text("engine")
    return run.Database(
        model.place(one),
        one.called("identifier", "cluster_identifier", "id"),
        engine,
        one.number("port") or _PORTS.get(engine, _POSTGRES),
        model.encryption(one.text("kms_key_id"), on=one.flag("storage_encrypted")),
        public,
        subnets,
        one.texts("vpc_security_group_ids") or model.default_group(model.vpc_of(subnets)),
        tls,
        zones,
        one.number("backup_retention_period") or backup_days,
        one.flag("deletion_protection"),
    )


def _forces_tls(model: Model, name: str, kind: str) -> bool | None:
    group = model.named(name, kind)
    for one in group.blocks("parameter") if group else ():
        if one.text("name") in _TLS:
            return one.flag("value") or one.text("value").upper() in ("1", "ON")
    return None


def _subnets(model: Model, name: str, kind: str) -> tuple[str, ...]:
    group = model.named(name, kind)
    return group.texts("subnet_ids") if group else ()


def caches(model: Model) -> Iterator[run.Cache]:
    for one in model.of("aws_elasticache_replication_group"):
        encrypted = one.flag("at_rest_encryption_enabled")
        yield _cache(model, one, encrypted=encrypted, tls=one.flag("transit_encryption_enabled"))
    for one in model.of("aws_elasticache_cluster"):
        if not one.text("replication_group_id"):
            yield _cache(model, one, encrypted=False, tls=one.flag("transit_encryption_enabled"))
    for one in model.of("aws_elasticache_serverless_cache"):  # always encrypted, at rest and in transit
        yield _cache(model, one, encrypted=True, tls=True)


def _cache(model: Model, one: Resource, *, encrypted: bool, tls: bool) -> run.Cache:
    subnets = one.texts("subnet_ids") or _subnets(
        model, one.text("subnet_group_name"), "aws_elasticache_subnet_group"
    )
    return run.Cache(
        model.place(one),
        one.called("replication_group_id", "cluster_id", "name", "id"),
        model.encryption(one.text("kms_key_id"), on=encrypted),
        tls,
        one.number("port") or _VALKEY,
        subnets,
        one.texts("security_group_ids") or model.default_group(model.vpc_of(subnets)),
    )
