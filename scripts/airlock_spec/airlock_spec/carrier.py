"""Carries connections from one place to another, where no network leads: into a sandbox, out of a network.

Places are `tcp:HOST:PORT`, `unix:PATH`, and `fd:NUMBER`, a listening socket that was inherited. With `-- COMMAND`
the command runs beside it, and its end is the carrier's.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

USAGE = (
    "carrier FROM TO [FROM TO]... [-- COMMAND...], each tcp:HOST:PORT, unix:PATH or (FROM alone) fd:NUMBER\n"
)
MISUSE = 2
_PIECE = 1 << 16


def run(arguments: Sequence[str], _: Mapping[str, str] | None = None) -> int:
    """Carry until a signal comes, or the command ends, whose exit code it returns."""
    places, command = _split(arguments)
    if not places or len(places) % 2:
        sys.stderr.write(USAGE)
        return MISUSE
    try:
        return asyncio.run(_serve(list(zip(places[::2], places[1::2], strict=True)), command))
    except (OSError, ValueError) as error:  # a port that is taken, a place that is none, no such command
        sys.stderr.write(f"carrier: {error}\n")
        return MISUSE


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    words = list(arguments)
    if "--" not in words:
        return words, []
    end = words.index("--")
    return words[:end], words[end + 1 :]


async def _serve(pairs: Sequence[tuple[str, str]], command: Sequence[str]) -> int:
    signals: asyncio.Queue[int] = asyncio.Queue()  # kept from the start, for a command that is not there yet
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signals.put_nowait, number)
    # Kept, and not closed by `async with`: from Python 3.12 on that waits for clients to hang up.
    _servers = [await _listen(source, target) for source, target in pairs]
    if not command:
        await signals.get()
        return 0
    process = await asyncio.create_subprocess_exec(*command)
    passing = asyncio.create_task(_pass_on(signals, process))
    code = await process.wait()
    passing.cancel()
    return code if code >= 0 else 128 - code  # of a signal, as shells say it


async def _pass_on(signals: asyncio.Queue[int], process: asyncio.subprocess.Process) -> None:
    while True:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(await signals.get())


async def _listen(source: str, target: str) -> asyncio.Server:
    at_work: set[asyncio.Task[None] | None] = set()  # the loop itself keeps no task from being collected

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_work.add(task := asyncio.current_task())
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the carrier ends, and hangs up
                await _carry(target, reader, writer)
        finally:
            at_work.discard(task)

    kind, _, where = source.partition(":")
    if kind == "fd":
        return await asyncio.start_server(carry, sock=socket.socket(fileno=int(where)))
    if kind == "unix":
        return await asyncio.start_unix_server(carry, where)
    host, port = _host_and_port(kind, where)
    return await asyncio.start_server(carry, host, port)


async def _carry(target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there, back = await _connect(target)
    except OSError:  # nobody listens there yet, or any more: hang up, as a port that is closed would
        writer.transport.abort()
        return
    try:
        await asyncio.gather(_pump(reader, back), _pump(there, writer))
    finally:
        for one in (writer, back):
            one.transport.abort()


async def _connect(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, where = target.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(where)
    host, port = _host_and_port(kind, where)
    return await asyncio.open_connection(host, port)


def _host_and_port(kind: str, where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    if kind != "tcp" or not host or not port.isdigit():
        raise ValueError(f"{kind}:{where} is not a place; {USAGE}")
    return host, int(port)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction to its end; the other may go on."""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
