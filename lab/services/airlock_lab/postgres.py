"""PostgreSQL as any user but root, its cluster made at the first start; whatever is in it may be lost.

Debian's scripts around clusters are not used: they are Perl and want root.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from airlock_lab.refused import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DATA = "/var/lib/postgresql/data"
# Nobody keeps anything here: a lab that loses its power begins anew.
UNSAFE_AND_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# jit: the image leaves the compiler out; the socket: the root file system is read-only
SETTINGS = ("listen_addresses=*", "max_connections=200", "jit=off", "unix_socket_directories=/tmp")


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Become the server. Raises RefusedError for root, and where there is no password for the first start."""
    if os.getuid() == 0:
        raise RefusedError("PostgreSQL refuses to run as root: start it as another user of group 0")
    data = Path(environ.get("PGDATA", DATA))
    if not (data / "PG_VERSION").exists():
        make_cluster(data, environ)
    data.chmod(0o700)  # what the server insists on, and a volume may have widened
    options = [word for setting in (*SETTINGS, *UNSAFE_AND_FAST) for word in ("-c", setting)]
    os.execvp("postgres", ["postgres", "-D", str(data), *options, *arguments])  # noqa: S606


def make_cluster(data: Path, environ: Mapping[str, str]) -> None:
    """Make the cluster, its one role and its database beside their place, and rename them into it.

    So that a start which was killed leaves nothing that looks like a cluster.
    """
    user, database = environ.get("POSTGRES_USER", "airflow"), environ.get("POSTGRES_DB", "airflow")
    if not environ.get("POSTGRES_PASSWORD"):
        raise RefusedError("set POSTGRES_PASSWORD: everybody on the network can connect")
    with contextlib.suppress(FileNotFoundError):
        data.rmdir()  # an empty folder, which a volume may have brought
    for left in data.parent.glob("new-*"):
        shutil.rmtree(left)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=data.parent))
    with tempfile.NamedTemporaryFile("w") as password, _known_user(environ) as known:
        password.write(environ["POSTGRES_PASSWORD"])
        password.flush()
        _call(
            ["initdb", "--pgdata", str(new), "--username", user, "--pwfile", password.name, "--no-sync",
             "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8"],
            known,
        )  # fmt: skip
        create = f'CREATE DATABASE "{database}"\n'
        _call(["postgres", "--single", "-D", str(new), "postgres"], known, create)
    with (new / "pg_hba.conf").open("a") as rules:
        rules.write("host all all all scram-sha-256\n")  # from other containers, with the password
    new.rename(data)


@contextlib.contextmanager
def _known_user(environ: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Give an environment in which this process's uid has a name: initdb asks for one and takes no other answer."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        wrappers = sorted(Path("/usr/lib").glob("*/libnss_wrapper.so"))
        with tempfile.TemporaryDirectory() as folder:
            passwd, group = Path(folder, "passwd"), Path(folder, "group")
            passwd.write_text(f"lab:x:{os.getuid()}:{os.getgid()}::/tmp:/bin/sh\n")
            group.write_text(f"lab:x:{os.getgid()}:\n")
            names = {"NSS_WRAPPER_PASSWD": str(passwd), "NSS_WRAPPER_GROUP": str(group)}
            yield {**environ, **names, "LD_PRELOAD": str(wrappers[0])}
    else:
        yield environ


def _call(command: Sequence[str], environ: Mapping[str, str], text: str = "") -> None:
    done = subprocess.run(command, env=dict(environ), input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RefusedError(f"{command[0]} failed: {' '.join(done.stderr.split())}")
