"""Looking things up in classes without making anything of them: descent, methods, the client of a hook."""

from __future__ import annotations

import inspect
import re
import sys
from types import FunctionType
from typing import Any

from airlock_probe.function_source import PROVIDERS, read

AWS = ("airflow.providers.amazon.aws.hooks.base_aws", "AwsGenericHook")
# What Airflow itself brings is not read: it reaches nothing, or what its configuration says.
PLAIN = (
    *(
        "airflow.sdk.",
        "airflow.models.",
        "airflow.triggers.",
        "airflow.utils.",
        "airflow.exceptions",
        "airflow.hooks.",
    ),
    *("airflow.providers.standard.", "airflow.providers.common.", "airflow.providers.openlineage."),
    *("airflow.configuration", "airflow.secrets.", "airflow.stats", "airflow.typing_compat", "airflow.io."),
)


_PREFIX = re.compile(r"^unusual_prefix_[0-9a-f]{40}_")


def is_a(kind: type, name: str, module: str = "airflow.") -> bool:
    """Tell whether a class descends from one of Airflow's, by names: so that none has to be imported."""
    return any(base.__name__ == name and base.__module__.startswith(module) for base in kind.__mro__)


def import_path(thing: Any) -> str:
    """Return the dotted name of a class or a function, without what Airflow puts before the name of a DAG's module."""
    return _PREFIX.sub("", f"{thing.__module__}.{thing.__qualname__}")


def lasts(thing: Any) -> bool:
    """Tell whether a class is of a package that is installed: what is of a bundle is not to be kept."""
    return f"{thing.__module__}.".startswith(("airflow.", "airlock_operators.", "airlock_plugins."))


def unwrapped(thing: Any) -> Any:
    """Return what decorators that keep to functools have wrapped, caches too."""
    return inspect.unwrap(thing) if callable(thing) else thing


def overridden(kind: type) -> list[str]:
    """Return the methods of Airflow's own bases that a class has others for: Airflow calls them, of whatever name."""
    plain = [base for base in kind.__mro__ if f"{base.__module__}.".startswith(PLAIN)]
    of_plain = {name for base in plain for name in vars(base) if not name.startswith("__")}
    own = {name for base in kind.__mro__ if base not in plain for name in vars(base)}
    return sorted(of_plain & own)


def method_of(owner: type, name: str, after: type | None = None) -> tuple[type, FunctionType] | None:
    """Return the method or property of that name, and the class that defines it; None for Airflow's own."""
    mro = owner.__mro__
    for base in mro[mro.index(after) + 1 if after in mro else 0 :]:
        if name not in vars(base):
            continue
        found = vars(base)[name]
        if isinstance(found, property):
            found = found.fget
        found = getattr(found, "__func__", None) or getattr(found, "func", None) or found
        found = unwrapped(found)
        plain = f"{base.__module__}.".startswith(PLAIN)
        return (base, found) if isinstance(found, FunctionType) and not plain else None
    return None


def client_of(hook: type) -> str:
    """Return the boto3 client or resource of a hook of AWS, or ""."""
    for base in hook.__mro__:
        if base.__module__.startswith(PROVIDERS):
            try:
                made = base(aws_conn_id=None)
            except Exception:  # noqa: BLE001 - it wants arguments of its own: nothing can be said
                return ""
            return made_as(made)
        # Of other people's, constructors may do anything: they are read.
        if isinstance(given := vars(base).get("client_type"), str):
            return given
        function = vars(base).get("__init__")
        if isinstance(function, FunctionType):
            try:
                clients = read(unwrapped(function)).clients
            except (OSError, SyntaxError, ValueError):
                return ""
            if clients:
                return next(iter(clients))
    return ""


def made_as(hook: Any) -> str:
    """Return the client or resource that a hook of AWS was made for."""
    return str(getattr(hook, "client_type", None) or getattr(hook, "resource_type", None) or "")


def made_by_boto3(thing: Any) -> str:
    """Return the client that an object of boto3 is, or is of, or ""."""
    module = type(thing).__module__
    if module.startswith("botocore.client"):
        return str(thing.meta.service_model.service_name)
    return str(thing.meta.service_name) if module.startswith("boto3.resources.") else ""


def is_followed(module: str | None, function: FunctionType | None, origin: FunctionType) -> bool:
    """Tell whether code is read on: of providers, of the same package as what calls it, of the bundle."""
    if module is None or f"{module}.".startswith(PLAIN):  # what exec made may be of no module
        return False
    if module.startswith(PROVIDERS):
        return True
    top = module.partition(".")[0]
    if top == "airflow":
        return False
    if top == str(origin.__module__).partition(".")[0]:
        return True
    path = function.__code__.co_filename if function else getattr(sys.modules.get(module), "__file__", None)
    return bool(path) and not str(path).startswith((sys.prefix, sys.base_prefix, "/usr/", "<"))
