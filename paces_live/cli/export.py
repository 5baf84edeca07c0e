"""`export`: copies songs of the library into a folder of a watch, a phone or a stick."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.error_line import write_error
from paces_live.cli.find import opened
from paces_live.cli.options import Json, LibraryFile, NamedPath, Target, Tolerance
from paces_live.cli.plan import Duration, Plan, Query, Ramp, Seed, parts_of
from paces_live.cli.target import fixed, typed
from paces_live.errors import ExportError, LibraryError, PacesError, SourceError, UsageError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE
from paces_live.text import shown_path

if TYPE_CHECKING:
    from paces_live.collection.items import Unreadable
    from paces_live.export.copies import Copy
    from paces_live.export.copying import Copying
    from paces_live.export.song import Song
    from paces_live.library.playlist import Chosen
    from paces_live.library.search import Found
    from paces_live.render.exported import Exported

SEED = 1
"""The same command must choose the same songs, so that it goes on where it was interrupted."""
PLAN = ("target", "duration", "ramp", "plan", "seed")
"""Options that ask for a plan."""


def export(
    ctx: typer.Context,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder to copy them to, on a disk, a stick, or a watch or phone that is connected.",
            click_type=NamedPath(readable=False, path_type=Path),
        ),
    ],
    query: Query = None,
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    duration: Duration = None,
    ramp: Ramp = None,
    plan: Plan = None,
    seed: Seed = None,
    playlist: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Copy the songs of a playlist, in its order.")
    ] = None,
    mp3: Annotated[bool, typer.Option("--mp3/--no-mp3", metavar="", help="Convert what is not MP3.")] = False,
    max_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Copy so many songs that they are no larger together, such as 3G or 500M."),
    ] = None,
    remove: Annotated[
        bool,
        typer.Option(
            "--remove/--no-remove", metavar="", help="Remove the songs of earlier exports that are not in this one."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--no-dry-run", metavar="", help="Show what would be done, and do nothing.")
    ] = False,
    json: Json = False,
    library: LibraryFile = None,
) -> None:
    """Copy songs for a watch, a phone or a stick, and write a playlist beside them.

    With the options of a plan, it chooses songs as paces-live playlist does; with a query alone, it copies all that
    paces-live find finds. Numbers in the names keep their order in players without playlists.

    You can stop at any moment and start the same command again: what is there is not copied again. Nothing is removed
    that an export did not write.

    If a song cannot be read, you see why, the others are still copied, and the exit status is 1.
    """
    from paces_live.collection.items import Unreadable
    from paces_live.export.copies import check_room, copies, left_over
    from paces_live.export.copying import Copying
    from paces_live.export.folder import Folder
    from paces_live.export.mp3 import check_encoder
    from paces_live.export.sizes import parse_size
    from paces_live.library.playlist import choose_songs
    from paces_live.library.present import present
    from paces_live.library.query import parse_query
    from paces_live.library.search import search
    from paces_live.render.exported import Exported

    most = None if max_size is None else parse_size(max_size)
    if mp3:
        check_encoder()
    asked, chosen = parse_query(" ".join(query or ()), tolerance), None
    planned = [option for option in PLAN if typed(ctx, option)]
    if playlist:
        if query or set(planned) - {"target"}:
            raise UsageError("--playlist excludes a query and a plan", hint="choose one", code="usage.playlist")
        songs = _of_playlist(playlist, library, fixed(target, ctx))
    elif query or planned:
        parts = parts_of(ctx, asked, plan, ramp, duration, target) if planned else []
        with opened(library) as known:
            if parts:
                chosen = choose_songs(known, asked, parts, tolerance, Random(SEED if seed is None else seed))
            found = present(known, chosen.songs if chosen else search(known, asked), outside=folder)
            songs = _of_library(found, fixed(target, ctx))
    else:
        hint = "give a query, a plan such as --duration 45m, or --playlist FILE"
        raise UsageError("nothing says what to copy", hint=hint, code="usage.export")
    with Folder(folder, read_only=dry_run) as place:
        listed = list(copies(songs, place, mp3=mp3, most=most))
        left = left_over(listed, place)
        possible = [one for one in listed if not isinstance(one, Unreadable)]
        wanted = [one for one in possible if one.how != "omit"]
        failed = len(listed) - len(possible)
        if remove and left and failed:
            # What cannot be read now may be among them, and could not be copied again.
            write_error(ExportError("nothing is removed, because not every song can be read", hint="see above"))
            remove = False
        _print_list(listed, left, removes=remove, json=json)
        if chosen and not json:
            _print_met(chosen, len(wanted) + failed, tolerance)
        if possible and not wanted:
            raise UsageError(f"--max-size {max_size} has no room for a song", hint="choose more", code="usage.max_size")
        exported = Exported(
            done=wanted if dry_run else [],
            failed=failed,
            omitted=len(possible) - len(wanted),
            left=0 if remove else len(left),
        )
        check_room(wanted, place, left.values() if remove else ())
        # A library whose disk is elsewhere must not empty a watch.
        if wanted and not dry_run:
            with Copying(place, wanted, left, removes=remove) as copying:
                _copy(copying, wanted, exported, json=json)
    _print_summary(folder, exported, json=json, dry=dry_run)
    if exported.failed:
        raise typer.Exit(PacesError.exit_status)


def _of_library(found: "Iterable[Found]", target: float) -> "list[Song | Unreadable]":
    from paces_live.export.song import of_found

    songs: list[Song | Unreadable] = [of_found(one, target) for one in found]
    if not songs:
        raise LibraryError("no song in your library fits", hint="choose another query", code="library.no_match")
    return songs


def _of_playlist(playlist: Path, library: Path | None, target: float) -> "list[Song | Unreadable]":
    from paces_live.collection.find import find_items
    from paces_live.export.song import of_items
    from paces_live.library.store import default_path

    # A playlist can be copied without a library.
    if library is None and not default_path().exists():
        return list(of_items(find_items([playlist]), None, target))
    with opened(library) as known:
        return list(of_items(find_items([playlist]), known, target))


def _copy(copying: "Copying", wanted: "Sequence[Copy]", exported: "Exported", *, json: bool) -> None:
    """Copy songs, and show how far it is; a song that cannot be read does not stop the others."""
    from paces_live.render.progress import Rate

    with Rate(sys.stderr) as rate:
        rate.total = len(wanted)
        for one in wanted:
            try:
                done, damaged = copying.do(one)
            except SourceError as error:
                exported.failed += 1
                _print_failure(one.song.path, error, json=json)
            else:
                exported.done.append(done)
                if damaged:
                    sys.stderr.write(f"paces-live: {shown_path(one.song.path)}: {damaged:.2f} s are damaged\n")
            rate.done()


def _print_list(listed: "Sequence[Copy | Unreadable]", left: "Mapping[str, int]", *, removes: bool, json: bool) -> None:
    from paces_live.collection.items import Unreadable
    from paces_live.render.exported import copy_line, copy_words, left_line, left_words

    for one in listed:
        if isinstance(one, Unreadable):
            _print_failure(one.path, one.error, json=json)
        else:
            sys.stdout.write(f"{(copy_line if json else copy_words)(one)}\n")
    for name, size in left.items():
        sys.stdout.write(f"{(left_line if json else left_words)(name, size, removed=removes)}\n")
    # Copying takes its time.
    sys.stdout.flush()


def _print_met(chosen: "Chosen", count: int, tolerance: float) -> None:
    """Print how well a plan is met by its first songs, for which there is room."""
    from paces_live.render.planned import met_words

    sys.stdout.write("".join(f"{line}\n" for line in ("", *met_words(chosen.met(tolerance, count)))))


def _print_failure(path: Path, error: PacesError, *, json: bool) -> None:
    from paces_live.render.json_lines import error_line

    if json:
        sys.stdout.write(f"{error_line(path, error)}\n")
    else:
        write_error(error)


def _print_summary(folder: Path, exported: "Exported", *, json: bool, dry: bool) -> None:
    from paces_live.render.exported import exported_line, exported_words

    if not json:
        sys.stdout.write(f"{exported_words(folder, exported, dry=dry)}\n")
    elif not dry:
        sys.stdout.write(f"{exported_line(folder, exported)}\n")
