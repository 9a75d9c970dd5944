"""`[tool.airlock]` in pyproject.toml, overridable by AIRLOCK_* variables and flags, as one frozen object."""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airlock.errors import ConfigError
from airlock.platforms import PLATFORMS, Platform
from airlock.release_settings import Deploy, Push, Sync, Verify, read
from airlock_spec.check.settings import Settings, SettingsError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airlock.cli import Session


@dataclass(frozen=True)
class Config:
    """What the project wants, resolved once; every path is absolute."""

    project: Path
    name: str  # the image's reference without a tag
    platforms: tuple[Platform, ...]  # to fetch for and to compose
    locked_platforms: tuple[Platform, ...]  # what the locks cover: these, and perhaps more
    debian_suite: str
    debian_mirror: str  # the root that holds debian/ and debian-security/; "" means the host's apt source
    distributions: tuple[Path, ...]  # built from source and installed into the image, dependencies first
    licenses_denied: tuple[str, ...] = ()  # shell patterns of SPDX licences and of names
    licenses_known: tuple[str, ...] = ()  # answers, as "NAME: SPDX expression"
    airflow_constraints: str = field(default="", repr=False)  # a URL or a path in the project; "" for none
    audit_source: str = field(default="", repr=False)  # what is asked for advisories, as a URL
    audit_block: str = ""  # the least severity that blocks
    audit_ignore: tuple[str, ...] = ()  # advisories that do not block: "ID until DATE: reason"
    version_of: str = "apache-airflow"  # the package whose version the image bears
    check: Settings = field(
        default_factory=Settings
    )  # how DAGs are checked, and what the network offers them
    push: Push = field(default_factory=Push)
    deploy: Deploy = field(default_factory=Deploy)
    sync: Sync = field(default_factory=Sync)
    verify: Verify = field(default_factory=Verify)

    @property
    def constraints(self) -> Path:
        return self.project / "constraints"

    @property
    def airflow_lock(self) -> Path:
        return self.constraints / "airflow.lock"

    @property
    def debian_lock(self) -> Path:
        return self.constraints / "debian.lock"

    @property
    def debian_build_lock(self) -> Path:
        return self.constraints / "debian-build.lock"

    @property
    def build_lock(self) -> Path:
        return self.constraints / "build.lock"

    @property
    def toolchain_lock(self) -> Path:
        return self.constraints / "toolchain.lock"

    @property
    def image_file(self) -> Path:
        return self.project / "image" / "image.toml"

    @property
    def rootfs(self) -> Path:
        return self.project / "image" / "rootfs"

    @property
    def certificates(self) -> Path:
        """The project's own certificates, if it has any."""
        return self.project / "image" / "certificates"

    @property
    def layout(self) -> Path:
        """The OCI layout that `airlock image` writes."""
        return self.project / "build" / "image"

    @property
    def papers(self) -> Path:
        """The OCI layout of what refers to that image; it holds the image alone."""
        return self.layout.with_name("papers")


DEFAULTS: dict[str, str | list[str]] = {
    "name": "airlock/airflow",
    "version-of": "apache-airflow",
    "platforms": ["linux/amd64"],
    "lock-platforms": [],
    "debian-suite": "trixie",
    "debian-mirror": "",
    "distributions": [],
    "airflow-constraints": "",
    "audit-source": "https://api.osv.dev",
    "audit-block": "high",
    "audit-ignore": [],
    "licenses-denied": [],
    "licenses-known": [],
}
FILE = "pyproject.toml"
_CHECK_TABLES = ("check", "network")  # of [tool.airlock]; airlock_spec.check.settings reads them
_TABLES = (*_CHECK_TABLES, "push", "deploy", "sync", "verify")


def load(project: Path, *, environ: Mapping[str, str] = os.environ, platforms: Iterable[str] = ()) -> Config:
    """Read the configuration of the project in the folder `project`.

    Raises ConfigError with everything that is wrong in one message.
    """
    project = project.absolute()
    problems: list[str] = []
    return _config(project, _table(project, problems), problems, environ, platforms)


def of(session: Session) -> Config:
    """Return the project's configuration; a plain folder of DAGs has none, and all at its default."""
    return session.config if (session.project / FILE).is_file() else plain(session.project)


def plain(project: Path) -> Config:
    """Return the configuration of a folder that has none: everything at its default."""
    return _config(project.absolute(), {}, [], {}, ())


