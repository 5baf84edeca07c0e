"""Where audio comes from: microphone, playback, a player, file, pipe, radio, array.

Importing this costs nothing: soundfile, soxr and PortAudio are loaded by the source that needs them, when it
is opened.
"""

import sys

from paces_live.errors import UsageError
from paces_live.sources.array import ArraySource
from paces_live.sources.block import Block, Source
from paces_live.sources.fifo import FifoSource, is_fifo
from paces_live.sources.file import FileSource
from paces_live.sources.microphone import MicrophoneSource
from paces_live.sources.monitor import PlaybackSource
from paces_live.sources.pcm import PcmFormat, PipeSource, pcm_format
from paces_live.sources.radio import RadioSource

__all__ = [
    "ArraySource",
    "Block",
    "FifoSource",
    "FileSource",
    "MicrophoneSource",
    "PcmFormat",
    "PipeSource",
    "PlaybackSource",
    "RadioSource",
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
    channels: int | None = None,
) -> Source:
    """Return the source that `spec` names; nothing is opened before its blocks are taken.

    Parameters
    ----------
    spec : str
        ``mic``, ``mic:NAME``, ``playback``, ``playback:NAME``, ``player:NAME``, ``http://…``, ``https://…``,
        ``fifo:PATH``, ``-`` for standard input, or a file's path (``file:PATH`` where the path looks like one of the
        others). A path of a named pipe is one too.
    sample_rate : int
        The engine's rate, Hz.
    fast : bool
        Read a file as fast as it is taken, not in real time.
    rate, format, channels
        Of the raw PCM on standard input or in a named pipe: Hz, ``s16le`` or ``f32le``, and how many are interleaved;
        None is 1 on standard input and 2, MPD's, in a named pipe.

    Raises
    ------
    UsageError
        `spec` names nothing, or the raw PCM is described wrongly.
    """
    kind, colon, rest = spec.partition(":")
    if not spec.strip() or (kind in _NAMED and colon and not rest.strip()):
        raise UsageError(f"input {spec!r} names nothing: choose mic, playback, - or a file, or see paces-live devices")
    name = rest.strip() if colon else None
    pcm = (rate, pcm_format(format))
    match kind:
        case "-" if not colon:
            return PipeSource(sys.stdin.buffer, *pcm, 1 if channels is None else channels, sample_rate=sample_rate)
        case "mic":
            return MicrophoneSource(name, sample_rate)
        case "playback":
            return PlaybackSource(sample_rate, output=name)
        case "player" if name:
            return PlaybackSource(sample_rate, player=name)
        case "http" | "https" if colon:
            return RadioSource(spec, sample_rate)
    path = rest if kind in ("file", "fifo") and colon else spec
    if (kind == "fifo" and colon) or is_fifo(path):
        return FifoSource(path, *pcm, 2 if channels is None else channels, sample_rate=sample_rate)
    return FileSource(path, sample_rate, fast=fast)


_NAMED = ("mic", "playback", "player", "fifo", "file")
