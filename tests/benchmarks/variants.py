"""image/Dockerfile with its packages in other steps: all in one, or a stage for each of airlock's layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BETWEEN = "\n\n\n"  # stages of the Dockerfile
_STEP = re.compile(r"^RUN (?:.*\\\n)*.*$", re.MULTILINE)


def one_step(text: str) -> str:
    """Return the Dockerfile with one step for the folder wheels/packages."""
    python, packages, own, image = text.split(_BETWEEN)
    return _BETWEEN.join([python, f"FROM python AS packages\n{_step(packages, 'packages')}", own, image])


def linked(text: str, groups: Sequence[str]) -> str:
    """Return the Dockerfile with a stage for each folder of wheels, in their order."""
    python, packages, own, image = text.split(_BETWEEN)
    stages = [f"FROM python AS {name}\n{_step(packages, name)}" for name in groups]
    copies = "".join(f"COPY --link --from={name} /opt/venv /opt/venv\n" for name in groups)
    image = image.replace("FROM packages\n", f"FROM python\n{copies}", 1)
    return _BETWEEN.join([python, *stages, own, image])


def _step(stage: str, name: str) -> str:
    step = _STEP.search(stage)
    assert step
    return re.sub("source=wheels/[a-z]+", f"source=wheels/{name}", step[0])
