"""Options that several commands share, and what they make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.errors import UsageError

if TYPE_CHECKING:
    from paces_live.session.engine import EngineConfig

INTERVAL_S = (0.1, 60.0)


def _target(value: float) -> float:
    """Return `value` if it is a target; a callback, so that one in a file or a variable is refused by its name."""
    from paces_live.match import check_target

    check_target(value)
    return value


def _tolerance(value: float) -> float:
    """Return `value` if it is a tolerance."""
    from paces_live.match import check_tolerance

    check_tolerance(value)
    return value


def _interval(value: float) -> float:
    """Return `value` if it is an interval."""
    low, high = INTERVAL_S
    if not low <= value <= high:
        raise UsageError(f"interval {value:g} is out of range: choose {low:g} to {high:g} seconds")
    return value


def _theme(value: str) -> str:
    """Return `value` if it is a theme."""
    if value != "auto":
        from paces_live.render.theme import choose

        choose(value)
    return value


Target = Annotated[
    float,
    typer.Option(
        "--target",
        "-t",
        metavar="SPM",
        callback=_target,
        help="Cadence that you want to run at, 40 to 320 steps per minute.",
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        metavar="RATIO",
        callback=_tolerance,
        help="How far a pace may be from the target and still match: 0.05 is 5 %.",
    ),
]
Interval = Annotated[
    float,
    typer.Option(metavar="SECONDS", callback=_interval, help="Audio between two readings, 0.1 to 60 s."),
]
Json = Annotated[
    bool,
    typer.Option("--json/--no-json", metavar="", help="Write one JSON object per line, and nothing else, to stdout."),
]
Plain = Annotated[bool, typer.Option("--plain/--no-plain", metavar="", help="Write lines of text even on a terminal.")]
All = Annotated[
    bool,
    typer.Option("--all/--no-all", metavar="", help="Tell the rejected candidates too (with --json or as text)."),
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
        "is dark, or plain where NO_COLOR is set.",
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Another model than the one that came along; its .json lies beside it."),
]
Titles = Annotated[
    str,
    typer.Option(
        metavar="FROM",
        help="Where titles come from: [bold]auto[/bold] (tags of a file; for playback MPRIS, then MPD; for a named "
        "pipe MPD), [bold]mpris[/bold], [bold]bluetooth[/bold], [bold]mpd[:HOST[:PORT]][/bold] or [bold]none[/bold].",
    ),
]
Keep = Annotated[
    bool,
    typer.Option("--history/--no-history", metavar="", help="Keep the songs heard, recall known titles."),
]


def engine_config(
    target: float, tolerance: float, interval: float = 1.0, *, strip: bool = False, boundaries: bool = True
) -> "EngineConfig":
    """Return what the user asks of the engine, and what the command does."""
    from paces_live.session.engine import EngineConfig

    return EngineConfig(
        target=float(target), tolerance=tolerance, interval=float(interval), strip=strip, boundaries=boundaries
    )
