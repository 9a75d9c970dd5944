"""The VPC endpoint that is missing where a client of AWS gets no answer, told from what the client says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock_spec.endpoints import BY_SERVICE, service_of_host

if TYPE_CHECKING:
    from collections.abc import Iterator

# botocore.exceptions: ConnectTimeoutError and EndpointConnectionError say it so; others were answered by someone
_SAID = re.compile(r'(?:Connect timeout on|Could not connect to the) endpoint URL: "https?://([^/:"]+)')
_REGION = re.compile(r"(?:^|[.-])([a-z]{2}(?:-[a-z]+)+-\d)(?=\.)")
_GLOBAL = "us-east-1"  # where names without a region lead


def endpoint_name(host: str) -> str:
    """Return the full name of the VPC endpoint that serves a host, as com.amazonaws.eu-west-1.sqs; "" for others."""
    endpoint = BY_SERVICE.get(service_of_host(host))
    if endpoint is None:
        return ""
    found = _REGION.search(host.lower())
    return endpoint.name(found[1] if found else _GLOBAL)


def unanswered(text: str) -> Iterator[str]:
    """Give the hosts that did not answer a client of AWS, as its errors name them."""
    for host in dict.fromkeys(_SAID.findall(text)):
        if endpoint_name(host):
            yield host


def advice(host: str) -> str:
    """Say which endpoint is missing where a host does not answer."""
    return (
        f"no answer from {host}: is there a VPC endpoint {endpoint_name(host)} in this network, with private DNS "
        "or a route, and a security group that lets tasks in? The DAG preflight tells"
    )
