"""Keys of KMS that anything of a deployment names, told apart from those that AWS manages."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from airlock.verify.account import calls
from airlock.verify.account.reading import Job, document
from airlock.verify.network import Place
from airlock.verify.services import Encryption, Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from airlock.verify.account.api import Api

# DescribeKey of such an alias makes the key where there is none yet, which is no reading.
_OF_AWS = "alias/aws/"


def named(found: Mapping[str, Iterable[Any]], account: str) -> tuple[str, ...]:
    """Return what keys are called by whatever is encrypted with one, each once.

    Keys of other accounts are left out: they answer nobody here, which would leave open what there is to say of ours.
    """
    everything = [one for listed in found.values() for one in listed]
    encrypted = (one.encryption.key for one in everything if hasattr(one, "encryption"))
    sessions = (one.exec_key for one in found.get("clusters", ()))
    return tuple(dict.fromkeys(name for name in (*encrypted, *sessions) if name and _of(account, name)))


def _of(account: str, name: str) -> bool:
    """Tell whether a key may be of an account; aliases and ids are."""
    parts = name.split(":")
    return len(parts) < 6 or not account or parts[4] == account  # noqa: PLR2004 - an ARN


def jobs(api: Api, names: Iterable[str], of_aws: set[str]) -> Iterator[Job]:
    """Give the keys to read; names of those that AWS manages are put into `of_aws`."""
    for name in names:
        yield Job("keys", partial(_key, api, name, of_aws))


def _key(api: Api, name: str, of_aws: set[str]) -> Iterator[Key]:
    if name.rpartition(":")[2].startswith(_OF_AWS):
        of_aws.add(name)
        return
    told = api.one(calls.KEY, name, KeyId=name)["KeyMetadata"]
    if told.get("KeyManager") == "AWS":
        of_aws.add(name)
        return
    arn = told["Arn"]
    policy = api.one(calls.KEY_POLICY, name, KeyId=arn, PolicyName="default").get("Policy")
    rotation = api.one(calls.KEY_ROTATION, name, KeyId=arn)
    yield Key(
        place=Place(arn),
        names=tuple(dict.fromkeys((arn, told["KeyId"], name))),
        policy=document(Place(arn), told["KeyId"], policy),
        rotates=bool(rotation.get("KeyRotationEnabled")),
    )


def merged(keys: Iterable[Key]) -> list[Key]:
    """Make one of a key that is named in several ways."""
    found: dict[str, Key] = {}
    for one in keys:
        known = found.get(one.place.resource, one)
        found[one.place.resource] = replace(known, names=tuple(dict.fromkeys((*known.names, *one.names))))
    return list(found.values())


def without(found: Iterable[Any], of_aws: set[str]) -> list[Any]:
    """Return resources of one kind, encrypted with no customer's key where the key is AWS's own."""
    return [
        replace(one, encryption=Encryption(on=one.encryption.on))
        if hasattr(one, "encryption") and one.encryption.key in of_aws
        else one
        for one in found
    ]
