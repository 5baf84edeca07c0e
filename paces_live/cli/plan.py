"""The plan of a run, as options that several commands share."""

from typing import TYPE_CHECKING, Annotated

import typer

from paces_live.cli.options import whole_number
from paces_live.cli.target import fixed, typed
from paces_live.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paces_live.library.plan import Part
    from paces_live.library.query import Query as Asked

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
    wanted = asked.target.aim if asked.target and not typed(ctx, "target") else None
    spm = wanted or fixed(target, ctx)
    return [Part(seconds, spm, spm)]
