"""Converts music to MP3, which every player plays."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from paces_live.errors import ExportError, SourceError, reason
from paces_live.sources.decoder import DecodedFrames, has_decoder
from paces_live.sources.encoded import encoded_kind
from paces_live.sources.file import read_audio
from paces_live.text import shown_path

__all__ = ["check_encoder", "convert", "converted_size", "is_mp3"]

BIT_RATE = 192_000
"""Bits per second, always the same: old players show the wrong time otherwise, and the size is known before."""
RATES = (44_100, 48_000)
"""Sample rates that every player takes, Hz; anything else becomes the first."""
OVERHEAD_BYTES = 8_192
"""Most bytes besides the sound: tags, and the frame that states the length."""
LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What FFmpeg takes so many channels for."""
LOOKED_AT = 8_192
"""Bytes at the beginning of a file that show what it is."""


def check_encoder() -> None:
    """Raise `SourceError` if nothing here can write MP3."""
    if not has_decoder():
        raise SourceError(
            "--mp3 needs PyAV, which this system does not have",
            hint="use a 64-bit system, or leave it out",
            code="source.decoder_missing",
        )


def is_mp3(path: Path) -> bool:
    """Return whether players take a file for MP3, and rightly so; raises `OSError`."""
    if path.suffix.lower() != ".mp3":
        return False
    with path.open("rb") as file:
        # Some files begin with anything, and are MP3 after it.
        return encoded_kind(file.read(LOOKED_AT), complete=True) in {"", "an MP3 file"}


def converted_size(seconds: float) -> int:
    """Return how large a song becomes at most, bytes.

    Examples
    --------
    >>> converted_size(200.0)
    4808192
    """
    return round(seconds * BIT_RATE / 8.0) + OVERHEAD_BYTES


def convert(source: Path, target: Path, tags: Mapping[str, str]) -> float:
    """Write music as MP3, mono or stereo; return how many of its seconds are damaged: they are silent.

    Parameters
    ----------
    source, target : Path
        The target is written from its beginning on, and then its first frame again.
    tags : mapping of str to str
        As FFmpeg names them: ``title``, ``artist``, ``album``.

    Raises
    ------
    SourceError
        The source cannot be read.
    ExportError
        The target cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from paces_live.demo import excerpt
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     convert(excerpt(), Path(folder) / "demo.mp3", {"title": "Waltz"})
    0.0
    """
    # Deferred: it loads FFmpeg.
    import av

    try:
        return _convert(source, target, tags)
    except av.FFmpegError as error:
        # What cannot be read is another error.
        hint = f"make room in {shown_path(target.parent)}, or set TMPDIR to another folder"
        raise ExportError(f"{shown_path(source)}: cannot be converted: {reason(error)}", hint=hint) from error


def _convert(source: Path, target: Path, tags: Mapping[str, str]) -> float:
    import av

    damaged = 0.0
    with closing(read_audio(source)) as pieces:
        first = next(pieces)
        rate = first.rate if first.rate in RATES else RATES[0]
        layout = "mono" if first.frames.shape[1] == 1 else "stereo"
        # Players of before 2005 know ID3v2.3 only.
        with av.open(target, "w", format="mp3", options={"id3v2_version": "3"}) as output:
            output.metadata.update(tags)
            stream: Any = output.add_stream("libmp3lame", rate=rate, layout=layout)
            stream.codec_context.bit_rate = BIT_RATE
            stream.codec_context.format = "fltp"
            resampler = _Resampler(layout, rate)
            for piece in chain([first], pieces):
                damaged += piece.damaged / piece.rate
                for frame in resampler.push(piece):
                    output.mux(stream.encode(frame))
            for frame in resampler.end():
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return damaged


class _Resampler:
    """Turns pieces, whose rate and channels may change, into frames of FFmpeg in one layout and at one rate."""

    def __init__(self, layout: str, rate: int) -> None:
        self._layout = layout
        self._rate = rate
        self._form: tuple[int, int] | None = None
        self._resampler: Any = None
        self._given = 0

    def push(self, piece: DecodedFrames) -> Iterator[Any]:
        """Yield the frames that a piece completes."""
        from av import AudioFrame, AudioResampler

        # Beyond eight channels there is no order that everybody knows.
        channels = piece.frames.shape[1] if piece.frames.shape[1] in LAYOUTS else 2
        if self._form != (piece.rate, channels):
            yield from self.end()
            self._form, self._resampler = (piece.rate, channels), AudioResampler("fltp", self._layout, self._rate)
        planes = np.ascontiguousarray(piece.frames[:, :channels].T, np.float32)
        frame: Any = AudioFrame.from_ndarray(planes, format="fltp", layout=LAYOUTS[channels])
        frame.sample_rate = piece.rate
        yield from self._timed(frame)

    def end(self) -> Iterator[Any]:
        """Yield what is left."""
        if self._resampler:
            yield from self._timed(None)

    def _timed(self, frame: Any) -> Iterator[Any]:
        for one in self._resampler.resample(frame):
            one.pts, one.time_base = self._given, Fraction(1, self._rate)
            self._given += one.samples
            yield one
