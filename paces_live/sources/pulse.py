"""What a PulseAudio server, or PipeWire in its place, plays: its outputs, and the programs that play to them."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

from paces_live.errors import SourceError

ANSWER_S = 5.0
"""Time that the server has to answer."""
_SPECIFICATION = re.compile(r"(\d+)ch (\d+)Hz")


@dataclass(frozen=True, slots=True)
class Output:
    """A sink: its stable name, what people call it, and its monitor, the source that hears what it plays."""

    name: str
    description: str
    rate: int
    channels: int
    monitor: str
    default: bool


@dataclass(frozen=True, slots=True)
class Player:
    """A program that plays now, and the number of its stream, which is another one next time."""

    name: str
    rate: int
    channels: int
    index: int


def server_name() -> str:
    """Return what the server calls itself, such as ``PulseAudio (on PipeWire 1.4.2)``; raises as `outputs` does."""
    return str(_ask("info")["server_name"])


def outputs() -> list[Output]:
    """Return all outputs.

    Raises
    ------
    SourceError
        There is no ``pactl``, or the server does not answer.
    """
    default = _ask("info")["default_sink_name"]
    return [
        Output(
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


def players() -> list[Player]:
    """Return the programs that play now, one for each stream; raises as `outputs` does."""
    found = []
    for record in _ask("list", "sink-inputs"):
        properties = record["properties"]
        name = properties.get("application.name") or properties.get("media.name")
        if name:
            channels, rate = _specification(record)
            found.append(Player(" ".join(name.split()), rate, channels, record["index"]))
    return found


def find_output(found: list[Output], wanted: str | None) -> Output:
    """Return the output that `wanted` names, fully or in part; None is the default. None found is a `SourceError`."""
    if wanted is None:
        default = [output for output in found if output.default]
        if not default:
            raise SourceError("the sound server has no output: connect one, or see paces-live devices")
        return default[0]
    name = wanted.casefold().removesuffix(".monitor")
    if exact := [output for output in found if name in (output.name.casefold(), output.description.casefold())]:
        return exact[0]
    part = [output for output in found if name in f"{output.name}\n{output.description}".casefold()]
    names = ", ".join(output.name for output in part or found) or "none"
    if not part:
        raise SourceError(f"no output is called {wanted!r}: choose one of: {names}")
    if len(part) > 1:
        raise SourceError(f"several outputs are called {wanted!r}: give more of the name of one of: {names}")
    return part[0]


def find_player(found: list[Player], wanted: str) -> Player:
    """Return the program that `wanted` names, fully or in part: of several streams the newest."""
    name = wanted.casefold()
    named = [player for player in found if player.name.casefold() == name]
    named = named or [player for player in found if name in player.name.casefold()]
    if not named:
        names = ", ".join(dict.fromkeys(player.name for player in found)) or "none"
        raise SourceError(f"no player is called {wanted!r}: start it first; playing now: {names}")
    return max(named, key=lambda player: player.index)


def _ask(*question: str) -> Any:
    """Return what ``pactl`` answers."""
    if shutil.which("pactl") is None:
        raise SourceError("outputs are listed by pactl, which is not there: apt install pulseaudio-utils")
    try:
        told = subprocess.run(
            ["pactl", "--format=json", *question],
            # Whatever the user's language: the JSON of some versions has the decimal comma of the locale.
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"the sound server gave no answer in {ANSWER_S:g} s: restart it") from error
    last = (told.stderr or told.stdout).strip().rpartition("\n")[2] or "it failed"
    if told.returncode:
        raise SourceError(f"the sound server does not answer ({last}): see paces-live doctor")
    try:
        return json.loads(told.stdout)
    except ValueError as error:
        raise SourceError("pactl does not answer in JSON: install version 16 or later of pulseaudio-utils") from error


def _specification(record: dict[str, Any]) -> tuple[int, int]:
    """Return channels and rate of a specification such as ``s16le 2ch 44100Hz``; 0 where they are not told."""
    found = _SPECIFICATION.search(record["sample_specification"])
    return (int(found[1]), int(found[2])) if found else (0, 0)
