"""``python -m training``: from nothing to the model that ships, a command a step."""

import sys

import typer

from paces_live.errors import PacesError
from training.commands import data as cases
from training.commands import measure as evaluation
from training.commands import networks
from training.commands import songs as music
from training.commands.options import console
from training.errors import TrainingError

app = typer.Typer(
    help="Makes the model of paces-live: corpus, megabatch, train, export, evaluate, in this order.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    music.corpus,
    cases.megabatch,
    networks.train,
    networks.export,
    evaluation.evaluate,
    evaluation.openset,
    evaluation.report,
    evaluation.latency,
    networks.sweep,
    networks.crossvalidate,
    networks.tolerance,
    networks.distil,
    cases.add,
    cases.log,
    music.labels,
    music.calibrate,
    music.excerpt,
):
    app.command()(command)


def main() -> None:
    """Run the command line; what the user can put right is told in one line."""
    try:
        app()
    except (TrainingError, PacesError) as error:
        console.print(f"training: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
