"""The names of objects below a location, as s3://BUCKET/PREFIX."""

from __future__ import annotations

POINTER = "current"  # the one object that changes: it names the release that serves (see pointer.py)
RELEASES, INDEXES, PACKS = "releases/", "indexes/", "packs/"
SIGNATURES, RECEIPTS, CLAIMS = "signatures/", "receipts/", "claims/"
_DOCUMENT = ".json.gz"


def manifest(release: str) -> str:
    return f"{RELEASES}{release}{_DOCUMENT}"


def index(release: str) -> str:
    return f"{INDEXES}{release}{_DOCUMENT}"


def pack(name: str) -> str:
    return PACKS + name


def signatures(release: str) -> str:
    """Return where a release's signatures are; each is named by its key."""
    return f"{SIGNATURES}{release}/"


def receipts(release: str) -> str:
    """Return where those who have a release say so; each receipt is named by its reader."""
    return f"{RECEIPTS}{release}/"


def claim(reader: str) -> str:
    """Return where an Airflow says which releases it still needs."""
    return f"{CLAIMS}{reader}.json"


def release_of(key: str) -> str:
    """Return the release that a key belongs to, "" for one that belongs to none."""
    for folder in (RELEASES, INDEXES):
        if key.startswith(folder):
            return key.removeprefix(folder).removesuffix(_DOCUMENT)
    for folder in (SIGNATURES, RECEIPTS):
        if key.startswith(folder):
            return key.removeprefix(folder).partition("/")[0]
    return ""
