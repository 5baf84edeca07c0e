"""`play`: play files, folders and playlists through the sound card, and analyse them as you hear them."""

import random
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.error_line import write_error
from paces_live.cli.find import opened
from paces_live.cli.options import (
    PATHS,
    History,
    Interval,
    Json,
    LibraryFile,
    LogFile,
    Model,
    Output,
    Plain,
    Rejected,
    Target,
    Theme,
    Tolerance,
    Verbose,
)
from paces_live.cli.show import Display, show, start_logging
from paces_live.cli.target import sensor_of, typed
from paces_live.errors import LibraryError, PacesError, UsageError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener

if TYPE_CHECKING:
    from paces_live.collection.items import Item, Unreadable
    from paces_live.events import Event
    from paces_live.playback.look_ahead import LookAhead, Paces
    from paces_live.playback.queue import Queue


def play(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        # One that may not be read is reported, and does not stop the others.
        typer.Argument(metavar="PATH", help=PATHS, readable=False),
    ] = None,
    find: Annotated[
        str | None,
        typer.Option(
            metavar="QUERY",
            help="Play what a query finds in your library, best first, such as [bold]'pace:165 genre:rock'[/bold]; its "
            "pace is the target unless you give one. See paces-live find --help.",
        ),
    ] = None,
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    output: Output = None,
    shuffle: Annotated[
        bool, typer.Option("--shuffle/--no-shuffle", metavar="", help="Play in a random order.")
    ] = False,
    repeat: Annotated[
        bool, typer.Option("--repeat/--no-repeat", metavar="", help="Start again after the last song.")
    ] = False,
    skip_mismatch: Annotated[
        bool,
        typer.Option(
            "--skip-mismatch/--no-skip-mismatch",
            metavar="",
            help="Play only the songs that match, and skip one if it turns out not to.",
        ),
    ] = False,
    json: Json = False,
    plain: Plain = False,
    rejected: Rejected = False,
    interval: Interval = 1,
    history: History = None,
    library: LibraryFile = None,
    theme: Theme = "auto",
    model: Model = None,
    verbose: Verbose = False,
    log_file: LogFile = None,
) -> None:
    """Play music, and show the step rates that fit.

    A song begins and ends with its file. On a terminal, n plays the next song and p the previous one.

    If a file cannot be played, you see why, the others are played, and the exit status is 1.
    """
    display = Display(json=json, plain=plain, rejected=rejected, theme=theme)
    start_logging(verbose=verbose, log_file=log_file, screen=display.screen)
    songs, wanted = _found(find, library, tolerance) if find is not None else ([], None)
    if not paths and find is None:
        raise UsageError("there is nothing to play", hint="name files or folders, or ask your library with --find")
    if wanted is not None and not typed(ctx, "target"):
        target = wanted
    listener = Listener(float(target), tolerance)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.collection.find import find_items
    from paces_live.collection.items import Item
    from paces_live.inputs import Input
    from paces_live.library.recall import LibraryRecall
    from paces_live.library.store import default_path
    from paces_live.playback.player import Player
    from paces_live.playback.queue import Queue
    from paces_live.playback.skip import Skipper
    from paces_live.session import SessionConfig

    # A song ends with its file, no matter what happens in it.
    config = SessionConfig(interval=float(interval), with_periodicity=display.screen, song_changes=False)
    found = [*find_items(paths or ()), *songs]
    items = [one for one in found if isinstance(one, Item)]
    missing = [one for one in found if not isinstance(one, Item)]
    _report(missing, json=json)
    failures: tuple[Unreadable, ...] = ()
    if items:
        classifier = load_classifier(model)
        queue = Queue(items, shuffle=random.Random() if shuffle else None, repeat=repeat)
        place = library or default_path()
        with ExitStack() as stack:
            look_ahead = stack.enter_context(_look_ahead(queue, listener, model, place)) if skip_mismatch else None
            player = Player(queue, classifier.features.sample_rate, output=output, look_ahead=look_ahead)
            stages: list[Callable[[Event], Event]] = []
            if look_ahead:
                stages.append(Skipper(player, listener, look_ahead.is_known_to_match).take)
            # After what judges the readings, which must be those of the sound.
            stages.append(LibraryRecall(place, [item.path for item in items if item.is_whole]).take)
            try:
                show(
                    Input(player),
                    classifier,
                    config,
                    listener,
                    display,
                    history=history,
                    stages=stages,
                    controls=player,
                    sensor=sensor_of(target),
                )
            finally:
                failures = player.failures
                _report(failures, json=json)
    if missing or failures:
        raise typer.Exit(PacesError.exit_status)


def _found(query: str, library: Path | None, tolerance: float) -> "tuple[list[Item], float | None]":
    """Return the songs of the library that a query finds, best first, and the target that it asks for.

    Raises
    ------
    LibraryError
        There are none.
    """
    from paces_live.collection.items import Item
    from paces_live.library.present import present
    from paces_live.library.query import parse_query
    from paces_live.library.search import search

    asked = parse_query(query, tolerance)
    with opened(library) as known:
        songs = [Item(one.path, one.title, one.artist) for one in present(known, search(known, asked))]
    if not songs:
        raise LibraryError("no song in your library fits", hint="choose another query", code="library.no_match")
    return songs, asked.target.aim if asked.target else None


def _look_ahead(queue: "Queue", listener: Listener, model: Path | None, library: Path) -> "LookAhead":
    """Return what looks for songs that match: in the library, or else by analysing them in a process of its own."""
    from paces_live.library.analyst import Analyst
    from paces_live.library.recall import known_paces
    from paces_live.playback.look_ahead import LookAhead

    analyst = Analyst(listener, model)

    def paces_of(item: "Item") -> "Paces":
        known = known_paces(library, item.path) if item.is_whole else None
        return analyst.paces(item) if known is None else known

    return LookAhead(queue, listener, paces_of, cancel=analyst.close)


def _report(unplayable: Iterable["Unreadable"], *, json: bool) -> None:
    """Report what cannot be played, as lines on standard error or as JSON on standard output."""
    from paces_live.render.json_lines import error_line

    for one in unplayable:
        if json:
            sys.stdout.write(error_line(one.path, one.error) + "\n")
            sys.stdout.flush()
        else:
            write_error(one.error)
