"""All checks of `doctor`, one after another."""

import platform
import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from paces_live.errors import ModelError, PacesError, RuntimeMissingError, pip_install
from paces_live.system.doctor.check import LISTENING, USES, Check, Use
from paces_live.system.doctor.sensors import sensor_check
from paces_live.system.doctor.sound import sound_checks
from paces_live.system.doctor.tracks import history_check, now_playing_checks

BITS = struct.calcsize("P") * 8
"""Size of a pointer of this Python: a 32-bit system may run on a 64-bit kernel, where the machine is aarch64."""
SAMPLE_RATE = 16_000
"""Rate that the excerpt, which has another one, is resampled to, Hz."""
BOARD = Path("/proc/device-tree/model")
"""The file with the name of a Raspberry Pi."""


def run_checks(model: Path | None = None, use: Use | None = None) -> Iterator[Check]:
    """Yield one check after another as it is done; nothing is raised.

    A check has failed if `use` cannot work without it. If `use` is not given, nobody needs everything: a check has
    failed only if all uses need it, and the last one, ``listening``, if nothing can be heard at all.

    Parameters
    ----------
    model : path, optional
        The model to check instead of the one that ships.
    use : Use, optional
        The only use that matters; checks that it does not need are left out.
    """
    broken: set[Use] = set()
    for check in _checks(model, use):
        if check.ok is False:
            broken |= set(check.needed_for)
            if use is None and not set(USES) <= set(check.needed_for):
                check = replace(check, ok=None)
        yield check
    if use is None:
        yield _listening(broken)


def _checks(model: Path | None, use: Use | None) -> Iterator[Check]:
    """Yield the checks that matter for `use`."""
    yield _system()
    yield _python()
    yield _model(model)
    if use in (None, "files", "play", "radio"):
        yield from (check for check in _decoding() if use in (None, *check.needed_for))
    if use in (None, "mic", "monitor", "play"):
        yield from sound_checks(use)
    if use is None:
        yield from now_playing_checks()
        yield history_check()
        yield sensor_check()


def _listening(broken: set[Use]) -> Check:
    """Say what can be heard on this machine."""
    name = "listening"
    works = [_WORDS[use] for use in LISTENING if use not in broken]
    fails = [_WORDS[use] for use in LISTENING if use in broken]
    if not works:
        return Check(name, False, "nothing can be heard here", "fix what is missing above", LISTENING)
    but = f", but not to {' or '.join(fails)}" if fails else ""
    return Check(name, True, f"you can listen to {', '.join(works)}{but}", needed_for=LISTENING)


_WORDS: dict[Use, str] = {
    "mic": "a microphone",
    "monitor": "what this machine plays",
    "files": "files",
    "radio": "radio stations",
}


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
        return Check("Python", False, detail, "install with Python 3.11, 3.12 or 3.13", USES)
    return Check("Python", True, detail, needed_for=USES)


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
        return Check(name, False, error.message, runtime_advice(), USES)
    except ModelError as error:
        return Check(name, False, error.message, error.hint, USES)
    detail = f"{classifier.runtime} judges the self-test correctly (largest difference {difference:.4f})"
    return Check(name, True, detail, needed_for=USES)


def _decoding() -> Iterator[Check]:
    """Check that we can decode and resample, by doing it."""
    from paces_live.demo import excerpt
    from paces_live.sources import FileSource, libsndfile
    from paces_live.sources.decoder import has_decoder

    files: tuple[Use, ...] = ("files", "play")
    every: tuple[Use, ...] = (*files, "radio")
    fix = pip_install("--force-reinstall", "av", "soxr")
    try:
        source = FileSource(excerpt(), SAMPLE_RATE, fast=True, end=1.0)
        count = sum(len(block.samples) for block in source.blocks())
        if not has_decoder():
            yield Check("files", True, libsndfile.MISSING, needed_for=files)
            yield Check("radio", False, "PyAV is not installed", "use a 64-bit system, or listen to files", ("radio",))
            return
        import av
        import soxr
    except PacesError as error:
        yield Check("files", False, error.message, fix, every)
        return
    except (ImportError, OSError) as error:
        yield Check("files", False, " ".join(str(error).split()), fix, every)
        return
    detail = f"PyAV {av.__version__} decodes them; soxr {soxr.__version__} resamples"
    missing = [codec for codec in ("mp3", "aac", "opus", "vorbis", "flac") if codec not in av.codecs_available]
    if count != SAMPLE_RATE:
        yield Check("files", False, f"{detail} wrongly", fix, every)
    elif missing:
        yield Check("files", False, f"{detail}; {', '.join(missing)} cannot be decoded", fix, every)
    else:
        yield Check("files", True, detail, needed_for=files)
        yield Check("radio", True, "PyAV decodes stations, too; none was tried", needed_for=("radio",))
