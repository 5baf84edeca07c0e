"""`label`: a person says which paces a song has."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from paces_live.cli.error_line import write_error
from paces_live.cli.options import LibraryFile, Model, Output
from paces_live.errors import LibraryError, PacesError, SourceError, UsageError
from paces_live.match import Listener
from paces_live.text import shown_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from paces_live.library.files import FilePaces
    from paces_live.library.store import Library

_Answer = TypeVar("_Answer")


def label(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="The music file.")] = None,
    paces: Annotated[
        str | None,
        typer.Option(
            metavar="SPM,SPM",
            help="All paces at which you can jog to it, at most three, such as 82,164; or [bold]none[/bold].",
        ),
    ] = None,
    steady: Annotated[
        bool,
        typer.Option(
            "--steady/--no-steady", metavar="", help="Say that the tempo does not change, whatever was heard."
        ),
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove/--no-remove", metavar="", help="Take back what you said about it.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write everything that you said as a CSV, from which a model can learn."),
    ] = None,
    library: LibraryFile = None,
    model: Model = None,
    output: Output = None,
) -> None:
    """Say which paces a song has: they overrule what the model finds, wherever your library shows them.

    Without --paces, you hear the song and tap the space bar on each step.

    What you said belongs to the sound: it survives another name, another place, another scan and another model.
    """
    if sum((paces is not None, remove, export is not None)) > 1:
        raise UsageError("--paces, --remove and --export exclude each other", hint="choose one", code="usage.paces")
    if steady and (remove or export is not None):
        raise UsageError("--remove and --export exclude --steady", hint="leave it out", code="usage.paces")
    if export is not None and file is None:
        _export(export, library)
        return
    if file is None or export is not None:
        hint = "paces-live label song.mp3 --paces 82,164, or paces-live label --export paces.csv"
        raise UsageError("name a file, or --export alone", hint=hint, code="usage.file")
    from paces_live.library.content import content_key
    from paces_live.library.corrections import Correction, Corrections, default_path, parse_paces
    from paces_live.render.corrected import kept_words, removed_words

    wanted = None if paces is None else parse_paces(paces)
    content = content_key(file)
    heard = _asked(library, lambda known: known.heard(content))
    if remove:
        was_there = False
        if default_path().exists():
            with Corrections(default_path()) as corrections:
                was_there = corrections.remove(content)
        sys.stdout.write(f"{removed_words(file, heard, was_there=was_there)}\n")
        return
    _check_audio(file)
    if wanted is None:
        wanted = _tapped(file, heard, model, output)
    if wanted is None:
        sys.stdout.write("nothing is kept\n")
        return
    correction = Correction(content, shown_path(file.stem), wanted, steady)
    with Corrections(default_path()) as corrections:
        corrections.keep(correction)
    sys.stdout.write(f"{kept_words(file, correction, heard)}\n")


def _check_audio(file: Path) -> None:
    """Raise an error if there is no sound in a file: a list of songs has no paces."""
    from contextlib import closing

    from paces_live.sources.file import read_audio

    with closing(read_audio(file)) as pieces:
        next(pieces)


def _export(path: Path, library: Path | None) -> None:
    if path.suffix.lower() != ".csv":
        hint = f"give it a name such as {shown_path(path.stem)}.csv"
        raise UsageError(f"{shown_path(path)}: is not the name of a CSV file", hint=hint, code="usage.export")
    from paces_live.library.annotations import renamed, write_annotations
    from paces_live.library.corrections import known_corrections

    corrections = known_corrections()
    count, left_out = write_annotations(path, _asked(library, lambda known: renamed(corrections, known)) or corrections)
    for name in left_out:
        message = f"left out {name}: another song with other paces is called the same"
        write_error(PacesError(message, hint="rename one of the files, and label both again"))
    sys.stdout.write(f"{shown_path(path)} has {count} song{'s' * (count != 1)}\n")
    if left_out:
        raise typer.Exit(PacesError.exit_status)


def _asked(file: Path | None, ask: "Callable[[Library], _Answer]") -> _Answer | None:
    """Return what the library answers; None if it is not there or not readable: what people say is kept elsewhere."""
    from paces_live.library.store import Library, default_path

    path = file or default_path()
    if not path.exists():
        return None
    try:
        with Library(path, read_only=True) as library:
            return ask(library)
    except LibraryError as error:
        write_error(error)
        return None


def _tapped(file: Path, heard: "FilePaces | None", model: Path | None, output: str | None) -> tuple[float, ...] | None:
    """Play a song, and return the paces that you tap and agree to; None if you keep nothing."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("nobody can tap here", hint="name the paces: --paces 82,164", code="usage.paces")
    from paces_live.analysis.classifier import load_classifier
    from paces_live.collection.items import Item
    from paces_live.library.corrections import parse_paces, proposed
    from paces_live.library.files import analyze_item
    from paces_live.render.corrected import paces_text
    from paces_live.render.wording import paces_words
    from paces_live.tui.tapping import tapped

    if heard is None:
        heard = analyze_item(Item(file), load_classifier(model), Listener(None))
    sys.stdout.write(f"the model hears {paces_words(heard.paces) or 'no pace'}\n")
    sys.stdout.write("tap the space bar on each step, then press Enter; q keeps nothing\n")
    with _playing(file, output) as is_over:
        rate = tapped(sys.stdin, sys.stdout, is_over)
    if rate is None:
        return None
    paces = proposed(rate, heard.paces)
    question = f"Keep {paces_text(paces)}? Enter, other paces, or n"
    while True:
        answer = typer.prompt(question, default="y", show_default=False).strip().lower()
        if answer in ("n", "no"):
            return None
        try:
            return paces if answer in ("y", "yes") else parse_paces(answer)
        except UsageError as error:
            write_error(error)


@contextmanager
def _playing(file: Path, output: str | None) -> "Iterator[Callable[[], bool]]":
    """Play a file in a thread; give what says whether it has ended. Without a sound card, you can play it elsewhere."""
    import threading

    from paces_live.collection.items import Item
    from paces_live.playback.player import Player
    from paces_live.playback.queue import Queue

    stop, over = threading.Event(), threading.Event()

    def run() -> None:
        try:
            blocks = Player(Queue([Item(file)]), 22_050, output=output).blocks()
            for _ in blocks:
                if stop.is_set():
                    blocks.close()
                    return
            over.set()
        except SourceError as error:
            write_error(error)

    thread = threading.Thread(target=run, name="player", daemon=True)
    thread.start()
    try:
        yield over.is_set
    finally:
        stop.set()
        thread.join(1.0)
