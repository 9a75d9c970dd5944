"""What a container is asked to run: a component of Airflow, another command of Airflow, or a program."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airlock_runtime.failures import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Named, because a program may have the name too (celery and users do), and a new one must not take it over.
_NAMES = """
    api-server assets aws-auth-manager backfill celery cheat-sheet config connections dag-processor dags db
    db-manager fab-db info jobs kerberos kubernetes partitions permissions-cleanup plugins pools providers roles
    rotate-fernet-key scheduler standalone state-store sync-perm tasks teams triggerer users variables version
"""
AIRFLOW = frozenset(_NAMES.split())
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer", "celery worker", "standalone")
# They say something of this image, and want no database.
OFFLINE = frozenset(("cheat-sheet", "config", "info", "plugins", "providers", "version"))
INSTALLERS = re.compile(r"(pip|pip3|uv|uvx|pipx|poetry|conda|easy_install|apt|apt-get)(\.?\d[\d.]*)?")


@dataclass(frozen=True)
class Command:
    """The words to run; `airflow` are those after `airflow`, empty for a program."""

    words: tuple[str, ...]
    airflow: tuple[str, ...] = ()

    @classmethod
    def of(cls, words: Sequence[str], environ: Mapping[str, str]) -> Command:
        """Decide what the words of `docker run IMAGE …` mean. Raises Refused for what must not run here."""
        words = tuple(words) or ("--help",)
        if words[0] == "airflow":
            return _airflow(words[1:] or ("--help",))
        if words[0] in AIRFLOW or words[0].startswith("-"):
            return _airflow(words)
        if shutil.which(words[0], path=environ.get("PATH")):
            return cls(words)
        if INSTALLERS.fullmatch(words[0]):
            raise Refused(
                f"{words[0]} is not in this image: nothing is installed when it runs, for there is no way out. "
                "Add the requirement to constraints/airflow.in (or debian.in), then: airlock lock && airlock image."
            )
        # A command that a provider adds, or a slip: Airflow knows them all and names them.
        return _airflow(words)

    @property
    def component(self) -> str | None:
        """The component that this runs until it is stopped, None for any other command."""
        if self._asks_for_help:
            return None
        two = " ".join(self.airflow[:2])
        return next((name for name in COMPONENTS if name in (two, *self.airflow[:1])), None)

    @property
    def team(self) -> str:
        """The team that a Celery worker is of, empty for none."""
        if self.component != "celery worker":
            return ""
        after = zip(self.airflow, (*self.airflow[1:], ""), strict=True)
        given = [following for word, following in after if word in {"-t", "--team"}]
        given += [word.partition("=")[2] for word in self.airflow if word.startswith("--team=")]
        return given[-1] if given else ""

    @property
    def uses_database(self) -> bool:
        """Whether it is a command of Airflow that fails without the metadata database."""
        first = self.airflow[:1]
        return (
            bool(first)
            and first[0] not in OFFLINE
            and not first[0].startswith("-")
            and not self._asks_for_help
        )

    @property
    def migrates(self) -> bool:
        """Whether it is `airflow db migrate`, which on a newer database ends in a traceback."""
        return self.airflow[:2] == ("db", "migrate") and not self._asks_for_help

    @property
    def _asks_for_help(self) -> bool:
        return not {"-h", "--help"}.isdisjoint(self.airflow)


def _airflow(words: tuple[str, ...]) -> Command:
    if words[0] == "info" and "--file-io" in words:
        raise Refused(
            "airflow info --file-io would send this deployment's description to a public service. "
            "Without --file-io it prints it."
        )
    return Command(("airflow", *words), words)


def refuse_installing(environ: Mapping[str, str]) -> None:
    """Refuse what the official image installs at each start. Raises Refused."""
    if environ.get(
        "_PIP_ADDITIONAL_REQUIREMENTS", ""
    ).strip():  # not shown: an index's URL may hold a password
        raise Refused(
            "_PIP_ADDITIONAL_REQUIREMENTS is set: nothing is installed when this image runs, for there is "
            "no way out. Add what it names to constraints/airflow.in, then: airlock lock && airlock image."
        )
