"""All checks of `doctor`, one after another."""

import platform
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from paces_live.errors import ModelError, RuntimeMissingError, SourceError
from paces_live.system.doctor.check import Check
from paces_live.system.doctor.sound import RATE, sound_checks
from paces_live.system.doctor.tracks import history_check, now_playing_checks

BITS = struct.calcsize("P") * 8
"""Size of a pointer of this Python: a 32-bit system may run on a 64-bit kernel, where the machine is aarch64."""
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
    yield _radio()
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
    """Check that we can decode and resample files, by doing it."""
    try:
        import soundfile
        import soxr

        from paces_live.sources.resample import MonoResampler

        resampler = MonoResampler(44_100, RATE, name="a test")
        count = len(resampler.push(np.zeros(44_100, dtype=np.float32))) + len(resampler.flush())
        readable = [form for form in ("WAV", "FLAC", "OGG", "MP3") if form in soundfile.available_formats()]
    except (ImportError, OSError, SourceError) as error:
        return Check("files", False, " ".join(str(error).split()), "pip install --force-reinstall soundfile soxr")
    detail = f"libsndfile {soundfile.__libsndfile_version__} reads {', '.join(readable)}; soxr {soxr.__version__}"
    if count != RATE:
        return Check("files", False, f"{detail}, which resamples wrongly", "pip install --force-reinstall soxr")
    if "MP3" not in readable:
        return Check("files", False, detail, "for MP3 use libsndfile 1.1 or later: pip install -U soundfile")
    return Check("files", True, detail)


def _radio() -> Check:
    """Check the extra for radio stations and other kinds of files."""
    from paces_live.sources.decoder import INSTALL, load_av

    if (av := load_av()) is None:
        return Check("radio", None, "PyAV is not installed: no radio stations and no m4a files", INSTALL)
    missing = [codec for codec in ("mp3", "aac", "opus", "vorbis") if codec not in av.codecs_available]
    if missing:
        return Check("radio", False, f"PyAV {av.__version__} does not decode {', '.join(missing)}", "pip install -U av")
    return Check("radio", True, f"PyAV {av.__version__} decodes radio stations and m4a files")
