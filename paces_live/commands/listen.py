"""`listen` and `demo`: a source of audio, heard until it ends or the user does."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from paces_live.commands.options import (
    All,
    Fast,
    Interval,
    Json,
    Keep,
    Model,
    Plain,
    Target,
    Titles,
    Tolerance,
    engine_config,
)

if TYPE_CHECKING:
    from paces_live.engine import EngineConfig
    from paces_live.interface import Engine
    from paces_live.ui.output import Writer


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
    model: Model = None,
) -> None:
    """Listen, show the step rates that fit, and flag the songs that fit the target.

    On a terminal it shows a screen (? tells its keys, q quits), elsewhere lines of text.

    Ctrl-C ends it cleanly: the song being heard is still logged, and the exit status is 0.
    """
    config = engine_config(target, tolerance, interval)
    pcm = {"rate": rate, "format": sample_format, "channels": channels}
    form = {"json": json, "plain": plain, "rejected": rejected}
    _listen(source, config, model, **form, fast=fast, pcm=pcm, titles=titles, history=history)


def demo(
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    plain: Plain = False,
    rejected: All = False,
    fast: Fast = False,
    interval: Interval = 1,
    model: Model = None,
) -> None:
    """Show it at work on a bundled excerpt of two songs; needs no sound card.

    The excerpt is heard in real time, about a minute and a half, and the program ends with it.

    It is nobody's music: its songs are not kept in the history.
    """
    config = engine_config(target, tolerance, interval)
    from paces_live.demo import excerpt

    form = {"json": json, "plain": plain, "rejected": rejected}
    _listen(f"file:{excerpt()}", config, model, **form, fast=fast, pcm={}, titles="none", history=False)


def _listen(
    spec: str,
    config: "EngineConfig",
    model: Path | None,
    *,
    json: bool,
    plain: bool,
    rejected: bool,
    fast: bool,
    pcm: dict[str, Any],
    titles: str,
    history: bool,
) -> None:
    """Listen to `spec` in the form that the user wants and the terminal can show."""
    from paces_live.classifier import load_classifier
    from paces_live.engine import Engine
    from paces_live.notify import notifying
    from paces_live.sources import open_source
    from paces_live.titles.titled import titled

    classifier = load_classifier(model)
    opened = open_source(spec, sample_rate=classifier.features.sample_rate, fast=fast, **pcm)
    source = notifying(titled(opened, titles))
    screen = not (json or plain or spec == "-") and _on_terminal()
    hears = Engine(classifier, replace(config, strip=screen))
    with _remembering(hears, wanted=history) as engine, _signals_stop(engine):
        if not screen:
            writer = _writer(json=json, rejected=rejected)
            for event in engine.events(source):
                writer.write(event)
        else:
            from paces_live.ui.tui import run

            run(engine, source, tolerance=config.tolerance, inputs=_inputs, titles=titles)


def _inputs() -> list[str]:
    """Return what can be listened to here, as `open_source` takes it; what needs options besides is left out."""
    from paces_live.devices import list_inputs

    return [one.spec for one in list_inputs() if one.problem is None and not one.options]


@contextmanager
def _remembering(engine: "Engine", *, wanted: bool) -> "Iterator[Engine]":
    """Put the history beside `engine` where it is `wanted`; tell at the end what it could not do."""
    if not wanted:
        yield engine
        return
    from paces_live.history.database import default_path
    from paces_live.history.remembering import RememberingEngine

    remembering = RememberingEngine(engine, default_path())
    try:
        yield remembering
    finally:
        if remembering.trouble:
            sys.stderr.write(f"paces-live: {remembering.trouble}\n")


def _on_terminal() -> bool:
    """Tell whether a screen can be shown and keys be read."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _writer(*, json: bool, rejected: bool) -> "Writer":
    from paces_live.ui.output import JsonWriter, PlainWriter

    return (JsonWriter if json else PlainWriter)(sys.stdout, rejected=rejected)


class Stoppable(Protocol):
    """Something that can be asked to end cleanly."""

    def stop(self) -> None:
        """Ask to end."""


@contextmanager
def _signals_stop(engine: Stoppable) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop `engine` cleanly; a second one breaks off at once."""
    asked = False

    def stop(_signum: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        engine.stop()

    before = {signum: signal.signal(signum, stop) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
