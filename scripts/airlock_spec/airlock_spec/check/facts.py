"""Facts: what the probe saw of DAG files in the image. It judges nothing; `judge` makes findings of them.

Every path is relative to the bundle, with `/`, for a file of the bundle, and absolute for one of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Place:
    """A line of a file; line 0 means the file as a whole."""

    path: str
    line: int = 0


class Kind(StrEnum):
    """What kept a file, or a DAG of it, from being parsed and serialized, or would fail later."""

    IMPORT = "import"  # an exception left the file
    TIMEOUT = "timeout"  # of Airflow's own, or the parser's hard one
    CRASH = "crash"  # the process ended: a signal, os._exit
    MEMORY = "memory"  # it took more than it may
    OUTPUT = "output"  # it printed more than it may
    LEFTOVER = "leftover"  # threads or processes that outlive the parse
    INVALID = "invalid"  # Airflow refuses the DAG: a cycle aside, whatever validate() and bag_dag() say
    CYCLE = "cycle"
    DUPLICATE = "duplicate"  # one dag id twice in one file; across files is judged
    POLICY = "policy"  # a cluster policy refuses it
    SERIALIZATION = "serialization"
    POOL = "pool"  # not among the known ones
    TEMPLATE = "template"  # does not compile
    TEMPLATE_FILE = "template-file"  # is missing


@dataclass(frozen=True)
class Problem:
    """Something that went wrong, at the user's line where one is known."""

    kind: Kind
    message: str  # one line: for an exception `TypeName: text`
    place: Place
    detail: str = ""  # traceback, or what was printed
    dag_id: str = ""
    task_id: str = ""


class Way(StrEnum):
    """How code tried to leave."""

    CONNECT = "connect"
    RESOLVE = "resolve"
    SEND = "send"  # a datagram without connect


@dataclass(frozen=True)
class Attempt:
    """An attempt to reach the network while parsing; it was refused, whatever the DAG made of that."""

    way: Way
    target: str  # `host:port`, `[address]:port`, or a name
    place: Place  # of the user's frame that led there
    program: str = ""  # the child process that tried, where it was not Python's own process
    caller: str = ""  # the innermost Python frame, `file:line function`, where it is not the user's


class Source(StrEnum):
    """What was read that is not there while parsing."""

    VARIABLE = "variable"
    CONNECTION = "connection"
    DATABASE = "database"  # the metadata database


@dataclass(frozen=True)
class Read:
    """A Variable, a Connection or the metadata database, read while parsing."""

    source: Source
    name: str  # the key or conn_id; "" for the database
    place: Place


@dataclass(frozen=True)
class Need:
    """What one part of a DAG will talk to when it runs."""

    by: str  # import path of the operator, sensor, trigger or hook class
    service: str = ""  # a VPC endpoint's service, as `ecs` or `ecr.api`: airlock_spec.endpoints' word
    host: str = ""  # a host outside AWS, as `slack.com` or `*.snowflakecomputing.com`
    task_id: str = ""
    dag_id: str = ""
    place: Place = Place("")


@dataclass(frozen=True)
class Task:
    """A task, mapped or not, as the DAG has it after policies."""

    task_id: str
    operator: str  # import path of its class
    place: Place
    owner: str
    retries: int
    pool: str
    trigger_rule: str


@dataclass(frozen=True)
class Dag:
    """A DAG that was parsed and, unless a problem says otherwise, serialized."""

    dag_id: str
    place: Place
    digest: str  # sha256 of the serialized form; "" where there is none
    tags: tuple[str, ...]
    description: str
    schedule: str
    catchup: bool
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Unstable:
    """A DAG whose serialized form differed between two parses in fresh processes."""

    dag_id: str
    where: str  # path inside the serialized DAG, as `dag.tasks[2].bash_command` (tasks by id: `dag.tasks[say].env`)
    first: str
    second: str
    place: Place  # of the task, or the DAG


@dataclass(frozen=True)
class ImportCost:
    """What importing one module took, and what that module imported first not counted."""

    module: str
    seconds: float


@dataclass(frozen=True)
class Dependencies:
    """The Python files of the bundle that a file's facts depend on: sha256 of each that was opened, itself included.

    The facts depend on the image and the request, too, on all names in the bundle and on all in it that is not Python.
    """

    files: dict[str, str]


@dataclass(frozen=True)
class File:
    """All facts of one DAG file."""

    path: str
    seconds: float  # to import it once Airflow was imported, without serialization
    dags: tuple[Dag, ...] = ()
    problems: tuple[Problem, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    reads: tuple[Read, ...] = ()
    needs: tuple[Need, ...] = ()
    unstable: tuple[Unstable, ...] = ()
    imports: tuple[ImportCost, ...] = ()  # the dearest first, at most ten
    dependencies: Dependencies | None = None  # None: must not be kept in a cache


class Reason(StrEnum):
    """Why a file of the bundle will never be loaded."""

    SAFE_MODE = "safe-mode"  # it lacks the words that Airflow looks for
    IGNORED = "ignored"  # by a pattern of an .airflowignore
    NESTED = "nested"  # a module inside a folder of a zip


@dataclass(frozen=True)
class Skipped:
    """A file that Airflow passes over without a word."""

    path: str  # for a zip's member `archive.zip/folder/module.py`
    reason: Reason
    pattern: str = ""
    place: Place = Place("")  # the pattern's own line
    looks_like_dag: bool = False  # it imports or calls what makes DAGs, as far as its source shows


@dataclass(frozen=True)
class Pattern:
    """A pattern of an .airflowignore that matches nothing."""

    pattern: str
    place: Place


@dataclass(frozen=True)
class Isolation:
    """What kept the parse from the network."""

    namespace: bool  # a network namespace without a way out
    seccomp: bool  # a filter on system calls
    notified: bool  # every refused call was reported, those of native code and child processes too


@dataclass(frozen=True)
class Run:
    """Everything that one run of the probe found."""

    airflow: str  # version
    python: str
    isolation: Isolation
    files: tuple[File, ...]
    skipped: tuple[Skipped, ...] = ()
    unmatched: tuple[Pattern, ...] = ()
    common: tuple[Need, ...] = ()  # what Airflow itself needs, by its configuration: executor, logs, secrets
