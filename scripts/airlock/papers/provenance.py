"""How an image was made: SLSA provenance (slsa.dev/provenance/v1) in an in-toto statement, as a paper.

It holds no time and no number of a run: the same image from the same commit has the same paper, wherever and however
often it is pushed.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from airlock.papers import paper
from airlock_spec.wording import shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airlock.config import Config
    from airlock.git import State
    from airlock.layout import LaidOutImage
    from airlock.papers.paper import Paper

KIND = "provenance"
MEDIA_TYPE = "application/vnd.in-toto+json"
BUILD_TYPE = "urn:airlock:image:1"  # docs/signing.md tells how such a build is begun
LOCAL_BUILDER = "urn:airlock:builder:local"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://slsa.dev/provenance/v1"
_KINDS = [_STATEMENT, _PREDICATE, BUILD_TYPE]
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")  # of a repository that uses SHA-1, or SHA-256
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TEXT = re.compile(r".{1,1000}")
_FOLDER = re.compile(
    r"(?!/)(?!(?:.*/)?\.\.(?:/|$)).{0,1000}(?<!/)|"
)  # of a repository, and not outside of it


@dataclass(frozen=True)
class Provenance:
    """What a paper promises of an image: from which commit and files it was made, and by whom.

    `folder` is the project's in its repository, `files` maps paths in the project to their sha256.
    """

    subject: str
    platform: str
    folder: str
    commit: str
    dirty: bool
    files: Mapping[str, str]
    builder: str
    toolchain: str


def of(image: LaidOutImage, config: Config, state: State, environ: Mapping[str, str]) -> Paper:
    """Make the paper about an image that was composed from the project as it is now."""
    return paper.make(KIND, MEDIA_TYPE, document(image, config, state, environ), image)


def document(image: LaidOutImage, config: Config, state: State, environ: Mapping[str, str]) -> bytes:
    """Return the statement, deterministic to the byte."""
    source: dict[str, object] = {
        "name": "source",
        "digest": {"gitCommit": state.commit},
        "annotations": {"dirty": bool(state.dirty)},
    }
    if state.remote:
        source["uri"] = f"git+{state.remote}"
    files = [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in files_of(config).items()]
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "project": config.name,
                "platform": image.platform,
                "folder": state.folder,
            },
            "internalParameters": {},
            "resolvedDependencies": [source, *files],
        },
        "runDetails": {"builder": {"id": builder(environ), "version": {"airlock": version("airlock")}}},
    }
    statement = {
        "_type": _STATEMENT,
        "subject": [{"name": config.name, "digest": {"sha256": image.manifest.hex}}],
        "predicateType": _PREDICATE,
        "predicate": predicate,
    }
    return json.dumps(statement, separators=(",", ":"), sort_keys=True).encode()


def files_of(config: Config) -> dict[str, str]:
    """Return what decides an image besides the sources: the settings and every lock; path in the project, sha256."""
    paths = [config.project / "pyproject.toml", config.image_file, *sorted(config.constraints.glob("*.lock"))]
    return {
        path.relative_to(config.project).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if path.is_file()
    }


def builder(environ: Mapping[str, str]) -> str:
    """Return who builds, as a URI: AIRLOCK_BUILDER_ID, the workflow of GitHub or GitLab, or this machine's user."""
    if chosen := environ.get("AIRLOCK_BUILDER_ID"):
        return chosen
    if environ.get("GITHUB_ACTIONS") == "true" and (workflow := environ.get("GITHUB_WORKFLOW_REF")):
        return f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{workflow}"
    if environ.get("GITLAB_CI") == "true" and (reference := environ.get("CI_CONFIG_REF_URI")):
        return f"https://{reference}"
    return LOCAL_BUILDER


def read(content: bytes) -> Provenance:
    """Read a statement that `document` made; whether it may be believed is decided elsewhere.

    Raises ValueError, which says what is amiss.
    """
    try:
        statement: Any = json.loads(content)
        kinds = [statement["_type"], statement["predicateType"]]
        definition = statement["predicate"]["buildDefinition"]
        kinds.append(definition["buildType"])
        found = _read(statement, definition) if kinds == _KINDS else None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(f"it is malformed ({type(error).__name__})") from None
    if found is None:
        raise ValueError(shortened(f"it is no provenance of an image by airlock, but {kinds}", 200))
    return found


def _read(statement: Any, definition: Any) -> Provenance:
    source, *files = definition["resolvedDependencies"]
    (subject,) = statement["subject"]
    made_by = statement["predicate"]["runDetails"]["builder"]
    external = definition["externalParameters"]
    dirty = source["annotations"]["dirty"]
    if not isinstance(dirty, bool):
        raise TypeError
    return Provenance(
        subject=f"sha256:{_matching(_SHA256, subject['digest']['sha256'])}",
        platform=_matching(_TEXT, external["platform"]),
        folder=_matching(_FOLDER, external["folder"]),
        commit=_matching(_COMMIT, source["digest"]["gitCommit"]),
        dirty=dirty,
        files={_matching(_TEXT, one["name"]): _matching(_SHA256, one["digest"]["sha256"]) for one in files},
        builder=_matching(_TEXT, made_by["id"]),
        toolchain=_matching(_TEXT, made_by["version"]["airlock"]),
    )


def _matching(shape: re.Pattern[str], value: Any) -> str:
    """Return a text of a shape. Raises TypeError and ValueError."""
    if not shape.fullmatch(value):
        raise ValueError(value)
    return str(value)
