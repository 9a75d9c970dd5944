"""Airflow's settings, read as Airflow reads them, without Airflow.

In this order, like its configuration parser: AIRFLOW__SECTION__KEY, AIRFLOW__SECTION__KEY_CMD,
AIRFLOW__SECTION__KEY_SECRET, then KEY, KEY_cmd and KEY_secret in airflow.cfg. Airflow's own defaults are not
known here.
"""

from __future__ import annotations

import configparser
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND_TIMEOUT = 30.0  # seconds that a KEY_CMD may take
HOME = "/opt/airflow"
_VARIABLE = re.compile(r"\$(\w+|\{[^}]*\})", re.ASCII)  # as os.path.expandvars has it
# Names that Airflow still reads, where the new one is not set (its parser's deprecated_options).
FORMER = {
    ("database", "sql_alchemy_conn"): ("core", "sql_alchemy_conn"),
    ("api", "secret_key"): ("webserver", "secret_key"),
    ("api", "base_url"): ("webserver", "base_url"),
    ("api", "host"): ("webserver", "web_server_host"),
    ("api", "port"): ("webserver", "web_server_port"),
    ("api", "ssl_cert"): ("webserver", "web_server_ssl_cert"),
    ("core", "execution_api_server_url"): ("workers", "execution_api_server_url"),
}


class SettingError(Exception):
    """A setting cannot be read: which one, and why."""


class SecretSettingError(SettingError):
    """A setting is in a secrets backend, which only Airflow can ask."""


class Settings:
    """The settings of this container; commands (KEY_CMD) are run when asked for, once."""

    def __init__(
        self, environ: Mapping[str, str], file: configparser.RawConfigParser, team: str = ""
    ) -> None:
        self.team = team  # whose [celery] has other names than are read here
        self._environ = environ
        self._file = file
        self._said: dict[str, str] = {}

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ, team: str = "") -> Settings:
        """Read airflow.cfg, where there is one. Raises SettingError for one that cannot be parsed."""
        home = environ.get("AIRFLOW_HOME") or HOME
        path = environ.get("AIRFLOW_CONFIG") or f"{home}/airflow.cfg"
        file = configparser.ConfigParser(strict=False)
        try:
            file.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError) as error:
            raise SettingError(f"{path} cannot be read: {_why_unread(error)}") from error
        return cls(environ, file, team)

    def get(self, section: str, key: str) -> str | None:
        """Return a setting, or None where it is left to Airflow's default.

        Raises SettingError where its command fails, SecretSettingError where it is in a secrets backend.
        """
        for part, name in _names(section, key):
            variable = self._variable(part, name)
            if variable in self._environ:
                return _expanded(self._environ[variable], self._environ)
            if f"{variable}_CMD" in self._environ:
                return self._answer(f"{variable}_CMD", self._environ[f"{variable}_CMD"])
            if f"{variable}_SECRET" in self._environ:
                raise SecretSettingError(f"{variable}_SECRET names a secret of the secrets backend")
        for part, name in _names(section, key):
            if self._file.has_option(part, name):
                return _expanded(self._of_file(part, name), self._environ)
            if self._file.has_option(part, f"{name}_cmd"):
                return self._answer(f"[{part}] {name}_cmd", self._of_file(part, f"{name}_cmd"))
            if self._file.has_option(part, f"{name}_secret"):
                raise SecretSettingError(f"[{part}] {name}_secret names a secret of the secrets backend")
        return None

    def is_set(self, section: str, key: str) -> bool:
        """Tell whether a setting has a value other than nothing; its command is not run."""
        for part, name in _names(section, key):
            variable = self._variable(part, name)
            if any(self._environ.get(f"{variable}{suffix}") for suffix in ("", "_CMD", "_SECRET")):
                return True
            options = (name, f"{name}_cmd", f"{name}_secret")
            if any(self._file.get(part, one, raw=True, fallback="") for one in options):
                return True
        return False

    def flag(self, section: str, key: str, *, default: bool) -> bool:
        """Return a setting that is true or false, in any of the words that Airflow takes."""
        value = self.get(section, key)
        if not value:
            return default
        return value.strip().lower() in {"t", "true", "1", "yes", "on"}

    def _of_file(self, section: str, key: str) -> str:
        try:
            return self._file.get(section, key)
        except configparser.InterpolationError as error:  # it shows the value
            raise SettingError(
                f"[{section}] {key} in airflow.cfg has a % that stands for nothing: write it %%"
            ) from error

    @staticmethod
    def _variable(section: str, key: str) -> str:
        return f"AIRFLOW__{section.replace('.', '_').upper()}__{key.upper()}"

    def _answer(self, name: str, command: str) -> str:
        if name not in self._said:
            self._said[name] = _run(name, command, self._environ)
        return self._said[name]


def _names(section: str, key: str) -> list[tuple[str, str]]:
    former = FORMER.get((section, key))
    return [(section, key), former] if former else [(section, key)]


def _why_unread(error: Exception) -> str:
    """Say what is wrong with a file, without a line of it: that may hold a password."""
    if isinstance(error, OSError):
        return str(error.strerror)
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(error, configparser.ParsingError):  # a missing header, too
        lines = [number for number, _ in getattr(error, "errors", [])]
        return f"line {lines[0] if lines else getattr(error, 'lineno', '?')} is neither [SECTION] nor KEY = VALUE"
    return type(error).__name__


def _expanded(value: str, environ: Mapping[str, str]) -> str:
    """Replace variables and `~` until nothing changes, as Airflow does."""

    def known(found: re.Match[str]) -> str:
        return environ.get(found[1].strip("{}"), found[0])

    while (once := os.path.expanduser(_VARIABLE.sub(known, value))) != value:  # noqa: PTH111 - no path
        value = once
    return value


def _run(name: str, command: str, environ: Mapping[str, str]) -> str:
    import shlex  # noqa: PLC0415 - health checks pay for every import, and few settings are commands
    import subprocess  # noqa: PLC0415 - the same

    try:
        done = subprocess.run(
            shlex.split(command),
            env=dict(environ),
            capture_output=True,
            check=True,
            timeout=COMMAND_TIMEOUT,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().splitlines()[-1:] or ["nothing"]
        raise SettingError(f"{name} failed with exit code {error.returncode}: {said[0]}") from error
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        # not str(error) of a time-out: it would show the command, which may hold a secret
        reason = f"no answer in {COMMAND_TIMEOUT:.0f} s"
        if not isinstance(error, subprocess.TimeoutExpired):
            reason = str(error)
        raise SettingError(f"{name} cannot be run: {reason}") from error
    return done.stdout
