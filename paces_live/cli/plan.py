"""The plan of a run, as options that several commands share, and the songs that are chosen for it."""

from random import Random
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from paces_live.cli.options import whole_number
from paces_live.cli.target import fixed, typed
from paces_live.errors import LibraryError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paces_live.library.plan import Part
    from paces_live.library.planner import Met, Planned
    from paces_live.library.query import Query as Asked
    from paces_live.library.search import Found
    from paces_live.library.store import Library

LENGTH = "45m"
"""Length of a plan that does not say it."""

Query = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUERY", help="Take only songs that a query finds; see paces-live find --help."),
]
Duration = Annotated[
    str | None,
    typer.Option(metavar="LENGTH", help="How long it is to be, such as 45m, 1h30m or 7:30. By default 45m."),
]
Ramp = Annotated[
    str | None, typer.Option(metavar="SPM..SPM", help="Let the target rise or fall evenly, such as 150..170.")
]
Plan = Annotated[
    str | None,
    typer.Option(
        metavar="PLAN", help='Lengths and targets one after the other, such as "10m@150 20m@150..168 5m@140".'
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        parser=whole_number("seed", "a whole number, such as 7"),
        help="Choose the same songs again, as long as the library is the same.",
    ),
]


class Chosen(NamedTuple):
    """The songs of a plan, what the library knows about them, and the times for which nothing fits, seconds."""

    parts: "Sequence[Part]"
    planned: "list[Planned]"
    found: "list[Found]"
    gaps: "list[tuple[float, float]]"

    def met(self, tolerance: float, count: int | None = None) -> "list[Met]":
        """Return how well each part is met by the first songs, `count` of them or all."""
        from paces_live.library.planner import met

        return list(met(self.parts, self.planned[:count], self.gaps, tolerance))


def parts_of(
    ctx: typer.Context, asked: "Asked", plan: str | None, ramp: str | None, duration: str | None, target: float
) -> "Sequence[Part]":
    """Return the plan that the options stand for; a plan from the command line overrules settings."""
    from paces_live.library.plan import Part, parse_duration, parse_plan, parse_ramp

    if plan and (typed(ctx, "plan") or not (typed(ctx, "ramp") or typed(ctx, "duration"))):
        if typed(ctx, "ramp") or typed(ctx, "duration"):
            hint = "write the length and the ramp into the plan, such as 45m@150..170"
            raise UsageError("--plan excludes --ramp and --duration", hint=hint, code="usage.plan")
        return parse_plan(plan)
    seconds = parse_duration(duration or LENGTH)
    if ramp:
        return [Part(seconds, *parse_ramp(ramp))]
    wanted = asked.target.target if asked.target and not typed(ctx, "target") else None
    spm = wanted or fixed(target, ctx)
    return [Part(seconds, spm, spm)]


def choose_songs(library: "Library", asked: "Asked", parts: "Sequence[Part]", tolerance: float, seed: int) -> Chosen:
    """Return the songs that chance chooses for a plan from those that a query finds.

    Raises
    ------
    LibraryError
        No song fits.
    """
    from paces_live.library.candidates import candidates
    from paces_live.library.planner import choose
    from paces_live.library.search import Results

    planned, gaps = choose(parts, candidates(library, asked, parts, tolerance), tolerance, Random(seed))
    if not planned:
        hint = "choose another plan or query, or a larger --tolerance"
        raise LibraryError("no song in your library fits", hint=hint, code="library.no_match")
    found = list(Results(library, [(one.song.file, one.song.spm, one.song.steps) for one in planned]))
    if len(found) != len(planned):
        raise LibraryError("a scan has changed the library meanwhile", hint="try again", code="library.changed")
    return Chosen(parts, planned, found, gaps)
