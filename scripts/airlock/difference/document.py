"""A difference as one JSON object, with everything in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airlock.compose.entry import Kind
from airlock.difference.result import verb
from airlock.locks.steps import is_downgrade, step

if TYPE_CHECKING:
    from airlock.contents import Member
    from airlock.descriptor import Descriptor
    from airlock.difference.images import Altered, FileChange, ImageDifference
    from airlock.difference.layers import LayerChange
    from airlock.difference.locks import LockDifference
    from airlock.difference.result import Result
    from airlock.locks.moves import Move, Moves

Object = dict[str, object]


def document(result: Result) -> Object:
    """Return what `--json` prints: `images` or `locks`, by what was compared."""
    found: Object = {"a": result.before, "b": result.after, "differs": result.differs}
    if result.locks:
        return found | {"locks": _locks(result.locks)}
    return found | {
        "images": [_image(one) for one in result.images],
        "only_in_a": list(result.only_before),
        "only_in_b": list(result.only_after),
    }


def _image(image: ImageDifference) -> Object:
    pull = image.pull
    return {
        "platform": image.platform,
        "a": image.before,
        "b": image.after,
        "differs": image.differs,
        "packages": packages(image.packages, "ecosystem")
        | {"altered": [_altered(one) for one in image.altered]},
        "layers": [_layer(layer) for layer in image.layers],
        "files": {
            word: [_file(one) for one in image.files if verb(one) == word]
            for word in ("added", "removed", "changed")
        },
        "settings": [{"key": one.key, "from": one.before, "to": one.after} for one in image.settings],
        "pull": {
            "bytes": pull.missing,
            "blobs": pull.missing_blobs,
            "of_bytes": pull.total,
            "of_blobs": pull.blobs,
            "share": round(pull.share, 6),
        },
    }


def _locks(locks: LockDifference) -> Object:
    return {
        "packages": packages(locks.packages, "lock") | {"unchanged": locks.packages.unchanged},
        "facts": [
            {"lock": one.lock, "key": one.key, "from": one.before, "to": one.after} for one in locks.facts
        ],
        "fetch": {
            "bytes": locks.bytes_to_fetch,
            "files": [{"name": one.filename, "size": one.size, "sha256": one.sha256} for one in locks.fetch],
        },
        "layers": foreseen(locks),
    }


def foreseen(locks: LockDifference) -> list[Object]:
    """Return what the locks mean for the image of each platform; `pull_bytes` is about right, or null."""
    return [
        {
            "platform": one.platform,
            "changed": one.changed,
            "of_layers": one.layers,
            "file_bytes": one.files,
            "pull_bytes": one.pull,
        }
        for one in locks.foreseen
    ]


def packages(moves: Moves, group: str) -> Object:
    """Return what moved, by what became of it; `group` names what `Move.lock` is."""
    return {
        "moved": [
            _move(one, group)
            | {"step": step(one.before, one.after).value, "downgrade": is_downgrade(one.before, one.after)}
            for one in moves.moved
        ],
        "added": [_move(one, group) for one in moves.added],
        "removed": [_move(one, group) for one in moves.removed],
    }


def _altered(one: Altered) -> Object:
    return {"ecosystem": one.ecosystem, "name": one.name, "version": one.version, "files": one.files}


def _move(move: Move, group: str) -> Object:
    return {group: move.lock, "name": move.name, "from": move.before, "to": move.after}


def _layer(layer: LayerChange) -> Object:
    blobs = {"from": _blob(layer.before), "to": _blob(layer.after)}
    return {"name": layer.name, "status": layer.status.value, **blobs}


def _blob(blob: Descriptor | None) -> Object | None:
    return {"digest": blob.digest, "size": blob.size} if blob else None


def _file(change: FileChange) -> Object:
    found: Object = {"path": f"/{change.path}", "package": change.package or None}
    if change.what:
        found["differs"] = list(change.what)
    return found | {"from": _member(change.before), "to": _member(change.after)}


def _member(member: Member | None) -> Object | None:
    if member is None:
        return None
    found: Object = {
        "type": member.kind.value,
        "mode": f"{member.mode:04o}",
        "uid": member.uid,
        "gid": member.gid,
    }
    if member.kind is Kind.FILE:
        found |= {"size": member.size, "sha256": member.sha256}
    if member.xattrs:
        found["xattrs"] = member.xattrs
    return found | ({"target": member.target} if member.target else {})
