"""A pipe: raw PCM or an encoded file on standard input, or the raw PCM of a capture tool."""

import select
from collections.abc import Generator, Iterator
from io import UnsupportedOperation
from os import read as os_read
from pathlib import Path
from typing import BinaryIO, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError, UsageError
from paces_live.sources.block import POLL_S, Block
from paces_live.sources.encoded import encoded_kind
from paces_live.sources.piped_file import decoded_blocks
from paces_live.sources.resample import RATE_MAX, RATE_MIN, MonoResampler

PcmFormat = Literal["s16le", "f32le"]
"""Signed 16-bit integers, or 32-bit floats of full scale ±1; little-endian, channels interleaved."""

CHANNELS_MAX = 32
"""Most interleaved channels; more are a wrong number."""
READ_BYTES = 1 << 16
"""Bytes that are read from a pipe at once, its usual capacity: what has piled up comes in one block."""
_EXAMPLE = "ffmpeg -i song.m4a -f s16le -ac 1 -ar 44100 - | paces-live listen --input - --rate 44100"


def pcm_format(text: str) -> PcmFormat:
    """Return `text` if it is a format of raw PCM, else raise `UsageError`.

    Examples
    --------
    >>> pcm_format("f32le")
    'f32le'
    >>> pcm_format("s24le")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: format s24le is unknown: choose s16le or f32le
    """
    for known in get_args(PcmFormat):
        if text == known:
            return cast("PcmFormat", known)
    raise UsageError(
        f"format {text} is unknown", hint=f"choose {' or '.join(get_args(PcmFormat))}", code="usage.format"
    )


def check_pcm(rate: int, format: str, channels: int) -> None:  # noqa: A002 - the name of the option
    """Raise `UsageError` unless raw PCM of this kind can be read.

    Examples
    --------
    >>> check_pcm(44_100, "s16le", channels=2)
    >>> check_pcm(44, "s16le", channels=2)
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: rate 44 is out of range: choose 6000 to 384000 Hz
    """
    if not RATE_MIN <= rate <= RATE_MAX:
        raise UsageError(f"rate {rate} is out of range", hint=f"choose {RATE_MIN} to {RATE_MAX} Hz", code="usage.rate")
    pcm_format(format)
    if not 1 <= channels <= CHANNELS_MAX:
        raise UsageError(
            f"{channels} channels are out of range", hint=f"choose 1 to {CHANNELS_MAX}", code="usage.channels"
        )


