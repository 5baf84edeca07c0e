"""Streams, and files that libsndfile does not read, decoded by FFmpeg through PyAV (the extra ``radio``)."""

from collections.abc import Generator
from contextlib import closing
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import SourceError, reason

Frames = tuple[NDArray[np.float32], int]
"""A stretch of frames, shape (n, channels), full scale ±1, and their rate, Hz."""
INSTALL = "pip install '.[radio]' in the checkout (with pipx: pipx install --force '.[radio]')"


def load_av() -> ModuleType | None:
    """Return PyAV, or None if the extra is not installed."""
    try:
        # Deferred: it loads FFmpeg, 30 MB of libraries.
        import av
    except ImportError:
        return None
    module: ModuleType = av
    return module


class Decoder:
    """An open container whose first audio stream is decoded; the caller closes it.

    Parameters
    ----------
    av : module
        As from `load_av`.
    file : str or binary file object
        A path, or an object with a method `read`; it need not be seekable.
    name : str
        What error messages call it.

    Attributes
    ----------
    duration : float or None
        Length in seconds as the header states it; None for a stream without an end.

    Raises
    ------
    SourceError
        FFmpeg cannot read it, or it holds no audio.
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
            raise SourceError(f"{name}: holds no audio", hint="choose a file or stream with music in it")
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
                    # We join a stream anywhere; data that belongs to the packet before cannot be decoded.
                    if started:
                        raise self._unreadable(error) from error
                except (av.FFmpegError, OSError) as error:
                    raise self._unreadable(error) from error

    def close(self) -> None:
        """Close the container, not the file object that it reads."""
        self._container.close()

    def _unreadable(self, error: Exception) -> SourceError:
        return SourceError(
            f"{self._name}: cannot be read as audio ({reason(error)})",
            hint="check that it is music, or convert it with ffmpeg",
            code="source.unreadable",
        )
