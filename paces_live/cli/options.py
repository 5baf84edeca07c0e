"""Options that several commands share."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperOption
from typer.models import TyperPath

from paces_live.cli.target import SensorTarget
from paces_live.errors import UsageError
from paces_live.match import check_target, check_tolerance

PATHS = (
    "Music files, folders of them, playlists (M3U, PLS, XSPF, ASX, WPL), CUE sheets, or the collection of Mixxx "
    "(mixxxdb.sqlite) or rekordbox (XML), or a crate in it, such as mixxxdb.sqlite/Running."
)
"""Help of the arguments that are music."""
INTERVAL_S = (0.1, 60.0)
RENAMED = {"all": "rejected", "titles": "now-playing"}
"""Earlier names of options and settings; they still work."""


def renamed(arguments: Sequence[str], command: object) -> Iterator[str]:
    """Yield `arguments` with the present names of the options of `command`.

    Examples
    --------
    >>> from paces_live.cli.main import app
    >>> listen = typer.main.get_command(app).commands["listen"]
    >>> list(renamed(["--all", "--titles=none", "--input", "--all", "--", "--all"], listen))
    ['--rejected', '--now-playing=none', '--input', '--all', '--', '--all']
    """
    options = [option for option in getattr(command, "params", ()) if isinstance(option, TyperOption)]
    known = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    with_value = {name for option in options if not option.is_flag for name in option.opts}
    new = {f"--{prefix}{old}": f"--{prefix}{now}" for old, now in RENAMED.items() for prefix in ("", "no-")}
    before, over = "", False
    for argument in arguments:
        over = over or (argument == "--" and before not in with_value)
        name, equals, value = argument.partition("=")
        if not over and before not in with_value and new.get(name) in known:
            argument = f"{new[name]}{equals}{value}"
        yield argument
        before = "" if before in with_value else argument


class NamedPath(TyperPath):
    """A path that is no empty text, which would be the folder that you are in."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the path."""
        if value == "":
            raise UsageError("a path is empty", hint="write . for the folder that you are in", code="usage.path")
        return super().convert(value, param, ctx)


def number(name: str, example: str, *, percent: bool = False) -> Callable[[Any], float]:
    """Return what reads the number of an option, as people write it; `percent` also takes ``5%``.

    Examples
    --------
    >>> number("tolerance", "0.05 or 5%", percent=True)("5 %")
    0.05
    >>> number("target", "steps per minute, such as 165")("fast")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: target 'fast' is not a number: write steps per minute, such as 165
    """

    def read(value: Any) -> float:
        text = str(value).strip()
        per_cent = percent and text.endswith("%")
        try:
            return float(text.removesuffix("%")) / 100.0 if per_cent else float(text)
        except ValueError:
            raise _no_number(name, value, "a number", example) from None

    return read


def whole_number(name: str, example: str) -> Callable[[Any], int]:
    """Return what reads the whole number of an option.

    Examples
    --------
    >>> whole_number("rate", "Hz, such as 44100")("44100")
    44100
    """

    def read(value: Any) -> int:
        try:
            return int(str(value).strip())
        except ValueError:
            raise _no_number(name, value, "a whole number", example) from None

    return read


def _no_number(name: str, value: object, kind: str, example: str) -> UsageError:
    code = f"usage.{name.replace('-', '_')}"
    return UsageError(f"{name} {value!r} is not {kind}", hint=f"write {example}", code=code)


_number_target = number("target", "steps per minute, such as 165")


def _any_target(value: Any) -> float:
    """Return the target that an option stands for: a number, or that of a sensor."""
    return SensorTarget.of(value) or _number_target(value)


def _target(ctx: typer.Context, value: float) -> float:
    """Return `value` if it is a target; a callback, so that an error can name the file or the variable that set it."""
    check_target(value)
    start = (ctx.default_map or {}).get("target")
    # Until the sensor speaks, the target that is set holds.
    return SensorTarget(value.name, start) if isinstance(value, SensorTarget) and start is not None else value


def _tolerance(value: float) -> float:
    """Return `value` if it is a tolerance."""
    check_tolerance(value)
    return value


def _interval(value: float) -> float:
    """Return `value` if it is an interval."""
    low, high = INTERVAL_S
    if not low <= value <= high:
        raise UsageError(
            f"interval {value:g} is out of range", hint=f"choose {low:g} to {high:g} seconds", code="usage.interval"
        )
    return value


