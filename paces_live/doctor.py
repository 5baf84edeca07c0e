"""Does everything work here? Each check says what was found, and where it fails, what to do."""

import contextlib
import math
import platform
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paces_live.errors import ModelError, PacesError, RuntimeMissingError, SourceError

LISTEN_S = 1.0
"""How long the microphone is listened to."""
SETTLE_S = 0.3
"""Left out before that: many devices begin with a click or with nothing."""
SILENT_DBFS = -80.0
"""Quieter than any open microphone: it is muted, or no sound reaches the converter."""
QUIET_DBFS = -55.0
"""Quieter than music in a room should arrive."""
CLIPPED = 0.99
"""Samples from here on count as clipped, full scale being 1."""
CLIPPED_SHARE = 1e-3
ANSWER_S = 5.0
"""Time that a sound server has to answer."""
RATE = 22_050
BITS = struct.calcsize("P") * 8
"""Size of a pointer of this Python: 32-bit systems run on 64-bit kernels too, where the machine is aarch64."""


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes
    ----------
    name : str
        What was checked.
    ok : bool or None
        None where it is not needed, or cannot be checked for a reason that another check tells.
    detail : str
        What was found, one line.
    fix : str
        What to do, one line; empty where nothing needs doing.
    """

    name: str
    ok: bool | None
    detail: str
    fix: str = ""


Level = Literal["silent", "too quiet", "fine", "clipping"]

_LEVEL_FIX: dict[Level, str] = {
    "silent": "unmute it and raise the capture level: alsamixer, F4; check the plug",
    "too quiet": "run this again while music plays; if it stays, go nearer or raise the level: alsamixer, F4",
    "fine": "",
    "clipping": "lower the capture level: alsamixer, F4; or put the microphone further away",
}


def run_checks(model: Path | None = None) -> Iterator[Check]:
    """Yield one check after the other as it is done; nothing is raised.

    Parameters
    ----------
    model : path, optional
        The model to check instead of the one that comes along.
    """
    yield _python()
    yield _model(model)
    yield _files()
    microphone = True
    for check in _microphones():
        microphone = microphone and check.ok is True
        yield check
    yield _level() if microphone else Check("input level", None, "not measured: there is no microphone")
    yield _capture_tool()
    yield _sound_server()
    # Deferred: they are made of the class that this module defines.
    from paces_live.checks import history_check, title_checks

    yield from title_checks()
    yield history_check()


def level_word(samples: NDArray[np.float32]) -> tuple[float, Level]:
    """Return the level of `samples` in dB below full scale (RMS, -120 at least) and what it means."""
    power = float(np.mean(samples.astype(np.float64) ** 2)) if len(samples) else 0.0
    dbfs = 10 * math.log10(max(power, 1e-12))
    if len(samples) and float(np.mean(np.abs(samples) >= CLIPPED)) > CLIPPED_SHARE:
        return dbfs, "clipping"
    if dbfs < SILENT_DBFS:
        return dbfs, "silent"
    return dbfs, "too quiet" if dbfs < QUIET_DBFS else "fine"


def _python() -> Check:
    """Check the versions of Python and numpy."""
    detail = f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, {BITS} bits"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check("Python", False, detail, "install with Python 3.11, 3.12 or 3.13")
    return Check("Python", True, detail)


def _model(model: Path | None) -> Check:
    """Check the TFLite runtime and the model by judging the manifest's test vector."""
    # Deferred, here and below: a check must report what its import cannot load, and the others must still run.
    from paces_live.classifier import load_classifier, runtime_advice

    name = "model"
    try:
        classifier = load_classifier(model)
        difference = classifier.self_test()
    except RuntimeMissingError as error:
        return Check(name, False, _line(error), runtime_advice())
    except ModelError as error:
        return Check(name, False, _line(error), "install paces-live anew, or give the model that belongs to it")
    detail = f"{classifier.runtime} judges the self-test as it should (largest difference {difference:.4f})"
    return Check(name, True, detail)


def _files() -> Check:
    """Check that files can be decoded and resampled, by doing it."""
    try:
        import soundfile
        import soxr

        from paces_live.sources.resample import MonoResampler

        resampler = MonoResampler(44_100, RATE, name="a test")
        count = len(resampler.push(np.zeros(44_100, dtype=np.float32))) + len(resampler.flush())
        readable = [form for form in ("WAV", "FLAC", "OGG", "MP3") if form in soundfile.available_formats()]
    except (ImportError, OSError, SourceError) as error:
        return Check("files", False, _line(error), "pip install --force-reinstall soundfile soxr")
    detail = f"libsndfile {soundfile.__libsndfile_version__} reads {', '.join(readable)}; soxr {soxr.__version__}"
    if count != RATE:
        return Check("files", False, f"{detail}, which resamples wrongly", "pip install --force-reinstall soxr")
    if "MP3" not in readable:
        return Check("files", False, detail, "for MP3 use libsndfile 1.1 or later: pip install -U soundfile")
    return Check("files", True, detail)


