"""Does sound come in here? The checks of `doctor` for microphones, what the machine plays, and players."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paces_live.analysis.level import level_word
from paces_live.errors import PacesError, SourceError
from paces_live.events import Level

if TYPE_CHECKING:
    from paces_live.sources.microphone import MicrophoneSource
    from paces_live.sources.monitor import PlaybackSource

LISTEN_S = 1.0
"""How long an input is listened to."""
SETTLE_S = 0.3
"""Left out before that: many devices begin with a click or with nothing."""
PATIENCE = 6
"""Half seconds in a row that an input may give nothing before it is given up."""
ANSWER_S = 5.0
"""Time that a sound server has to answer."""
RATE = 22_050
SERVER = (
    "only playback and players need one. Raspberry Pi OS Desktop: log in, or systemctl --user start pipewire-pulse; "
    "Lite: sudo apt install pipewire-audio pulseaudio-utils"
)


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


_LEVEL_FIX: dict[Level, str] = {
    "silent": "unmute it and raise the capture level: alsamixer, F4; check the plug",
    "too quiet": "run this again while music plays; if it stays, go nearer or raise the level: alsamixer, F4",
    "fine": "",
    "clipping": "lower the capture level: alsamixer, F4; or put the microphone further away",
}


def sound_checks() -> Iterator[Check]:
    """Yield one check after the other as it is done; nothing is raised."""
    microphone = True
    for check in _microphones():
        microphone = microphone and check.ok is True
        yield check
    yield _level() if microphone else Check("input level", None, "not measured: there is no microphone")
    server = _sound_server()
    yield server
    yield _playback(server=server.ok is True)
    if server.ok:
        yield _outputs()
    yield from _players()


def _microphones() -> Iterator[Check]:
    """Check PortAudio, then whether there is a default input."""
    from paces_live.sources.microphone import find_device, input_devices, load_portaudio

    try:
        portaudio = load_portaudio()
    except SourceError as error:
        missing = isinstance(error.__cause__, OSError)
        fix = "apt install libportaudio2" if missing else "see whether the sound system works: arecord -l"
        yield Check("PortAudio", False, line(error), f"{fix}; the other inputs work without")
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
        yield Check("microphone", False, line(error).partition(":")[0], fix)
        return
    yield Check("microphone", True, f"{names}; the default is {default.name} at {default.rate} Hz")


def _level() -> Check:
    """Listen to the default microphone for a second."""
    from paces_live.sources.microphone import MicrophoneSource

    name = "input level"
    source = MicrophoneSource(None, RATE)
    try:
        level, detail = _heard(source)
    except SourceError as error:
        return Check(name, False, line(error), "check its plug and that no other program holds it")
    return Check(name, level == "fine", f"{source.name} gives {detail}", _LEVEL_FIX[level])


def _heard(source: "MicrophoneSource | PlaybackSource") -> tuple[Level, str]:
    """Listen to `source` for a second and return its level, as one word and in words; `SourceError` where it fails."""
    heard = np.empty(0, dtype=np.float32)
    dropped = idle = 0
    with contextlib.closing(source.blocks()) as blocks:
        for block in blocks:
            heard = np.concatenate([heard, block.samples])
            dropped += block.dropped
            idle = 0 if len(block.samples) else idle + 1
            if len(heard) >= (SETTLE_S + LISTEN_S) * RATE or idle > PATIENCE:
                break
    if not len(heard):
        raise SourceError(f"{source.name} gives nothing")
    dbfs, level = level_word(heard[round(SETTLE_S * RATE) :])
    lost = f"; {dropped / RATE:.2f} s were lost" if dropped else ""
    return level, f"{dbfs:.0f} dBFS: {level}{lost}"


def _sound_server() -> Check:
    """Ask the sound server for its name, by the tool of its kind."""
    from paces_live.sources.pulse import server_name

    name = "sound server"
    if shutil.which("pactl") is None and shutil.which("pw-cli"):
        try:
            told = subprocess.run(
                ["pw-cli", "info", "0"], capture_output=True, text=True, timeout=ANSWER_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Check(name, None, f"pw-cli: no answer in {ANSWER_S:g} s", SERVER)
        if told.returncode:
            last = (told.stderr or told.stdout).strip().rpartition("\n")[2]
            return Check(name, None, f"pw-cli: {last or 'it failed'}", SERVER)
        return Check(name, True, "PipeWire")
    try:
        return Check(name, True, server_name())
    except SourceError as error:
        return Check(name, None, line(error), SERVER)


def _playback(*, server: bool) -> Check:
    """Capture what is played for a second."""
    from paces_live.sources.monitor import PlaybackSource, capture_tool

    name = "playback"
    tool = capture_tool()
    if tool is None:
        fix = "for playback: apt install pulseaudio-utils (PulseAudio, PipeWire) or pipewire-bin (PipeWire)"
        return Check(name, None, "neither parec (with pactl) nor pw-record is there", fix)
    if not server:
        return Check(name, None, f"not tried with {tool}: there is no sound server")
    try:
        _, detail = _heard(PlaybackSource(RATE))
    except SourceError as error:
        return Check(name, False, line(error), "see what there is: pactl list short sinks; then start its server anew")
    return Check(name, True, f"captured with {tool}, {detail}")


def _outputs() -> Check:
    """List the outputs whose monitors can be heard by name."""
    from paces_live.sources.pulse import outputs

    try:
        names = ", ".join(output.name for output in outputs())
    except SourceError as error:
        return Check("outputs", None, line(error), "playback hears the default output without")
    if not names:
        return Check("outputs", None, "there is none", "connect one, such as a sound card or a Bluetooth speaker")
    return Check("outputs", True, f"{names}: hear one with --input playback:NAME")


def _players() -> Iterator[Check]:
    """Tell of the pipes that MPD is configured to write into."""
    from paces_live.sources.devices import mpd_pipes

    for pipe in mpd_pipes():
        if pipe.problem:
            yield Check("player", None, pipe.name, pipe.problem)
        else:
            yield Check("player", True, f"{pipe.name}: hear it with --input {pipe.spec} {pipe.options}".rstrip())


def line(error: PacesError | ImportError | OSError) -> str:
    """Return what `error` says, as one line."""
    return " ".join(str(error).split()) or type(error).__name__
