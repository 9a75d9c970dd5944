"""The store in S3: one object a file, under its name in the store, and so the same for every project."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airlock.aws_failures import BrokenTransferError, DeniedError, MissingObjectError
from airlock.errors import AwsError, CorruptError, FetchError
from airlock.index.parallel import each

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airlock.s3 import Bucket
    from airlock.store import Store, StoreFile
    from airlock.terminal import Progress, Terminal

THREADS = 12
_ATTEMPTS = 3  # to receive an object; botocore has its own for each request
_SHOWN = 10


@dataclass(frozen=True)
class Push:
    """What is to be uploaded: the files, the biggest first, and the etags of damaged objects in their places."""

    files: tuple[StoreFile, ...]
    damaged: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def plan_push(wanted: Sequence[StoreFile], store: Store, bucket: Bucket) -> Push:
    """Compare files with a listing of the bucket, by name and size.

    Raises UnsealedError where the store lacks one that the bucket lacks, too; AwsError.
    """
    held = bucket.objects()
    absent = [file for file in wanted if file.name not in held or held[file.name].size != file.size]
    store.require_sealed(absent)
    absent.sort(key=lambda file: (-file.size, file.name))
    return Push(tuple(absent), {file.name: held[file.name].etag for file in absent if file.name in held})


def push(plan: Push, store: Store, bucket: Bucket, terminal: Terminal, kms_key: str = "") -> int:
    """Upload files, each checked against its hash before; return how many, for another may have been faster.

    Raises CorruptError, UnsealedError, AwsError; what was uploaded until then is whole, and stays.
    """
    with terminal.progress(f"uploading {len(plan.files)} files", plan.bytes, unit_bytes=True) as progress:

        def upload(file: StoreFile) -> bool:
            for _ in store.chunks(file):
                pass  # S3 would refuse other content; a server that only resembles it may not
            stored = bucket.put(
                file.name,
                store.path(file),
                file.sha256,
                instead_of=plan.damaged.get(file.name, ""),
                kms_key=kms_key,
            )
            progress.advance(file.size, file.filename)
            return stored

        return sum(each(plan.files, upload, THREADS))


def pull(files: Sequence[StoreFile], store: Store, bucket: Bucket, terminal: Terminal) -> None:
    """Download files into the store; each gets its name after its content matched its hash.

    Raises CorruptError or FetchError, with all that failed, and AwsError; what was whole is kept.
    """
    ordered = sorted(files, key=lambda file: (-file.size, file.name))
    total = sum(file.size for file in ordered)
    with terminal.progress(f"downloading {len(ordered)} files", total, unit_bytes=True) as progress:

        def download(file: StoreFile) -> tuple[StoreFile, AwsError | CorruptError] | None:
            try:
                _receive(file, store, bucket, progress)
            except (MissingObjectError, DeniedError, CorruptError) as error:
                return file, error
            return None

        failures = [failure for failure in each(ordered, download, THREADS) if failure]
    corrupt = sorted(file for file, error in failures if isinstance(error, CorruptError))
    missing = sorted(file for file, error in failures if not isinstance(error, CorruptError))
    denied = [error for _, error in failures if isinstance(error, DeniedError)]
    if corrupt:
        raise CorruptError(
            f"{len(corrupt)} objects in {bucket.location} are not the files that the lock names",
            cause="\n".join(_names(corrupt)),
            remedy="find out who altered them; remove them, then push from a machine that has the files:\n"
            f"airlock store push {bucket.location}",
        )
    if denied:
        raise FetchError(
            f"{len(missing)} of {len(files)} files are denied or absent in {bucket.location};"
            " the others are in the store",
            cause="\n".join(
                ["without s3:ListBucket S3 does not say which", denied[0].cause, *_names(missing)]
            ),
            remedy=f"allow these credentials s3:GetObject, s3:ListBucket to learn which are absent;"
            f" for those,\non a machine that has them: airlock store push {bucket.location}",
        )
    if missing:
        raise FetchError(
            f"{len(missing)} of {len(files)} files are not in {bucket.location}; the others are in the store",
            cause="\n".join(_names(missing)),
            remedy=f"on a machine that has them: airlock store push {bucket.location}",
        )


def _receive(file: StoreFile, store: Store, bucket: Bucket, progress: Progress) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        received = 0

        def counted() -> Iterator[bytes]:
            nonlocal received
            for chunk in bucket.chunks(file.name):
                received += len(chunk)
                progress.advance(len(chunk), file.filename)
                yield chunk

        try:
            store.add(file, counted(), str(bucket.location))
        except (BrokenTransferError, CorruptError) as error:
            progress.advance(-received, file.filename)
            if isinstance(error, CorruptError) or attempt == _ATTEMPTS:
                raise
        else:
            return


def _names(files: Sequence[StoreFile]) -> list[str]:
    more = [f"… and {len(files) - _SHOWN} more"] if len(files) > _SHOWN else []
    return [file.name for file in files[:_SHOWN]] + more