def _config(
    project: Path,
    table: Mapping[str, Any],
    problems: list[str],
    environ: Mapping[str, str],
    platforms: Iterable[str],
) -> Config:
    tables = {name: table[name] for name in _TABLES if name in table}
    values = DEFAULTS | {key: value for key, value in table.items() if key not in tables}
    check = _check({name: tables[name] for name in _CHECK_TABLES if name in tables}, problems)
    push = read(Push, tables.get("push", {}), environ, problems)
    deploy = read(Deploy, tables.get("deploy", {}), environ, problems)
    sync = read(Sync, tables.get("sync", {}), environ, problems)
    verify = read(Verify, tables.get("verify", {}), environ, problems)
    for key, default in DEFAULTS.items():
        text = environ.get("AIRLOCK_" + key.upper().replace("-", "_"))
        if text is not None:
            values[key] = text.split() if isinstance(default, list) else text
    locked = [values["platforms"], values["lock-platforms"]]
    if chosen := list(platforms):
        values["platforms"] = chosen
    problems += unknown_keys(values, (*DEFAULTS, *_TABLES), "[tool.airlock] ")
    for key, default in DEFAULTS.items():
        if not _same_shape(values[key], default):
            kind = "a list of strings" if isinstance(default, list) else "a string"
            problems.append(f"[tool.airlock] {key} must be {kind}, not {values[key]!r}")
            values[key] = default
    problems += [
        f"platform {name!r} is not one of {', '.join(PLATFORMS)}"
        for name in dict.fromkeys([*values["platforms"], *values["lock-platforms"]])
        if name not in PLATFORMS
    ]
    if not values["platforms"]:
        problems.append("[tool.airlock] platforms is empty")
    folders = list(dict.fromkeys(values["distributions"]))
    problems += [
        f"[tool.airlock] distributions names {folder}, which is not a folder of the project with a pyproject.toml"
        for folder in folders
        if Path(folder).is_absolute() or not (project / folder / "pyproject.toml").is_file()
    ]
    distributions = tuple(project / folder for folder in folders)
    if problems:
        raise ConfigError(
            f"the configuration of {project} cannot be used",
            cause="\n".join(problems),
            remedy="mend [tool.airlock] in pyproject.toml (docs/configuration.md)",
        )
    return Config(
        project=project,
        name=str(values["name"]),
        version_of=str(values["version-of"]),
        debian_suite=str(values["debian-suite"]),
        debian_mirror=str(values["debian-mirror"]).rstrip("/"),
        distributions=distributions,
        airflow_constraints=str(values["airflow-constraints"]),
        audit_source=str(values["audit-source"]).rstrip("/"),
        audit_block=str(values["audit-block"]),
        audit_ignore=tuple(values["audit-ignore"]),
        licenses_denied=tuple(values["licenses-denied"]),
        licenses_known=tuple(values["licenses-known"]),
        check=check,
        push=push,
        deploy=deploy,
        sync=sync,
        verify=verify,
        platforms=_platforms(values["platforms"]),
        locked_platforms=_platforms([*values["platforms"], *(name for names in locked for name in names)]),
    )


def _check(tables: Mapping[str, object], problems: list[str]) -> Settings:
    try:
        return parse(tables) if tables else Settings()
    except SettingsError as error:
        problems += error.problems
        return Settings()


def _platforms(names: Iterable[str]) -> tuple[Platform, ...]:
    """Return them by name, so that the order in which they were asked for changes nothing."""
    return tuple(PLATFORMS[name] for name in sorted(set(names)))


def unknown_keys(given: Mapping[str, Any], known: Iterable[str], where: str) -> list[str]:
    """Describe each key that is not known, with the nearest one that is."""
    names = list(known)
    problems = []
    for key in given:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1)
            problems.append(f"{where}{key} is not known" + (f"; perhaps you meant {near[0]}" if near else ""))
    return problems


def _table(project: Path, problems: list[str]) -> dict[str, Any]:
    path = project / FILE
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{path} does not exist")
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{path} cannot be read: {error}")
        return {}
    tool = document.get("tool", {})
    table = tool.get("airlock", {}) if isinstance(tool, dict) else None
    if isinstance(table, dict):
        return table
    problems.append(f"[tool.airlock] in {path} must be a table")
    return {}


def _same_shape(value: object, default: str | list[str]) -> bool:
    if isinstance(default, list):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, str)
