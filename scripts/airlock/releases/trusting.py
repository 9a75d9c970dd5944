"""Which releases may be pulled: those that a trusted key signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock_spec.releases import signature
from airlock_spec.releases.failures import AbsentError, RefusedError
from airlock_spec.releases.folder import replace
from airlock_spec.releases.signature import MAX_DOCUMENT, Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from airlock.signing.keys import Verifier
    from airlock_spec.releases.manifest import Manifest
    from airlock_spec.releases.objects import Objects


@dataclass(frozen=True)
class Trusted:
    """Accepts releases that one of the keys signed; all, where there is no key. `note` is given good signatures."""

    objects: Objects
    keys: Sequence[Verifier] = ()
    note: Callable[[str, bytes], object] = lambda *_: None

    def accept(self, manifest: Manifest) -> None:
        """Raise RefusedError for a release that none signed, and what asking S3 or KMS raises."""
        if self.keys and not any(self._signed(manifest.id, key) for key in self.keys):
            names = ", ".join(key.name for key in self.keys)
            raise RefusedError(f"release {manifest.id[:12]} bears no signature of a trusted key: {names}")

    def _signed(self, release: str, key: Verifier) -> bool:
        name = signature.object_key(release, signature.key_name(key.public.der))
        try:
            stored = self.objects.read(name, MAX_DOCUMENT)
        except AbsentError:
            return False
        assert stored is not None
        made = Signature.from_data(stored.data)
        good = made.release == release and key.verify(signature.payload(release), made.signature)
        if good:
            self.note(name, stored.data)
        return good


def trusted(objects: Objects, names: Sequence[str], project: Path, folder: Path) -> Trusted:
    """Return who accepts what these keys signed, and puts signatures into the folder, for its readers to see.

    Raises SigningError.
    """
    if not names:
        return Trusted(objects)
    from airlock.signing import keys  # noqa: PLC0415 - cryptography and KMS, for whoever has keys

    def note(key: str, data: bytes) -> None:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data)

    return Trusted(objects, tuple(keys.verifier(name, project) for name in names), note)
