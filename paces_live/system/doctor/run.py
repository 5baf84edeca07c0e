"""All checks of `doctor`, one after another."""

import platform
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paces_live.errors import ModelError, RuntimeMissingError, SourceError
from paces_live.system.doctor.check import Check
from paces_live.system.doctor.sound import sound_checks
from paces_live.system.doctor.tracks import history_check, now_playing_checks

BITS = struct.calcsize("P") * 8
"""Size of a pointer of this Python: a 32-bit system may run on a 64-bit kernel, where the machine is aarch64."""
SAMPLE_RATE = 16_000
"""Rate that the excerpt, which has another one, is resampled to, Hz."""
BOARD = Path("/proc/device-tree/model")
"""The file with the name of a Raspberry Pi."""


def run_checks(model: Path | None = None) -> Iterator[Check]:
    """Yield one check after another as it is done; nothing is raised.

    Parameters
    ----------
    model : path, optional
        The model to check instead of the one that ships.
    """
    yield _system()
    yield _python()
    yield _model(model)
    yield _files()
    yield from sound_checks()
    yield from now_playing_checks()
    yield history_check()


def _system() -> Check:
    """Report which system this is, and on which board."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.system()
    board = BOARD.read_text("utf-8", errors="replace").strip("\0\n ") if BOARD.exists() else ""
    return Check("system", True, ", ".join(filter(None, [name, board])))


def _python() -> Check:
    """Check the versions of Python and numpy."""
    detail = f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, {BITS} bits"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("Python", False, detail, "install with Python 3.11, 3.12 or 3.13")
    return Check("Python", True, detail)


def _model(model: Path | None) -> Check:
    """Check the TFLite runtime and the model by judging the manifest's self-test."""
    # Deferred, here and below: a check must report an import that fails, and the others must still run.
    from paces_live.analysis.classifier import load_classifier
    from paces_live.analysis.runtime import runtime_advice

    name = "model"
    try:
        classifier = load_classifier(model)
        difference = classifier.self_test()
    except RuntimeMissingError as error:
        return Check(name, False, error.message, runtime_advice())
    except ModelError as error:
        return Check(name, False, error.message, error.hint)
    detail = f"{classifier.runtime} judges the self-test correctly (largest difference {difference:.4f})"
    return Check(name, True, detail)


def _files() -> Check:
    """Check that we can decode and resample, by doing it."""
    from paces_live.demo import excerpt
    from paces_live.sources import FileSource, libsndfile
    from paces_live.sources.decoder import has_decoder

    fix = "pip install --force-reinstall av soxr"
    try:
        source = FileSource(excerpt(), SAMPLE_RATE, fast=True, end=1.0)
        count = sum(len(block.samples) for block in source.blocks())
        if not has_decoder():
            return Check("files", None, libsndfile.MISSING)
        import av
        import soxr
    except (ImportError, OSError, SourceError) as error:
        return Check("files", False, " ".join(str(error).split()), fix)
    detail = f"PyAV {av.__version__} decodes files and radio stations; soxr {soxr.__version__} resamples"
    if count != SAMPLE_RATE:
        return Check("files", False, f"{detail} wrongly", fix)
    missing = [codec for codec in ("mp3", "aac", "opus", "vorbis", "flac") if codec not in av.codecs_available]
    if missing:
        return Check("files", False, f"{detail}; {', '.join(missing)} cannot be decoded", fix)
    return Check("files", True, detail)
