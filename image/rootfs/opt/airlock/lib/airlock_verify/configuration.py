"""What this container's settings say that its tasks need."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airlock_runtime.broker import brokers
from airlock_runtime.database import Url
from airlock_runtime.settings import SettingError, Settings
from airlock_spec.configured import needs
from airlock_spec.endpoint import Need
from airlock_spec.reach.destination import Destination
from airlock_spec.reach.looking import Wanted
from airlock_spec.reach.needed import LAYERS, buckets
from airlock_spec.reach.observed import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PREFIXES = ("AIRFLOW__", "AIRLOCK_")  # of variables that may name buckets
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_HTTP = {"http": 80, "https": 443}
DATABASE = ("database", "sql_alchemy_conn")
BROKER = ("celery", "broker_url")
API = ("core", "execution_api_server_url")


class Configuration:
    """The settings of this container; `unknown` collects what they do not tell."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.unknown: list[str] = []
        self._environ = environ
        self._settings: Settings | None = None
        try:
            self._settings = Settings.read(environ)
        except SettingError as error:
            self.unknown.append(str(error))

    def option(self, section: str, key: str) -> str:
        """Return a setting; "" where there is none, or it cannot be told."""
        try:
            return (self._settings.get(section, key) if self._settings else "") or ""
        except SettingError as error:
            said = f"[{section}] {key}: {error}"
            if said not in self.unknown:
                self.unknown.append(said)
            return ""

    def needs(self) -> dict[Need, str]:
        return needs(self.option, self._environ)

    def buckets(self, found: Mapping[Need, str], region: str) -> dict[str, str]:
        """Return the buckets that settings name, and the one that layers of images come from."""
        values = {name: value for name, value in self._environ.items() if name.startswith(_PREFIXES)}
        for section, key in (
            ("logging", "remote_base_log_folder"),
            ("dag_processor", "dag_bundle_config_list"),
        ):
            values[f"[{section}] {key}"] = self.option(section, key)
        named = buckets(values)
        if Need.FARGATE in found:
            named[LAYERS.format(region=region)] = "layers of images in ECR"
        return named

    def peers(self) -> list[Wanted]:
        """Return the database, the broker and the api-server, where settings name them."""
        found: dict[Destination, str] = {}
        for setting, read in ((DATABASE, _database), (BROKER, self._broker), (API, _api)):
            section, key = setting
            text = self.option(section, key)
            try:
                for destination in read(text) if text else ():
                    if destination.host not in _HERE:
                        found.setdefault(destination, f"[{section}] {key}")
            except ValueError as error:  # none of these repeats the text, which may hold a password
                self.unknown.append(f"[{section}] {key}: {error}")
        return [Wanted(str(destination), why, kind=Kind.PEER) for destination, why in found.items()]

    def _broker(self, text: str) -> Iterator[Destination]:
        if text.startswith("sqs") or self._settings is None:  # an endpoint of AWS: needs() has it
            return
        for one in brokers(text, self._settings, self._environ):
            yield Destination(one.host, one.port)


def _database(text: str) -> Iterator[Destination]:
    url = Url.parse(text)
    if url.kind == "sqlite":
        return
    hosts = [url.host] if url.host else [value for key, value in url.query if key == "host"]
    for host in (one for value in hosts for one in value.split(",")):
        name, _, port = host.partition(":")
        if name and not name.startswith("/") and (port.isdigit() or url.port):  # a slash: a socket's folder
            yield Destination(name, int(port) if port.isdigit() else url.port or 0)


def _api(text: str) -> Iterator[Destination]:
    try:
        parts = urlsplit(text)
        port = parts.port or _HTTP.get(parts.scheme)
    except ValueError:
        raise ValueError("it is no URL of the form http://API-SERVER:8080/execution/") from None
    if not parts.hostname or not port:
        raise ValueError("it is no URL of the form http://API-SERVER:8080/execution/")
    yield Destination(parts.hostname, port)
