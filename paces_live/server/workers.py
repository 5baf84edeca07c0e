"""The worker processes of a server, and the lanes of the streams that they judge."""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from paces_live.client.records import event
from paces_live.errors import ServerError, reason
from paces_live.events import End, Event, Failure, Reading
from paces_live.server.messages import Hello
from paces_live.server.worker import Kind, frame

_log = logging.getLogger(__name__)

_START = "import sys; sys.path = sys.argv[3:]; from paces_live.server.worker import work; work(*sys.argv[1:3])"
SHARED = 8
"""Streams that a worker has before another one is started."""
BEHIND_BYTES = 1 << 20
"""Bytes that may wait for a worker; beyond, it has too much to do."""
LINE_BYTES = 1 << 22
"""Length of the longest line of a worker."""
INNOCENT_S = 60.0
"""Seconds of a stream after which it did not kill the worker that it had before."""
MOST_RESTARTS = 2
"""Times that a stream begins anew after its worker has died; then it may be what kills them."""


class Workers:
    """Starts worker processes as they are needed. Everything here belongs to the thread of the event loop.

    Parameters
    ----------
    model : Path, optional
        See `paces_live.analysis.classifier.load_classifier`.
    interval : float
        Seconds of audio between readings.
    most : int, optional
        Most processes; one for each core unless given.
    """

    def __init__(self, model: Path | None = None, interval: float = 1.0, most: int | None = None) -> None:
        self._arguments = [str(model or ""), str(interval)]
        self._most = most or os.cpu_count() or 1
        self._workers: list[_Worker] = []
        self._starting = asyncio.Lock()
        self._number = 0
        self._closed = False

    @property
    def behind(self) -> bool:
        """Whether all workers have too much to do."""
        return len(self._workers) >= self._most and all(worker.behind for worker in self._workers)

    def lane(self, stream: str, hello: Hello, deliver: Callable[[list[Event]], None]) -> "WorkerLane":
        """Return the lane of a stream, which has no worker yet; `deliver` gets its events in the event loop."""
        self._number += 1
        return WorkerLane(self._number, stream, hello, deliver)

    async def place(self, lane: "WorkerLane") -> None:
        """Give a lane a worker; raises `ServerError` if no process can be started."""
        try:
            lane.begin(await self._least_loaded())
        except OSError as error:
            raise ServerError(
                f"no process can be started: {reason(error)}", hint="try again soon", code="server.full"
            ) from error

    async def close(self) -> None:
        """End all workers; what they have not judged is lost."""
        self._closed = True
        for worker in self._workers:
            await worker.close()

    async def _least_loaded(self) -> "_Worker":
        async with self._starting:
            worker = min(self._workers, key=lambda one: len(one.lanes), default=None)
            if worker is None or (len(worker.lanes) >= SHARED and len(self._workers) < self._most):
                worker = _Worker(await self._process(), self._buried)
                self._workers.append(worker)
            return worker

    async def _process(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            # It imports what this process does, and nothing from the folder that it happens to be in.
            *(sys.executable, "-P", "-c", _START, *self._arguments, *filter(None, sys.path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            # More threads would take more cores, and gain nothing here.
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            # Ctrl-C is for the server.
            start_new_session=True,
        )

    async def _buried(self, worker: "_Worker") -> None:
        """Let the streams of a worker that has died go on elsewhere, with new windows."""
        self._workers.remove(worker)
        if self._closed:
            return
        _log.warning("a worker process has ended; its %d streams begin again", len(worker.lanes))
        for lane in list(worker.lanes.values()):
            if lane.restarts == MOST_RESTARTS:
                lane.fail("the server cannot judge this sound")
                continue
            lane.restarts += 1
            try:
                await self.place(lane)
            except ServerError as error:
                lane.fail(error.message)


class WorkerLane:
    """The way of one stream into its worker. `Workers.lane` makes it.

    Attributes
    ----------
    stream : str
        Its id.
    deliver : callable
        Gets its events.
    restarts : int
        How often its worker has died.
    """

    def __init__(self, number: int, stream: str, hello: Hello, deliver: Callable[[list[Event]], None]) -> None:
        self.stream = stream
        self.deliver = deliver
        self.restarts = 0
        self._number = number
        self._hello = hello
        self._worker: _Worker | None = None
        self._finished = False
        self._targets: list[float] = []

    @property
    def behind(self) -> bool:
        """Whether its worker has too much to do."""
        return self._worker is not None and self._worker.behind

    def fail(self, message: str) -> None:
        """End the stream, because nobody can judge it."""
        self.deliver([End(0.0, Failure("server", message, "connect again later"), self.stream)])

    def begin(self, worker: "_Worker") -> None:
        """Begin in a worker, with an empty window."""
        self._worker = worker
        worker.lanes[self._number] = self
        self._send(Kind.START, json.dumps({"stream": self.stream, "hello": asdict(self._hello)}).encode())
        self._send(Kind.AIM, json.dumps(self._targets).encode())
        if self._finished:
            # The worker before this one had not come to it.
            self._send(Kind.FINISH)

    def put(self, data: bytes) -> None:
        """Have samples judged."""
        self._send(Kind.AUDIO, data)

    def put_gap(self, frames: int) -> None:
        """Say that frames are missing here."""
        self._send(Kind.GAP, str(frames).encode())

    def aim(self, targets: Sequence[float]) -> None:
        """Have candidates near the targets of listeners judged."""
        if list(targets) != self._targets:
            self._targets = list(targets)
            self._send(Kind.AIM, json.dumps(self._targets).encode())

    def finish(self) -> None:
        """Report the song and the end."""
        self._finished = True
        self._send(Kind.FINISH)

    def _send(self, kind: Kind, body: bytes = b"") -> None:
        if self._worker is not None:
            self._worker.send(frame(self._number, kind, body))


class _Worker:
    """A process, and the lanes that lead to it."""

    def __init__(
        self, process: asyncio.subprocess.Process, on_end: Callable[["_Worker"], Coroutine[None, None, None]]
    ) -> None:
        self.lanes: dict[int, WorkerLane] = {}
        self._process = process
        self._on_end = on_end
        self._unsent: list[bytes] = []
        self._reading = asyncio.create_task(self._read())

    @property
    def behind(self) -> bool:
        assert self._process.stdin is not None
        return self._process.stdin.transport.get_write_buffer_size() > BEHIND_BYTES

    def send(self, data: bytes) -> None:
        if not self._unsent:
            # With what else comes in this turn of the loop: each write costs as much as ten frames.
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsent.append(data)

    def _flush(self) -> None:
        assert self._process.stdin is not None
        data, self._unsent = b"".join(self._unsent), []
        # A process that has just died is noticed by the end of its output.
        with suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(data)

    async def close(self) -> None:
        self._reading.cancel()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _read(self) -> None:
        """Deliver what comes until the process ends; then its lanes go elsewhere."""
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                self._deliver(line)
        except Exception:  # noqa: BLE001 - its streams would hang for ever
            _log.exception("a worker process has failed")
            self._process.kill()
        await self._process.wait()
        await self._on_end(self)

    def _deliver(self, line: bytes) -> None:
        found = json.loads(line)
        lane = self.lanes.get(found["n"])
        if lane is None:
            return
        events = [one for record in found["events"] if (one := event(record)) is not None]
        last = events[-1]
        if isinstance(last, End):
            del self.lanes[found["n"]]
        elif isinstance(last, Reading) and last.t > INNOCENT_S:
            # Whatever its workers die of later, it is not this sound.
            lane.restarts = 0
        lane.deliver(events)
