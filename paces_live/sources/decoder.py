"""Audio of any format, decoded by FFmpeg through PyAV; damage is skipped and counted."""

from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError, reason
from paces_live.sources.file_object import FileObject
from paces_live.sources.gaps import Gaps
from paces_live.sources.ogg import MAGIC as OGG
from paces_live.sources.ogg import OggLinks, Readable
from paces_live.sources.samples import as_floats

T = TypeVar("T")
BLOCK_S = 0.25
"""Seconds of a piece; they limit the memory that a file takes, however long it is."""
DAMAGED_AT_ONCE = 10_000
"""Tries after each other to find the next packet in damaged data."""
READ_BYTES = 1 << 18
"""Bytes that FFmpeg reads at once."""


class DecodedFrames(NamedTuple):
    """Decoded frames, shape (n, channels), full scale ±1, and their rate, Hz.

    `damaged` of the frames could not be decoded; silence stands for them, so that the beats after them stay in time.
    """

    frames: NDArray[np.float32]
    rate: int
    damaged: int = 0


def has_decoder() -> bool:
    """Return whether PyAV is installed and can be loaded: 32-bit systems have none."""
    try:
        # Deferred: it loads FFmpeg, 30 MB of libraries, which a microphone does not need.
        import av  # noqa: F401
    except ImportError:
        return False
    return True


