"""A file that a client uploads, judged as a whole song."""

import asyncio
import io
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from paces_live.analysis.classifier import Classifier
from paces_live.errors import ServerError, UsageError
from paces_live.library.files import FilePaces
from paces_live.match import Listener
from paces_live.session.whole_song import whole_song
from paces_live.sources.block import Block
from paces_live.sources.piped_file import decoded_blocks

MOST_BYTES = 100 << 20
"""Size of the largest file, bytes."""
MOST_S = 3600.0
"""Length of the longest song, seconds: a few bytes can stand for days of silence."""
UPLOAD_S = 120.0
"""Time that an upload may take, seconds."""
ANALYSIS_S = 60.0
"""Time that decoding and judging may take, seconds."""
MOST_WAITING = 4
"""Files that may wait; the memory for them is the limit."""


class UploadAnalyst:
    """Judges one uploaded file at a time, in memory; nothing is written to disk. `close` it at the end.

    Parameters
    ----------
    classifier : Classifier
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="upload")
        self._present = 0
        self._over = threading.Event()

    def close(self) -> None:
        """Forget what waits, and break off what is judged."""
        self._over.set()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def paces(self, body: AsyncIterator[bytes], name: str, listener: Listener) -> FilePaces:
        """Return the paces of the file in `body`.

        Parameters
        ----------
        body : async iterator of bytes
        name : str
            What errors and the result call it.
        listener : Listener
            The strongest peak near its target is always a candidate.

        Raises
        ------
        SourceError
            It cannot be decoded.
        ServerError
            It is too large or too slow, or too many others wait.
        """
        if self._present >= MOST_WAITING:
            raise ServerError("other files are waiting", hint="try again soon", code="server.full")
        self._present += 1
        try:
            async with asyncio.timeout(UPLOAD_S):
                data = await _whole(body)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, self._judge, data, name, listener.target)
        except TimeoutError:
            raise ServerError(f"{name}: the upload takes too long", hint="try again", code="server.idle") from None
        finally:
            self._present -= 1

    def _judge(self, data: bytes, name: str, target: float | None) -> FilePaces:
        rate = self._classifier.features.sample_rate
        blocks = self._limited(decoded_blocks(iter([data]), rate, name=name, file=io.BytesIO(data)), rate, name)
        song = whole_song(blocks, self._classifier, of_interest=() if target is None else (target,))
        return FilePaces(Path(name), song.duration, song.paces, song.damaged, beat=song.beat)

    def _limited(self, blocks: Iterator[Block], rate: int, name: str) -> Iterator[Block]:
        """Yield blocks for as long as a song may be, and its analysis may take."""
        samples, deadline = 0, time.monotonic() + ANALYSIS_S
        for block in blocks:
            if self._over.is_set():
                raise ServerError("the server is stopping", hint="try again soon", code="server.full")
            samples += len(block.samples)
            if samples > MOST_S * rate or time.monotonic() > deadline:
                raise ServerError(f"{name} is too long", hint="send a part of it", code="server.too_large")
            yield block


async def _whole(body: AsyncIterator[bytes]) -> bytes:
    whole = bytearray()
    async for part in body:
        if len(whole) + len(part) > MOST_BYTES:
            raise ServerError(
                f"the file is larger than {MOST_BYTES >> 20} MB", hint="send a part of it", code="server.too_large"
            )
        whole += part
    if not whole:
        raise UsageError("the body is empty", hint="send a music file in it", code="usage.body")
    return bytes(whole)
