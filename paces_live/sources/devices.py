"""Which inputs this machine has, and what to type to listen to each."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from paces_live.errors import SourceError
from paces_live.sources import monitor, pulse
from paces_live.sources.microphone import input_devices, load_portaudio, stable_name

if TYPE_CHECKING:
    from rich.table import Table

Kind = Literal["microphone", "playback", "player"]

MPD_CONFIGURATIONS = ("~/.config/mpd/mpd.conf", "~/.mpdconf", "/etc/mpd.conf")
_MPD_OUTPUT = re.compile(r"^\s*audio_output\s*\{(.*?)^\s*\}", re.MULTILINE | re.DOTALL)
_MPD_SETTING = re.compile(r'^\s*(\w+)\s+"(.*?)"', re.MULTILINE)
_MPD_FORMAT = re.compile(r"(\d+):(\w+):(\d+)")
_MPD_DEFAULT = "44100:16:2"
_MPD_BITS = {"16": "", "f": "--format f32le"}
OTHERS = "Also: a FILE, - (raw PCM on standard input), fifo:PATH (a named pipe), http://… (a radio station)."


@dataclass(frozen=True, slots=True)
class Input:
    """Something to listen to, or why there is nothing of its kind.

    Attributes
    ----------
    name : str
        The full name of the device, the output or the program.
    kind : {"microphone", "playback", "player"}
        Heard by a microphone (or a line input); what an output of the machine plays; what one program plays.
    rate, channels : int
        What it gives, Hz and count; 0 where that is not known, or where there is a problem.
    default : bool
        Whether it is used where the input has no name.
    spec : str
        What ``--input`` takes, with a name that stays when the device is plugged elsewhere.
    options : str
        What else has to be typed, such as ``--rate 48000``.
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


def list_inputs() -> list[Input]:
    """Return all inputs, microphones first; never raises: what is missing is an input with a problem."""
    kinds: list[tuple[Kind, Callable[[], list[Input]]]] = [("microphone", _microphones), ("playback", _outputs)]
    found: list[Input] = []
    for kind, listed in kinds:
        try:
            found += listed()
        except SourceError as error:
            found.append(Input("–", kind, 0, 0, default=False, spec="", problem=str(error)))
    return [*found, *_players(), *mpd_pipes()]


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
        if one.default:
            name.append(" (default)", style="dim")
        rate = f"{one.rate / 1000:g} kHz" if one.rate else ""
        typed = Text(f"{shlex.quote(one.spec)} {one.options}".rstrip(), style="bold")
        table.add_row(name, one.kind, rate, str(one.channels or ""), typed)
    return table


def mpd_pipes() -> Iterator[Input]:
    """Yield the named pipes that an MPD of this machine is configured to write into."""
    for place in MPD_CONFIGURATIONS:
        try:
            text = Path(place).expanduser().read_text("utf-8", errors="replace")
        except OSError:
            continue  # not there, or not ours to read
        for block in _MPD_OUTPUT.findall(text):
            settings = dict(_MPD_SETTING.findall(block))
            if settings.get("type") == "fifo" and "path" in settings:
                yield _mpd_pipe(settings)


def _mpd_pipe(settings: dict[str, str]) -> Input:
    """Return the pipe of an ``audio_output`` block of MPD's configuration."""
    path = Path(settings["path"]).expanduser()
    described = _MPD_FORMAT.fullmatch(settings.get("format", _MPD_DEFAULT))
    rate, bits, channels = described.groups() if described else ("0", "", "0")
    problem = None
    if bits not in _MPD_BITS:
        problem = f'write format "{_MPD_DEFAULT}" into this output in mpd.conf'
    elif not path.is_fifo():
        problem = f"{path} is not there: start MPD"
    options = [f"--rate {rate}"] if rate != "44100" else []
    options += [_MPD_BITS[bits]] if _MPD_BITS.get(bits) else []
    options += [f"--channels {channels}"] if channels != "2" else []
    return Input(
        name=f"MPD: {settings.get('name', path.name)}",
        kind="player",
        rate=int(rate),
        channels=int(channels),
        default=False,
        spec=f"fifo:{path}",
        options=" ".join(options),
        problem=problem,
    )


def _microphones() -> list[Input]:
    """Return what PortAudio lists."""
    devices = input_devices(load_portaudio())
    if not devices:
        raise SourceError("none was found: plug one in; playback, files and pipes work without")
    return [
        Input(
            name=device.name,
            kind="microphone",
            rate=device.rate,
            channels=device.channels,
            default=device.default,
            spec="mic" if device.default else f"mic:{stable_name(device.name, [one.name for one in devices])}",
        )
        for device in devices
    ]


def _outputs() -> list[Input]:
    """Return the outputs whose monitors can be heard; where they cannot be listed, what is played on the default."""
    tool = monitor.capture_tool()
    if tool is None:
        raise SourceError(monitor.MISSING)
    if tool == "pw-record":
        return [Input("default output (through pw-record)", "playback", monitor.RATE, 1, default=True, spec="playback")]
    outputs = pulse.outputs()
    if not outputs:
        raise SourceError("the sound server has no output: connect one")
    return [
        Input(
            name=output.description,
            kind="playback",
            rate=output.rate,
            channels=output.channels,
            default=output.default,
            spec="playback" if output.default else f"playback:{output.name}",
        )
        for output in outputs
    ]


def _players() -> list[Input]:
    """Return the programs that play now and can be heard alone; none is no problem."""
    try:
        newest = {player.name: player for player in pulse.players()}
    except SourceError:
        return []  # why, the outputs tell
    return [
        Input(player.name, "player", player.rate, player.channels, default=False, spec=f"player:{player.name}")
        for player in newest.values()
    ]
