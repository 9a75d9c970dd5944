"""What a file asks of the world while it is parsed: the network, Variables, Connections, the metadata database."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airlock_spec.check.checks.check import Check, Found, listed
from airlock_spec.check.facts import Source, Way
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.checks.check import Subject
    from airlock_spec.check.facts import Attempt, Place

_INTO_A_TASK = "move the call into a task: a file is parsed every 30 seconds, and in the worker again"


class Tries(Check):
    """A check that reports attempts of one way to leave."""

    way: ClassVar[Way]
    verb: ClassVar[str]
    fix = _INTO_A_TASK
    severity = Severity.ERROR

    def find(self, subject: Subject) -> Iterator[Found]:
        for file in subject.run.files:
            # One call may try several addresses: that is one thing to mend.
            by_place: dict[tuple[Place, str], list[Attempt]] = {}
            for attempt in file.attempts:
                if attempt.way is self.way:
                    by_place.setdefault((attempt.place, attempt.program), []).append(attempt)
            for (place, program), attempts in by_place.items():
                targets = listed(sorted({one.target for one in attempts}))
                callers = sorted({one.caller for one in attempts} - {""})
                yield Found(
                    file.path,
                    place,
                    f"{self.verb} {targets} while it is parsed"
                    + (f", by the program {program}" if program else ""),
                    detail="\n".join(f"called in {caller}" for caller in callers),
                )


class Connects(Tries):
    """A connection is attempted while the file is parsed.

    In production, where there is no way out, such a call hangs until it times out: 127 seconds for a plain socket,
    minutes for a client that tries again. The import times out, every other file waits, and the DAGs go stale.
    Where there is a way out, the service is asked at every parse, twice a minute for ever.

    The attempt is reported even if the file swallows the error, whether it came from Python, a C extension or a child
    process. It was refused at once.

    Found:

    ```python
    try:
        regions = requests.get("https://config.example.com/regions", timeout=2).json()
    except requests.RequestException:
        regions = ["eu-west-1"]
    ```

    Not found: making a client without calling it, as `boto3.client("s3")`; a socket of the machine itself
    (`AF_UNIX`, `socketpair`); the same call in a `@task` function.

    Mend: make the call in a task and pass its result on, or map over it (`expand`); or write what is asked for into
    the repository.
    """

    code = "AL201"
    title = "connects while it is parsed"
    way = Way.CONNECT
    verb = "connects to"


class Resolves(Tries):
    """A name is resolved while the file is parsed.

    In production, the connection follows: all that AL201 says. A lookup that gets no answer takes ten seconds by
    itself.

    Found:

    ```python
    broker = socket.gethostbyname("broker.example.com")
    ```

    Not found: `localhost`, addresses, the same in a `@task` function.

    Mend: hand the name to what connects when the task runs.
    """

    code = "AL202"
    title = "resolves a name while it is parsed"
    way = Way.RESOLVE
    verb = "resolves"


class Sends(Tries):
    """A datagram is sent while the file is parsed.

    In production, nothing waits for an answer, so nothing hangs; but metrics are counted at each parse rather than at
    each run, and where no route leads there, they are lost without a word.

    Found:

    ```python
    statsd.StatsClient("metrics.internal").incr("orders.loaded")
    ```

    Not found: the same in a task or a callback.

    Mend: count in tasks or callbacks.
    """

    code = "AL203"
    title = "sends a datagram while it is parsed"
    way = Way.SEND
    verb = "sends a datagram to"
    severity = Severity.WARNING


class Asks(Check):
    """A check that reports what of Airflow's own was read."""

    source: ClassVar[Source]
    severity = Severity.WARNING

    def find(self, subject: Subject) -> Iterator[Found]:
        for file in subject.run.files:
            for read in file.reads:
                if read.source is self.source:
                    fix = self.fix.replace("NAME", read.name) if read.name else ""
                    yield Found(file.path, read.place, self.message(read.name), fix)

    def message(self, name: str) -> str:
        """Say what was read."""
        raise NotImplementedError


class ReadsVariable(Asks):
    """A Variable is read while the file is parsed.

    In production, each parse asks the secrets backend (Secrets Manager: a call that costs, and hangs without its
    endpoint) and then the API server, twice a minute for every file. A check has no Variables: where the file cannot
    do without, its import fails here, and this is an error.

    Found:

    ```python
    region = Variable.get("region")
    BashOperator(task_id="say", bash_command=f"echo {region}")
    ```

    Not found: in a template, or in a task.

    ```python
    BashOperator(task_id="say", bash_command="echo {{ var.value.region }}")
    ```

    Mend: use a template, or read it in the task. Where it decides which tasks there are, a file in the repository or an
    environment variable of the image does it without a call. To check on regardless, give it a value:
    `env = { AIRFLOW_VAR_REGION = "eu-west-1" }` in `[tool.airlock.check]`.
    """

    code = "AL211"
    title = "reads a Variable while it is parsed"
    source = Source.VARIABLE
    fix = "use a template as {{ var.value.NAME }}, or read it in the task"

    def message(self, name: str) -> str:
        return f"reads the Variable {name!r} while it is parsed"


class ReadsConnection(Asks):
    """A Connection is read while the file is parsed.

    In production, each parse asks the secrets backend and the API server for it, as AL211 says, and a password is in
    the memory of a process that has no use for it.

    Found:

    ```python
    host = BaseHook.get_connection("warehouse").host
    ```

    Not found: `SQLExecuteQueryOperator(conn_id="warehouse", …)`, which reads it when it runs.

    Mend: hand the connection's id to the operator, use a template (`{{ conn.warehouse.host }}`), or read it in the
    task. To check on regardless: `env = { AIRFLOW_CONN_WAREHOUSE = "postgresql://…" }` in `[tool.airlock.check]`.
    """

    code = "AL212"
    title = "reads a Connection while it is parsed"
    source = Source.CONNECTION
    fix = "hand its id to the operator, use a template as {{ conn.NAME.host }}, or read it in the task"

    def message(self, name: str) -> str:
        return f"reads the Connection {name!r} while it is parsed"


class ReadsDatabase(Asks):
    """The metadata database is asked while the file is parsed.

    In production, Airflow 3 gives DAG code no access to it: the import fails. It also worked, in Airflow 2, by opening
    a connection at each parse.

    Found:

    ```python
    with create_session() as session:
        running = session.query(DagRun).count()
    ```

    Not found: importing the models without asking; asking the API in a task.

    Mend: ask Airflow's API from a task.
    """

    code = "AL213"
    title = "reads the metadata database while it is parsed"
    source = Source.DATABASE
    severity = Severity.ERROR
    fix = "ask Airflow's API from a task"

    def message(self, name: str) -> str:  # noqa: ARG002 - the database has none
        return "reads the metadata database while it is parsed"


CHECKS = (Connects(), Resolves(), Sends(), ReadsVariable(), ReadsConnection(), ReadsDatabase())
ASKED = (Tries, Asks)  # what an import may fail for
