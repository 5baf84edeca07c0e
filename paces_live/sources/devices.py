"""The inputs that this machine has, and what to type to listen to each."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from paces_live.errors import SourceError
from paces_live.sources import monitor, portaudio, pulse

Kind = Literal["microphone", "monitor", "player"]

MPD_CONFIGURATIONS = ("~/.config/mpd/mpd.conf", "~/.mpdconf", "/etc/mpd.conf")
_MPD_OUTPUT = re.compile(r"^\s*audio_output\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_MPD_SETTING = re.compile(r'^\s*(\w+)\s+"(.*?)"', re.MULTILINE)
_MPD_FORMAT = re.compile(r"(\d+):(\w+):(\d+)")
_MPD_DEFAULT = "44100:16:2"
_MPD_BITS = {"16": "", "f": "--format f32le"}


@dataclass(frozen=True, slots=True)
class ListedInput:
    """Something that you can listen to, or why there is nothing of its kind.

    Attributes
    ----------
    name : str
        The full name of the device, the output or the program.
    kind : {"microphone", "monitor", "player"}
        A microphone or a line input; what an output of this machine plays; what one program plays.
    rate, channels : int
        Sample rate, Hz, and number of channels; 0 if they are unknown.
    default : bool
        Whether it is used if the input has no name.
    spec : str
        What to type after ``--input``, with a name that stays if the device is plugged in elsewhere.
    options : str
        What else to type, such as ``--rate 48000``.
    problem : str or None
        Why it cannot be used, and what to do.
    """

    name: str
    kind: Kind
    rate: int
    channels: int
    default: bool
    spec: str
    options: str = ""
    problem: str | None = None


def list_inputs() -> list[ListedInput]:
    """Return all inputs, microphones first. It never raises: a kind that is missing is an input with a problem."""
    kinds: list[tuple[Kind, Callable[[], list[ListedInput]]]] = [("microphone", _microphones), ("monitor", _monitors)]
    found: list[ListedInput] = []
    for kind, listed in kinds:
        try:
            found += listed()
        except SourceError as error:
            found.append(ListedInput("–", kind, 0, 0, default=False, spec="", problem=str(error)))
    return [*found, *_players(), *mpd_pipes()]


def mpd_pipes() -> Iterator[ListedInput]:
    """Yield the named pipes into which an MPD of this machine is configured to write."""
    for place in MPD_CONFIGURATIONS:
        try:
            text = Path(place).expanduser().read_text("utf-8", errors="replace")
        except OSError:
            continue  # it does not exist, or we may not read it
        for block in _MPD_OUTPUT.findall(text):
            settings = dict(_MPD_SETTING.findall(block))
            if settings.get("type") == "fifo" and "path" in settings:
                yield _mpd_pipe(settings)


def _mpd_pipe(settings: dict[str, str]) -> ListedInput:
    """Return the pipe of an ``audio_output`` block of MPD's configuration."""
    path = Path(settings["path"]).expanduser()
    described = _MPD_FORMAT.fullmatch(settings.get("format", _MPD_DEFAULT))
    rate, bits, channels = described.groups() if described else ("0", "", "0")
    problem = None
    if bits not in _MPD_BITS:
        problem = f'write format "{_MPD_DEFAULT}" into this output in mpd.conf'
    elif not path.is_fifo():
        problem = f"{path} does not exist: start MPD"
    options = [f"--rate {rate}"] if rate != "44100" else []
    options += [_MPD_BITS[bits]] if _MPD_BITS.get(bits) else []
    options += [f"--channels {channels}"] if channels != "2" else []
    return ListedInput(
        name=f"MPD: {settings.get('name', path.name)}",
        kind="player",
        rate=int(rate),
        channels=int(channels),
        default=False,
        spec=f"fifo:{path}",
        options=" ".join(options),
        problem=problem,
    )


def _microphones() -> list[ListedInput]:
    """Return the inputs that PortAudio lists."""
    devices = portaudio.devices("input")
    if not devices:
        raise SourceError("none was found", hint="plug one in; monitors, files and pipes work without")
    return [
        ListedInput(
            name=device.name,
            kind="microphone",
            rate=device.rate,
            channels=device.channels,
            default=device.default,
            spec="mic"
            if device.default
            else f"mic:{portaudio.stable_name(device.name, [one.name for one in devices])}",
        )
        for device in devices
    ]


def _monitors() -> list[ListedInput]:
    """Return the monitors of all outputs, or that of the default output if outputs cannot be listed."""
    tool = monitor.capture_tool()
    if tool is None:
        raise SourceError("neither parec nor pw-record is installed", hint=monitor.INSTALL)
    if tool == "pw-record":
        return [
            ListedInput("default output (through pw-record)", "monitor", monitor.RATE, 1, default=True, spec="monitor")
        ]
    sinks = pulse.sinks()
    if not sinks:
        raise SourceError("the sound server has no output", hint="connect one")
    return [
        ListedInput(
            name=sink.description,
            kind="monitor",
            rate=sink.rate,
            channels=sink.channels,
            default=sink.default,
            spec="monitor" if sink.default else f"monitor:{sink.name}",
        )
        for sink in sinks
    ]


def _players() -> list[ListedInput]:
    """Return the programs that play now; it is no problem if there is none."""
    try:
        newest = {program.name: program for program in pulse.programs()}
    except SourceError:
        return []  # the monitors say why
    return [
        ListedInput(
            program.name, "player", program.rate, program.channels, default=False, spec=f"player:{program.name}"
        )
        for program in newest.values()
    ]
