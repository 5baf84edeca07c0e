"""Replace the model that ships."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from paces_live.errors import ModelError
from training.commands.options import (
    CORES,
    SHIPPED,
    WORK,
    Model,
    Seed,
    Work,
    Workers,
    console,
    model_of,
    progress,
    show,
)
from training.errors import TrainingError

OLD, NEW = "now", "new"
SPLITS = ("validation", "test")


def ship(
    work: Work = WORK,
    model: Model = None,
    shipped: Annotated[Path, typer.Option(help="The model to replace.")] = SHIPPED,
    force: Annotated[bool, typer.Option("--force", help="Even if it is worse on the validation split.")] = False,
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Replace the model that ships, after showing what changes; no other command does.

    Both models are measured on the songs of the work folder. A model that is worse on its validation split is refused.

    Example: python -m training ship
    """
    from paces_live.analysis.manifest import Manifest
    from training.evaluate.report.wording import WORDS, text
    from training.evaluate.run.shipping import CANDIDATES, DECISIVE, compare, replace

    model = model_of(work, model, other="name one with --model")
    manifests = {NEW: Manifest.read(model)}
    models = {NEW: model}
    if not any(name.startswith("held-out ") for name in manifests[NEW].metrics):
        raise TrainingError(f"{model} is not measured: run python -m training evaluate --work {work} first")
    if shipped.exists():
        try:
            manifests[OLD] = Manifest.read(shipped)
            models[OLD] = shipped
        except ModelError as error:  # of a former feature path
            console.print(f"{shipped} cannot be compared: {error}", highlight=False, soft_wrap=True)
        if OLD in manifests and manifests[OLD].sha256 == manifests[NEW].sha256:
            console.print(f"{shipped} is this model already")
            return
    names = [name for name in (OLD, NEW) if name in models]
    found = {}
    for split in SPLITS:
        with progress(f"{split} songs") as on_done:
            found[split] = compare(work, models, split, seed=seed, workers=workers, on_done=on_done)
    table = Table("", *names)
    table.add_row("model", *(manifests[name].sha256[:12] for name in names))
    table.add_row("bytes", *(f"{models[name].stat().st_size:,}" for name in names))
    for split, measures in found.items():
        for measure in ("songs", DECISIVE, "flag_f1", "songs_without_wrong_pace", "right", CANDIDATES):
            values = (measures[name].get(measure, float("nan")) for name in names)
            table.add_row(f"{split}: {WORDS[measure]}", *(text(measure, value) for value in values))
    show(table)
    if OLD in manifests:
        lost = manifests[OLD].metrics.keys() - manifests[NEW].metrics.keys()
        for name in sorted(lost):
            console.print(f"not measured for the new model: {name}", highlight=False)
        before, after = (found["validation"][name][DECISIVE] for name in names)
        if after < before and not force:
            raise TrainingError(
                f"not shipped: {WORDS[DECISIVE]} on the validation split falls from {before:.4f} to {after:.4f}; "
                "ship it all the same with --force"
            )
    replace(shipped, model)
    console.print(f"{shipped}, its manifest and its card are those of {model}", highlight=False, soft_wrap=True)
