"""The main road: from nothing to an exported model."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from paces_live.analysis.feature_config import FeatureConfig
from training.commands.options import (
    CORES,
    EXPERIMENT,
    SHIPPED,
    WORK,
    Cluster,
    Epochs,
    ExperimentFile,
    Model,
    Seed,
    Strategies,
    Work,
    Workers,
    console,
    progress,
)
from training.errors import TrainingError


def corpus(
    work: Work = WORK,
    songs: Annotated[int, typer.Option(min=1, help="Number of songs; with --more, of additional songs.")] = 2000,
    more: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The report's list of groups that need more songs.")
    ] = None,
    seed: Seed = 20190129,
    workers: Workers = CORES,
) -> None:
    """Generate songs of exactly known tempo and meter.

    Example: python -m training corpus --songs 2000
    """
    from training.corpus.generate import generate, shares

    weights = shares(more) if more else None
    with progress("songs") as on_done:
        update = generate(work / "corpus", songs=songs, seed=seed, workers=workers, weights=weights, on_done=on_done)
    for song, reason in update.failed.items():
        console.print(f"failed: {song}: {reason}")
    console.print(f"{update.made} songs made, {update.found} were there, {len(update.failed)} failed")
    if update.failed:
        raise typer.Exit(1)


def megabatch(
    work: Work = WORK,
    variants: Annotated[int, typer.Option(min=1, help="Number of degraded versions of each song.")] = 3,
    windows: Annotated[int, typer.Option(min=1, help="Number of windows drawn from each version.")] = 7,
    seed: Seed = 1,
    workers: Workers = CORES,
    cluster: Cluster = None,
) -> None:
    """Cut the songs into cases through the live feature path.

    Example: python -m training megabatch --windows 7
    """
    from training.corpus.songs import load, missing
    from training.dataset.megabatch import SPLITS, build

    with progress("shards") as on_done:
        build(
            work / "corpus",
            work / "megabatch",
            FeatureConfig(),
            seed=seed,
            variants=variants,
            windows=windows,
            workers=workers,
            cluster=cluster,
            on_done=on_done,
        )
    splits = {song.split for song in load(work / "corpus")}
    for split in (split for split in SPLITS if split not in splits):
        console.print(missing(work / "corpus", split), highlight=False, soft_wrap=True)


def train(
    work: Work = WORK,
    experiment: ExperimentFile = EXPERIMENT,
    epochs: Epochs = None,
    seed: Seed = 1,
    strategy: Annotated[Strategies, typer.Option(help="mirrored trains on all devices of the machine.")] = "none",
    run: Annotated[Path | None, typer.Option(help="Folder of the network; WORK/run by default.")] = None,
    start: Annotated[
        Path | None,
        typer.Option("--from", help="Exported model to fine-tune, such as models; with a low rate, for 4 epochs."),
    ] = None,
) -> None:
    """Train a network, fine-tune an exported one, or continue an interrupted training.

    Example: python -m training train --experiment training/experiments/stage0.toml --run .work/stage0
    """
    from training.corpus.contents import LEARNED, learned
    from training.corpus.songs import load
    from training.dataset.megabatch import check_songs
    from training.networks.experiment import Experiment
    from training.networks.start import exported, gentle
    from training.networks.train import train as fit
    from training.networks.train import trained

    description, run = Experiment.read(experiment), run or work / "run"
    check_songs(work / "megabatch", load(work / "corpus"))
    if start is not None:
        start = exported(start)
        description = replace(description, training=gentle(description.training))
    with progress("batches") as on_done:
        measures = fit(
            work / "megabatch",
            run,
            description,
            FeatureConfig(),
            seed=seed,
            epochs=epochs,
            strategy=strategy,
            start=start,
            on_done=on_done,
        )
    (run / LEARNED).write_text(json.dumps(learned(load(work / "corpus")), indent=1) + "\n", "utf-8")
    if start is not None:
        before = trained(run)
        console.print(f"before: loss {before['loss_before']:.4f}, accuracy {before['accuracy_before']:.4f}")
    console.print("validation: " + ", ".join(f"{name} {value:.4f}" for name, value in measures.items()))
    console.print(
        f"continue with: python -m training export --run {run} --work {work}", highlight=False, soft_wrap=True
    )


def export(
    work: Work = WORK,
    model: Model = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the trained network; WORK/run by default.")] = None,
    quantization_aware: Annotated[
        Literal["auto", "always", "never"],
        typer.Option(help="Fine-tune with simulated int8; auto: if int8 loses more than 0.2 points of accuracy."),
    ] = "auto",
) -> None:
    """Quantize the trained network to int8, and write it with its manifest.

    Example: python -m training export
    """
    from training.corpus.contents import LEARNED, learned
    from training.corpus.songs import load
    from training.networks.export import QUANTIZATION
    from training.networks.export import export as convert
    from training.networks.train import ORIGIN, trained

    run, model = run or work / "run", model or work / "model" / "paces.tflite"
    if model.resolve() == SHIPPED.resolve():
        raise TrainingError(f"{model} is the model that ships: name another file, then run python -m training ship")
    training = trained(run)
    # A network of another command, such as sweep, was trained on the songs of the work folder.
    noted = run / LEARNED
    songs = json.loads(noted.read_text("utf-8")) if noted.exists() else learned(load(work / "corpus"))
    provenance = {**songs, "training": training}
    if (run / ORIGIN).exists():
        provenance["began_with"] = json.loads((run / ORIGIN).read_text("utf-8"))
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
    console.print(f"{model} and its manifest: {size:,} bytes", soft_wrap=True)
