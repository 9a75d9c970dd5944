"""Which Airflow a new project asks for, and what becomes of the versions that the old one speaks of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from airlock.errors import InitError
from airlock.projects.findings import Pinned

if TYPE_CHECKING:
    from airlock.projects.findings import Constraints, Findings

DEFAULT = "3.3.2"  # what image/ is made for
PYTHON = "3.13"  # of the Debian release that constraints/debian.in is made for
OLDEST = "3.1"  # the first Airflow that runs on it
_NEXT_MAJOR = "4"


def chosen(findings: Findings, asked: str | None) -> str:
    """Return the version to ask for: the one `asked` for, else the first that the project pins and that fits.

    Raises InitError where the one asked for is no version or does not run in this image.
    """
    if asked is not None:
        if not runs(asked):
            raise InitError(
                f"Airflow {asked} cannot be had in this image",
                cause=f"its Python is {PYTHON}, on which Airflow runs from {OLDEST} on",
                remedy=f"airlock init --airflow {DEFAULT}",
            )
        return asked
    return next((one.version for one in _exact(findings) if runs(one.version)), DEFAULT)


def settle(findings: Findings, version: str) -> str:
    """Note what speaks of another version, and return the constraints that fit this one, if there are any."""
    for pin in findings.pins:
        same = pin.version == version if pin.exact else version.startswith(f"{pin.version}.")
        if not same:
            findings.leave(pin.line, _another(pin.version, version, exact=pin.exact))
    fitting = ""
    for one in findings.constraints:
        if one.airflow not in ("", version):
            findings.leave(one.line, _unfit(one, version))
        elif fitting:
            findings.leave(one.line, f"{fitting} is taken already, and there is one set of constraints")
        else:
            fitting = one.place
    return fitting


def runs(version: str) -> bool:
    """Whether this version of Airflow runs on the image's Python."""
    try:
        return Version(OLDEST) <= Version(version) < Version(_NEXT_MAJOR)
    except InvalidVersion:
        return False


def _exact(findings: Findings) -> list[Pinned]:
    constrained = [Pinned(one.line, one.airflow, exact=True) for one in findings.constraints if one.airflow]
    return [*(pin for pin in findings.pins if pin.exact), *constrained]


def _another(found: str, version: str, *, exact: bool) -> str:
    if not found:
        return f"its Airflow is not known here; this project asks for {version}"
    if not runs(found):
        return (
            f"Airflow {found} does not run on the image's Python {PYTHON}; this project asks for {version}, "
            "to which DAGs and settings have to move"
        )
    hint = f"; to have that: airlock init --airflow {found}" if exact else ""
    return f"it has Airflow {found}, and this project asks for {version}{hint}"


def _unfit(constraints: Constraints, version: str) -> str:
    why = f"these constraints are of Airflow {constraints.airflow}, and this project asks for {version}"
    if "{airflow}" in constraints.place:
        why += f'; for those of {version}: airflow-constraints = "{constraints.place}" in [tool.airlock]'
    return why
