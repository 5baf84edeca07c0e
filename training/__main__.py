"""``python -m training``: make the model, one command per step."""

import sys
from collections.abc import Callable, Mapping

import typer

from paces_live.errors import PacesError
from training.commands import annotations, benchmark, data, experiments, labelled, make, measure, recordings, ship
from training.commands.options import console
from training.errors import TrainingError

PANELS: Mapping[str, tuple[Callable[..., None], ...]] = {
    "From nothing to the model, in this order": (
        make.corpus,
        make.megabatch,
        make.train,
        make.export,
        measure.evaluate,
        ship.ship,
    ),
    "Measure the model": (
        labelled.evaluate_folder,
        benchmark.benchmark,
        measure.real_music,
        measure.report,
        measure.latency,
    ),
    "Experiments": (experiments.sweep, experiments.crossvalidate, experiments.tolerance, experiments.distil),
    "More songs": (
        data.add,
        data.log,
        recordings.recordings,
        recordings.label_recordings,
        annotations.annotations,
        annotations.calibrate,
        data.excerpt,
    ),
}
"""The commands, in the order of the help."""
ALIASES: Mapping[str, Callable[..., None]] = {"openset": measure.real_music, "labels": annotations.annotations}
"""Earlier names of commands, which still work."""

app = typer.Typer(
    help="Make the model of paces-live. Only the first commands are needed; each writes into the work folder.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
for name, command in ALIASES.items():
    app.command(name, hidden=True)(command)


def main() -> None:
    """Run the command line; report a problem that the user can fix in one line."""
    try:
        app()
    except (TrainingError, PacesError) as error:
        console.print(f"training: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
