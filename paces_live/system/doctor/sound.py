"""Checks of sound: microphones, monitors and players."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from paces_live.analysis.level import level_status
from paces_live.errors import SourceError
from paces_live.events import Status
from paces_live.session.health import LEVEL_WORDS
from paces_live.system.doctor.check import Check, Use

if TYPE_CHECKING:
    from paces_live.sources.microphone import MicrophoneSource
    from paces_live.sources.monitor import MonitorSource

LISTEN_S = 1.0
"""Time that we listen to an input, seconds."""
SETTLE_S = 0.3
"""Time before that which is left out, seconds: many devices begin with a click or with nothing."""
PATIENCE = 6
"""Half seconds in a row without sound after which we give up an input."""
ANSWER_S = 5.0
"""Time that a sound server has to answer, seconds."""
RATE = 22_050
"""Sample rate of the checks, Hz."""
SERVER = (
    "start one to hear what this machine plays. Raspberry Pi OS Desktop: log in, or systemctl --user start "
    "pipewire-pulse; "
    "Lite: sudo apt install pipewire-audio pulseaudio-utils"
)


_LEVEL_FIX: dict[Status, str] = {
    "silent": "unmute it and raise the capture level: alsamixer, F4; check the plug",
    "too_quiet": "run this again while music plays; if it stays, move closer or raise the level: alsamixer, F4",
    "ok": "",
    "clipping": "lower the capture level: alsamixer, F4; or move the microphone further away",
}


def sound_checks(use: Use | None = None) -> Iterator[Check]:
    """Yield one check after the other as it is done; nothing is raised. `use` is as in `run_checks`."""
    if use != "monitor":
        portaudio = _portaudio()
        yield portaudio
        if use != "play":
            microphone = _device("microphone", "input", "mic") if portaudio.ok else None
            if microphone:
                yield microphone
            there = microphone is not None and microphone.ok
            yield _level() if there else Check("input level", None, "not measured: there is no microphone")
        if use != "mic" and portaudio.ok:
            yield _device("sound card", "output", "play")
    if use in (None, "monitor"):
        server = _sound_server()
        yield server
        yield _monitor(server=server.ok is True)
        if server.ok:
            yield _outputs()
    if use is None:
        yield from _players()


def _portaudio() -> Check:
    """Check that PortAudio can be loaded."""
    from paces_live.sources import portaudio

    try:
        return Check("PortAudio", True, portaudio.version(), needed_for=("mic", "play"))
    except SourceError as error:
        return Check(
            "PortAudio", False, error.message, f"{error.hint}; the other inputs work without it", ("mic", "play")
        )


def _device(name: str, kind: Literal["input", "output"], use: Use) -> Check:
    """Check that there is a default microphone or a default sound card."""
    from paces_live.sources import portaudio

    try:
        devices = portaudio.devices(kind)
        default = portaudio.find(devices, None, kind)
    except SourceError as error:
        return Check(name, False, error.message, error.hint, (use,))
    names = ", ".join(device.name for device in devices)
    return Check(name, True, f"{names}; the default is {default.name} at {default.rate} Hz", needed_for=(use,))


def _level() -> Check:
    """Listen to the default microphone for a second; that it is silent now does not mean that it does not work."""
    from paces_live.sources.microphone import MicrophoneSource

    name = "input level"
    source = MicrophoneSource(None, RATE)
    try:
        status, detail = _heard(source)
    except SourceError as error:
        return Check(name, False, error.message, "check its plug, and that no other program uses it", ("mic",))
    return Check(name, status == "ok" or None, f"{source.name} gives {detail}", _LEVEL_FIX[status], ("mic",))


def _heard(source: "MicrophoneSource | MonitorSource") -> tuple[Status, str]:
    """Listen to `source` for a second; return the status of its level, and the level in words."""
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
        raise SourceError(f"{source.name} gives nothing", hint="check the plug")
    dbfs, status = level_status(heard[round(SETTLE_S * RATE) :])
    lost = f"; {dropped / RATE:.2f} s were lost" if dropped else ""
    return status, f"{dbfs:.0f} dBFS: {LEVEL_WORDS.get(status, 'fine')}{lost}"


def _sound_server() -> Check:
    """Ask the sound server for its name, by the tool of its kind."""
    from paces_live.sources.pulse import server_name

    name = "sound server"
    needed: tuple[Use, ...] = ("monitor",)
    if shutil.which("pactl") is None and shutil.which("pw-cli"):
        try:
            answer = subprocess.run(
                ["pw-cli", "info", "0"], capture_output=True, text=True, timeout=ANSWER_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Check(name, False, f"pw-cli: no answer in {ANSWER_S:g} s", SERVER, needed)
        if answer.returncode:
            last = (answer.stderr or answer.stdout).strip().rpartition("\n")[2]
            return Check(name, False, f"pw-cli: {last or 'it failed'}", SERVER, needed)
        return Check(name, True, "PipeWire", needed_for=needed)
    try:
        return Check(name, True, server_name(), needed_for=needed)
    except SourceError as error:
        return Check(name, False, error.message, SERVER, needed)


def _monitor(*, server: bool) -> Check:
    """Capture what this machine plays for a second."""
    from paces_live.sources.monitor import INSTALL, MonitorSource, capture_tool

    name = "monitor"
    needed: tuple[Use, ...] = ("monitor",)
    tool = capture_tool()
    if tool is None:
        return Check(name, False, "neither parec (with pactl) nor pw-record is installed", INSTALL, needed)
    if not server:
        return Check(name, None, f"not tried with {tool}: there is no sound server")
    try:
        _, detail = _heard(MonitorSource(RATE))
    except SourceError as error:
        return Check(
            name, False, error.message, "list outputs: pactl list short sinks; then restart the server", needed
        )
    return Check(name, True, f"captured with {tool}, {detail}", needed_for=needed)


def _outputs() -> Check:
    """List the outputs whose monitors have names."""
    from paces_live.sources.pulse import sinks

    try:
        names = ", ".join(output.name for output in sinks())
    except SourceError as error:
        return Check("outputs", None, error.message, "the monitor of the default output works without it")
    if not names:
        return Check("outputs", None, "there is none", "connect one, such as a sound card or a Bluetooth speaker")
    return Check("outputs", True, f"{names}: listen to one with --input monitor:NAME")


def _players() -> Iterator[Check]:
    """Check the pipes into which MPD is configured to write."""
    from paces_live.sources.devices import mpd_pipes

    for pipe in mpd_pipes():
        if pipe.problem:
            yield Check("player", None, pipe.name, pipe.problem)
        else:
            yield Check("player", True, f"{pipe.name}: listen with --input {pipe.spec} {pipe.options}".rstrip())
