"""An internet radio station: HTTP, track titles by the ICY protocol, decoded by FFmpeg."""

import queue
import re
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

import paces_live
from paces_live.errors import SourceError, reason
from paces_live.events import Track
from paces_live.sources.block import Block
from paces_live.sources.decoder import Decoder, has_decoder
from paces_live.sources.reconnect import POLL_S, Reconnection
from paces_live.sources.resample import mono_blocks

if TYPE_CHECKING:
    from http.client import HTTPResponse

TIMEOUT_S = 10.0
"""Time without data after which a server is gone, seconds."""
AHEAD = 64
"""Stretches that are decoded in advance: one or two seconds."""
END_S = 1.0
"""Time that the reading thread has to end, seconds; if it waits for the server, it ends when that answers."""
LIST_BYTES = 1 << 16
"""Most bytes of a playlist that are read."""
CHECK = "check the address and the network"
_LISTS = ("audio/x-mpegurl", "audio/mpegurl", "application/x-mpegurl", "audio/x-scpls")
_TITLE = re.compile(rb"StreamTitle='(.*?)';", re.DOTALL)


class RadioSource:
    """A station, or any other audio at an HTTP or HTTPS address, as fast as the server sends it.

    If a station breaks off, the source connects again. A file on a server has an end, and ends the source.

    Parameters
    ----------
    address : str
        URL of the stream, or of an M3U or PLS playlist that names it.
    sample_rate : int
        Sample rate of the blocks, Hz.
    """

    live = True

    def __init__(self, address: str, sample_rate: int) -> None:
        self._address = address
        self._sample_rate = sample_rate
        self._reconnection = Reconnection("radio", sample_rate)

    @property
    def name(self) -> str:
        """``radio:`` and the address without its query, which may hold a key."""
        parts = urlsplit(self._address)
        return f"radio:{parts.hostname}{parts.path}"

    def blocks(self) -> Generator[Block, None, None]:
        """Yield samples as they are sent, and an empty block every half second without data; see `Source.blocks`."""
        return self._reconnection.blocks(self._connect)

    def _connect(self) -> Generator[Block, None, None]:
        if not has_decoder():
            raise SourceError(f"{self.name} needs PyAV", hint="this system has none", code="source.decoder_missing")
        with closing(_Reader(self._address, self._sample_rate, name=self.name)) as reader:
            while True:
                try:
                    item = reader.items.get(timeout=POLL_S)
                except queue.Empty:
                    yield Block(np.empty(0, np.float32))
                    continue
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise item
                track = None if item.title is None else Track(title=item.title, location=self.name)
                yield Block(item.samples, track=track)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Samples, and the title as it was when they came."""

    samples: NDArray[np.float32]
    title: str | None


class _Reader:
    """A thread that reads and decodes, because both wait; `items` gets its stretches, an error, or None at the end."""

    def __init__(self, address: str, sample_rate: int, *, name: str) -> None:
        self.items: queue.Queue[_Stretch | BaseException | None] = queue.Queue(AHEAD)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(address, sample_rate, name), name="radio", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask the thread to end, and wait a moment for it."""
        self._stopping.set()
        self._thread.join(END_S)

    def _run(self, address: str, sample_rate: int, name: str) -> None:
        # Deferred, here and below: with TLS it takes 50 ms, which other sources need not wait for.
        from http.client import HTTPException

        try:
            with closing(connect(address, name)) as response:
                stream = IcyStream(response, self._stopping)
                with closing(Decoder(stream, name=name)) as decoder:
                    self._decode(decoder, stream, sample_rate, name)
        except SourceError as error:
            self._put(error)
        except (OSError, HTTPException) as error:
            self._put(SourceError(f"{name} cannot be read ({_reason(error)})", hint=CHECK, code="source.unreadable"))
        except BaseException as error:  # noqa: BLE001 - the thread that takes the blocks raises it
            self._put(error)

    def _decode(self, decoder: Decoder, stream: "IcyStream", sample_rate: int, name: str) -> None:
        given = False
        for block in mono_blocks(decoder.stretches(), sample_rate, name=name):
            if self._stopping.is_set():
                return
            if len(block.samples):
                given = True
                self._put(_Stretch(block.samples, stream.title))
        if not given:
            raise SourceError(
                f"{name}: gives no sound as a stream",
                hint="choose another address, or download the file and give that",
                code="source.unreadable",
            )
        if not stream.ends:
            raise SourceError(f"{name} broke off", hint=CHECK)
        self._put(None)

    def _put(self, item: _Stretch | BaseException | None) -> None:
        """Wait for room, as long as there is a reader."""
        while not self._stopping.is_set():
            try:
                return self.items.put(item, timeout=POLL_S)
            except queue.Full:
                continue
        return None


class IcyStream:
    """The audio of a response, without the titles that ICY servers put between its bytes.

    Attributes
    ----------
    title : str or None
        The last title that came.
    ends : bool
        Whether the server states a length: a file, not a station.
    """

    def __init__(self, response: "HTTPResponse", stopping: threading.Event) -> None:
        self.title: str | None = None
        self.ends = response.length is not None
        self._response = response
        self._stopping = stopping
        interval = response.headers.get("icy-metaint", "")
        self._interval = int(interval) if interval.isdecimal() else 0
        self._left = self._interval

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes of audio as soon as there are some; none at the end."""
        if self._stopping.is_set():
            return b""
        if not self._interval:
            return self._response.read1(size)
        if not self._left:
            self._left = self._interval
            self._take_title()
        chunk = self._response.read1(min(size, self._left))
        self._left -= len(chunk)
        return chunk

    def _take_title(self) -> None:
        """Read what is between the bytes: a length in units of 16, and fields such as ``StreamTitle='…';``."""
        fields = self._response.read(16 * ord(self._response.read(1) or b"\0"))
        if found := _TITLE.search(fields):
            try:
                words = found[1].decode("utf-8")
            except UnicodeDecodeError:
                words = found[1].decode("latin-1")  # the older convention, which some servers still use
            self.title = words.strip() or None


def connect(address: str, name: str) -> "HTTPResponse":
    """Return the response to a request for the stream at `address`, or for the first one in the playlist there.

    Raises
    ------
    SourceError, OSError, HTTPException
        There is none.
    """
    import urllib.request

    for _ in range(2):
        headers = {"Icy-MetaData": "1", "User-Agent": f"paces-live/{paces_live.__version__}"}
        request = urllib.request.Request(address, headers=headers)  # noqa: S310 - http and https alone come here
        response: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
        if response.headers.get_content_type() not in _LISTS:
            return response
        with response:
            text = response.read(LIST_BYTES).decode("utf-8", errors="replace")
        found = re.search(r"^(?:File\d+=)?(https?://\S+)", text, re.MULTILINE)
        if found is None or "#EXT-X-" in text:
            break
        address = found[1]
    raise SourceError(
        f"{name} is a playlist without the address of a stream", hint="give the address of the stream itself"
    )


def _reason(error: Exception) -> str:
    """Return an error on the way to the server as a part of a line."""
    from urllib.error import URLError

    # The error of an HTTP status says it best itself; the other error of urllib wraps the one that does.
    inner = error.reason if type(error) is URLError else error
    return inner if isinstance(inner, str) else reason(inner)
