"""`playlist`: a playlist for a run, from the songs of the library that fit its plan."""

import random
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.find import opened
from paces_live.cli.options import Json, LibraryFile, Target, Tolerance
from paces_live.cli.plan import Duration, Plan, Query, Ramp, Seed, parts_of
from paces_live.errors import UsageError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from paces_live.library.search import Found

SEEDS = 100_000
"""Numbers from which a seed is drawn: few enough to be typed again."""


def playlist(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The playlist to write, of the format that its name says: .m3u8, .m3u, .xspf, .jspf, or .nsp for "
            "Navidrome; replaces one of that name. With --mpd, its name in MPD.",
        ),
    ],
    query: Query = None,
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    duration: Duration = None,
    ramp: Ramp = None,
    plan: Plan = None,
    seed: Seed = None,
    attributes: Annotated[
        bool,
        typer.Option(
            "--attributes/--no-attributes", metavar="", help="Write the paces of each song, and the one that fits."
        ),
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom/--no-bom", metavar="", help="Begin an M3U8 playlist with a byte order mark.")
    ] = False,
    mpd: Annotated[
        bool,
        typer.Option(
            "--mpd/--no-mpd",
            metavar="",
            help="Store it in MPD, under the name FILE, such as run. MPD is on this machine, or where "
            "[bold]MPD_HOST[/bold] says.",
        ),
    ] = False,
    json: Json = False,
    library: LibraryFile = None,
) -> None:
    """Make a playlist for a run from the songs in your library.

    Songs that fit best come first into it, in a random order: no song twice, and no artist twice in a row if there are
    others. You see what it has, how well it meets the plan, and for which part of it nothing fits.
    """
    from paces_live.collection.listed import Listed
    from paces_live.collection.written import check_playlist, write_playlist
    from paces_live.library.playlist import choose_songs
    from paces_live.library.query import parse_query
    from paces_live.library.stored_playlist import check_name, store_playlist
    from paces_live.now_playing.mpd import Address
    from paces_live.render.planned import met_words, planned_lines, planned_words, summary

    asked = parse_query(" ".join(query or ()), tolerance)
    parts = parts_of(ctx, asked, plan, ramp, duration, target)
    if mpd:
        if bom or attributes:
            raise UsageError("--mpd excludes --bom and --attributes", hint="leave them out", code="usage.playlist")
        file = Path(check_name(str(file)))
    else:
        check_playlist(file)
    seed = random.randrange(SEEDS) if seed is None else seed
    with opened(library) as known:
        chosen = choose_songs(known, asked, parts, tolerance, random.Random(seed))
    listed = [
        Listed(one.path, one.duration, one.title, one.artist, one.album, _attributes(one)) for one in chosen.songs
    ]
    if mpd:
        store_playlist(Address.parse(""), file.name, listed)
    else:
        write_playlist(file, listed, bom=bom, attributes=attributes)
    reached = chosen.met(tolerance)
    songs = zip(chosen.planned, chosen.songs, strict=True)
    lines: Iterable[str]
    if json:
        lines = planned_lines(file, songs, reached, seed=seed, tolerance=tolerance)
    else:
        lines = chain(planned_words(songs), [""], met_words(reached), [summary(file, reached, chosen.planned, seed)])
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _attributes(song: "Found") -> dict[str, str]:
    paces = ",".join(f"{spm:.1f}" for spm in sorted(pace.spm for pace in song.paces))
    return {"paces": paces} | ({"fit": f"{song.pace.spm:.1f}"} if song.pace else {})
