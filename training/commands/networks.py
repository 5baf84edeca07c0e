"""Cases to networks, and the best of them to the model."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from paces_live.config import FeatureConfig
from training.commands.console import (
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
) -> None:
    """Train a network; continues where it was interrupted.

    Example: python -m training train --network training/networks/wider.toml
    """
    from training.networks.description import Description
    from training.networks.train import train as fit

    description = Description.read(network)
    with progress("batches") as on_done:
        measures = fit(
            work / "megabatch",
            work / "run",
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
    trials: Annotated[int | None, typer.Option(min=1, help="Networks that each table [search] tries.")] = None,
) -> None:
    """Train networks with several seeds and compare them; what is done already is not done again.

    Example: python -m training sweep training/networks/shipped.toml training/networks/stage0.toml --seeds 3
    """
    from training.networks.sweep import sweep as compare
    from training.networks.sweep import table

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
    Console(width=None if sys.stdout.isatty() else 150).print(table(outcomes))


def export(work: Work = WORK, model: Model = MODEL) -> None:
    """Quantize the trained network to int8 and write it with its manifest.

    Example: python -m training export
    """
    from training.corpus.songs import load
    from training.networks.export import export as convert

    songs = load(work / "corpus")
    provenance = {
        "songs": len(songs),
        "training_songs": sum(song.split == "train" for song in songs),
        "soundfonts": ", ".join(sorted({song.soundfont for song in songs if song.soundfont})),
        "training": json.loads((work / "run" / "validation.json").read_text("utf-8")),
    }
    convert(work / "run", work / "megabatch", model, FeatureConfig(), provenance)
    size = model.stat().st_size + model.with_suffix(".json").stat().st_size
    console.print(f"{model} and its manifest: {size:,} bytes")
