"""The main road: from nothing to an exported model."""

import shutil
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
    exported,
    progress,
    show,
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
    from training.dataset.megabatch import build

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


def train(
    work: Work = WORK,
    experiment: ExperimentFile = EXPERIMENT,
    epochs: Epochs = None,
    seed: Seed = 1,
    strategy: Annotated[Strategies, typer.Option(help="mirrored trains on all devices of the machine.")] = "none",
    run: Annotated[Path | None, typer.Option(help="Folder of the network; WORK/run by default.")] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            help="Start from an exported model of the same experiment, or its folder, such as models: a third of the "
            "epochs, a tenth of the learning rate.",
        ),
    ] = None,
) -> None:
    """Train a network, or continue an interrupted training.

    Example: python -m training train --experiment training/experiments/stage0.toml --run .work/stage0
    """
    from training.networks.experiment import Experiment
    from training.networks.train import train as fit

    description = Experiment.read(experiment)
    if start is not None:
        start = start / SHIPPED.name if start.is_dir() else start
        if not start.is_file():
            raise TrainingError(f"there is no model {start}: give an exported model, or its folder")
        description, epochs = description.fine_tuning(), epochs or max(1, description.training.epochs // 3)
    with progress("batches") as on_done:
        measures = fit(
            work / "megabatch",
            run or work / "run",
            description,
            FeatureConfig(),
            seed=seed,
            epochs=epochs,
            strategy=strategy,
            start=start,
            on_done=on_done,
        )
    console.print("validation: " + ", ".join(f"{name} {value:.4f}" for name, value in measures.items()))


def export(
    work: Work = WORK,
    model: Annotated[
        Path | None, typer.Option(help="File to write, its manifest next to it; WORK/model/paces.tflite by default.")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Folder of the trained network; WORK/run by default.")] = None,
    quantization_aware: Annotated[
        Literal["auto", "always", "never"],
        typer.Option(help="Fine-tune with simulated int8; auto: if int8 loses more than 0.2 points of accuracy."),
    ] = "auto",
) -> None:
    """Quantize the trained network to int8, and write it with its manifest into the work folder.

    Example: python -m training export
    """
    from training.corpus.songs import corpus_provenance, load_some
    from training.networks.export import QUANTIZATION
    from training.networks.export import export as convert
    from training.networks.train import trained

    songs, run, model = load_some(work / "corpus"), run or work / "run", model or work / "model" / SHIPPED.name
    provenance = corpus_provenance(songs) | {"training": trained(run)}
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


def ship(
    work: Work = WORK,
    model: Model = None,
    into: Annotated[Path, typer.Option(file_okay=False, help="Folder of the model that ships.")] = SHIPPED.parent,
    force: Annotated[bool, typer.Option("--force", help="Ship it even if it is worse.")] = False,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Replace the model that ships, after both are judged on the validation songs of the work folder.

    It shows what changes, and refuses a model that is worse. No other command writes into models/.

    The measures of the test songs are those that `evaluate` wrote.

    Example: python -m training ship
    """
    from training.evaluate.report.shipping import changes
    from training.evaluate.run.shipping import compare

    new, shipped = exported(work, model), into / SHIPPED.name
    with progress("validation songs") as on_done:
        comparison = compare(work, new, shipped, seed=seed, workers=workers, on_done=on_done)
    show(changes(comparison, new, shipped))
    if comparison.worse and not force:
        raise TrainingError(f"{new} is worse than {shipped} on the validation songs: improve it, or use --force")
    copy(new, into)
    console.print(f"{into} holds {new.name}, its manifest and its card")


def copy(new: Path, into: Path) -> None:
    """Copy a model, its manifest and its card into a folder, the manifest last: it names the hash of the model."""
    into.mkdir(parents=True, exist_ok=True)
    for name in (new.name, "README.md", new.with_suffix(".json").name):
        source = new.with_name(name)
        if not source.is_file():
            raise TrainingError(f"{source} is missing: run python -m training evaluate")
    for name in (new.name, "README.md", new.with_suffix(".json").name):
        shutil.copyfile(new.with_name(name), into / (SHIPPED.stem + Path(name).suffix if name != "README.md" else name))
