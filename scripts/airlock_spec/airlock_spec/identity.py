"""What an image says of itself: the locks it was composed from and the versions that matter."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from airlock_spec.paths import IDENTITY

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
VERSION = re.compile(r"[0-9][0-9A-Za-z.+!_-]*")
PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?")  # os/architecture[/variant], as OCI writes it


@dataclass(frozen=True)
class Identity:
    """The inputs that determine an image: the digests of both locks, and the versions they pin.

    Raises ValueError with everything that is wrong with the values.
    """

    airflow_lock: str  # sha256:<64 hexadecimal digits> of constraints/airflow.lock
    debian_lock: str  # the same of constraints/debian.lock
    airflow: str | None  # version, as 3.3.2; None where the image holds no Airflow
    python: str  # version, as 3.13.5
    platform: str  # as linux/amd64

    def __post_init__(self) -> None:
        problems = [
            f"{name} must be {kind}, not {value!r}"
            for pattern, kind, names in (
                (DIGEST, "sha256: and 64 hexadecimal digits", ("airflow_lock", "debian_lock")),
                (VERSION, "a version", ("airflow", "python")),
                (PLATFORM, "os/architecture", ("platform",)),
            )
            for name in names
            if (value := getattr(self, name)) is not None or name != "airflow"
            if not isinstance(value, str) or not pattern.fullmatch(value)
        ]
        if problems:
            raise ValueError("; ".join(problems))

    def __str__(self) -> str:
        """Say it in one line for people: the digests are cut to 12 digits."""
        locks = (
            f"{name} {digest.removeprefix('sha256:')[:12]}"
            for name, digest in (("airflow.lock", self.airflow_lock), ("debian.lock", self.debian_lock))
        )
        airflow = (f"airflow {self.airflow}",) if self.airflow else ()
        return ", ".join((*airflow, f"python {self.python}", self.platform, *locks))

    def to_json(self) -> str:
        """Return JSON with sorted keys and a newline at the end: equal identities give equal bytes."""
        return json.dumps(asdict(self), sort_keys=True, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Identity:
        """Read what `to_json` wrote. Raises ValueError for anything else: nothing is guessed or ignored."""
        try:
            pairs = json.loads(text, object_pairs_hook=list)
        except json.JSONDecodeError as error:
            raise ValueError(f"an identity must be JSON: {error}") from error
        if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
            raise ValueError("an identity must be a JSON object")
        known = {field.name for field in fields(cls)}
        given = [key for key, _ in pairs]
        problems = [f"{key} is missing" for key in sorted(known.difference(given))]
        problems += [f"{key} is not known" for key in sorted(set(given) - known)]
        problems += [f"{key} is given twice" for key in sorted(known) if given.count(key) > 1]
        if problems:
            raise ValueError("; ".join(problems))
        return cls(**dict(pairs))


def read(path: str | Path = IDENTITY) -> Identity:
    """Read the identity of the image that this process runs in.

    Raises FileNotFoundError outside an image, and ValueError (naming the file) where it is not an identity.
    """
    path = Path(path)
    try:
        return Identity.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{path} does not exist: this is not an image that airlock composed"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