def _theme(value: str) -> str:
    """Return `value` if it is a theme."""
    if value != "auto":
        from paces_live.render.theme import choose

        choose(value)
    return value


def _complete_input(incomplete: str) -> list[str]:
    """Return the inputs, or their beginnings, that begin so; if there is none, the shell offers files."""
    words = ("mic", "mic:", "monitor", "monitor:", "player:", "fifo:", "http://", "https://")
    return [word for word in words if word.startswith(incomplete)]


InputName = Annotated[
    str,
    typer.Option(
        "--input",
        "-i",
        metavar="INPUT",
        autocompletion=_complete_input,
        help="[bold]mic[/bold], [bold]mic:NAME[/bold] (a part of the name is enough), [bold]monitor[/bold] "
        "(what this machine plays), [bold]monitor:NAME[/bold] (on that output), [bold]player:NAME[/bold] (only "
        "that program), a FILE, [bold]fifo:PATH[/bold] (a named pipe), [bold]http://…[/bold] (a radio station), "
        "or [bold]-[/bold] (a file or raw PCM on stdin; listen only). See paces-live devices. serve also takes "
        "[bold]demo[/bold] and [bold]none[/bold].",
    ),
]
Target = Annotated[
    float,
    typer.Option(
        "--target",
        "-t",
        metavar="SPM",
        parser=_any_target,
        callback=_target,
        help="Step rate that you want to run at, 40 to 320 steps per minute; or [bold]sensor[/bold], to follow your "
        "cadence by a Bluetooth foot pod or machine; or [bold]sensor:NAME[/bold] (a part of the name is enough).",
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        metavar="RATIO",
        parser=number("tolerance", "0.05 or 5%", percent=True),
        callback=_tolerance,
        help="How far a pace may be from the target and still match: 0.05 or 5%, and 20% at most.",
    ),
]
Interval = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        parser=number("interval", "seconds, such as 0.5"),
        callback=_interval,
        help="Seconds of audio between readings, 0.1 to 60.",
    ),
]
Json = Annotated[
    bool,
    typer.Option("--json/--no-json", metavar="", help="Write one JSON object per line to stdout, and nothing else."),
]
Plain = Annotated[bool, typer.Option("--plain/--no-plain", metavar="", help="Write lines of text even on a terminal.")]
Rejected = Annotated[
    bool,
    typer.Option(
        "--rejected/--no-rejected", metavar="", help="Include the candidates that do not fit (with --json or as text)."
    ),
]
Fast = Annotated[
    bool, typer.Option("--fast/--no-fast", metavar="", help="Read a file as fast as possible, not in real time.")
]
Theme = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        callback=_theme,
        help="Colours of the screen: [bold]dark[/bold], [bold]light[/bold] or [bold]plain[/bold]; [bold]auto[/bold] "
        "is dark, or plain if NO_COLOR is set.",
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Model file to use instead of the shipped one; its manifest (.json) must be next to it."
    ),
]
LibraryFile = Annotated[
    Path | None,
    typer.Option(
        "--library",
        metavar="FILE",
        help="File of the library, by default paces-live/library.db in $XDG_STATE_HOME.",
    ),
]
Csv = Annotated[bool, typer.Option("--csv/--no-csv", metavar="", help="Write comma-separated values to stdout.")]
Output = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Sound card to play on; a part of its name is enough."),
]
NowPlaying = Annotated[
    str,
    typer.Option(
        "--now-playing",
        metavar="FROM",
        help="Where the track comes from: [bold]auto[/bold] (the tags of a file; MPRIS, then MPD for a monitor; MPD "
        "for a named pipe), [bold]mpris[/bold], [bold]bluetooth[/bold], [bold]mpd[:HOST[:PORT]][/bold] or "
        "[bold]none[/bold].",
    ),
]
History = Annotated[
    bool | None,
    typer.Option(
        "--history/--no-history",
        metavar="",
        help="Keep the songs that you hear, and recall known ones. By default yes, but not with --json.",
    ),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose/--no-verbose", metavar="", help="Log what happens to stderr; a screen needs --log-file."),
]
LogFile = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Append the log to a file instead of writing it to stderr."),
]
