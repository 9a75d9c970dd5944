"""Print what each operator, sensor, transfer and trigger of the amazon provider reaches, as JSON."""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import sys
import time
from typing import Any

with contextlib.redirect_stdout(sys.stderr):
    from airflow.exceptions import AirflowOptionalProviderFeatureException
    from airflow.providers.amazon.aws import operators, sensors, transfers, triggers

    from airlock_probe import lookup, reachable

KINDS = {"BaseOperator", "BaseTrigger"}


def main() -> None:
    kinds = [kind for package in (operators, sensors, transfers, triggers) for kind in classes(package)]
    start = time.perf_counter()
    found = {lookup.import_path(kind): described(kind) for kind in kinds}
    print(json.dumps({"seconds": time.perf_counter() - start, "classes": found}))  # noqa: T201


def described(kind: type) -> dict[str, Any]:
    reach = reachable.of_class(kind, deferred=True)
    return {"services": sorted(reach.services), "hosts": sorted(reach.hosts), "unread": reach.unread}


def classes(package: Any) -> list[type]:
    """Return the classes that a package's modules define for use: no bases."""
    found = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        # Some transfers are between S3 and what other providers are for; those are not all in the image.
        absent = contextlib.suppress(ImportError, AirflowOptionalProviderFeatureException)
        with contextlib.redirect_stdout(sys.stderr), absent:
            loaded = importlib.import_module(module.name)
            for name, thing in vars(loaded).items():
                if isinstance(thing, type) and thing.__module__ == module.name and is_for_use(name, thing):
                    found[lookup.import_path(thing)] = thing
    return list(found.values())


def is_for_use(name: str, kind: type) -> bool:
    based = any(lookup.is_a(kind, base) for base in KINDS)
    return based and not name.startswith(("Base", "_")) and "Base" not in name


if __name__ == "__main__":
    main()
