"""Which endpoints and hosts DAGs and Airflow itself need, which the network has, and what they cost: one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airlock_spec import prices
from airlock_spec.endpoints import ADR_001, BY_SERVICE, ENDPOINTS, Endpoint, Need
from airlock_spec.outside import allowed
from airlock_spec.services import WITHOUT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airlock_spec.check.facts import Run
    from airlock_spec.check.settings import Network


@dataclass(frozen=True, order=True)
class User:
    """Who needs something: a class and where it is used, or Airflow itself, whose `path` is empty."""

    path: str
    line: int
    dag_id: str
    task_id: str
    by: str  # import path, or for Airflow itself the need and the setting that says so


@dataclass(frozen=True)
class Row:
    """An endpoint, whether the network has it, who needs it, and dollars a month in all its zones."""

    service: str
    configured: bool
    monthly: float
    users: tuple[User, ...]
    note: str = ""  # what is special about it

    @property
    def state(self) -> str:
        """One of `ok`, `unused`, `missing`, and `impossible` where AWS has no such endpoint."""
        if self.configured:
            return "ok" if self.users else "unused"
        return "impossible" if self.service in WITHOUT else "missing"


@dataclass(frozen=True)
class Host:
    """A host outside AWS, whether the network has a way there, and who needs it."""

    host: str
    allowed: bool
    users: tuple[User, ...]


@dataclass(frozen=True)
class Table:
    """Endpoints in the order of airlock's own table, hosts by name."""

    rows: tuple[Row, ...]
    hosts: tuple[Host, ...]
    zones: int

    @property
    def total(self) -> float:
        """Dollars a month for the endpoints that the network has, before traffic."""
        return sum(row.monthly for row in self.rows if row.configured)

    def cost(self, state: str) -> float:
        """Dollars a month of the endpoints in a state."""
        return sum(row.monthly for row in self.rows if row.state == state)

    def services(self, state: str) -> list[str]:
        return [row.service for row in self.rows if row.state == state]


def table(run: Run, network: Network) -> Table:
    """Put what a run of the check found beside what the network offers."""
    configured = (
        [endpoint.service for endpoint in ADR_001] if network.endpoints is None else network.endpoints
    )
    services, hosts = _users(run)
    order = {endpoint.service: number for number, endpoint in enumerate(ENDPOINTS)}
    names = sorted({*configured, *services}, key=lambda name: (order.get(name, len(order)), name))
    return Table(
        tuple(_row(name, name in configured, services.get(name, ()), network.zones) for name in names),
        tuple(Host(host, allowed(host, network.hosts), tuple(sorted(hosts[host]))) for host in sorted(hosts)),
        network.zones,
    )


def document(found: Table) -> dict[str, Any]:
    """Return a table as what JSON has."""
    return {
        "zones": found.zones,
        "monthly": round(found.total, 2),
        "per_gigabyte": prices.ENDPOINT_GIGABYTE[0][1].dollars,
        "missing": found.services("missing"),
        "impossible": found.services("impossible"),
        "unused": found.services("unused"),
        "endpoints": [
            {
                "service": row.service,
                "state": row.state,
                "configured": row.configured,
                "monthly": round(row.monthly, 2),
                "needed_by": [_user(user) for user in row.users],
                "note": row.note,
            }
            for row in found.rows
        ],
        "hosts": [
            {"host": one.host, "allowed": one.allowed, "needed_by": [_user(user) for user in one.users]}
            for one in found.hosts
        ],
    }


def _users(run: Run) -> tuple[dict[str, set[User]], dict[str, set[User]]]:
    """Return who needs each service, and each host."""
    services: dict[str, set[User]] = {}
    hosts: dict[str, set[User]] = {}
    needs = [(file.path, need) for file in run.files for need in file.needs]
    for path, need in [*needs, *(("", need) for need in run.common)]:
        user = User(need.place.path or path, need.place.line, need.dag_id, need.task_id, need.by)
        if need.service:
            services.setdefault(need.service, set()).add(user)
        if need.host:
            hosts.setdefault(need.host, set()).add(user)
    # Where it runs is ECS, which a check cannot see; the architecture says so.
    for endpoint in ENDPOINTS:
        if Need.FARGATE in endpoint.needed_by:
            services.setdefault(endpoint.service, set()).add(User("", 0, "", "", str(Need.FARGATE)))
    return services, hosts


def _row(service: str, configured: bool, users: Iterable[User], zones: int) -> Row:  # noqa: FBT001 - one of the columns
    endpoint = BY_SERVICE.get(service, Endpoint(service, ""))
    note = ""
    if service not in BY_SERVICE:
        note = WITHOUT.get(service, "not in airlock's table")
    elif endpoint.gateway:
        note = "a gateway: free"
    elif endpoint.only_in:
        note = f"in {endpoint.only_in} alone"
    monthly = 0.0 if service in WITHOUT else endpoint.monthly(zones)
    return Row(service, configured, monthly, tuple(sorted(users)), note)


def _user(user: User) -> dict[str, Any]:
    return {
        name: value
        for name, value in (
            ("by", user.by),
            ("path", user.path),
            ("line", user.line),
            ("dag_id", user.dag_id),
            ("task_id", user.task_id),
        )
        if value
    }
