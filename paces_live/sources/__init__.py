"""Where audio comes from: microphone, playback, file, pipe, array.

Importing this costs nothing: soundfile, soxr and PortAudio are loaded by the source that needs them, when it
is opened.
"""

import sys

from paces_live.errors import UsageError
from paces_live.sources.array import ArraySource
from paces_live.sources.block import Block, Source
from paces_live.sources.file import FileSource
from paces_live.sources.microphone import MicrophoneSource
from paces_live.sources.playback import PlaybackSource
from paces_live.sources.stdin import PcmFormat, PipeSource, pcm_format

__all__ = [
    "ArraySource",
    "Block",
    "FileSource",
    "MicrophoneSource",
    "PcmFormat",
    "PipeSource",
    "PlaybackSource",
    "Source",
    "open_source",
]


def open_source(
    spec: str,
    *,
    sample_rate: int,
    fast: bool = False,
    rate: int = 44_100,
    format: str = "s16le",  # noqa: A002 - the name of the option
    channels: int = 1,
) -> Source:
    """Return the source that `spec` names; nothing is opened before its blocks are taken.

    Parameters
    ----------
    spec : str
        ``mic``, ``mic:NAME``, ``playback``, ``-`` for standard input, or a file's path (``file:PATH`` where
        the path looks like one of the others).
    sample_rate : int
        The engine's rate, Hz.
    fast : bool
        Read a file as fast as it is taken, not in real time.
    rate, format, channels
        Of the raw PCM on standard input: Hz, ``s16le`` or ``f32le``, and how many are interleaved.

    Raises
    ------
    UsageError
        `spec` names nothing, or the raw PCM is described wrongly.
    """
    kind, colon, rest = spec.partition(":")
    if spec == "-":
        return PipeSource(sys.stdin.buffer, rate, pcm_format(format), channels, sample_rate=sample_rate)
    if spec == "playback":
        return PlaybackSource(sample_rate)
    if spec == "mic":
        return MicrophoneSource(None, sample_rate)
    if kind in ("mic", "file") and colon and not rest.strip():
        raise UsageError(f"input {spec} names nothing: write mic:NAME, or file:PATH")
    if kind == "mic" and colon:
        return MicrophoneSource(rest.strip(), sample_rate)
    path = rest if kind == "file" and colon else spec
    if not path.strip():
        raise UsageError("input is empty: choose mic, mic:NAME, playback, - or a file")
    return FileSource(path, sample_rate, fast=fast)
