"""`playlist`: a playlist for a run, from the songs of the library that fit its plan."""

import random
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.find import opened
from paces_live.cli.options import Json, LibraryFile, Target, Tolerance, whole_number
from paces_live.cli.target import fixed, typed
from paces_live.errors import UsageError
from paces_live.match import DEFAULT_TARGET, DEFAULT_TOLERANCE

if TYPE_CHECKING:
    from paces_live.library.plan import Part
    from paces_live.library.query import Query
    from paces_live.library.search import Found

DURATION = "45m"
"""Length of a playlist without a plan."""
SEEDS = 100_000
"""Numbers from which a seed is drawn: few enough to be typed again."""


def playlist(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The playlist to write, of the format that its name says: .m3u8, .m3u, .xspf, .jspf, or .nsp for "
            "Navidrome; replaces one of that name.",
        ),
    ],
    query: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUERY", help="Take only songs that a query finds; see paces-live find --help."),
    ] = None,
    target: Target = DEFAULT_TARGET,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    duration: Annotated[
        str | None,
        typer.Option(metavar="LENGTH", help="How long it is to be, such as 45m, 1h30m or 7:30. By default 45m."),
    ] = None,
    ramp: Annotated[
        str | None, typer.Option(metavar="SPM..SPM", help="Let the target rise or fall evenly, such as 150..170.")
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            metavar="PLAN", help='Lengths and targets one after the other, such as "10m@150 20m@150..168 5m@140".'
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=whole_number("seed", "a whole number, such as 7"),
            help="Choose the same songs again, as long as the library is the same.",
        ),
    ] = None,
    attributes: Annotated[
        bool,
        typer.Option(
            "--attributes/--no-attributes", metavar="", help="Write the paces of each song, and the one that fits."
        ),
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom/--no-bom", metavar="", help="Begin an M3U8 playlist with a byte order mark.")
    ] = False,
    json: Json = False,
    library: LibraryFile = None,
) -> None:
    """Make a playlist for a run from the songs in your library.

    Songs that fit best come first into it, in a random order: no song twice, no artist twice in a row. You see what it
    has, how well it meets the plan, and for which part of it nothing fits.
    """
    from paces_live.collection.listed import Listed
    from paces_live.collection.written import check_playlist, write_playlist
    from paces_live.library.playlist import choose_songs
    from paces_live.library.query import parse_query
    from paces_live.render.planned import met_words, planned_lines, planned_words, summary

    asked = parse_query(" ".join(query or ()), tolerance)
    parts = _parts(ctx, asked, plan, ramp, duration, target)
    check_playlist(file)
    seed = random.randrange(SEEDS) if seed is None else seed
    with opened(library) as known:
        planned, found, reached = choose_songs(known, asked, parts, tolerance, random.Random(seed))
    write_playlist(
        file,
        [Listed(one.path, one.duration, one.title, one.artist, one.album, _attributes(one)) for one in found],
        bom=bom,
        attributes=attributes,
    )
    songs = zip(planned, found, strict=True)
    lines: Iterable[str]
    if json:
        lines = planned_lines(file, songs, reached, seed=seed, tolerance=tolerance)
    else:
        lines = chain(planned_words(songs), [""], met_words(reached), [summary(file, reached, planned, seed)])
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _parts(
    ctx: typer.Context, query: "Query", plan: str | None, ramp: str | None, duration: str | None, target: float
) -> "Sequence[Part]":
    """Return the plan that the options stand for; a plan from the command line overrules settings."""
    from paces_live.library.plan import Part, parse_duration, parse_plan, parse_ramp

    if plan and (typed(ctx, "plan") or not (typed(ctx, "ramp") or typed(ctx, "duration"))):
        if typed(ctx, "ramp") or typed(ctx, "duration"):
            hint = "write the length and the ramp into the plan, such as 45m@150..170"
            raise UsageError("--plan excludes --ramp and --duration", hint=hint, code="usage.plan")
        return parse_plan(plan)
    seconds = parse_duration(duration or DURATION)
    if ramp:
        return [Part(seconds, *parse_ramp(ramp))]
    wanted = query.target.target if query.target and not typed(ctx, "target") else None
    spm = wanted or fixed(target, ctx)
    return [Part(seconds, spm, spm)]


def _attributes(song: "Found") -> dict[str, str]:
    paces = ",".join(f"{spm:.1f}" for spm in sorted(pace.spm for pace in song.paces))
    return {"paces": paces} | ({"fit": f"{song.pace.spm:.1f}"} if song.pace else {})
