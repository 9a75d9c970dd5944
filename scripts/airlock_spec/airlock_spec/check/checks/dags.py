"""What is wrong with a DAG of a file that could be imported."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from airlock_spec.check.checks.check import Found, listed
from airlock_spec.check.checks.parsing import OfKind
from airlock_spec.check.facts import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.checks.check import Subject
    from airlock_spec.check.facts import Dag, File
    from airlock_spec.check.settings import Settings


class Invalid(OfKind):
    """Airflow refuses the DAG when it is put among the others.

    In production, the DAG is missing and an import error is shown. Each refusal of Airflow's own validation of a whole
    DAG that has no code of its own here comes under this one: a schedule that cannot be read, an executor that is not
    configured. What a DAG or an operator refuses at its own line, as a trigger rule that does not exist, is an import
    error (AL101).

    Found:

    ```python
    with DAG("orders", schedule="61 * * * *"):
        ...
    ```

    Not found: `schedule="1 * * * *"`.

    Mend: the message is Airflow's; it names the argument.
    """

    code = "AL107"
    title = "DAG refused by Airflow"
    kind = Kind.INVALID
    fix = "mend what Airflow refuses"


class NotSerializable(OfKind):
    """The DAG is imported, but cannot be serialized.

    In production, only the serialized form reaches the scheduler: the DAG never runs, although `python dags/x.py` and
    a test with a `DagBag` are content. This is what such tests miss.

    Found:

    ```python
    class MonthEnd(Timetable): ...


    with DAG("orders", schedule=MonthEnd()):  # no plugin registers it
        ...
    ```

    Not found: a timetable that a plugin of the image registers.

    Mend: register what is your own in a plugin; give arguments that Airflow can serialize; make objects in the task.
    """

    code = "AL108"
    title = "DAG cannot be serialized"
    kind = Kind.SERIALIZATION
    fix = "give values that can be serialized; timetables and the like of your own belong into a plugin"


class Cycle(OfKind):
    """Tasks of the DAG depend on each other in a circle.

    In production, the DAG is refused with an import error.

    Found:

    ```python
    extract >> load >> extract
    ```

    Not found: `extract >> load >> clean`.

    Mend: remove one of the dependencies.
    """

    code = "AL109"
    title = "cycle of tasks"
    kind = Kind.CYCLE
    fix = "remove one of the dependencies of the circle"


class DuplicateId(OfKind):
    """Two DAGs have one id, in one file or in two.

    In production, the file that was parsed last wins: runs of one DAG have the tasks of the other, back and forth with
    each parse, and nothing is reported, since files are parsed one by one. Each of the files gets a finding.

    Found: a copied file in which `dag_id="orders"` was left.

    Not found: a DAG that one file defines and another imports; the same id in a file that is ignored.

    Mend: rename one. A new id is a new DAG, without the history of the old one.
    """

    code = "AL110"
    kind = Kind.DUPLICATE
    title = "duplicate DAG id"
    fix = "rename one of the DAGs"
    steady = False  # where only some files are checked, the other is not seen

    def find(self, subject: Subject) -> Iterator[Found]:
        yield from super().find(subject)
        by_id: dict[str, list[tuple[File, Dag]]] = defaultdict(list)
        for file in subject.run.files:
            for dag in {dag.dag_id: dag for dag in file.dags}.values():
                by_id[dag.dag_id].append((file, dag))
        for dag_id, all_of in by_id.items():
            yield from self._across(dag_id, all_of)

    @staticmethod
    def _across(dag_id: str, all_of: list[tuple[File, Dag]]) -> Iterator[Found]:
        paths = {file.path for file, _ in all_of}
        # A file that imports another's DAG holds it, too; Airflow shows the same DAG, whichever it parsed last.
        definers = [
            (file, dag) for file, dag in all_of if dag.place.path == file.path or dag.place.path not in paths
        ]
        for file, dag in definers if len(definers) > 1 else ():
            others = sorted(other.path for other, _ in definers if other.path != file.path)
            yield Found(
                file.path, dag.place, f"DAG id {dag_id!r} is defined in {listed(others)}, too", dag_id=dag_id
            )


class UnknownPool(OfKind):
    """A task's pool is not among the known ones.

    In production, such a task is never queued: it stays scheduled for ever. Pools are in the metadata database, which
    a check has not: this is looked at only where `pools = ["default_pool", …]` stands in `[tool.airlock.check]`.

    Found: `pool="warehose"` where `pools = ["default_pool", "warehouse"]`.

    Not found: `pool="warehouse"`.

    Mend: correct the name; or create the pool in every environment, and add it to the list.
    """

    code = "AL111"
    title = "unknown pool"
    kind = Kind.POOL
    fix = "correct the name, or add the pool to pools of [tool.airlock.check]"

    def asked(self, settings: Settings) -> bool:
        return settings.pools is not None


class PolicyRefuses(OfKind):
    """A cluster policy of the image refuses the DAG or a task of it.

    In production, the DAG is missing and an import error shows the policy's message. Policies are in
    `airflow_local_settings.py` or in plugins of the image; the check runs them as the DAG processor does.

    Found: a DAG without tags where `dag_policy` raises `AirflowClusterPolicyViolation` for that.

    Not found: a DAG that a policy changes silently.

    Mend: do what the policy's message says.
    """

    code = "AL112"
    title = "cluster policy refuses it"
    kind = Kind.POLICY
    fix = "do what the policy's message asks for"


class BadTemplate(OfKind):
    """A templated field does not compile.

    In production, the DAG looks healthy; the task fails when it renders its fields, in every run.

    Found:

    ```python
    BashOperator(task_id="copy", bash_command="cp {{ ds } /data")
    ```

    Not found: a variable that is only known when the task runs, as `{{ params.target }}`.

    Mend: correct the template. Text that is none goes into `{% raw %}…{% endraw %}`, or `literal("…")`.
    """

    code = "AL113"
    title = "template does not compile"
    kind = Kind.TEMPLATE
    fix = "correct the template"


class NoTemplateFile(OfKind):
    """A file that a templated field names is missing.

    In production, the task fails with `TemplateNotFound` when it renders its fields. A field that ends in one of the
    operator's `template_ext`, as `.sh` or `.sql`, *is* a file's name, looked for beside the DAG file and in
    `template_searchpath`.

    Found:

    ```python
    BashOperator(task_id="load", bash_command="/opt/scripts/load.sh")  # taken for a template's name
    ```

    Not found: the same with a space at the end, `"/opt/scripts/load.sh "`, which is a command.

    Mend: add the file to the bundle, or end the command with a space.
    """

    code = "AL114"
    title = "template file is missing"
    kind = Kind.TEMPLATE_FILE
    fix = "add the file to the bundle; a command that ends like a file's name wants a space at its end"


CHECKS = (
    Invalid(),
    NotSerializable(),
    Cycle(),
    DuplicateId(),
    UnknownPool(),
    PolicyRefuses(),
    BadTemplate(),
    NoTemplateFile(),
)
