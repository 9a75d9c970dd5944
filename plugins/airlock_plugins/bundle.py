"""The DAG bundle that Airflow reads releases with: `airlock_plugins.bundle.ReleaseBundle` (docs/dag-bundle.md)."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from airflow.dag_processing.bundles.base import BaseDagBundle, BundleVersion, get_bundle_tracking_dir

from airlock_plugins import database, reporting, trust
from airlock_plugins.following import FolderFollower, S3Follower
from airlock_plugins.local import FolderObjects
from airlock_plugins.logs import Failures
from airlock_plugins.metrics import Metrics, is_server, is_task
from airlock_plugins.processing import Processing
from airlock_plugins.s3 import LOCATION, S3Objects
from airlock_plugins.versions import Versions
from airlock_spec.releases.failures import AbsentError, RefusedError, ReleaseError
from airlock_spec.releases.folder import Folder
from airlock_spec.releases.manifest import ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airlock_plugins.following import Follower, Taken
    from airlock_plugins.s3 import Noting
    from airlock_spec.releases.manifest import Manifest

GRACE = 3600.0  # seconds
VERSION_UNUSED = 6 * 3600.0  # seconds until a version that no task uses goes; Airflow's own default
_HOUR = 3600.0
_PATIENCE = 3  # times as long as a look that failed took, from the beginning of one to the next
_FAILED = "release_not_taken"


class ReleaseBundle(BaseDagBundle):
    """DAGs as `airlock sync` publishes them: whole, verified, and each DagRun on its version.

    `location`: s3://BUCKET/PREFIX, or a folder that `airlock pull` or `airlock sync --to DIR` fills.
    `trusted_keys`: public keys, PEMs or paths; where given, a release must be signed by one of them.
    `same_image`: refuse releases that were checked with another image. `grace`: seconds that an unused release stays.
    What is not known here goes to Airflow's class. Nothing is asked or read before `initialize`.
    """

    supports_versioning = True
    refresh_interval: int  # seconds; the dag-processor asks it before each look

    def __init__(
        self,
        *,
        location: str,
        region: str | None = None,
        trusted_keys: Sequence[str] = (),
        receipts: bool = True,
        same_image: bool = False,
        grace: float = GRACE,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not LOCATION.fullmatch(location) and not location.startswith("/"):
            raise ValueError(
                f"location must be s3://BUCKET/PREFIX or a folder from the root, not {location!r}"
            )
        self.location = location
        self._region = region
        self._trusted = (trusted_keys,) if isinstance(trusted_keys, str) else tuple(trusted_keys)
        self._receipts = receipts
        self._same_image = same_image
        self._grace = grace
        self._usual_interval = self.refresh_interval
        self._pinned = self.version  # what `path` stays at; None: at whatever serves
        self._served = ""  # as it was known last: Airflow's loop would not survive an exception where it asks
        self._last_hour = float("-inf")
        self._claimed = ""
        self._log = structlog.get_logger(__name__).bind(
            bundle_name=self.name, location=location, version=self.version
        )
        self._failures = Failures(self._log)
        self._metrics = Metrics(self.name)

    @property
    def path(self) -> Path:
        if self._pinned is None:
            return self._follower.path
        if self._root is not None:
            return Folder(self._root).place(self._pinned)
        return self._versions.place(self._pinned)

    def get_current_version(self) -> BundleVersion | None:
        release = self._pinned or self._serving() or self._served
        return BundleVersion(version=release, data=None) if release else None

    def initialize(self) -> None:
        """Make the folder of this version, or take the release that is current.

        Raises ReleaseError or OSError where there is no release afterwards; never is a part of one there.
        """
        if self.version is None:
            self._begin()
            if is_task():  # of a DagRun without a version: nothing is to change below it, either
                self._pinned = self._serving()
        if self._pinned:
            self._make_version(self._pinned)
        super().initialize()

    def refresh(self) -> None:
        """Take the release that is current; what fails is logged, and the release before serves on.

        Raises ReleaseError or OSError where none does.
        """
        if self.version is not None:
            raise ValueError(
                f"the bundle {self.name} is at version {self.version[:12]}, which does not change"
            )
        begun = time.monotonic()
        taken = self._follow()
        seconds = time.monotonic() - begun
        self._metrics.seconds("refresh", seconds)
        if is_server():
            parsed = database.parsed_by(sys._getframe(1), self.name)  # noqa: SLF001 - see there
            self._processing.proceed(taken, self.path, parsed)
            self.refresh_interval = 1 if self._processing.waits else self._usual_interval
        if taken is None:
            # Nothing is parsed while S3 is waited for: of the time until it answers again a third is enough.
            self.refresh_interval = max(self._usual_interval, int(_PATIENCE * seconds))
        elif is_server():
            self._tidy(taken.manifest.id)

    def __repr__(self) -> str:
        return f"ReleaseBundle(name={self.name!r}, location={self.location!r}, version={self.version!r})"

    def _begin(self) -> None:
        # A worker begins at each task without a version: there the release is as good as when it was verified.
        if is_server() and (damaged := self._follower.mend()):
            self._log.warning(
                "release_mended", release=self._follower.current(), files=len(damaged), first=damaged[0]
            )
        self._follow()

    def _follow(self) -> Taken | None:
        fetched = self._objects.fetched
        try:
            taken = self._follower.follow()
        except (ReleaseError, OSError) as error:
            self._metrics.count("failures", reason=type(error).__name__)
            serving = self._serving()
            self._failures.tell(_FAILED, error, serving=serving)
            if not serving:
                raise
            return None
        self._served = taken.manifest.id
        if self._failures.over(_FAILED):
            self._log.info("release_source_answers_again", release=taken.manifest.id)
        if taken.published:
            age = (datetime.now(UTC) - taken.published).total_seconds()
            self._metrics.gauge("release_age", max(0.0, age))
        if taken.switched:
            self._tell(taken, self._objects.fetched - fetched)
        return taken

    def _tell(self, taken: Taken, fetched: int) -> None:
        self._metrics.seconds("switch", taken.seconds)
        self._metrics.count("fetched_bytes", fetched)
        self._log.info(
            "release_taken",
            release=taken.manifest.id,
            before=taken.before,
            files=len(taken.manifest.files),
            concerned=len(taken.files),
            fetched_bytes=fetched,
            seconds=round(taken.seconds, 3),
            removed=list(taken.removed),
        )

    def _serving(self) -> str:
        try:
            serving = self._follower.current()
        except (ReleaseError, OSError):
            return ""
        return serving if self._follower.path.is_dir() else ""

    def _make_version(self, version: str) -> None:
        if not ID.fullmatch(version):
            raise AbsentError(f"{version!r} is no release: the DagRun is of another bundle of this name")
        if self._root is not None:
            self._follower.take(version)
            self._versions.reserve(version)
        elif self._versions.make(version, self._follower.take):
            self._log.info("version_made", release=version)
            if not is_server():
                self._collect()
                if self._receipts:
                    self._reporter("worker").taken(version)

    def _accept(self, manifest: Manifest) -> None:
        if self._trusted:
            trust.signed(self._objects, manifest.id, self._trusted)
        here, checked = reporting.locks_here(), manifest.checked
        there = {"airflow": checked.airflow_lock, "debian": checked.debian_lock} if checked else {}
        # A DagRun finishes on its release even where the image was replaced meanwhile.
        if not here or here == there or self.version is not None:
            return
        fact = "was checked with another image" if checked else "was not checked with any image"
        if self._same_image:
            raise RefusedError(f"release {manifest.id[:12]} {fact}, and same_image is set")
        self._log.warning("release_of_another_image", release=manifest.id, fact=fact, here=here, there=there)

    def _tidy(self, serving: str) -> None:
        """Once an hour, and as another release serves, say what is still needed; once an hour, remove what is not."""
        hour = time.monotonic() - self._last_hour >= _HOUR
        if self._receipts and (hour or serving != self._claimed):
            self._claimed = serving
            self._processing.claim(serving)
        if hour:
            self._last_hour = time.monotonic()
            self._collect()

    def _collect(self) -> None:
        try:
            removed = self._follower.collect()
            versions = self._versions.collect(max(self._grace, VERSION_UNUSED))
        except (ReleaseError, OSError) as error:
            self._failures.tell("releases_not_collected", error)
            return
        if removed or versions:
            self._log.info("releases_collected", releases=removed, versions=versions)

    @property
    def _root(self) -> Path | None:
        """The folder that others fill; None for a location in S3."""
        return None if self.location.startswith("s3://") else Path(self.location)

    @cached_property
    def _objects(self) -> Noting:
        root = self._root
        return FolderObjects(root) if root is not None else S3Objects(self.location, self._region)

    @cached_property
    def _follower(self) -> Follower:
        own = Folder(Path(self.base_dir))
        if self._root is not None:
            return FolderFollower(self._root, own, self._accept, whole=bool(self._trusted))
        return S3Follower(own, self._objects, self._accept, self._grace)

    @cached_property
    def _versions(self) -> Versions:
        tracking = Path(get_bundle_tracking_dir(bundle_name=self.name))
        return Versions(Folder(Path(self.base_dir)), Path(self.versions_dir), tracking)

    @cached_property
    def _processing(self) -> Processing:
        reporter = self._reporter("dag-processor") if self._receipts else None
        return Processing(database.Metadatabase(self.name), reporter, self._metrics, self._failures)

    def _reporter(self, component: str) -> reporting.Reporter:
        reader = reporting.reader_name(component, self.name)
        return reporting.Reporter(self._objects, component, reader, self._log)
