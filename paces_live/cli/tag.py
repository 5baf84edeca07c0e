"""`tag`: the paces of the library into the tags of the files."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.error_line import write_error
from paces_live.cli.find import opened
from paces_live.cli.options import Json, LibraryFile, Target, Tolerance
from paces_live.cli.target import fixed, typed
from paces_live.errors import LibraryError, PacesError, UsageError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE, Listener

if TYPE_CHECKING:
    from paces_live.collection.items import Unreadable
    from paces_live.library.store import Library
    from paces_live.library.tagging.tagger import Tagged
    from paces_live.render.tagged import How

MANY = {
    "library.unknown": "are not in your library",
    "source.not_found": "do not exist",
    "tag.format": "have no tags that we write",
}
"""What thousands of files may have in common: the first is named, and then how many they are."""
LOG = "tags.jsonl"
"""Name of the log, beside the library."""


def tag(
    ctx: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY|PATH",
            help="What to tag: files, folders and playlists, or what a query finds; see paces-live find --help. The "
            "whole library without any.",
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write/--no-write", metavar="", help="Write into the files; otherwise you only see what would change."
        ),
    ] = False,
    undo: Annotated[
        bool,
        typer.Option(
            "--undo/--no-undo",
            metavar="",
            help="Restore what was there before the first write, in all files or in those below a PATH.",
        ),
    ] = False,
    bpm: Annotated[
        bool,
        typer.Option(
            "--bpm/--no-bpm",
            metavar="",
            help="Also write the tempo where none is: the felt beat, or with --target the pace that matches it.",
        ),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force/--no-force", metavar="", help="Replace a tempo that is there, too.")
    ] = False,
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    json: Json = False,
    library: LibraryFile = None,
) -> None:
    """Write the paces of your songs into their files, as a field PACES that other programs can show.

    Nothing is written without --write: you only see what would change.

    The sound and all other tags stay as they are, which is checked. Each write is logged, and --undo takes it back.

    If a file cannot be tagged, you see why, the others still are, and the exit status is 1.
    """
    from paces_live.collection.folder import real_name
    from paces_live.library.store import default_path
    from paces_live.library.tagging.log import TagLog, histories, read_log
    from paces_live.library.tagging.tagger import Tagger, files_in
    from paces_live.library.tagging.undo import undo as restored

    paths, terms = _parted(what or [])
    log = (library or default_path()).with_name(LOG)
    if undo:
        if terms:
            hint = "name files or folders, or nothing to restore all"
            raise UsageError(f"{terms[0]} is no file, and --undo takes no query", hint=hint, code="usage.undo")
        with TagLog(log) if log.exists() else nullcontext() as entries:
            _show(restored(entries, map(real_name, paths)) if entries else (), "restored", json=json)
        return
    listener = Listener(fixed(target, ctx) if typed(ctx, "target") else None, tolerance) if bpm else None
    with opened(library, read_only=not write) as known, TagLog(log) if write else nullcontext() as entries:
        files = files_in(paths) if paths else _found(known, terms, tolerance)
        written = histories(read_log(log)) if bpm else {}
        tagger = Tagger(known, entries, bpm=listener, force=force, written=written)
        _show(tagger.tag(files), "tagged" if write else "planned", json=json)


def _parted(words: list[str]) -> tuple[list[Path], list[str]]:
    """Return which words are paths and which are terms of a query; there are only paths, or only terms.

    Raises
    ------
    UsageError
        There are both.
    """
    is_path = [os.path.lexists(word) or word.startswith(("/", "./", "../")) for word in words]
    terms = [word for word, path in zip(words, is_path, strict=True) if not path]
    if terms and any(is_path):
        hint = "name only files that exist, or write path:jazz for what has jazz in its path"
        raise UsageError(f"{terms[0]} is no file, and a query excludes files", hint=hint, code="usage.query")
    return [Path(word) for word in words] if not terms else [], terms


def _found(library: "Library", terms: list[str], tolerance: float) -> Iterator[Path]:
    """Return the files of the songs that a query finds.

    Raises
    ------
    LibraryError
        There are none.
    """
    from paces_live.library.query import parse_query
    from paces_live.library.search import search

    songs = search(library, parse_query(" ".join(terms), tolerance), every_file=True)
    if not songs:
        raise LibraryError("no song in your library fits", hint="choose another query", code="library.no_match")
    return (song.path for song in songs)


def _show(found: "Iterable[Tagged | Unreadable]", how: "How", *, json: bool) -> None:
    """Show what becomes of each file, and how many there are of each kind.

    Raises
    ------
    typer.Exit
        A file could not be tagged.
    """
    from paces_live.collection.items import Unreadable
    from paces_live.render.json_lines import error_line
    from paces_live.render.tagged import summary, tagged_line, tagged_words

    counts: Counter[str] = Counter()
    for one in found:
        if isinstance(one, Unreadable):
            kind = one.error.code if one.error.code in MANY else "failed"
            if json:
                sys.stdout.write(f"{error_line(one.path, one.error)}\n")
            elif kind == "failed" or not counts[kind]:
                write_error(one.error)
        else:
            kind = "changed" if one.changes else "same"
            if json:
                sys.stdout.write(f"{tagged_line(one, how)}\n")
            elif one.changes:
                sys.stdout.write(f"{tagged_words(one)}\n")
        counts[kind] += 1
    if not json:
        for kind, words in MANY.items():
            if counts[kind] > 1:
                write_error(PacesError(f"{counts[kind]} files {words}"))
        sys.stdout.write(f"{summary(counts, how)}\n")
    if counts.keys() - {"changed", "same"}:
        raise typer.Exit(PacesError.exit_status)
