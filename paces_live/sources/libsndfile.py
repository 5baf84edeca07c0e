"""WAV, FLAC, OGG and MP3 through libsndfile, for 32-bit systems, which have no PyAV."""

from collections.abc import Iterator
from typing import BinaryIO

from paces_live.errors import SourceError, reason
from paces_live.sources.decoder import BLOCK_S, DecodedFrames
from paces_live.sources.native_stderr import silence_native_stderr

MISSING = "this system has no PyAV, so paces-live reads only WAV, FLAC, OGG and MP3 here"
"""What people need to know about a file that cannot be read here."""


def read(file: BinaryIO, *, name: str) -> Iterator[DecodedFrames]:
    """Yield the frames of an open file, a quarter of a second at a time.

    Raises
    ------
    SourceError
        libsndfile is not installed, or cannot read the file, or not to its end.

    Examples
    --------
    >>> from paces_live.demo import excerpt
    >>> with excerpt().open("rb") as file:
    ...     sum(len(piece.frames) for piece in read(file, name="demo.ogg"))
    2006550
    """
    try:
        # Deferred: importing soundfile takes about 50 ms and opens libsndfile.
        import soundfile
    except (ImportError, OSError) as error:
        # 64-bit systems have PyAV instead, and it may fail to load.
        raise SourceError(
            f"{name}: nothing can decode it, because neither PyAV nor soundfile can be loaded",
            hint="see paces-live doctor",
            code="source.decoder_missing",
        ) from error
    silence_native_stderr()
    try:
        # By its descriptor: soundfile prints what goes wrong in a seek to which a damaged file leads.
        with soundfile.SoundFile(file.fileno(), closefd=False) as audio:
            size = max(1, round(BLOCK_S * audio.samplerate))
            while len(frames := audio.read(size, dtype="float32", always_2d=True)):
                yield DecodedFrames(frames, audio.samplerate)
    except Exception as error:
        # Whatever is wrong with these data is wrong with them alone.
        raise SourceError(
            f"{name}: cannot be read as audio ({reason(error)})",
            hint=f"{MISSING}; convert it with: ffmpeg -i FILE song.wav",
            code="source.unreadable",
        ) from error
