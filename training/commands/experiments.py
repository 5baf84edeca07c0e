"""Experiments: compare networks and ways to train them."""

from pathlib import Path
from typing import Annotated

import typer

from paces_live.analysis.feature_config import FeatureConfig
from training.commands.options import (
    EXPERIMENT,
    WORK,
    Epochs,
    ExperimentArgument,
    Seed,
    Work,
    console,
    progress,
    show,
)


def sweep(
    experiments: Annotated[list[Path], typer.Argument(help="TOML files of the experiments.")],
    work: Work = WORK,
    seeds: Annotated[int, typer.Option(min=1, help="Trials of each network, with the seeds 1, 2, ...")] = 3,
    epochs: Epochs = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Networks that the search of each experiment with one tries.")
    ] = None,
) -> None:
    """Train experiments with several seeds and compare them; finished trials are not repeated.

    Example: python -m training sweep training/experiments/shipped.toml training/experiments/stage0.toml --seeds 3
    """
    from training.networks.sweep import best, table
    from training.networks.sweep import sweep as compare

    with progress("trials") as on_done:
        results = compare(
            experiments,
            work / "megabatch",
            work / "sweep",
            FeatureConfig(),
            seeds=seeds,
            epochs=epochs,
            searched=trials,
            on_done=on_done,
        )
    show(table(results))
    console.print(
        f"best on the validation split: python -m training export --run {best(results)} --work {work}",
        highlight=False,
        soft_wrap=True,
    )


def crossvalidate(
    experiment: ExperimentArgument = EXPERIMENT,
    work: Work = WORK,
    folds: Annotated[int, typer.Option(min=2, help="Number of parts of the songs; each is judged once.")] = 5,
    epochs: Epochs = None,
    seed: Seed = 1,
) -> None:
    """Train a network once for each fold of the songs, on all other folds, and judge it on that fold.

    Example: python -m training crossvalidate training/experiments/shipped.toml --folds 5
    """
    from training.networks.crossvalidation import crossvalidate as validate
    from training.networks.crossvalidation import lines
    from training.networks.experiment import Experiment

    described = Experiment.read(experiment)
    with progress("folds") as on_done:
        result = validate(
            described,
            work / "corpus",
            work / "megabatch",
            work / "sweep",
            FeatureConfig(),
            folds=folds,
            seed=seed,
            epochs=epochs,
            on_done=on_done,
        )
    show(lines(result))


def tolerance(
    experiment: ExperimentArgument,
    tolerances: Annotated[
        list[float], typer.Argument(min=0.001, max=0.15, help="Largest relative differences from a pace.")
    ] = [0.025, 0.04, 0.05, 0.08],  # noqa: B006  (typer copies it)
    work: Work = WORK,
    seeds: Annotated[int, typer.Option(min=1, help="Trials with each tolerance, with the seeds 1, 2, ...")] = 1,
    epochs: Epochs = None,
) -> None:
    """Label the training cases by several tolerances, train with each, and judge by that of the product.

    Example: python -m training tolerance training/experiments/shipped.toml 0.025 0.04 0.05 0.08
    """
    from training.networks.experiment import Experiment
    from training.networks.tolerance import lines, study

    described = Experiment.read(experiment)
    with progress("trials") as on_done:
        studies = study(
            described,
            tolerances,
            work / "corpus",
            work / "megabatch",
            work / "sweep",
            FeatureConfig(),
            seeds=seeds,
            epochs=epochs,
            on_done=on_done,
        )
    show(lines(studies))


def distil(
    experiment: ExperimentArgument = EXPERIMENT,
    work: Work = WORK,
    run: Annotated[Path | None, typer.Option(help="Folder of the network; WORK/distilled by default.")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Number of networks of the sweep to learn from.")] = 3,
    epochs: Epochs = None,
    seed: Seed = 1,
) -> None:
    """Train one network on the combined probabilities of several seeds; export it with --run.

    Example: python -m training distil training/experiments/shipped.toml --seeds 3
    """
    from training.networks.distil import distil as learn
    from training.networks.experiment import Experiment
    from training.networks.sweep import table

    described, run = Experiment.read(experiment), run or work / "distilled"
    with progress("networks to learn from") as on_trained, progress("batches") as on_done:
        distilled = learn(
            described,
            work / "megabatch",
            work / "sweep",
            run,
            FeatureConfig(),
            seeds=seeds,
            seed=seed,
            epochs=epochs,
            on_trained=on_trained,
            on_done=on_done,
        )
    show(table([distilled.teachers]))
    measures = ", ".join(f"{name} {value:.4f}" for name, value in distilled.measures.items())
    console.print(f"distilled from their {distilled.way}, validation: {measures}", highlight=False)
    console.print(f"continue with: python -m training export --run {run}", highlight=False, soft_wrap=True)
