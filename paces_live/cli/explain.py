"""`explain`: why a song has these paces, to see and to hear."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import Model, Theme, number
from paces_live.errors import UsageError
from paces_live.match import SPM_MAX, SPM_MIN
from paces_live.text import shown_path

if TYPE_CHECKING:
    from paces_live.library.explanation import Explanation


def _seconds(value: str | None) -> str | None:
    """Return `value` if it is a time."""
    if value is not None:
        _time(value)
    return value


def _time(text: str) -> float:
    """Return a time of a song, seconds.

    Examples
    --------
    >>> _time("1:30"), _time("45")
    (90.0, 45.0)
    """
    parts = text.strip().split(":")
    if len(parts) > 3 or not all(part.replace(".", "", 1).isdecimal() for part in parts):
        raise UsageError(f"at {text!r} is no time", hint="write 1:30, or 90", code="usage.at")
    seconds = 0.0
    for part in parts:
        seconds = 60.0 * seconds + float(part)
    return seconds


def _pace(value: float | None) -> float | None:
    """Return `value` if it is a pace."""
    if value is not None and not SPM_MIN <= value <= SPM_MAX:
        hint = f"choose {SPM_MIN:g} to {SPM_MAX:g} steps per minute"
        raise UsageError(f"pace {value:g} is out of range", hint=hint, code="usage.pace")
    return value


def explain(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The music file.")],
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", callback=_seconds, help="Look at the 25 s around this time, such as 1:30; else the middle."
        ),
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(
            metavar="SPM",
            parser=number("pace", "steps per minute, such as 164"),
            callback=_pace,
            help="Show or click this pace; else what you corrected it to, or the most probable one and the felt beat.",
        ),
    ] = None,
    click: Annotated[
        Path | None,
        typer.Option(metavar="FILE.wav", help="Write the music with clicks at the pace, as a WAV file, instead."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw into a picture instead: .png or .svg.")
    ] = None,
    theme: Theme = "auto",
    model: Model = None,
) -> None:
    """See and hear why a song has these paces.

    You see how strongly the music repeats at each step rate, the candidates with their verdicts, and the fold of one
    candidate: its beats below each other. If they fit, onsets line up in columns; if not, they wander.

    With --click, you hear it: clicks at a pace, in phase with the music, that follow its tempo.
    """
    from paces_live.analysis.classifier import load_classifier
    from paces_live.library import explanation
    from paces_live.library.corrections import correction_of

    if at is not None and click is not None and picture is None:
        hint = "leave out one of them, or add --picture"
        raise UsageError("--click is for the whole song, and --at for what is drawn", hint=hint, code="usage.at")
    if picture is not None:
        from paces_live.render.picture import check_picture

        check_picture(picture)
    classifier = load_classifier(model)
    said = correction_of(file)
    if click is not None:
        from paces_live.library.click_track import check_click_track, write_click_track

        check_click_track(click)
        times = explanation.song_beats(file, classifier, pace, said)
        write_click_track(file, click, times)
        rate = explanation.mean_rate(times)
        sys.stdout.write(f"{shown_path(click)} has {len(times)} clicks at {rate:.1f} in {shown_path(file.name)}\n")
    if picture is not None or click is None:
        name = shown_path(file.name)
        if said is not None:
            name += f" (you said {', '.join(f'{spm:g}' for spm in said.paces) or 'none'})"
        why = explanation.explain(file, classifier, at=None if at is None else _time(at), pace=pace, correction=said)
        _show(why, name, theme, picture)


def _show(why: "Explanation", name: str, theme: str, picture: Path | None) -> None:
    from paces_live.render.theme import choose

    if picture is not None:
        from paces_live.render.picture import draw

        draw(why, name, picture, choose(theme))
        sys.stdout.write(f"{shown_path(picture)} shows {name} at {why.chosen.spm:.1f}\n")
        return
    from paces_live.render.tables import console
    from paces_live.tui.explained import explained

    shown = console(sys.stdout)
    for line in explained(why, name, choose(theme), shown.width):
        shown.print(line)
