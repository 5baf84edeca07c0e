"""`listen` and `demo`: a source of audio, heard until it ends or the user does."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paces_live.cli.options import (
    All,
    Fast,
    Interval,
    Json,
    Keep,
    Model,
    Plain,
    Target,
    Theme,
    Titles,
    Tolerance,
    engine_config,
)
from paces_live.cli.run import Form, hear

if TYPE_CHECKING:
    from paces_live.session.engine import EngineConfig


def _complete_input(incomplete: str) -> list[str]:
    """Return the inputs, or their beginnings, that begin so; where there is none, the shell offers files."""
    words = ("mic", "mic:", "playback", "playback:", "player:", "fifo:", "http://", "https://")
    return [word for word in words if word.startswith(incomplete)]


def listen(
    source: Annotated[
        str,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            autocompletion=_complete_input,
            help="[bold]mic[/bold], [bold]mic:NAME[/bold] (a part of the name will do), [bold]playback[/bold] "
            "(what this machine plays), [bold]playback:NAME[/bold] (on that output), [bold]player:NAME[/bold] (that "
            "program alone), a FILE, [bold]fifo:PATH[/bold] (a named pipe), [bold]http://…[/bold] (a radio station), "
            "or [bold]-[/bold] (raw PCM on stdin). See paces-live devices.",
        ),
    ] = "mic",
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    plain: Plain = False,
    rejected: All = False,
    fast: Fast = False,
    interval: Interval = 1,
    rate: Annotated[
        int, typer.Option(metavar="HZ", help="Sample rate of raw PCM on stdin or in a named pipe.")
    ] = 44_100,
    sample_format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Samples of raw PCM: s16le or f32le.")
    ] = "s16le",
    channels: Annotated[
        int | None,
        typer.Option(metavar="N", help="Interleaved channels of raw PCM; unless given 1 on stdin, 2 in a named pipe."),
    ] = None,
    titles: Titles = "auto",
    history: Keep = True,
    theme: Theme = "auto",
    model: Model = None,
) -> None:
    """Listen, show the step rates that fit, and flag the songs that fit the target.

    On a terminal it shows a screen (? tells its keys, q quits), elsewhere lines of text.

    Ctrl-C ends it cleanly: the song being heard is still logged, and the exit status is 0.
    """
    # What comes through standard input leaves none for the keys of a screen.
    form = Form(json=json, plain=plain or source == "-", rejected=rejected, theme=theme)
    config = engine_config(target, tolerance, interval, strip=form.screen)
    pcm = {"rate": rate, "format": sample_format, "channels": channels}
    _listen(source, config, model, form, fast=fast, pcm=pcm, titles=titles, history=history)


def demo(
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    plain: Plain = False,
    rejected: All = False,
    fast: Fast = False,
    interval: Interval = 1,
    theme: Theme = "auto",
    model: Model = None,
) -> None:
    """Show it at work on a bundled excerpt of two songs; needs no sound card.

    The excerpt is heard in real time, about a minute and a half, and the program ends with it.

    It is nobody's music: its songs are not kept in the history.
    """
    form = Form(json=json, plain=plain, rejected=rejected, theme=theme)
    config = engine_config(target, tolerance, interval, strip=form.screen)
    from paces_live.demo import excerpt

    _listen(f"file:{excerpt()}", config, model, form, fast=fast, pcm={}, titles="none", history=False)


def _listen(
    spec: str,
    config: "EngineConfig",
    model: Path | None,
    form: Form,
    *,
    fast: bool,
    pcm: dict[str, Any],
    titles: str,
    history: bool,
) -> None:
    """Listen to `spec`."""
    from paces_live.analysis.classifier import load_classifier
    from paces_live.inputs import titled
    from paces_live.session.engine import Engine
    from paces_live.sources import open_source

    classifier = load_classifier(model)
    source = titled(open_source(spec, sample_rate=classifier.features.sample_rate, fast=fast, **pcm), titles)
    hear(Engine(classifier, config), source, form, history=history, titles=titles)
