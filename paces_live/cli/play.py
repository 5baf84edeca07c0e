"""`play`: files, folders and playlists, heard through the sound card and analysed as they are heard."""

import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import (
    All,
    Interval,
    Json,
    Keep,
    Model,
    Plain,
    Target,
    Theme,
    Tolerance,
    engine_config,
)
from paces_live.cli.run import Form, hear
from paces_live.errors import PacesError

if TYPE_CHECKING:
    from paces_live.playback.queue import Unplayable


def play(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="Files (WAV, FLAC, OGG, MP3; with the extra radio m4a), folders of them, M3U or PLS playlists.",
        ),
    ],
    target: Target = 165,
    tolerance: Tolerance = 0.05,
    output: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Sound card to play on; a part of its name will do."),
    ] = None,
    shuffle: Annotated[
        bool, typer.Option("--shuffle/--no-shuffle", metavar="", help="Play in a random order.")
    ] = False,
    repeat: Annotated[
        bool, typer.Option("--repeat/--no-repeat", metavar="", help="Begin again after the last song.")
    ] = False,
    skip_mismatch: Annotated[
        bool,
        typer.Option(
            "--skip-mismatch/--no-skip-mismatch",
            metavar="",
            help="Go on by itself once it is sure that a song does not fit.",
        ),
    ] = False,
    json: Json = False,
    plain: Plain = False,
    rejected: All = False,
    interval: Interval = 1,
    history: Keep = True,
    theme: Theme = "auto",
    model: Model = None,
) -> None:
    """Play music, and show the step rates that fit what is heard.

    A song begins and ends with its file. On a terminal, keys go to the next song (n) and the one before (p).

    A file that cannot be played is reported, the others are played, and the exit status is then 1.
    """
    form = Form(json=json, plain=plain, rejected=rejected, theme=theme)
    # A song ends with its file, whatever happens in it.
    config = engine_config(target, tolerance, interval, strip=form.screen, boundaries=False)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.playback.player import Player
    from paces_live.playback.queue import Playlist, Track, find_tracks
    from paces_live.playback.skip import SkippingEngine
    from paces_live.session.engine import Engine

    found = list(find_tracks(paths))
    tracks = [one for one in found if isinstance(one, Track)]
    missing = [one for one in found if not isinstance(one, Track)]
    _tell(missing, json=json)
    failures: tuple[Unplayable, ...] = ()
    if tracks:
        classifier = load_classifier(model)
        playlist = Playlist(tracks, shuffle=random.Random() if shuffle else None, repeat=repeat)
        player = Player(playlist, classifier.features.sample_rate, output=output)
        engine = SkippingEngine(classifier, config, player) if skip_mismatch else Engine(classifier, config)
        try:
            hear(engine, player, form, history=history, controls=player)
        finally:
            failures = player.failures
            _tell(failures, json=json)
    if missing or failures:
        raise typer.Exit(PacesError.exit_status)


def _tell(unplayable: Iterable["Unplayable"], *, json: bool) -> None:
    """Tell what cannot be played, as a line on standard error or as JSON on standard output."""
    from paces_live.session.whole_song import FileError, to_json

    for one in unplayable:
        if json:
            sys.stdout.write(to_json(FileError(str(one.path), str(one.error))) + "\n")
            sys.stdout.flush()
        else:
            sys.stderr.write(f"paces-live: {' '.join(str(one.error).split())}\n")
