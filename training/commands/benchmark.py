"""Build the benchmark, and measure the model and the baselines on it."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from training.commands.options import CORES, TRACKS, WORK, Limit, Model, Work, Workers, console, model_of, progress
from training.errors import TrainingError


def benchmark(
    work: Work = WORK,
    model: Model = None,
    page: Annotated[Path | None, typer.Option(help="File of the page; WORK/benchmark/SPLIT.md by default.")] = None,
    split: Annotated[
        Literal["validation", "test"], typer.Option(help="test, or validation as long as you choose between models.")
    ] = "test",
    only: Annotated[list[str] | None, typer.Option("--only", help="Part to measure, such as jig; repeatable.")] = None,
    limit: Limit = None,
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Measure the other programs, too.")
    ] = True,
    environments: Annotated[
        Path, typer.Option(help="Folder of the environments of the other programs, from make baselines.")
    ] = Path(".venv-baselines"),
    workers: Workers = CORES,
) -> None:
    """Render hard music with known paces, measure a model and the baselines on it, and write a page.

    Example: python -m training benchmark --model models/paces.tflite
    """
    from training.benchmark import judging
    from training.benchmark import page as written
    from training.benchmark.pieces import PARTS, pieces
    from training.benchmark.rendering import FOLDER, render_all
    from training.evaluate.run import real_music
    from training.evaluate.run.programs import programs
    from training.evaluate.run.songs import NAME

    if unknown := set(only or ()) - set(PARTS):
        raise TrainingError(f"{', '.join(sorted(unknown))}: no part of the benchmark: use one of {', '.join(PARTS)}")
    model, folder = model_of(work, model), work / FOLDER
    chosen = [piece for piece in pieces(split, real_music.read(TRACKS)) if not only or piece.part in only]
    if limit:
        chosen = [piece for part in PARTS for piece in [one for one in chosen if one.part == part][:limit]]
    with progress("render") as on_done:
        rendered, failed = render_all(chosen, work, workers=workers, on_done=on_done)
    reasons = {f"{piece.id} is not rendered: {reason}" for piece, reason in failed}
    if not rendered:
        raise TrainingError(
            f"no piece of the benchmark can be rendered: {failed[0][1] if failed else 'none is chosen'}"
        )
    rows = [one.row() for one in rendered]
    if not (only or limit):
        (folder / f"{split}.json").write_text(json.dumps(rows, indent=1), "utf-8")
    here, missing = programs(environments) if baselines else ([], [])
    tempi: dict[str, list[float]] = {}
    versions = {NAME: ""}
    remembered = judging.Remembered(folder / "tempi.json")
    for program in here:
        with progress(program.name) as on_done:
            try:
                tempi[program.name] = remembered.tempi(program, rendered, workers=workers, on_done=on_done)
                versions[program.name] = program.version()
            except TrainingError as error:
                reasons.add(str(error))
    reasons |= {f"{name} is not installed" for name in missing}
    with progress("paces-live") as on_done:
        judged = judging.judge(rendered, model, tempi, workers=workers, on_done=on_done)
    found = [
        {**row, "found": {name: one.result(name).found for name in versions}}
        for row, one in zip(rows, judged, strict=True)
    ]
    (folder / f"{split}-found.json").write_text(json.dumps(found, indent=1), "utf-8")
    page = page or folder / f"{split}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(written.page(written.Findings(split, judged, versions, sorted(reasons))), "utf-8")
    for reason in sorted(reasons):
        console.print(reason, markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"the page is {page}, and what was found in each piece is in {folder / f'{split}-found.json'}",
        highlight=False,
        soft_wrap=True,
    )
