"""`analyze`: the paces of whole files, and which of them fit."""

import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.error_line import write_error
from paces_live.cli.options import PATHS, Json, Model, Target, Tolerance
from paces_live.cli.target import fixed
from paces_live.errors import PacesError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener
from paces_live.text import shown_path

if TYPE_CHECKING:
    from paces_live.analysis.classifier import Classifier
    from paces_live.collection.items import Item, Unreadable
    from paces_live.library.files import FilePaces


def analyze(
    ctx: typer.Context,
    # One that may not be read is reported, and does not stop the others.
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help=PATHS, readable=False)],
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    matching: Annotated[
        bool, typer.Option("--matching/--no-matching", metavar="", help="Show only the songs that match.")
    ] = False,
    playlist: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.m3u8", help="Write the songs that match as a playlist, best first; replaces one of that name."
        ),
    ] = None,
    json: Json = False,
    model: Model = None,
) -> None:
    """Show the paces of files, folders and playlists, and which of them match the target.

    On a terminal, a table comes at the end, best first. In a pipe and with --json, each song is a line as soon as it is
    analysed.

    If a file cannot be read, you see why, the others are still analysed, and the exit status is 1.
    """
    listener = Listener(fixed(target, ctx), tolerance)
    from paces_live.analysis.classifier import load_classifier
    from paces_live.collection.find import find_items
    from paces_live.collection.items import Unreadable
    from paces_live.collection.written import check_playlist

    if playlist:
        check_playlist(playlist)
    table = not json and sys.stdout.isatty()
    songs: list[tuple[Item, FilePaces]] = []
    failed = False
    with closing(_results(find_items(paths), load_classifier(model), listener, progress=table)) as results:
        for one in results:
            if isinstance(one, Unreadable):
                failed = True
                _print_failure(one, json=json)
                continue
            songs.append(one)
            if not table and (not matching or _fits(one[1], listener)):
                _print_song(one[1], listener, json=json)
    if table:
        _print_table([song for _, song in songs if not matching or _fits(song, listener)], len(songs), listener)
    if playlist:
        _write(playlist, [(item, song) for item, song in songs if _fits(song, listener)], listener)
    if failed:
        raise typer.Exit(PacesError.exit_status)


def _results(
    items: "Iterable[Item | Unreadable]", classifier: "Classifier", listener: Listener, *, progress: bool
) -> "Generator[tuple[Item, FilePaces] | Unreadable, None, None]":
    """Yield each song with its paces as soon as they are known, or why it has none; show how far it is if asked."""
    from paces_live.collection.items import Item, Unreadable
    from paces_live.library.files import analyze_files

    if progress and sys.stderr.isatty():
        from paces_live.render.progress import followed

        items = followed(items, lambda item: shown_path(item.path.name), sys.stderr)
    for item in items:
        [result] = analyze_files([item], classifier, listener)
        if isinstance(result, Unreadable):
            yield result
        elif isinstance(item, Item):
            yield item, result


def _fits(song: "FilePaces", listener: Listener) -> bool:
    """Return whether a song matches: a lock or a match. A stretch is a compromise, and not what was asked for."""
    from paces_live.render.wording import is_yes

    return is_yes(listener.match(song.paces))


def _print_failure(failure: "Unreadable", *, json: bool) -> None:
    if json:
        from paces_live.render.json_lines import file_line

        print(file_line(failure, Listener()), flush=True)  # noqa: T201
    else:
        write_error(failure.error)


def _print_song(song: "FilePaces", listener: Listener, *, json: bool) -> None:
    """Print a song as a line, which a program or a user sees at once."""
    from paces_live.render.json_lines import file_line
    from paces_live.render.song import near_words, tempo_words
    from paces_live.render.wording import clock, paces_words, verdict_words

    if json:
        line = file_line(song, listener)
    else:
        paces = paces_words(song.paces) or "no pace found"
        tempo, near = tempo_words(song.sections), near_words(song.paces, song.beat, song.sections, listener)
        verdict = verdict_words(listener.match(song.paces), song.paces, listener.target, beat=song.beat, near=near)
        line = "  ".join(filter(None, [_name(song), clock(song.duration), paces, tempo, verdict, _damage(song)]))
    print(line, flush=True)  # noqa: T201


def _print_table(songs: "Sequence[FilePaces]", analysed: int, listener: Listener) -> None:
    """Print songs as a table, best first."""
    from paces_live.library.fit import misfit
    from paces_live.render.tables import Row, print_table
    from paces_live.render.wording import target_words

    rows = [
        Row("  ".join(filter(None, [_name(song), _damage(song)])), song.duration, song.paces, song.beat, song.sections)
        for song in sorted(songs, key=lambda song: misfit(song.paces, listener, song.beat))
    ]
    if rows:
        print_table(rows, "file", listener, stream=sys.stdout)
    elif analysed:
        sys.stdout.write(f"none of {_count(analysed)} matches {target_words(listener)}\n")


def _write(playlist: Path, songs: "Sequence[tuple[Item, FilePaces]]", listener: Listener) -> None:
    """Write songs that match as a playlist, best first, each file once; say what cannot be in it."""
    from paces_live.collection.listed import Listed
    from paces_live.collection.written import write_playlist
    from paces_live.library.fit import misfit
    from paces_live.now_playing.tags import item_track

    listed: dict[Path, Listed] = {}
    parts = 0
    for item, song in sorted(songs, key=lambda one: misfit(one[1].paces, listener, one[1].beat)):
        if item.start or item.end is not None:
            parts += 1
        elif item.path not in listed:
            track = item_track(item)
            tags = (track.title, track.artist, track.album) if track else ()
            listed[item.path] = Listed(item.path, song.duration, *tags)
    write_playlist(playlist, listed.values())
    sys.stderr.write(f"paces-live: {shown_path(playlist)} lists {_count(len(listed))}\n")
    if parts:
        # Not an error: everything that was asked for is done, as far as the format can.
        sys.stderr.write(f"paces-live: left out {_count(parts)} of CUE sheets: a playlist lists whole files\n")


def _count(songs: int) -> str:
    return f"{songs} song{'s' * (songs != 1)}"


def _name(song: "FilePaces") -> str:
    """Return what a song is called: its path, and its title in a playlist."""
    return "  ".join(filter(None, (shown_path(song.path), song.title)))


def _damage(song: "FilePaces") -> str:
    """Return how much of a file cannot be decoded; empty if all of it can."""
    return f"{song.damaged:.2f} s are damaged" if song.damaged else ""
