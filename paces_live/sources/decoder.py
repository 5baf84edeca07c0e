"""What FFmpeg decodes, through PyAV (the extra ``radio``): streams, and files that libsndfile does not read."""

from collections.abc import Generator
from contextlib import closing
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError

Frames = tuple[NDArray[np.float32], int]
"""A stretch of frames, shape (n, channels), full scale ±1, and their rate in Hz."""
INSTALL = "pip install 'paces-live[radio]'"


def load_av() -> ModuleType | None:
    """Return PyAV, or None where the extra is not installed."""
    try:
        # Deferred: it loads FFmpeg, 30 MB of libraries.
        import av
    except ImportError:
        return None
    module: ModuleType = av
    return module


class Decoder:
    """An opened container whose first audio stream is decoded; closing it is the caller's.

    Parameters
    ----------
    av : module
        As from `load_av`.
    file : str or binary file object
        A path, or something with a method `read` that need not be seekable.
    name : str
        What errors call it.

    Attributes
    ----------
    duration : float or None
        Length in seconds as the header states it; None for what has no end.

    Raises
    ------
    SourceError
        It is nothing that FFmpeg reads, or holds no audio.
    """

    def __init__(self, av: ModuleType, file: str | BinaryIO | Any, *, name: str) -> None:
        self._av = av
        self._name = name
        try:
            self._container = av.open(file, metadata_errors="replace")
        except (av.FFmpegError, OSError) as error:
            raise self._unreadable(error) from error
        if not self._container.streams.audio:
            self._container.close()
            raise SourceError(f"{name}: holds no audio: choose a file or stream with music in it")
        length = self._container.duration
        self.duration: float | None = None if length is None else length / av.time_base

    def frames(self) -> Generator[Frames, None, None]:
        """Yield stretches of frames until the end.

        Raises
        ------
        SourceError
            The data are damaged, or their source fails.
        """
        av = self._av
        started = False
        planes = av.AudioResampler(format="fltp")
        packets = self._container.demux(audio=0)
        with closing(packets):
            while True:
                try:
                    packet = next(packets, None)
                    if packet is None:
                        return
                    for frame in packet.decode():
                        for converted in planes.resample(frame):
                            started = True
                            yield converted.to_ndarray().T, converted.sample_rate
                except av.InvalidDataError as error:
                    # A stream is entered anywhere; what belongs to the packet before cannot be decoded.
                    if started:
                        raise self._unreadable(error) from error
                except (av.FFmpegError, OSError) as error:
                    raise self._unreadable(error) from error

    def close(self) -> None:
        """Close the container, not the file object that it reads."""
        self._container.close()

    def _unreadable(self, error: Exception) -> SourceError:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".")
        return SourceError(f"{self._name}: cannot be read as audio ({reason})")
