"""Import every module of every installed provider in one process; print JSON of what happened.

A module may ask for an extra that the lock leaves out: a module that no installed distribution has. Whatever
else goes wrong is a fault of the image (a missing shared library, a wrong version).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import sys
import traceback
import warnings
from importlib.metadata import distributions, packages_distributions
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowOptionalProviderFeatureException

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "apache-airflow-providers-"


def modules() -> Iterator[str]:
    for distribution in distributions():
        if (distribution.metadata["Name"] or "").startswith(PREFIX):
            for file in distribution.files or ():
                # alembic executes its env.py with a context; it is no module to import
                script = file.name == "__main__.py" or file.parts[-2:] == ("migrations", "env.py")
                if file.suffix == ".py" and file.parts[0] == "airflow" and not script:
                    yield ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def is_optional(error: BaseException | None, installed: set[str], providers: set[str]) -> bool:
    """Tell whether the error is that an extra is not installed, or was raised by hand for such an error."""
    while error is not None:
        if isinstance(error, AirflowOptionalProviderFeatureException):
            return True
        if isinstance(error, ModuleNotFoundError) and error.name:
            top = error.name.partition(".")[0]
            other_provider = error.name.startswith("airflow.providers.")
            return is_absent(error.name, providers) if other_provider else top not in installed
        # The import machinery gives an ImportError a name; one without was raised by hand, to explain.
        by_hand = type(error) is ImportError and error.name is None
        error = error.__cause__ or (error.__context__ if by_hand else None)
    return False


def is_absent(module: str, providers: set[str]) -> bool:
    """Tell whether no installed provider has, or lies in, the package (as `airflow.providers.common`)."""
    return not any(
        f"{a}.".startswith(f"{b}.") for one in providers for a, b in ((module, one), (one, module))
    )


def main() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    installed = set(packages_distributions()) | sys.stdlib_module_names
    names = sorted(set(modules()))
    # A provider's own package has get_provider_info.py; its parents (airflow.providers.common) may be shared.
    providers = {
        name.removesuffix(".get_provider_info") for name in names if name.endswith(".get_provider_info")
    }
    optional: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in names:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a module may raise anything
            if is_optional(error, installed, providers):
                optional[name] = f"{type(error).__name__}: {error}"
            else:
                failed[name] = "".join(traceback.format_exception(error, limit=-3))
    result = {
        "imported": len(names) - len(optional) - len(failed),
        "optional": optional,
        "failed": failed,
        "providers": len(providers),
    }
    print(json.dumps(result))  # noqa: T201


if __name__ == "__main__":
    main()
