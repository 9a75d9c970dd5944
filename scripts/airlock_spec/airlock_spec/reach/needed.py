"""What is to be looked at: what a configuration needs, and what lies outside and must not answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock_spec.endpoint import Need
from airlock_spec.endpoints import BY_SERVICE, ENDPOINTS, service_of_host
from airlock_spec.reach.destination import Destination
from airlock_spec.reach.looking import Wanted
from airlock_spec.reach.observed import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock_spec.endpoint import Endpoint, Need

# The wildcard name of ecr.dkr's endpoint resolves for any twelve digits: whose registry it is does not matter.
ANYBODY = "000000000000"
LAYERS = "prod-{region}-starport-layer-bucket"  # where ECR keeps what a pull fetches
_BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9-]{1,61}[a-z0-9])(?![a-z0-9.-])")  # with dots no certificate fits

# A few that everybody knows, and none that a deployment needs: by name and by address, in both families, and the hosts
# of AWS that have no endpoint in most regions, or none at all. An address tells of a way out where DNS tells nothing.
OUTSIDE = (
    ("example.com:443", "a name of the internet"),
    ("www.wikipedia.org:443", "a name of the internet"),
    ("1.1.1.1:443", "an address of the internet"),
    ("8.8.8.8:53", "a name server of the internet"),
    ("[2606:4700:4700::1111]:443", "an address of the internet, IPv6"),
    ("iam.amazonaws.com:443", "AWS, where there is no endpoint for it"),
    ("sts.amazonaws.com:443", "AWS, the global host that no endpoint serves"),
)
METADATA = (
    ("169.254.169.254:80", "the machine's metadata service"),
    ("[fd00:ec2::254]:80", "the machine's metadata service, IPv6"),
)


def reasons(found: Mapping[Need, str], services: Iterable[str] = ()) -> dict[Endpoint, list[str]]:
    """Return the endpoints that are needed and why, each reason for people; `services` were asked for by name.

    Raises ValueError where one of them is none.
    """
    needed: dict[Endpoint, list[str]] = {}
    for endpoint in ENDPOINTS:
        if why := [f"{need}: {found[need]}" for need in endpoint.needed_by if need in found]:
            needed[endpoint] = why
    asked = list(services)
    if unknown := [service for service in asked if service not in BY_SERVICE]:
        raise ValueError(f"services: {', '.join(unknown)} not known; there are {', '.join(BY_SERVICE)}")
    for service in asked:
        needed.setdefault(BY_SERVICE[service], []).append("services")
    return needed


def missing(needed: Iterable[Endpoint], region: str, account: str) -> list[str]:
    """Return which of region and account have to be known for the endpoints' hosts, and are not."""
    given = {"region": region, "account": account}
    hosts = [endpoint.host for endpoint in needed]
    return [
        name for name, value in given.items() if not value and any(f"{{{name}}}" in host for host in hosts)
    ]


def wanted(needed: Mapping[Endpoint, Iterable[str]], region: str, account: str) -> list[Wanted]:
    """Return the endpoints' hosts in a region."""
    return [
        Wanted(
            endpoint.at(region, account),
            "; ".join(why),
            public=endpoint.gateway,
            kind=Kind.GATEWAY if endpoint.gateway else Kind.ENDPOINT,
            service=endpoint.service,
        )
        for endpoint, why in needed.items()
    ]


def buckets(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the buckets that settings name, as s3://BUCKET, and the first setting that does."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        for bucket in _BUCKET.findall(value):
            found.setdefault(bucket, name)
    return found


def of_buckets(named: Mapping[str, str], region: str) -> list[Wanted]:
    """Return the hosts of buckets, by which boto3 asks for them."""
    host = BY_SERVICE["s3"].at(region, "")
    return [
        Wanted(f"{bucket}.{host}", f"a bucket: {why}", public=True, kind=Kind.GATEWAY, service="s3")
        for bucket, why in named.items()
    ]


def forbidden(needed: Iterable[Wanted]) -> list[Wanted]:
    """Return what must not answer: all of OUTSIDE and METADATA, but for hosts that are needed themselves."""
    hosts = {Destination.parse(one.destination).host for one in needed}
    return [
        Wanted(destination, why, kind=kind, service=service_of_host(host) if kind is Kind.OUTSIDE else "")
        for kind, those in ((Kind.OUTSIDE, OUTSIDE), (Kind.METADATA, METADATA))
        for destination, why in those
        if (host := Destination.parse(destination).host) not in hosts
    ]