class PipeSource:
    """Samples from a binary stream of raw PCM, as fast as the stream gives them.

    The caller closes the stream, and must not have read from it through a buffer before. Frames that the pipe cut in
    two are joined again. An incomplete frame at the very end is left out.

    Parameters
    ----------
    stream : binary file object
        Standard input, a pipe, a fifo, or an `io.BytesIO`.
    rate : int
        The stream's sample rate, 6,000 to 384,000 Hz.
    format : {"s16le", "f32le"}
        Format of its samples.
    channels : int
        Samples in a frame.
    sample_rate : int
        Sample rate of the blocks, Hz.
    name : str
        What the start event and error messages call it.

    Raises
    ------
    UsageError
        `rate`, `format` or `channels` cannot be read.

    Examples
    --------
    >>> import io
    >>> pipe = PipeSource(io.BytesIO(bytes(2 * 22_050)), 22_050, sample_rate=22_050)
    >>> sum(len(block.samples) for block in pipe.blocks())
    22050
    """

    live = False

    def __init__(
        self,
        stream: BinaryIO,
        rate: int,
        format: PcmFormat = "s16le",  # noqa: A002 - the name of the option
        channels: int = 1,
        *,
        sample_rate: int,
        name: str = "stdin",
    ) -> None:
        check_pcm(rate, format, channels)
        self._stream = stream
        self._rate = rate
        self._type = np.dtype("<i2" if format == "s16le" else "<f4")
        self._scale = np.float32(1 / 32768 if format == "s16le" else 1)
        self._channels = channels
        self._sample_rate = sample_rate
        self._name = name

    @property
    def name(self) -> str:
        """``stdin``, or the name that was given."""
        return self._name

    def blocks(self) -> Generator[Block, None, None]:
        """Yield samples as they come, and an empty block every half second without data; see `Source.blocks`.

        An encoded file, which its first bytes show, is decoded.
        """
        if self._stream.isatty():
            raise UsageError(
                f"{self._name} is a terminal", hint=f"pipe raw PCM into it, such as {_EXAMPLE}", code="usage.input"
            )
        count = 0
        begun = _Begun(self._chunks())
        for _ in begun.waiting():
            yield Block(np.empty(0, np.float32))
        if begun.kind:
            file = self._stream if self._stream.seekable() else None
            yield from decoded_blocks(begun.chunks(), self._sample_rate, name=self._name, file=file)
            return
        for samples in self._pcm(begun.chunks()):
            count += len(samples)
            yield Block(samples)
        if not count:
            raise SourceError(
                f"{self._name} ended before any data came", hint=f"pipe raw PCM into it, such as {_EXAMPLE}"
            )

    def samples(self) -> Generator[NDArray[np.float32], None, None]:
        """Yield the samples of raw PCM; an empty stream is no error here, but an encoded file is."""
        begun = _Begun(self._chunks())
        for _ in begun.waiting():
            yield np.empty(0, np.float32)
        if begun.kind:
            raise SourceError(
                f"{self._name} carries {begun.kind}, not raw PCM",
                hint=f"give the name of the file as the input, or decode it, such as {_EXAMPLE}",
            )
        yield from self._pcm(begun.chunks())

    def _pcm(self, chunks: Iterator[bytes]) -> Iterator[NDArray[np.float32]]:
        resampler = MonoResampler(self._rate, self._sample_rate, name=self._name)
        frame_bytes = self._type.itemsize * self._channels
        rest = b""
        for chunk in chunks:
            data = rest + chunk
            whole = len(data) - len(data) % frame_bytes
            rest = data[whole:]
            frames = np.frombuffer(data[:whole], dtype=self._type).astype(np.float32) * self._scale
            yield resampler.push(frames.reshape(-1, self._channels))
        if len(flushed := resampler.flush()):
            yield flushed

    def _chunks(self) -> Iterator[bytes]:
        """Yield bytes as they come until the stream ends, and none after half a second without data."""
        try:
            descriptor = self._stream.fileno()
        except UnsupportedOperation:
            while chunk := self._stream.read(READ_BYTES):
                yield chunk
            return
        # poll, not epoll: it also takes a regular file that was redirected here.
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        try:
            while True:
                if not poll.poll(POLL_S * 1000):
                    yield b""
                elif chunk := os_read(descriptor, READ_BYTES):
                    yield chunk
                else:
                    return
        except OSError as error:
            raise SourceError(f"{self._name} cannot be read: {error.strerror}") from error


class PipeWithPath:
    """What the pipes that are given as a path have in common.

    Parameters
    ----------
    path : path
        The pipe.
    rate, format, channels
        Of the samples, as for `PipeSource`; MPD's ``44100:16:2`` unless given.
    sample_rate : int
        Sample rate of the blocks, Hz.

    Raises
    ------
    UsageError
        `rate`, `format` or `channels` cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        rate: int = 44_100,
        format: PcmFormat = "s16le",  # noqa: A002 - the name of the option
        channels: int = 2,
        *,
        sample_rate: int,
    ) -> None:
        check_pcm(rate, format, channels)
        self._path = Path(path)
        self._rate, self._format, self._channels = rate, format, channels
        self._sample_rate = sample_rate

    def _reader(self, stream: BinaryIO, name: str) -> PipeSource:
        """Return the source of what comes from `stream`, which the path led to."""
        return PipeSource(stream, self._rate, self._format, self._channels, sample_rate=self._sample_rate, name=name)


class _Begun:
    """A stream of bytes whose first ones show what it is: `kind` is what `encoded_kind` returns."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.kind = ""
        self._rest = chunks
        self._start = b""

    def waiting(self) -> Iterator[None]:
        """Yield after each chunk until the kind is known."""
        for chunk in self._rest:
            self._start += chunk
            kind = encoded_kind(self._start)
            if kind is not None:
                self.kind = kind
                return
            yield
        self.kind = encoded_kind(self._start, complete=True) or ""

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes, those that were looked at, too."""
        yield self._start
        yield from self._rest
