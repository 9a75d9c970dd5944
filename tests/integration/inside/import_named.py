"""Import what each of the named distributions holds; print JSON: the modules, what asks for an extra, what failed."""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from importlib import metadata
from pathlib import PurePosixPath

ASIDE = {"tests", "test", "docs", "examples", "benchmarks"}  # what sloppy wheels hold besides


def main(names: list[str]) -> None:
    imported: dict[str, list[str]] = {}
    optional: dict[str, str] = {}
    failed: dict[str, str] = {}
    for name in names:
        imported[name] = []
        for module in modules(name):
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    importlib.import_module(module)
                imported[name].append(module)
            except ModuleNotFoundError as error:  # of a package that its metadata does not ask for
                (failed if imports_itself(error, module) else optional)[module] = str(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shall tell it
                failed[module] = f"{type(error).__name__}: {error}"
    print(json.dumps({"imported": imported, "optional": optional, "failed": failed}))  # noqa: T201


def imports_itself(error: ModuleNotFoundError, module: str) -> bool:
    return (error.name or "").partition(".")[0] == module.partition(".")[0]


def modules(name: str) -> list[str]:
    """Return a distribution's packages that are in no other package of its own, or else its single modules."""
    paths = [PurePosixPath(path) for path in metadata.distribution(name).files or ()]
    packages = {path.parent.parts for path in paths if path.name == "__init__.py"}
    packages = {parts for parts in packages if all(part.isidentifier() for part in parts)}
    found = {
        parts
        for parts in packages
        if parts[0] not in ASIDE and not any(parts[:depth] in packages for depth in range(1, len(parts)))
    }
    single = {(path.stem,) for path in paths if len(path.parts) == 1 and path.suffix == ".py"}
    return sorted(".".join(parts) for parts in found or single)


if __name__ == "__main__":
    main(sys.argv[1:])
