"""Decoding and resampling with FFmpeg, and with libsndfile, which 32-bit systems use, side by side.

``python -m benchmarks.decoding DECODER FILE`` prints the processor time that a file takes, seconds.
"""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from benchmarks.installed import sizes
from benchmarks.process import run
from paces_live.sources import libsndfile
from paces_live.sources.decoder import DecodedFrames, Decoder
from paces_live.sources.resample import mono_blocks

FORMATS = {
    "WAV": ("WAV", "PCM_16", 44_100),
    "FLAC": ("FLAC", "PCM_16", 44_100),
    "MP3": ("MP3", "MPEG_LAYER_III", 44_100),
    "Ogg Vorbis": ("OGG", "VORBIS", 44_100),
    "Ogg Opus": ("OGG", "OPUS", 48_000),
}
"""Container, codec and rate, Hz, of each kind of file that both decoders read."""
SECONDS = 120
SESSION_RATE = 22_050


def _ffmpeg(file: BinaryIO) -> Iterable[DecodedFrames]:
    with closing(Decoder(file, name="file")) as decoder:
        yield from decoder.frames()


DECODERS: dict[str, Callable[[BinaryIO], Iterable[DecodedFrames]]] = {
    "FFmpeg": _ffmpeg,
    "libsndfile": lambda file: libsndfile.read(file, name="file"),
}


def side_by_side(folder: Path, rounds: int) -> dict[str, Any]:
    """Return the least processor time of each decoder for a second of audio, and installed sizes."""
    cpu: dict[str, dict[str, float]] = {}
    for name, (container, codec, rate) in FORMATS.items():
        path = folder / f"song.{container}"
        _write(path, container, codec, rate)
        # They take turns, so that both meet the same machine.
        runs = [(decoder, _cpu_s(decoder, path)) for _ in range(rounds) for decoder in DECODERS]
        cpu[name] = {decoder: min(s for one, s in runs if one == decoder) / SECONDS for decoder in DECODERS}
    installed = sizes("paces_live")
    own_mb = {name: sizes(name)[name] / 1e6 for name in ("av", "soundfile")}
    return {"cpu": cpu, "installed_mb": sum(installed.values()) / 1e6, "decoders_mb": own_mb}


def _cpu_s(decoder: str, path: Path) -> float:
    return float(run(decoder, [sys.executable, "-m", "benchmarks.decoding", decoder, str(path)]).lines[-1])


def _write(path: Path, container: str, codec: str, rate: int) -> None:
    """Write stereo noise with beats."""
    t = np.arange(SECONDS * rate) / rate
    noise = np.random.default_rng(1).normal(size=(len(t), 2))
    samples = (0.1 * noise * np.exp(-20.0 * (t % 0.4))[:, None] + 0.1 * np.sin(2 * np.pi * 220 * t)[:, None]).astype(
        "f4"
    )
    with soundfile.SoundFile(path, "w", rate, 2, format=container, subtype=codec) as file:
        for start in range(0, len(samples), rate):  # libsndfile fails on more Vorbis at once
            file.write(samples[start : start + rate])


def main() -> None:
    """Decode a file and print the processor time."""
    decoder, path = sys.argv[1:]
    # The first time loads the libraries.
    for measured in (False, True):
        with Path(path).open("rb", buffering=0) as file:
            begun = time.process_time()
            for _ in mono_blocks(DECODERS[decoder](file), SESSION_RATE, name="file"):
                if not measured:
                    break
    print(time.process_time() - begun)  # noqa: T201


if __name__ == "__main__":
    main()
