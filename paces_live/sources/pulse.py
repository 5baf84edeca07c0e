"""A PulseAudio server, or PipeWire in its place: its outputs, and the programs that play to them."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from paces_live.errors import SourceError

ANSWER_S = 5.0
"""Time that the server has to answer, seconds."""
_SPECIFICATION = re.compile(r"(\d+)ch (\d+)Hz")


@dataclass(frozen=True, slots=True)
class Sink:
    """An output: its stable name, what people call it, and its monitor, the source that carries what it plays."""

    name: str
    description: str
    rate: int
    channels: int
    monitor: str
    default: bool


@dataclass(frozen=True, slots=True)
class PlayingProgram:
    """A program that plays now, and the number of its stream, which changes every time."""

    name: str
    rate: int
    channels: int
    index: int


def server_name() -> str:
    """Return what the server calls itself, such as ``PulseAudio (on PipeWire 1.4.2)``; raises as `sinks` does."""
    return str(_ask("info")["server_name"])


def sinks() -> list[Sink]:
    """Return all outputs.

    Raises
    ------
    SourceError
        There is no ``pactl``, or the server does not answer.
    """
    default = _ask("info")["default_sink_name"]
    return [
        Sink(
            name=record["name"],
            description=record["description"],
            rate=rate,
            channels=channels,
            monitor=record["monitor_source"],
            default=record["name"] == default,
        )
        for record in _ask("list", "sinks")
        for channels, rate in [_specification(record)]
        if record["monitor_source"]
    ]


def programs() -> list[PlayingProgram]:
    """Return the programs that play now, one for each stream; raises as `sinks` does."""
    found = []
    for record in _ask("list", "sink-inputs"):
        properties = record["properties"]
        name = properties.get("application.name") or properties.get("media.name")
        if name:
            channels, rate = _specification(record)
            found.append(PlayingProgram(" ".join(name.split()), rate, channels, record["index"]))
    return found


def find_sink(found: list[Sink], wanted: str | None) -> Sink:
    """Return the output that `wanted` names, fully or in part; None is the default. `SourceError` if there is none.

    Examples
    --------
    >>> hdmi = Sink("alsa_output.hdmi", "HDMI Audio", 48_000, 2, "alsa_output.hdmi.monitor", default=False)
    >>> usb = Sink("alsa_output.usb", "USB Headset", 48_000, 2, "alsa_output.usb.monitor", default=True)
    >>> find_sink([hdmi, usb], "hdmi").monitor, find_sink([hdmi, usb], None).monitor
    ('alsa_output.hdmi.monitor', 'alsa_output.usb.monitor')
    """
    if wanted is None:
        default = [output for output in found if output.default]
        if not default:
            raise SourceError(
                "the sound server has no output",
                hint="connect one, or see paces-live devices",
                code="source.device_not_found",
            )
        return default[0]
    name = wanted.casefold().removesuffix(".monitor")
    if exact := [output for output in found if name in (output.name.casefold(), output.description.casefold())]:
        return exact[0]
    part = [output for output in found if name in f"{output.name}\n{output.description}".casefold()]
    names = ", ".join(output.name for output in part or found) or "none"
    if not part:
        raise SourceError(
            f"no output is called {wanted!r}", hint=f"choose one of: {names}", code="source.device_not_found"
        )
    if len(part) > 1:
        raise SourceError(
            f"several outputs are called {wanted!r}",
            hint=f"give more of the name of one of: {names}",
            code="source.ambiguous_name",
        )
    return part[0]


def find_program(found: list[PlayingProgram], wanted: str) -> PlayingProgram:
    """Return the program that `wanted` names, fully or in part; of several streams, the newest.

    Examples
    --------
    >>> playing = [PlayingProgram("Firefox", 48_000, 2, index=n) for n in (41, 57)]
    >>> find_program(playing, "fire").index
    57
    """
    name = wanted.casefold()
    named = [player for player in found if player.name.casefold() == name]
    named = named or [player for player in found if name in player.name.casefold()]
    if not named:
        names = ", ".join(dict.fromkeys(player.name for player in found)) or "none"
        raise SourceError(
            f"no player is called {wanted!r}",
            hint=f"start it first; playing now: {names}",
            code="source.device_not_found",
        )
    return max(named, key=lambda player: player.index)


def _ask(*question: str) -> Any:
    """Return the answer of ``pactl``."""
    if shutil.which("pactl") is None:
        raise SourceError(
            "pactl, which lists outputs, is not installed",
            hint="apt install pulseaudio-utils",
            code="source.no_sound_server",
        )
    try:
        answer = subprocess.run(
            ["pactl", "--format=json", *question],
            # In any language: some versions write JSON with the decimal comma of the locale.
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(
            f"the sound server gave no answer in {ANSWER_S:g} s", hint="restart it", code="source.no_sound_server"
        ) from error
    last = (answer.stderr or answer.stdout).strip().rpartition("\n")[2] or "it failed"
    if answer.returncode:
        raise SourceError(
            f"the sound server does not answer ({last})", hint="see paces-live doctor", code="source.no_sound_server"
        )
    try:
        return json.loads(answer.stdout)
    except ValueError as error:
        raise SourceError(
            "pactl does not answer in JSON",
            hint="install version 16 or later of pulseaudio-utils",
            code="source.no_sound_server",
        ) from error


def _specification(record: dict[str, Any]) -> tuple[int, int]:
    """Return channels and rate of a specification such as ``s16le 2ch 44100Hz``; 0 if they are unknown."""
    found = _SPECIFICATION.search(record["sample_specification"])
    return (int(found[1]), int(found[2])) if found else (0, 0)
