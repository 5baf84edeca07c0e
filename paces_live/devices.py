"""Which inputs this machine has, and what to type to listen to each."""

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from paces_live.errors import SourceError
from paces_live.sources import playback
from paces_live.sources.microphone import Device, input_devices, load_portaudio

if TYPE_CHECKING:
    from rich.table import Table

_ALSA_PLACE = re.compile(r"\s*\(hw:\d+,\d+\)$")


@dataclass(frozen=True, slots=True)
class Input:
    """Something to listen to, or why there is nothing of its kind.

    Attributes
    ----------
    name : str
        The device's full name.
    kind : {"microphone", "playback"}
        Heard by a microphone (or a line input), or what the machine itself plays.
    rate, channels : int
        What it gives, Hz and count; 0 where there is a problem.
    default : bool
        Whether it is used where the input has no name.
    type_this : str
        What to type after ``--input``, quoted for a shell.
    problem : str or None
        Why it cannot be used, and what to do.
    """

    name: str
    kind: Literal["microphone", "playback"]
    rate: int
    channels: int
    default: bool
    type_this: str
    problem: str | None = None


def list_inputs() -> list[Input]:
    """Return all inputs, microphones first; never raises: what is missing is an input with a problem."""
    return [*_microphones(), _playback()]


def stable_name(device: Device, devices: list[Device]) -> str:
    """Return the part of the name that stays when the device is plugged elsewhere, if it still names only it."""
    short = _ALSA_PLACE.sub("", device.name)
    same = [other for other in devices if short.casefold() in other.name.casefold()]
    return short if short and same == [device] else device.name


def render(inputs: list[Input]) -> "Table":
    """Return `inputs` as a table."""
    # Deferred: rich is needed to show a list, not to make one.
    from rich.table import Table
    from rich.text import Text

    table = Table("input", "kind", "rate", "channels", "type after --input", box=None, pad_edge=False)
    for one in inputs:
        if one.problem is not None:
            table.add_row(Text(one.name), one.kind, "", "", Text(one.problem, style="yellow"))
            continue
        name = Text(one.name)
        if one.default and one.kind == "microphone":
            name.append(" (default)", style="dim")
        rate = f"{one.rate / 1000:g} kHz"
        table.add_row(name, one.kind, rate, str(one.channels), Text(one.type_this, style="bold"))
    return table


def _microphones() -> list[Input]:
    """Return what PortAudio lists, or what is wrong with it."""
    try:
        devices = input_devices(load_portaudio())
    except SourceError as error:
        return [_problem("microphone", str(error))]
    if not devices:
        return [_problem("microphone", "none was found: plug one in; playback, files and pipes work without")]
    return [
        Input(
            name=device.name,
            kind="microphone",
            rate=device.rate,
            channels=device.channels,
            default=device.default,
            type_this="mic" if device.default else shlex.quote(f"mic:{stable_name(device, devices)}"),
        )
        for device in devices
    ]


def _playback() -> Input:
    """Return what the machine plays, or what its capture needs."""
    command = playback.capture_command()
    if command is None:
        return _problem("playback", playback.MISSING)
    return Input(
        name=f"what this machine plays (through {command[0]})",
        kind="playback",
        rate=playback.RATE,
        channels=1,
        default=True,
        type_this="playback",
    )


def _problem(kind: Literal["microphone", "playback"], words: str) -> Input:
    """Return an input that cannot be used."""
    return Input(name="–", kind=kind, rate=0, channels=0, default=False, type_this="", problem=words)
