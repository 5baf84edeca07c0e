"""`listen` and `demo`: listen to an input until it ends or you do."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.control import STDIN
from paces_live.cli.options import (
    Fast,
    History,
    InputName,
    Interval,
    Json,
    LogFile,
    Model,
    NowPlaying,
    Plain,
    Rejected,
    Target,
    Theme,
    Tolerance,
    Verbose,
    whole_number,
)
from paces_live.cli.show import Display, inputs_in_turn, show, start_logging
from paces_live.cli.target import sensor_of
from paces_live.errors import UsageError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener

if TYPE_CHECKING:
    from paces_live.playback.player import Player
    from paces_live.session import SessionConfig


def _format(value: str) -> str:
    """Return `value` if it is a format of raw PCM; a callback, so that a setting is checked when it is set."""
    if value != "s16le":
        from paces_live.sources.pcm import pcm_format

        pcm_format(value)
    return value


def listen(
    source: InputName = "mic",
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    json: Json = False,
    plain: Plain = False,
    rejected: Rejected = False,
    fast: Fast = False,
    interval: Interval = 1,
    rate: Annotated[
        int,
        typer.Option(
            metavar="HZ",
            parser=whole_number("rate", "Hz, such as 44100"),
            help="Sample rate of raw PCM on stdin or in another pipe.",
        ),
    ] = 44_100,
    sample_format: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", callback=_format, help="Samples of raw PCM: s16le or f32le."),
    ] = "s16le",
    channels: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole_number("channels", "1 for mono, 2 for stereo"),
            help="Interleaved channels of raw PCM; by default 1 for -, 2 for a pipe with a path.",
        ),
    ] = None,
    now_playing: NowPlaying = "auto",
    history: History = None,
    theme: Theme = "auto",
    model: Model = None,
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Listen, show the step rates that fit, and flag the songs that match your target.

    On a terminal you see a screen (? shows its keys, q quits), otherwise lines of text.

    Ctrl-C ends it cleanly: the current song is still reported, and the exit status is 0.
    """
    # If audio comes through standard input, nothing is left for the keys of a screen.
    display = Display(json=json, plain=plain or source == "-", rejected=rejected, theme=theme)
    start_logging(verbose=verbose, log_file=log_file, screen=display.screen)
    listener = Listener(float(target), tolerance)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.inputs import Pcm, open_input

    classifier = load_classifier(model)
    sample_rate = classifier.features.sample_rate
    pcm = Pcm(rate=rate, format=sample_format, channels=channels)
    first = open_input(source, sample_rate=sample_rate, now_playing=now_playing, fast=fast, pcm=pcm)
    show(
        first,
        classifier,
        _config(interval, display),
        listener,
        display,
        history=history,
        sensor=sensor_of(target),
        next_input=inputs_in_turn(source, sample_rate, now_playing),
        controlled=source.removeprefix("file:").removeprefix("fifo:") not in STDIN,
    )


def demo(
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    json: Json = False,
    plain: Plain = False,
    rejected: Rejected = False,
    fast: Fast = False,
    aloud: Annotated[
        bool, typer.Option("--play/--no-play", metavar="", help="Play the songs through the sound card, too.")
    ] = False,
    interval: Interval = 1,
    theme: Theme = "auto",
    model: Model = None,
) -> None:
    """Show paces-live at work on two bundled songs. It is silent and needs no sound card; with --play you hear them.

    You see the songs in real time, about a minute and a half. The program ends with them.

    They are not kept in the history.
    """
    display = Display(json=json, plain=plain, rejected=rejected, theme=theme)
    listener = Listener(float(target), tolerance)
    if aloud and fast:
        raise UsageError("--fast and --play do not go together", hint="leave one of them out", code="usage.fast")
    from paces_live.analysis.classifier import load_classifier
    from paces_live.inputs import Input, demo_input

    classifier = load_classifier(model)
    sample_rate = classifier.features.sample_rate
    config, sensor = _config(interval, display), sensor_of(target)
    if aloud:
        player = _demo_player(sample_rate)
        config = replace(config, song_changes=False)
        show(Input(player), classifier, config, listener, display, history=False, controls=player, sensor=sensor)
        return
    first, following = demo_input(sample_rate, fast=fast), inputs_in_turn("", sample_rate, "none")
    show(first, classifier, config, listener, display, history=False, next_input=following, sensor=sensor)


def _demo_player(sample_rate: int) -> "Player":
    """Return a player of the songs of the excerpt."""
    from paces_live.collection.items import Item
    from paces_live.demo import excerpt, songs
    from paces_live.playback.player import Player
    from paces_live.playback.queue import Queue

    return Player(Queue(Item(excerpt(), song.title, start=song.start, end=song.end) for song in songs()), sample_rate)


def _config(interval: float, display: Display) -> "SessionConfig":
    from paces_live.session import SessionConfig

    return SessionConfig(interval=float(interval), with_periodicity=display.screen)
