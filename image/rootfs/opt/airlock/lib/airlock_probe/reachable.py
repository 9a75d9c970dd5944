"""Which AWS services and outside hosts the code of a class or a function leads to, as far as its source shows.

From where Airflow enters (`execute`, `poke`, a trigger's `run`) it follows what a class calls of itself, the
hooks and triggers that it makes, and of those the methods that it calls by name. It makes no connection and no
session, and calls nothing but constructors of the amazon provider's hooks, which only keep their arguments.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType

from airlock_probe import function_source
from airlock_probe.function_source import Call, Reading, read
from airlock_probe.lookup import (
    AWS,
    PLAIN,
    client_of,
    import_path,
    is_a,
    is_followed,
    lasts,
    made_as,
    made_by_boto3,
    method_of,
    overridden,
    unwrapped,
)
from airlock_spec.endpoints import service_of, service_of_host
from airlock_spec.outside import host_of_library, host_of_module, public_host

ENTRIES = ("execute", "poke", "on_kill", "run", "hook", "notify", "async_notify", "__call__")
OF_ALL_HOOKS = {
    "account_id",
    "expand_role",
}  # methods of AWS's generic hook that call another service: STS, IAM
_HTTP = ("requests.", "httpx.", "aiohttp.", "urllib.request.", "urllib3.")
_VERBS = {
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "request",
    "urlopen",
    "urlretrieve",
    "Request",
}
_READERS = (
    "pandas.",
    "polars.",
    "awswrangler.",
    "pyarrow.",
    "fsspec.",
    "s3fs.",
    "airflow.sdk.io.",
    "airflow.io.",
)
_MOST = 250  # functions of one class


@dataclass
class Reach:
    """Services and hosts, each with the import path of what needs it; and why something could not be read."""

    services: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


_LASTING: dict[tuple[object, bool], Reach] = {}
_PASSING: dict[tuple[object, bool], Reach] = {}  # until `forget`


def of_class(kind: type, *, deferred: bool) -> Reach:
    """Return what an operator, sensor, trigger, notifier or hook reaches; with its triggers where it defers."""
    known = _LASTING.get((kind, deferred)) or _PASSING.get((kind, deferred))
    if known is None:
        known = _of_class(kind, deferred=deferred)
        (_LASTING if lasts(kind) else _PASSING)[kind, deferred] = known
    return known


def forget() -> None:
    """Forget classes and functions of the bundle."""
    _PASSING.clear()
    function_source.forget()


def _of_class(kind: type, *, deferred: bool) -> Reach:
    walk = _Walk(deferred=deferred)
    if is_a(kind, "BaseHook"):
        walk.make_hook(kind, "")
    else:
        walk.start(kind)
    path = import_path(kind)
    reach = walk.reach
    return Reach(dict.fromkeys(reach.services, path), dict.fromkeys(reach.hosts, path), reach.unread)


def of_function(function: FunctionType) -> Reach:
    """Return what a function of a DAG's author reaches: a task's callable, a callback."""
    known = _PASSING.get((function, False))
    if known is None:
        walk = _Walk(deferred=False)
        walk.follow_function(function)
        walk.settle()
        known = _PASSING[function, False] = walk.reach
    return known


class _Walk:
    """One walk through code, and what it came by."""

    def __init__(self, *, deferred: bool) -> None:
        self.reach = Reach()
        self._deferred = deferred
        self._seen: set[tuple[type | None, FunctionType]] = set()
        self._made: dict[type, None] = {}  # hooks and helpers, whose methods are followed by name
        self._wanted: set[str] = set()

    def start(self, kind: type) -> None:
        """Walk from where Airflow enters a class."""
        self._outside(kind)
        hook = getattr(kind, "aws_hook_class", None)
        if isinstance(hook, type):
            parameters = method_of(kind, "_hook_parameters")
            clients = self._read(parameters[1]).clients if parameters else set()
            self.make_hook(hook, next(iter(clients), ""))
        for name in (*ENTRIES, *overridden(kind)):
            self._follow(kind, name)
        self.settle()

    def settle(self) -> None:
        """Follow, in what was made, the methods that are called by name, until nothing new is found."""
        done: set[tuple[type, str]] = set()
        while new := {(kind, name) for kind in self._made for name in self._wanted} - done:
            done |= new
            for kind, name in sorted(new, key=lambda pair: (import_path(pair[0]), pair[1])):
                self._follow(kind, name)

    def make_hook(self, hook: type, client: str) -> None:
        """Take note of a hook, and of the client that it is made with, where that is given."""
        if not is_a(hook, AWS[1], AWS[0]):
            self._outside(hook)
        elif service := service_of(client or client_of(hook)):
            self.reach.services.setdefault(service, import_path(hook))
        else:
            self.reach.unread.append(f"{import_path(hook)}: which client it makes does not show")
        self._made[hook] = None

    def follow_function(
        self, function: FunctionType, owner: type | None = None, of: type | None = None
    ) -> None:
        """Read a function; `owner` is the class whose method it is taken as, `of` the one that defines it."""
        if (owner, function) in self._seen or len(self._seen) >= _MOST:
            return
        self._seen.add((owner, function))
        reading = self._read(function)
        self._wanted |= reading.others
        for call in reading.calls:
            self._call(call, function, owner)
        if owner is not None:
            for name in sorted(reading.own):
                self._follow(owner, name)
            for name in sorted(reading.inherited):
                self._follow(owner, name, after=of)

    def _follow(self, owner: type, name: str, after: type | None = None) -> None:
        found = method_of(owner, name, after)
        if found is not None:
            of, function = found
            if of.__module__ == AWS[0] and name not in OF_ALL_HOOKS:
                return
            self.follow_function(function, owner, of)
        elif isinstance(kept := self._kept(owner).get(name), type):
            self._make(kept, "", None)

    def _kept(self, owner: type) -> dict[str, object]:
        """Return what a class's constructors keep, as `self.s3_hook = S3Hook()`: it counts where it is used."""
        found: dict[str, object] = {}
        for base in reversed(owner.__mro__):
            function = vars(base).get("__init__")
            if isinstance(function, FunctionType) and not f"{base.__module__}.".startswith(PLAIN):
                found |= self._read(unwrapped(function)).kept
        return found

    def _call(self, call: Call, function: FunctionType, owner: type | None) -> None:
        callee = call.callee
        if isinstance(callee, type):
            self._make(callee, call.words.get("client_type") or call.words.get("resource_type", ""), function)
        elif isinstance(inner := unwrapped(callee), FunctionType):
            if is_followed(inner.__module__, inner, function):
                self.follow_function(inner)
            else:
                self._library(import_path(inner))
        elif isinstance(callee, str):
            self._library(callee)
        if owner is not None and (method := call.words.get("method_name")):
            self._follow(owner, method)
        self._client(call)
        self._object(call.of, function)
        self._address(call)

    def _make(self, kind: type, client: str, function: FunctionType | None) -> None:
        """Take note of an object that is made."""
        if is_a(kind, "BaseHook"):
            self.make_hook(kind, client)
        elif is_a(kind, "BaseTrigger") or is_a(kind, "BaseNotifier"):
            if self._deferred or is_a(kind, "BaseNotifier"):
                reach = of_class(kind, deferred=False)
                self.reach.services = reach.services | self.reach.services
                self.reach.hosts = reach.hosts | self.reach.hosts
                self.reach.unread += reach.unread
        elif function is not None and is_followed(kind.__module__, None, function):
            self._made[kind] = None
        else:
            self._library(import_path(kind))

    def _client(self, call: Call) -> None:
        """Take note of a client of boto3 that is made by a literal name."""
        name = call.first or call.words.get("service_name", "")
        if call.name in {"client", "resource", "create_client"} and (service := service_of(name)):
            before = call.base.lower()
            if "boto" in before or "session" in before:
                self.reach.services.setdefault(service, "boto3")

    def _object(self, thing: object, function: FunctionType) -> None:
        """Take note of what a module made once and a function uses: a client, a hook, a path in S3, a helper."""
        kind = type(thing)
        if client := made_by_boto3(thing):
            if service := service_of(client):
                self.reach.services.setdefault(service, "boto3")
        elif is_a(kind, "BaseHook"):
            self.make_hook(kind, made_as(thing))
        elif kind.__name__ == "ObjectStoragePath" and str(thing).startswith("s3:"):
            self.reach.services.setdefault("s3", import_path(kind))
        elif is_followed(kind.__module__, None, function):
            self._made[kind] = None

    def _address(self, call: Call) -> None:
        """Take note of the host of a literal URL that is asked for, and of S3 where a path of it is read."""
        url = call.first or call.words.get("url", "")
        callee = call.callee if isinstance(call.callee, str) else ""
        name = callee or (import_path(call.callee) if hasattr(call.callee, "__qualname__") else call.name)
        reads = name.startswith(_READERS)
        if reads and url.startswith("s3://"):
            self.reach.services.setdefault("s3", name)
        if reads or name.startswith(_HTTP) or call.name in _VERBS:
            if service := service_of_host(url.partition("://")[2].partition("/")[0]):
                self.reach.services.setdefault(service, name)
            elif host := public_host(url):
                self.reach.hosts.setdefault(host, name)

    def _library(self, name: str) -> None:
        host = host_of_library(name)
        if not host and name.endswith(("Hook", "Notifier")):
            host = host_of_module(name.rpartition(".")[0])
        if host:
            self.reach.hosts.setdefault(host, name)

    def _outside(self, kind: type) -> None:
        """Take note of the host of the provider that a class, or one that it descends from, is of."""
        for base in kind.__mro__:
            if host := host_of_module(base.__module__):
                self.reach.hosts.setdefault(host, import_path(kind))
                return

    def _read(self, function: FunctionType) -> Reading:
        if function.__code__.co_filename.startswith("<"):  # what dataclasses and attrs generate calls nothing
            return Reading()
        try:
            return read(function)
        except (OSError, SyntaxError, ValueError) as error:
            self.reach.unread.append(f"{import_path(function)}: {error}")
            return Reading()
