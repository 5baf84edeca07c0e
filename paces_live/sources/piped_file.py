"""An encoded file that comes through a pipe, decoded as it comes."""

import io
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import BinaryIO

from paces_live.errors import SourceError
from paces_live.sources.block import Block
from paces_live.sources.decoder import Decoder, has_decoder
from paces_live.sources.reading_thread import in_thread
from paces_live.sources.resample import mono_blocks

MOST_BYTES = 1 << 29
"""Most bytes of an MP4 file that are kept in memory."""


def decoded_blocks(
    chunks: Iterator[bytes], sample_rate: int, *, name: str, file: BinaryIO | None = None
) -> Generator[Block, None, None]:
    """Yield the blocks of an encoded file, and an empty one every half second without data.

    Parameters
    ----------
    chunks : iterator of bytes
        The file as it comes; an empty chunk is a sign of life.
    sample_rate : int
        Sample rate of the blocks, Hz.
    name : str
        What error messages call it.
    file : binary file object, optional
        The same file if it can be sought, because it was redirected and not piped.

    Raises
    ------
    SourceError
        It cannot be decoded.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> blocks = decoded_blocks(iter([excerpt().read_bytes()]), 22_050, name="stdin")
    >>> sum(len(block.samples) for block in blocks) / 22_050
    91.0
    """
    if not has_decoder():
        raise SourceError(
            f"{name} carries an encoded file, and this system has no PyAV to decode it",
            hint="decode it with ffmpeg, or give the name of the file as the input",
            code="source.decoder_missing",
        )

    def produce(stopping: threading.Event) -> Iterator[Block]:
        if file:
            file.seek(0)
        begun = file or _in_memory_if_needed(_Chunks(chunks, stopping), name)
        with closing(Decoder(begun, name=name)) as decoder:
            yield from mono_blocks(decoder.frames(), sample_rate, name=name)

    return in_thread(produce, name="pipe")


class _Chunks:
    """Chunks as a file that is read from its beginning to its end, or until it is stopped."""

    def __init__(self, chunks: Iterator[bytes], stopping: threading.Event) -> None:
        self._chunks = chunks
        self._stopping = stopping
        self._rest = b""

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end, without taking them."""
        while len(self._rest) < size and not self._stopping.is_set():
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._rest += chunk
        return self._rest[:size]

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes as soon as there are some, none at the end."""
        taken = self.peek(1) and self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return taken


def _in_memory_if_needed(file: _Chunks, name: str) -> "_Chunks | io.BytesIO":
    """Return an MP4 file whose index is at its end as a whole: the index says where the sound is.

    A stream of MP4 has its index right after the type of the file.
    """
    head = file.peek(8)
    if head[4:] != b"ftyp":
        return file
    length = int.from_bytes(head[:4], "big")
    if file.peek(min(length, 1 << 10) + 8)[-4:] == b"moov":
        return file
    whole = io.BytesIO()
    while chunk := file.read(1 << 20):
        if whole.tell() > MOST_BYTES:
            raise SourceError(f"{name} carries an MP4 file that is too long", hint="give its name as the input")
        whole.write(chunk)
    whole.seek(0)
    return whole
