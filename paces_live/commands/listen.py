"""`listen` and `demo`: a source of audio, heard until it ends or the user does."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from paces_live.commands.options import All, Fast, Interval, Json, Model, Plain, Target, Tolerance, engine_config

if TYPE_CHECKING:
    from paces_live.engine import Engine, EngineConfig
    from paces_live.player import Controls
    from paces_live.sources.block import Source
    from paces_live.ui.output import Writer


def listen(
    source: Annotated[
        str,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            help="[bold]mic[/bold], [bold]mic:NAME[/bold] (a part of the name will do), [bold]playback[/bold] "
            "(what this machine plays), a FILE, or [bold]-[/bold] (raw PCM on stdin).",
        ),
    ] = "mic",
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    json: Json = False,
    plain: Plain = False,
    rejected: All = False,
    fast: Fast = False,
    interval: Interval = 1,
    rate: Annotated[int, typer.Option(metavar="HZ", help="Sample rate of raw PCM on stdin.")] = 44_100,
    sample_format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Samples of raw PCM on stdin: s16le or f32le.")
    ] = "s16le",
    channels: Annotated[int, typer.Option(metavar="N", help="Interleaved channels of raw PCM on stdin.")] = 1,
    model: Model = None,
) -> None:
    """Listen, show the step rates that fit, and flag the songs that fit the target.

    On a terminal it shows a screen (arrow keys move the target, q quits), elsewhere lines of text.

    Ctrl-C ends it cleanly: the song being heard is still logged, and the exit status is 0.
    """
    config = engine_config(target, tolerance, interval)
    pcm = {"rate": rate, "format": sample_format, "channels": channels}
    _listen(source, config, model, json=json, plain=plain, rejected=rejected, fast=fast, pcm=pcm)


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
    """
    config = engine_config(target, tolerance, interval)
    from paces_live.demo import excerpt

    _listen(f"file:{excerpt()}", config, model, json=json, plain=plain, rejected=rejected, fast=fast, pcm={})


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
) -> None:
    """Listen to `spec`."""
    from paces_live.classifier import load_classifier
    from paces_live.engine import Engine
    from paces_live.notify import notifying
    from paces_live.sources import open_source

    classifier = load_classifier(model)
    source = notifying(open_source(spec, sample_rate=classifier.features.sample_rate, fast=fast, **pcm))
    engine = Engine(classifier, config)
    hear(engine, source, config, json=json, plain=plain or spec == "-", rejected=rejected)


def hear(
    engine: "Engine",
    source: "Source",
    config: "EngineConfig",
    *,
    json: bool,
    plain: bool,
    rejected: bool,
    controls: "Controls | None" = None,
) -> None:
    """Show what `engine` hears of `source` in the form that the user wants and the terminal can show."""
    with _signals_stop(engine):
        if json or plain or not _on_terminal():
            writer = _writer(json=json, rejected=rejected)
            for event in engine.events(source):
                writer.write(event)
        else:
            from paces_live.ui.tui import run

            run(engine, source, tolerance=config.tolerance, controls=controls)


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
