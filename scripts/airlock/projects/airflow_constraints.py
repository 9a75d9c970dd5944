"""The constraints that a requirements file names: Airflow's own, by URL, or a file of the project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airlock.index.locations import redact_text
from airlock.projects.findings import Constraints
from airlock.projects.folder import UnreadableError

if TYPE_CHECKING:
    from airlock.projects.findings import Findings
    from airlock.projects.folder import Folder, Line

_URL = re.compile(r"https?://")
# as Airflow publishes them: …/constraints-3.3.2/constraints-3.13.txt
_OFFICIAL = re.compile(r"constraints-(\d+\.\d+\.\d+\w*)/(constraints(?:-[a-z-]+)?)-(\d+\.\d+)\.txt$")
_AIRFLOW_PIN = re.compile(r"^apache-airflow(?:-core)?==([\w.]+)", re.MULTILINE)


def read(folder: Folder, line: Line, place: str, findings: Findings) -> None:
    """Find constraints: Airflow's own, as a URL for any version, or a file of the project."""
    if not _URL.match(place):
        try:
            name = folder.name_of(place, line.source)
            pinned = _AIRFLOW_PIN.search(folder.text(name))
        except UnreadableError as error:
            findings.leave(line, str(error))
        else:
            findings.constraints.append(Constraints(line, name, pinned[1] if pinned else ""))
        return
    found = _OFFICIAL.search(place)
    if found is None:
        findings.leave(line, "it is none of Airflow's own: set airflow-constraints in [tool.airlock]")
        return
    if place.startswith("http:"):
        findings.leave(line, "over http it could be altered on its way: name its https URL")
        return
    template = f"{place[: found.start()]}constraints-{{airflow}}/{found[2]}-{{python}}.txt"
    findings.constraints.append(Constraints(line, redact_text(template), found[1]))
