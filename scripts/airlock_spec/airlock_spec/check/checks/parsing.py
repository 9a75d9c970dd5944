"""What keeps a file from being parsed: errors, limits, crashes, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from airlock_spec.check.checks.check import Check, Found
from airlock_spec.check.facts import Kind
from airlock_spec.check.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airlock_spec.check.checks.check import Subject


class OfKind(Check):
    """A check that reports the probe's problems of one kind."""

    kind: ClassVar[Kind]
    severity = Severity.ERROR

    def find(self, subject: Subject) -> Iterator[Found]:
        for file in subject.run.files:
            for problem in file.problems:
                if problem.kind is self.kind:
                    yield Found(
                        file.path,
                        problem.place,
                        problem.message,
                        dag_id=problem.dag_id,
                        task_id=problem.task_id,
                        detail=problem.detail,
                    )


class ImportFailed(OfKind):
    """An exception leaves the file while it is imported.

    In production, the file's DAGs vanish from the UI (a new file's never appear), an import error stands at the top
    of the page, and nothing runs. The line is the last one of yours on the way to the exception, not one of Airflow's.

    Where the exception is only the consequence of a Variable, a Connection or the network at the same line (AL201,
    AL211, AL212 …), that is reported, and says so.

    Found:

    ```python
    from airflow.providers.standard.operators.bash import BashOperater  # no such name
    ```

    Not found: an import that the file itself survives.

    ```python
    try:
        import pandas
    except ImportError:
        pandas = None
    ```

    Mend: if a module is missing, add its distribution to `constraints/airflow.in`, `airlock lock` and `airlock image`;
    what is in your shell but not in the image is not there in production either.
    """

    code = "AL101"
    title = "import error"
    kind = Kind.IMPORT
    fix = "mend the line; a module that is missing belongs into constraints/airflow.in"


class TimedOut(OfKind):
    """Importing the file takes longer than Airflow waits.

    In production, Airflow gives up after `[core] dagbag_import_timeout` (30 s), and the file's DAGs are gone as with
    an import error; the parser was busy all that time, and other files waited. Without a network this is rarely a
    slow service: such calls are refused here at once. It is a loop, a lock, or work that belongs into a task.

    Found:

    ```python
    while not Path("/data/ready").exists():
        time.sleep(1)
    ```

    Not found: the same in a sensor, which waits when the DAG runs.

    Mend: move the work into a task. Where it truly takes that long, `limits = { seconds = 60 }` in
    `[tool.airlock.check]` allows it here; the image's own limit must then allow it, too.
    """

    code = "AL102"
    title = "takes too long to import"
    kind = Kind.TIMEOUT
    fix = "move what takes long into a task"
    steady = False  # machines differ


class Crashed(OfKind):
    """The process that parses the file ends: a signal, `os._exit`, a library's abort.

    In production, the parsing process dies without an import error: the file's DAGs go stale and vanish, and the only
    trace is a line in the DAG processor's log. Other files of this check are not affected.

    Found:

    ```python
    if not os.environ.get("STAGE"):
        os._exit(1)
    ```

    Not found: `sys.exit(1)` is an exception, and an import error (AL101).

    Mend: raise an exception instead. A segmentation fault comes from a native library: import it in the task, and
    report it to its authors.
    """

    code = "AL103"
    title = "crashes the parsing process"
    kind = Kind.CRASH
    fix = "raise an exception instead of ending the process; import native libraries in tasks"


class TooMuchMemory(OfKind):
    """Importing the file takes more memory than it may.

    In production, the kernel kills the parser or the whole DAG processor, and with it the parsing of every file, again
    and again.

    Found:

    ```python
    frame = pandas.read_parquet("/data/all.parquet")  # 6 GB, at each parse
    ```

    Not found: the same line in a `@task` function.

    Mend: load data in tasks. `limits = { memory-megabytes = 4096 }` in `[tool.airlock.check]` moves the limit.
    """

    code = "AL104"
    title = "takes too much memory to import"
    kind = Kind.MEMORY
    fix = "load data in tasks, not while the file is imported"


class TooMuchOutput(OfKind):
    """Importing the file prints more than it may.

    In production, all of it lands in the DAG processor's log at each parse, every 30 seconds for ever: in CloudWatch
    that is a bill, and nobody finds anything else in it.

    Found:

    ```python
    for row in rows:  # a million
        print(row)
    ```

    Not found: a line or two.

    Mend: remove it, or log in tasks. `limits = { output-megabytes = 16 }` in `[tool.airlock.check]` moves the limit.
    """

    code = "AL105"
    title = "prints too much"
    kind = Kind.OUTPUT
    fix = "print in tasks, not while the file is imported"


class Leftover(OfKind):
    """Threads or processes that the file started are still there when it was parsed.

    In production, each parse leaves another one behind: the DAG processor's container runs into its limit of memory
    or of processes after hours or days. A thread can also hang the parser when it ends.

    Found:

    ```python
    threading.Thread(target=refresh_cache).start()
    subprocess.Popen(["sleep", "3600"])
    ```

    Not found: a child process or a pool of threads that ended before the file did.

    Mend: do it in a task, or wait for it.
    """

    code = "AL106"
    title = "leaves threads or processes behind"
    kind = Kind.LEFTOVER
    severity = Severity.WARNING
    fix = "wait for it, or start it in a task"


CHECKS = (ImportFailed(), TimedOut(), Crashed(), TooMuchMemory(), TooMuchOutput(), Leftover())