def _microphones() -> Iterator[Check]:
    """Check PortAudio, then whether there is a default input."""
    from paces_live.sources.microphone import find_device, input_devices, load_portaudio

    try:
        portaudio = load_portaudio()
    except SourceError as error:
        missing = isinstance(error.__cause__, OSError)
        fix = "apt install libportaudio2" if missing else "see whether the sound system works: arecord -l"
        yield Check("PortAudio", False, _line(error), f"{fix}; the other inputs work without")
        return
    yield Check("PortAudio", True, str(portaudio.get_portaudio_version()[1]).split(",")[0])
    devices = input_devices(portaudio)
    names = ", ".join(device.name for device in devices)
    try:
        default = find_device(devices, None)
    except SourceError as error:
        fix = (
            f"choose one with --input mic:NAME, of: {names}"
            if devices
            else "plug one in; playback, files and pipes work without"
        )
        yield Check("microphone", False, _line(error).partition(":")[0], fix)
        return
    yield Check("microphone", True, f"{names}; the default is {default.name} at {default.rate} Hz")


def _level() -> Check:
    """Listen to the default microphone for a second."""
    from paces_live.sources.microphone import MicrophoneSource

    source = MicrophoneSource(None, RATE)
    heard = np.empty(0, dtype=np.float32)
    dropped = 0
    try:
        with contextlib.closing(source.blocks()) as blocks:
            for block in blocks:
                heard = np.concatenate([heard, block.samples])
                dropped += block.dropped
                if len(heard) >= (SETTLE_S + LISTEN_S) * RATE:
                    break
    except SourceError as error:
        return Check("input level", False, _line(error), "check its plug and that no other program holds it")
    dbfs, word = level_word(heard[round(SETTLE_S * RATE) :])
    detail = f"{source.name} gives {dbfs:.0f} dBFS: {word}"
    if dropped:
        detail += f"; {dropped / RATE:.2f} s were lost"
    return Check("input level", word == "fine", detail, _LEVEL_FIX[word])


def _capture_tool() -> Check:
    """Check for a program that captures what is played."""
    from paces_live.sources import playback

    command = playback.capture_command()
    if command is None:
        fix = "for playback: apt install pulseaudio-utils (PulseAudio) or pipewire-bin (PipeWire)"
        return Check("playback", None, "neither parec nor pw-record is there", fix)
    return Check("playback", True, f"captured with {command[0]}")


def _sound_server() -> Check:
    """Ask the sound server for its name, as the capture tool of its kind would."""
    name = "sound server"
    asked: list[tuple[list[str], Callable[[str], str]]] = [
        (["pactl", "info"], lambda told: _field(told, "Server Name")),
        (["pw-cli", "info", "0"], lambda told: _field(told, "name") or "PipeWire"),
    ]
    words = ""
    for command, describe in asked:
        if shutil.which(command[0]) is None:
            continue
        try:
            told = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False)
        except subprocess.TimeoutExpired:
            words = f"{command[0]}: no answer in {ANSWER_S:g} s"
            continue
        if told.returncode == 0:
            return Check(name, True, describe(told.stdout) or "answers")
        last = (told.stderr or told.stdout).strip().rpartition("\n")[2]
        words = f"{command[0]}: {last or 'it failed'}"
    if not words:
        return Check(name, None, "neither pactl nor pw-cli is there to ask; only playback needs one")
    fix = "only playback needs it: log in to a desktop, or: systemctl --user start pipewire-pulse"
    return Check(name, None, words, fix)


def _field(told: str, key: str) -> str:
    """Return the value of the line ``key: value``, without quotes; empty where there is none."""
    for line in told.splitlines():
        found, colon, value = line.strip().lstrip("* ").partition(":" if ":" in line else "=")
        if colon and found.strip() == key:
            return value.strip().strip('"')
    return ""


def _line(error: PacesError | ImportError | OSError) -> str:
    """Return what `error` says, as one line."""
    return " ".join(str(error).split()) or type(error).__name__
