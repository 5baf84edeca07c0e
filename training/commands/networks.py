"""Cases to networks, and the best of them to the model."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from paces_live.analysis.feature_config import FeatureConfig
from training.commands.options import (
    MODEL,
    NETWORK,
    WORK,
    Epochs,
    Model,
    Seed,
    Strategies,
    Work,
    console,
    progress,
)


def train(
    work: Work = WORK,
    network: Annotated[Path, typer.Option(help="Description of the network and its training.")] = NETWORK,
    epochs: Epochs = None,
    seed: Seed = 1,
    strategy: Annotated[Strategies, typer.Option(help="mirrored: on all devices of the machine.")] = "none",
    run: Annotated[Path | None, typer.Option(help="Where the network goes; WORK/run by default.")] = None,
) -> None:
    """Train a network; continues where it was interrupted.

    Example: python -m training train --network training/experiments/stage0.toml --run .work/stage0
    """
    from training.networks.experiment import Description
    from training.networks.train import train as fit

    description = Description.read(network)
    with progress("batches") as on_done:
        measures = fit(
            work / "megabatch",
            run or work / "run",
            description,
            FeatureConfig(),
            seed=seed,
            epochs=epochs,
            strategy=strategy,
            on_done=on_done,
        )
    console.print("validation: " + ", ".join(f"{name} {value:.4f}" for name, value in measures.items()))


def sweep(
    networks: Annotated[list[Path], typer.Argument(help="Descriptions of networks.")],
    work: Work = WORK,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each network, with the seeds 1, 2, ...")] = 3,
    epochs: Epochs = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Networks that each search of a description tries.")] = None,
) -> None:
    """Train networks with several seeds and compare them; what is done already is not done again.

    Example: python -m training sweep training/experiments/shipped.toml training/experiments/stage0.toml --seeds 3
    """
    from training.networks.sweep import best, table
    from training.networks.sweep import sweep as compare

    with progress("trainings") as on_done:
        outcomes = compare(
            networks,
            work / "megabatch",
            work / "sweep",
            FeatureConfig(),
            seeds=seeds,
            epochs=epochs,
            trials=trials,
            on_done=on_done,
        )
    _show(table(outcomes))
    console.print(
        f"best on the validation split: python -m training export --run {best(outcomes)}",
        highlight=False,
        soft_wrap=True,
    )


def crossvalidate(
    network: Annotated[Path, typer.Argument(help="Description of the network and its training.")] = NETWORK,
    work: Work = WORK,
    folds: Annotated[int, typer.Option(min=2, help="Parts of the songs; each is judged once.")] = 5,
    epochs: Epochs = None,
    seed: Seed = 1,
) -> None:
    """Train a network once for each fold of the songs, on all others, and judge it on that fold.

    Example: python -m training crossvalidate training/experiments/shipped.toml --folds 5
    """
    from training.networks.crossvalidation import crossvalidate as validate
    from training.networks.crossvalidation import lines
    from training.networks.experiment import Description

    description = Description.read(network)
    with progress("folds") as on_done:
        outcome = validate(
            description,
            work / "corpus",
            work / "megabatch",
            work / "sweep",
            FeatureConfig(),
            folds=folds,
            seed=seed,
            epochs=epochs,
            on_done=on_done,
        )
    _show(lines(outcome))


def tolerance(
    network: Annotated[Path, typer.Argument(help="Description of the network and its training.")],
    tolerances: Annotated[
        list[float], typer.Argument(min=0.001, max=0.15, help="Greatest deviations from a pace, as ratios.")
    ] = [0.025, 0.04, 0.05, 0.08],  # noqa: B006  (typer copies it)
    work: Work = WORK,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings under each tolerance, with the seeds 1, 2, ...")] = 1,
    epochs: Epochs = None,
) -> None:
    """Label the training cases by several tolerances, train under each, and judge by that of the product.

    Example: python -m training tolerance training/experiments/shipped.toml 0.025 0.04 0.05 0.08
    """
    from training.networks.experiment import Description
    from training.networks.tolerance import lines, study

    description = Description.read(network)
    with progress("trainings") as on_done:
        studies = study(
            description,
            tolerances,
            work / "corpus",
            work / "megabatch",
            work / "sweep",
            FeatureConfig(),
            seeds=seeds,
            epochs=epochs,
            on_done=on_done,
        )
    _show(lines(studies))


def distil(
    network: Annotated[Path, typer.Argument(help="Description of the network and its training.")] = NETWORK,
    work: Work = WORK,
    run: Annotated[Path | None, typer.Option(help="Where the network goes; WORK/distilled by default.")] = None,
    seeds: Annotated[int, typer.Option(min=2, help="Networks of the sweep that it learns from.")] = 3,
    epochs: Epochs = None,
    seed: Seed = 1,
) -> None:
    """Train one network on what those of several seeds say together; export it with --run.

    Example: python -m training distil training/experiments/shipped.toml --seeds 3
    """
    from training.networks.distil import distil as learn
    from training.networks.experiment import Description
    from training.networks.sweep import table

    description, run = Description.read(network), run or work / "distilled"
    with progress("networks to learn from") as on_trained, progress("batches") as on_done:
        distilled = learn(
            description,
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
    _show(table([distilled.teachers]))
    told = ", ".join(f"{name} {value:.4f}" for name, value in distilled.measures.items())
    console.print(f"distilled from their {distilled.way}, validation: {told}", highlight=False)
    console.print(f"go on with: python -m training export --run {run}", highlight=False, soft_wrap=True)


def export(
    work: Work = WORK,
    model: Model = MODEL,
    run: Annotated[Path | None, typer.Option(help="The trained network; WORK/run by default.")] = None,
    quantization_aware: Annotated[
        Literal["auto", "always", "never"],
        typer.Option(help="Fine-tune with simulated int8; auto: where int8 loses more than 0.2 points of accuracy."),
    ] = "auto",
) -> None:
    """Quantize the trained network to int8 and write it with its manifest.

    Example: python -m training export
    """
    from training.corpus.songs import load
    from training.networks.export import QUANTIZATION
    from training.networks.export import export as convert
    from training.networks.train import trained

    songs, run = load(work / "corpus"), run or work / "run"
    provenance = {
        "songs": len(songs),
        "training_songs": sum(song.split == "train" for song in songs),
        "soundfonts": ", ".join(sorted({song.soundfont for song in songs if song.soundfont})),
        "training": trained(run),
    }
    with progress("batches of fine-tuning") as on_done:
        manifest = convert(
            run,
            work / "megabatch",
            model,
            FeatureConfig(),
            provenance,
            quantization_aware=quantization_aware,
            on_done=on_done,
        )
    for name, value in manifest.metrics[QUANTIZATION].items():
        console.print(f"{name.replace('_', ' ')}: {value}", highlight=False)
    size = model.stat().st_size + model.with_suffix(".json").stat().st_size
    console.print(f"{model} and its manifest: {size:,} bytes")


def _show(table: Table) -> None:
    Console(width=None if sys.stdout.isatty() else 150).print(table)
