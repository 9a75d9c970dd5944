"""What there is to say of releases: of all of them, out of the pointer alone, and of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airlock.errors import LocationError
from airlock.releases.report import size
from airlock.terminal import aligned, counted
from airlock_spec.document import stamp

if TYPE_CHECKING:
    from airlock.releases.places import Papers
    from airlock_spec.releases.manifest import File, Manifest
    from airlock_spec.releases.pointer import Pointer, Published
    from airlock_spec.releases.receipt import Receipt

SHORT = 12  # digits of a release that people are shown
CURRENT = "current"  # a name for the release that serves
_ROLLBACK = "rollback"


def find(pointer: Pointer, text: str, place: object) -> Published:
    """Return the release that begins so, or that serves, for `current`. Raises LocationError for none or several."""
    if text == CURRENT:
        text = pointer.release
    found = [one for one in pointer.releases if text and one.release.startswith(text.lower())]
    if len(found) == 1:
        return found[0]
    collecting = pointer.collecting
    if not found and collecting and any(one.startswith(text.lower()) for one in collecting.releases):
        raise LocationError(
            f"release {text[:SHORT]} is being deleted",
            cause="`airlock gc` removed it, and is about to delete its objects",
            remedy="publish it anew: check its commit out, then `airlock sync`",
        )
    raise LocationError(
        f"{len(found) or 'no'} releases begin with {text!r}",
        cause=", ".join(one.release[: len(text) + 4] for one in found)
        or "it was collected, or never published",
        remedy=f"airlock releases --at {place}    lists them",
    )


def rollbacks(pointer: Pointer) -> dict[str, int]:
    """Return how often each release was rolled back to, as far back as events go."""
    times: dict[str, int] = {}
    for event in pointer.events:
        if event.did == _ROLLBACK:
            times[event.release] = times.get(event.release, 0) + 1
    return times


def document(pointer: Pointer) -> dict[str, Any]:
    """Return the releases as an object of JSON."""
    times = rollbacks(pointer)
    return {
        "release": pointer.release,
        "sequence": pointer.sequence,
        "releases": [
            {
                **_plain(one),
                "serves": one.release == pointer.release,
                "rolled_back_to": times.get(one.release, 0),
            }
            for one in pointer.releases
        ],
        "collecting": list(pointer.collecting.releases) if pointer.collecting else [],
    }


def table(pointer: Pointer) -> list[str]:
    """Return the releases as lines, the newest first; `*` is the one that serves."""
    times = rollbacks(pointer)
    rows = [["", "release", "published", "by", "files", "size", "commit", "rolled back to"]]
    rows += [
        [
            "*" if one.release == pointer.release else "",
            one.release[:SHORT],
            f"{one.at:%Y-%m-%d %H:%M:%S}",
            one.by,
            str(one.files),
            size(one.size),
            commit(one),
            counted(times[one.release], "time") if one.release in times else "",
        ]
        for one in pointer.releases
    ]
    return aligned(rows, {4, 5})


def commit(of: Published | Manifest) -> str:
    """Return a commit in short, and whether the release is more than it."""
    return of.commit[:SHORT] + (" + changes" if of.dirty and of.commit else "")


def one_document(
    published: Published, manifest: Manifest, papers: Papers, pointer: Pointer
) -> dict[str, Any]:
    """Return all about a release as an object of JSON."""
    checked = manifest.checked
    return {
        **_plain(published),
        "serves": published.release == pointer.release,
        "rolled_back_to": rollbacks(pointer).get(published.release, 0),
        "checked_with": checked
        and {
            "image": checked.image,
            "airflow_lock": checked.airflow_lock,
            "debian_lock": checked.debian_lock,
        },
        "packs": dict(papers.packs),
        "receipts": [_plain_receipt(receipt) for receipt in papers.receipts],
        "signatures": list(papers.signatures),
        "manifest": [_plain_file(file) for file in manifest.files],
    }


def one_table(published: Published, manifest: Manifest, papers: Papers, pointer: Pointer) -> list[str]:
    """Return all about a release as lines."""
    checked = manifest.checked
    facts = [
        ["release", published.release + ("   (serves)" if published.release == pointer.release else "")],
        ["published", f"{published.at:%Y-%m-%d %H:%M:%S} UTC by {published.by}"],
        ["commit", commit(manifest) or "none"],
        ["checked with", checked.image if checked else "nothing: it was not checked"],
        ["content", f"{counted(len(manifest.files), 'file')}, {size(manifest.size)}"],
    ]
    if checked:
        facts[4:4] = [["  airflow.lock", checked.airflow_lock], ["  debian.lock", checked.debian_lock]]
    if papers.packs:
        facts.append(["packs", f"{len(papers.packs)}, {size(sum(papers.packs.values()))}"])
        facts.append(["signed by", ", ".join(papers.signatures) or "nobody"])
    lines = aligned(facts)
    if papers.receipts:
        who = sorted(papers.receipts, key=lambda receipt: receipt.taken)
        lines += ["", *aligned([["who has it", "as", "since", "DAGs"], *(_row(receipt) for receipt in who)])]
    files = [[file.path, f"{file.size:,}", "x" if file.executable else ""] for file in manifest.files]
    return [*lines, "", *aligned([["file", "bytes", ""], *files], {1})]


def _plain(one: Published) -> dict[str, Any]:
    return {
        "release": one.release,
        "at": stamp(one.at),
        "by": one.by,
        "files": one.files,
        "size": one.size,
        "commit": one.commit,
        "dirty": one.dirty,
    }


def _plain_file(file: File) -> dict[str, Any]:
    return {"path": file.path, "sha256": file.sha256, "size": file.size, "executable": file.executable}


def _plain_receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "reader": receipt.reader,
        "component": receipt.component,
        "taken": stamp(receipt.taken),
        "arrived": receipt.arrived and stamp(receipt.arrived),
        "pending": list(receipt.pending),
        "errors": dict(receipt.errors),
        "dags": {path: list(ids) for path, ids in receipt.dags.items()},
    }


def _row(receipt: Receipt) -> list[str]:
    dags = sum(map(len, receipt.dags.values()))
    state = [f"{counted(dags, 'DAG')} serialized"] if dags else []
    if receipt.arrived and receipt.arrived > receipt.taken:
        state.append(f"arrived {(receipt.arrived - receipt.taken).total_seconds():.1f} s later")
    if not receipt.arrived:
        state.append(f"{counted(len(receipt.pending), 'file')} pending")
    if receipt.errors:
        state.append(f"{counted(len(receipt.errors), 'file')} cannot be parsed")
    return [receipt.reader, receipt.component, f"{receipt.taken:%Y-%m-%d %H:%M:%S}", ", ".join(state)]
