"""Tells which VPC endpoint is missing, where a task failed because AWS did not answer."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from airlock_spec.configured import needs
from airlock_spec.endpoint import Need
from airlock_spec.endpoints import ENDPOINTS
from airlock_spec.unreached import advice, unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airlock_spec.configured import Option

# What Airflow says when a backend of secrets had no answer: it asks the next one, and forgets that it had none.
NOT_FOUND = {"AirflowNotFoundException", "AirflowRuntimeError", "KeyError"}
SECRETS = {Need.SECRETS_MANAGER, Need.PARAMETER_STORE}
SECONDS = 1.5  # within which an endpoint in the VPC accepts a connection, by far


def said(error: BaseException | str | None) -> list[str]:
    """Return a line for each host that did not answer."""
    chain = list(causes(error))
    hosts = list(unanswered("\n".join(map(str, chain))))
    if not hosts and any(type(one).__name__ in NOT_FOUND for one in chain):
        hosts = [host for host in of_secrets(option, os.environ) if not accepts(host)]
    return [advice(host) for host in dict.fromkeys(hosts)]


def causes(error: BaseException | str | None) -> Iterator[BaseException | str]:
    """Give an error and what led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = None if isinstance(error, str) else error.__cause__ or error.__context__


def of_secrets(option: Option, environment: Mapping[str, str]) -> list[str]:
    """Return the hosts that connections and variables are asked from, as Airflow is configured."""
    needed = SECRETS & needs(option, environment).keys()
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""
    return [one.at(region, "") for one in ENDPOINTS if needed & set(one.needed_by)] if region else []


def option(section: str, key: str) -> str:
    from airflow.sdk import conf  # noqa: PLC0415 - where a task failed, and not at each start

    return conf.get(section, key, fallback="") or ""


def accepts(host: str) -> bool:
    try:
        socket.create_connection((host, 443), SECONDS).close()
    except OSError:
        return False
    return True