class Decoder:
    """An open file or stream whose best audio stream is decoded; the caller closes it, and then `file`.

    Parameters
    ----------
    file : str or Readable
        An address that FFmpeg opens, or an object with a method `read`; it need not be seekable. FFmpeg judges an
        object by its content alone, never by its name.
    name : str
        What error messages call it.
    container : str, optional
        FFmpeg's name of the format, if it would not recognise it.
    options : dict of str to str
        Options of FFmpeg's demuxer or protocol.
    timeout : float, optional
        Seconds that an address may take to give data.

    Attributes
    ----------
    tags : dict of str to str
        The tags that FFmpeg finds, with lower-case names. What is not UTF-8 is in surrogates, see `os.fsdecode`.
    duration : float or None
        Length as the header states it, seconds. Only decoding shows how long it is.

    Raises
    ------
    SourceError
        FFmpeg cannot read it, or it holds no audio.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> with excerpt().open("rb") as file:
    ...     decoder = Decoder(file, name="demo.ogg")
    ...     sum(len(piece.frames) for piece in decoder.frames())
    ...     decoder.close()
    2006550
    """

    def __init__(
        self,
        file: str | Readable,
        *,
        name: str,
        container: str | None = None,
        options: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        import av

        self._av = av
        self._name = name
        self._timeout = timeout
        self._format = container
        self._options = dict(options or {})
        self._source: str | FileObject = file if isinstance(file, str) else FileObject(file)
        self._links: OggLinks | None = None
        if isinstance(self._source, FileObject):
            # A playlist in disguise must not open other files or addresses.
            self._options |= {"protocol_whitelist": "none"} | self._source.options
            if self._source.head.startswith(OGG):
                self._links = OggLinks(self._source)
        self._open()

    def _open(self) -> None:
        """Open the file, or the link that is next in it."""
        try:
            container: Any = self._av.open(
                self._links or self._source,
                format=self._format,
                metadata_errors="surrogateescape",
                buffer_size=READ_BYTES,
                container_options=self._options,
                timeout=self._timeout,
            )
        except Exception as error:
            # FFmpeg meets any bytes here, and PyAV has no common base for what it raises.
            raise self._unreadable(error) from error
        self._container = container
        self._audio = self._container.streams.best("audio")
        if self._audio is None:
            self._container.close()
            raise SourceError(
                f"{self._name}: holds no audio",
                hint="choose a file or stream with music in it",
                code="source.unreadable",
            )
        tags = {**self._container.metadata, **self._audio.metadata}
        self.tags = {key.lower(): value for key, value in tags.items()}
        length: int | None = self._container.duration
        self.duration: float | None = None if length is None else length / self._av.time_base

    def frames(self) -> Generator[DecodedFrames, None, None]:
        """Yield the frames until the end, a quarter of a second at a time.

        Packets that cannot be decoded are skipped. If music follows, silence of their length stands for them.

        Raises
        ------
        SourceError
            Nothing can be decoded, or what feeds the decoder fails.
        """
        try:
            yield from self._joined()
        except Exception as error:
            # Whatever is wrong with these data is wrong with them alone.
            raise self._unreadable(error) from error

    def packets(self) -> Generator[memoryview, None, None]:
        """Yield the encoded sound packet by packet, without the tags around it; raises as `frames` does."""
        try:
            yield from self._of_links(self._encoded)
        except Exception as error:
            # As in `frames`: any bytes, and any exception.
            raise self._unreadable(error) from error

    def close(self) -> None:
        """Close the container, not the file object that it reads."""
        self._container.close()

    def _joined(self) -> Iterator[DecodedFrames]:
        """Yield pieces of a quarter of a second, cut where the rate or the channels change."""
        parts: list[NDArray[np.float32]] = []
        rate = channels = held = damaged = 0
        for frames, new_rate, lost in self._of_links(self._decoded):
            if parts and (new_rate, frames.shape[1]) != (rate, channels):
                yield DecodedFrames(np.concatenate(parts), rate, damaged)
                parts, held, damaged = [], 0, 0
            parts.append(frames)
            rate, channels = new_rate, frames.shape[1]
            held, damaged = held + len(frames), damaged + lost
            if held >= BLOCK_S * rate:
                yield DecodedFrames(np.concatenate(parts), rate, damaged)
                parts, held, damaged = [], 0, 0
        if parts:
            yield DecodedFrames(np.concatenate(parts), rate, damaged)

    def _of_links(self, given: Callable[[], Iterator[T]]) -> Iterator[T]:
        """Yield what the file gives, or one link of it after the other."""
        yield from given()
        while self._links and self._links.go_on():
            self._container.close()
            # A link may be damaged, or hold no audio; the others are music nevertheless.
            with suppress(SourceError, self._av.FFmpegError):
                self._open()
                yield from given()

    def _encoded(self) -> Iterator[memoryview]:
        """Yield the bytes of the packets, after those that say how they are to be decoded."""
        codec = self._audio.codec_context
        yield memoryview(f"{codec.name} {codec.sample_rate} {codec.channels}".encode())
        for packet in self._packets(Gaps(self._container.format.name)):
            yield memoryview(packet)

    def _decoded(self) -> Iterator[DecodedFrames]:
        """Yield the frames of each packet, after the silence that stands for what is missing before it."""
        gaps = Gaps(self._container.format.name)
        first_error = None
        for packet in self._packets(gaps):
            try:
                decoded = packet.decode()
            except self._av.FFmpegError as error:
                first_error = first_error or error
                gaps.damaged(packet)
                continue
            for frame in decoded:
                frames = as_floats(frame)
                if len(frames):
                    if missing := gaps.before(frame):
                        yield DecodedFrames(
                            np.zeros((missing, frames.shape[1]), np.float32), frame.sample_rate, missing
                        )
                    yield DecodedFrames(frames, frame.sample_rate)
        if not gaps.started and first_error is not None:
            raise first_error

    def _packets(self, gaps: Gaps) -> Iterator[Any]:
        """Yield the packets of the audio; what is damaged between them is passed over.

        If nothing but damage follows music, the file ends there, as one does that is broken off.
        """
        tries = 0
        packets = self._container.demux(self._audio)
        while True:
            try:
                packet = next(packets, None)
            except self._av.FFmpegError as error:
                tries += 1
                # An error of the system comes from the file or the network, and stays.
                if isinstance(error, OSError):
                    raise
                if tries > DAMAGED_AT_ONCE:
                    if gaps.started:
                        return
                    raise
                packets = self._container.demux(self._audio)
                continue
            if packet is None:
                return
            tries = 0
            yield packet

    def _unreadable(self, error: Exception) -> SourceError:
        if isinstance(error, SourceError):
            return error
        if isinstance(error, self._av.ExitError):
            message = f"{self._name} gives no data"
        elif isinstance(error, self._av.InvalidDataError | self._av.EOFError):
            message = f"{self._name}: is not audio, or damaged from the start"
        else:
            message = f"{self._name}: cannot be read as audio ({_words(error)})"
        return SourceError(message, hint="check that it is music, and download it again", code="source.unreadable")


def _words(error: Exception) -> str:
    """Return an error of FFmpeg without its number and the name of the file."""
    return str(getattr(error, "strerror", None) or "") or reason(error)
