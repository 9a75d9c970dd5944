"""Files that Airflow passes over without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airlock_spec.check.checks.check import Check, Found
from airlock_spec.check.facts import Place, Reason
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.checks.check import Subject
    from airlock_spec.check.facts import Skipped


class PassedOver(Check):
    """A check that reports files which look like DAG files and are skipped for one reason."""

    reason: ClassVar[Reason]
    severity = Severity.WARNING

    def find(self, subject: Subject) -> Iterator[Found]:
        for skipped in subject.run.skipped:
            if skipped.reason is self.reason and skipped.looks_like_dag:
                yield Found(skipped.path, self.place(skipped), self.message(skipped))

    def place(self, skipped: Skipped) -> Place:
        """Return where it is to be shown: the file as a whole."""
        return Place(skipped.path)

    def message(self, skipped: Skipped) -> str:
        """Say why it is skipped."""
        raise NotImplementedError


class BySafeMode(PassedOver):
    """Airflow's safe mode skips the file, although it looks like one that makes DAGs.

    In production, the file is never loaded, and nothing says so: safe mode (`[core] dag_discovery_safe_mode`, on by
    default) looks for the words `airflow` and `dag` or `asset` in a file before it imports it. A file that only calls a
    factory has neither.

    Found:

    ```python
    from company.factory import build

    build("orders")
    ```

    Not found: the same with `# an airflow dag` in it; a module that defines only constants or functions.

    Mend: name both words in a comment.
    """

    code = "AL401"
    title = "skipped by safe mode"
    reason = Reason.SAFE_MODE
    fix = "write both words, airflow and dag, into a comment of the file"

    def message(self, skipped: Skipped) -> str:  # noqa: ARG002 - all there is to say
        return (
            "is never loaded: safe mode looks for the words airflow and dag, and it looks like it makes DAGs"
        )


class ByPattern(PassedOver):
    """A pattern of an `.airflowignore` skips a file that looks like one that makes DAGs.

    In production, its DAGs do not exist. That may well be what you want: this is information, with the pattern.

    Found: `legacy/orders.py` where `.airflowignore` holds `legacy/`.

    Not found: an ignored module that makes no DAGs.

    Mend: nothing, or narrow the pattern.
    """

    code = "AL402"
    title = "skipped by .airflowignore"
    reason = Reason.IGNORED
    severity = Severity.INFO
    fix = "narrow the pattern, if its DAGs are wanted"

    def message(self, skipped: Skipped) -> str:
        where = f" ({skipped.place.path}:{skipped.place.line})" if skipped.place.path else ""
        return f"is never loaded: the pattern {skipped.pattern!r}{where} ignores it"


class Pointless(Check):
    """A pattern of an `.airflowignore` matches nothing.

    In production, what it was meant to keep out is loaded. Often it is a regular expression where Airflow 3 reads
    shell patterns (`[core] dag_ignore_file_syntax`, `glob` by default).

    Found: `tests/.*` in `.airflowignore`: as a shell pattern it wants a name that begins with a dot.

    Not found: `tests/` where there is such a folder with something in it.

    Mend: write a shell pattern as in a `.gitignore`, or remove the line.
    """

    code = "AL403"
    title = "pattern of .airflowignore matches nothing"
    severity = Severity.WARNING
    fix = "write it as in a .gitignore (tests/ rather than tests/.*), or remove the line"

    def find(self, subject: Subject) -> Iterator[Found]:
        for unmatched in subject.run.unmatched:
            yield Found(
                unmatched.place.path, unmatched.place, f"the pattern {unmatched.pattern!r} matches nothing"
            )


class NestedInZip(PassedOver):
    """A module that looks like it makes DAGs is inside a folder of a zip.

    In production, only the modules at a zip's root are loaded as DAG files; those in its folders can be imported, no
    more.

    Found: `orders/daily.py` with a DAG, in `dags.zip`.

    Not found: `daily.py` at the zip's root; a package of helpers in the zip.

    Mend: move it to the root of the zip, or import it in a module there.
    """

    code = "AL404"
    title = "nested module of a zip"
    reason = Reason.NESTED
    fix = "move it to the root of the zip, or unpack the zip into the bundle"

    def message(self, skipped: Skipped) -> str:  # noqa: ARG002 - all there is to say
        return "is never loaded: of a zip only the modules at its root are"


CHECKS = (BySafeMode(), ByPattern(), Pointless(), NestedInZip())
