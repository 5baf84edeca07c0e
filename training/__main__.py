"""``python -m training``: from nothing to the model that ships, a command a step."""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from paces_live.config import FeatureConfig
from paces_live.errors import PacesError
from training.errors import TrainingError

app = typer.Typer(
    help="Makes the model of paces-live: corpus, megabatch, train, export, evaluate, in this order.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console(stderr=True)

Work = Annotated[Path, typer.Option(help="Folder for everything made on the way.")]
Seed = Annotated[int, typer.Option(help="Fixes all that is drawn at random.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes at a time.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the cases, instead of the description's.")]
Strategies = Literal["none", "mirrored"]
Model = Annotated[Path, typer.Option(help="The exported model; its manifest lies beside it.")]
Cluster = Annotated[
    str | None, typer.Option(help="Make the shards on a Ray cluster: auto, or its address ray://HOST:PORT.")
]

LabelFiles = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV: song, up to three paces, remarks; one a person.")
]
Combination = Annotated[
    Literal["union", "intersection", "majority"], typer.Option(help="Which paces are the truth, of several people's.")
]
Tolerance = Annotated[float, typer.Option(min=0.001, max=0.15, help="How far apart paces still are the same.")]

if TYPE_CHECKING:
    from training.calibration import Profile
    from training.metrics import Judged

WORK = Path(".work")
MODEL = Path("models/paces.tflite")
NETWORK = Path("training/networks/shipped.toml")
JOINED = Path(".work/joined")
CORES = os.cpu_count() or 1


@app.command()
def corpus(
    work: Work = WORK,
    songs: Annotated[int, typer.Option(min=1, help="Number of songs; with --more, of further songs.")] = 1400,
    more: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The report's list of what needs more data.")
    ] = None,
    seed: Seed = 20190129,
    workers: Workers = CORES,
) -> None:
    """Generate songs of exactly known tempo and meter.

    Example: python -m training corpus --songs 1400
    """
    from training.corpus import generate, shares

    weights = shares(more) if more else None
    with _progress("songs") as on_done:
        outcome = generate(work / "corpus", songs=songs, seed=seed, workers=workers, weights=weights, on_done=on_done)
    for song, reason in outcome.failed.items():
        console.print(f"not made: {song}: {reason}")
    console.print(f"{outcome.made} songs made, {outcome.found} were there, {len(outcome.failed)} failed")


@app.command()
def megabatch(
    work: Work = WORK,
    variants: Annotated[int, typer.Option(min=1, help="Degraded versions of each song.")] = 2,
    windows: Annotated[int, typer.Option(min=1, help="Windows drawn from each version.")] = 6,
    seed: Seed = 1,
    workers: Workers = CORES,
    cluster: Cluster = None,
) -> None:
    """Cut the songs into cases through the live feature path.

    Example: python -m training megabatch --windows 6
    """
    from training.megabatch import build

    with _progress("shards") as on_done:
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


@app.command()
def add(
    chunk: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Corpus: a folder with songs and audio.")],
    work: Work = WORK,
    joined: Annotated[Path, typer.Option(help="Work folder to be made, with the old songs and the new.")] = JOINED,
    workers: Workers = CORES,
    cluster: Cluster = None,
) -> None:
    """Split a chunk of new songs, cut them into cases, and join them to the old ones, of which none is moved.

    Example: python -m training add more/corpus --joined .work/joined
    """
    from training.chunks import add as join

    with _progress("shards") as on_done:
        came = join(chunk, work, joined, workers=workers, cluster=cluster, on_done=on_done)
    console.print(f"{came['songs']} songs came: {came['splits']}, {came['meters']}", highlight=False)
    console.print(f"go on with: python -m training train --work {joined}", highlight=False, soft_wrap=True)


@app.command()
def log(
    after: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The model trained with the chunk.")],
    before: Annotated[Path, typer.Option(help="The model trained without it.")] = MODEL,
    joined: Annotated[Path, typer.Option(help="The folder that `add` made.")] = JOINED,
    path: Annotated[Path, typer.Option(help="The data log; its table is written beside it.")] = Path(
        "docs/data-log.jsonl"
    ),
) -> None:
    """Write into the data log what a chunk brought: both models must have been evaluated.

    Example: python -m training log .work/joined/model/paces.tflite
    """
    from training.chunks import log as append

    line = append(joined, before, after, path)
    console.print(f"{len(line['measures'])} measures before and after are in {path} and {path.with_suffix('.md')}")


@app.command()
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
    from training.description import Description
    from training.train import train as fit

    description = Description.read(network)
    with _progress("batches") as on_done:
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


@app.command()
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
    from training.sweep import sweep as compare
    from training.sweep import table

    with _progress("trainings") as on_done:
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


@app.command()
def export(work: Work = WORK, model: Model = MODEL) -> None:
    """Quantize the trained network to int8 and write it with its manifest.

    Example: python -m training export
    """
    from training.corpus import load
    from training.export import export as convert

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


@app.command()
def evaluate(
    work: Work = WORK,
    model: Model = MODEL,
    split: Annotated[str, typer.Option(help="test, or validation while choosing.")] = "test",
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure the exported model on held-out songs; writes the manifest's figures and the model card.

    Example: python -m training evaluate
    """
    from training.evaluate import evaluate as measure
    from training.evaluate import record

    with _progress("songs") as on_done:
        measures, judged = measure(
            work / "corpus",
            work / "megabatch",
            model,
            split=split,
            seed=seed,
            workers=workers,
            on_done=on_done,
        )
    Console().print_json(data=measures)
    wrong = [song for song in judged if song.result.wrong() or song.result.missed()]
    Console(width=150).print(_songs(wrong))
    if split == "test":
        record(model, "held-out generated songs, degraded", measures)


@app.command()
def openset(
    csv: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="The list of tracks.")],
    work: Work = WORK,
    model: Model = MODEL,
    report: Annotated[Path, typer.Option(help="Where the table of all tracks goes.")] = Path("docs/real-music.md"),
) -> None:
    """Render the open real set, which is never trained on, and measure the exported model on it, librosa beside it.

    Example: python -m training openset --csv open-real-set.csv
    """
    from training import openset as tracks
    from training.card import real_music
    from training.evaluate import evaluate_openset, librosa_tempo, record

    listed = tracks.read(csv)
    with _progress("tracks") as on_done:
        numbers = count(1)
        _, failed = tracks.render_all(
            listed, work / "openset", on_done=lambda _track, _reason: on_done(next(numbers), len(listed))
        )
    for track, reason in failed:
        console.print(f"not rendered: {track.id}: {reason}")
    measures, judged = evaluate_openset(csv, work / "openset", model)
    beside = [librosa_tempo(work / "openset" / f"{song.id}.flac") for song in judged]
    report.write_text(real_music(judged, beside), "utf-8")
    Console().print_json(data=measures)
    console.print(f"the table of {len(judged)} tracks is in {report}")
    record(model, "open real set, constant tempo", measures)


@app.command()
def report(
    work: Work = WORK,
    model: Model = MODEL,
    folder: Annotated[Path, typer.Option(help="Where the page and its figures go.")] = Path("docs/report"),
    csv: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The open real set's list.")] = None,
    beside: Annotated[list[str] | None, typer.Option(help="NAME=PATH of another exported model; repeatable.")] = None,
    hours: Annotated[float, typer.Option(min=0.0, help="Of each kind of sound without a pace.")] = 1.0,
    limit: Annotated[int | None, typer.Option(min=1, help="So many songs of each set, for a quick look.")] = None,
    figures: Annotated[str, typer.Option(help="svg or png.")] = "svg",
    seed: Seed = 1,
    workers: Workers = CORES,
) -> None:
    """Measure the exported model on everything, other programs beside it; writes a page with figures.

    Example: python -m training report --csv open-real-set.csv --beside stage0=stage0/paces.tflite
    """
    from training.report import report as measure

    models = {}
    for pair in beside or []:
        name, equals, path = pair.partition("=")
        if not (name and equals and Path(path).is_file()):
            raise TrainingError(f"--beside wants NAME=PATH of an exported model, not {pair}")
        models[name] = Path(path)
    with _progress("songs and sounds") as on_done:
        measure(
            work,
            model,
            folder,
            csv=csv,
            beside=models,
            hours=hours,
            limit=limit,
            seed=seed,
            workers=workers,
            suffix=figures,
            on_done=on_done,
        )
    console.print(f"the report is {folder / 'README.md'}, what needs more data {folder / 'more.json'}")


@app.command()
def labels(
    files: LabelFiles,
    audio: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="Folder of the songs.")] = None,
    into: Annotated[Path | None, typer.Option(file_okay=False, help="Corpus to make of labels and audio.")] = None,
    how: Combination = "majority",
    tolerance: Tolerance = 0.05,
    seed: Seed = 1,
) -> None:
    """Read label files of people: what is in them, how far they agree, which audio is missing; makes a corpus of both.

    Example: python -m training labels anna.csv ben.csv --audio music --into .work/people/corpus
    """
    from training import people

    if into and not audio:
        raise typer.BadParameter("a corpus needs the songs themselves: add --audio", param_hint="--into")
    persons = [people.read(file) for file in files]
    out = Console(highlight=False, markup=False, soft_wrap=True)
    for person in persons:
        counts = Counter(len(paces) for paces in person.songs.values())
        sizes = ", ".join(f"{counts[size]} of {size}" for size in sorted(counts))
        out.print(f"{person.labeler}: {len(person.songs)} songs; paces: {sizes}; {len(person.skipped)} skipped")
        for song, remark in person.skipped.items():
            out.print(f"  skipped: {song}" + (f" ({remark})" if remark else ""))
    for pair in people.agreement(persons, tolerance):
        out.print(
            f"{pair.first}, {pair.second}: {pair.songs} songs in common, {pair.same:.1%} with the same set; precision "
            f"{pair.precision:.3f}, recall {pair.recall:.3f}, F1 {pair.f1:.3f}, kappa {pair.kappa:.3f}"
        )
        for song, sides in pair.disputed.items():
            out.print(f"  they differ: {song}: " + " or ".join(" ".join(f"{x:g}" for x in side) for side in sides))
        for song in pair.skipped:
            out.print(f"  one skipped: {song}")
    truths = people.combine(persons, how, tolerance)
    out.print(f"{how}: {len(truths)} songs with {sum(len(each.compatible) for each in truths.values())} paces")
    if not audio:
        return
    matching = people.match(persons, audio)
    out.print(f"audio: {len(matching.files)} found, {len(matching.missing)} missing, {len(matching.ambiguous)} unclear")
    for song in matching.missing:
        out.print(f"  missing: {song}")
    for song, paths in matching.ambiguous.items():
        out.print(f"  unclear: {song}: " + ", ".join(str(path.relative_to(audio)) for path in paths))
    if matching.unlabelled:
        out.print(f"  {len(matching.unlabelled)} files have no label")
    if not into:
        return
    with _progress("songs") as on_done:
        outcome = people.import_songs(persons, audio, into, how=how, tolerance=tolerance, seed=seed, on_done=on_done)
    for song, reason in outcome.failed.items():
        out.print(f"  not imported: {song}: {reason}")
    out.print(f"{outcome.made} songs imported, {outcome.found} were there, {len(outcome.failed)} failed")


@app.command()
def calibrate(
    files: LabelFiles,
    work: Work = WORK,
    how: Combination = "majority",
    tolerance: Tolerance = 0.05,
    figure: Annotated[Path | None, typer.Option(help="SVG, PNG or PDF; WORK/calibration.svg if not given.")] = None,
) -> None:
    """Compare the paces of the generated corpus with what people say: set sizes, ratios, halves and doubles.

    Example: python -m training calibrate anna.csv ben.csv --figure calibration.png
    """
    from training import calibration, people
    from training.corpus import load

    persons = [people.read(file) for file in files]
    songs = load(work / "corpus")
    if not songs:
        raise TrainingError(f"no songs in {work / 'corpus'}; make them with: python -m training corpus")
    said = calibration.people(people.combine(persons, how, tolerance))
    made = [*calibration.generated(songs), calibration.by_rule(persons)]
    out = Console(width=150, highlight=False)
    out.print(_calibration(said, made))
    out.print(
        "in brackets the 95 % interval; a - b: without and with the matters of taste; *: clearly not what people say"
    )
    for each in (said, *made):
        for name, values in each.quantiles.items():
            row = " ".join(f"{value:6.1f}" for value in values)
            out.print(f"{each.name + ', ' + name:45} min 10 50 90 % max: {row}")
    precision, recall = calibration.rule_against(persons, tolerance=tolerance)
    out.print(f"the rule on the first pace of each song: precision {precision.low:.3f}, recall {recall.low:.3f}")
    figure = figure or work / "calibration.svg"
    calibration.draw([said, *made], figure)
    console.print(f"the figure is {figure}")


@app.command()
def excerpt(
    songs: Annotated[list[str], typer.Argument(help="Songs of the test split, by their ids.")],
    work: Work = WORK,
    folder: Annotated[Path, typer.Option(help="Where the excerpt goes.")] = Path("paces_live/data"),
) -> None:
    """Make the bundled demo excerpt from songs of the corpus.

    Example: python -m training excerpt 00012 00034
    """
    from training.excerpt import excerpt as write

    for song in write(work / "corpus", songs, folder):
        console.print(f"{song.start:5.1f} to {song.end:5.1f} s: {song.meter}, {song.tempo:.1f} a minute")


def _calibration(said: "Profile", made: "list[Profile]") -> Table:
    from training.calibration import differences

    clear = {each.name: {found.measure for found in differences(said, each) if found.clear} for each in made}
    table = Table("measure", *(f"{each.name} ({each.songs} songs)" for each in (said, *made)))
    for measure, share in said.shares.items():
        row = ["", *("" for _ in made)]
        if share.whole:
            low, high = share.interval
            row[0] = f"{share.part}/{share.whole} {share.low:.0%} [{low:.0%}, {high:.0%}]"
        for column, each in enumerate(made, 1):
            other = each.shares[measure]
            if other.whole:
                row[column] = f"{other.part}/{other.whole} {other.low:.0%}"
                row[column] += f" - {other.high:.0%}" if other.taste else ""
                row[column] += " *" if measure in clear[each.name] else ""
        table.add_row(measure, *map(escape, row))
    return table


def _songs(judged: "list[Judged]") -> Table:
    table = Table("song", "group", "tempo", "compatible", "found", "wrong", "missed")
    for song in judged:
        columns = (song.result.truth.compatible, song.result.found, song.result.wrong(), song.result.missed())
        table.add_row(
            song.id,
            song.group,
            f"{song.tempo:.1f}",
            *(" ".join(f"{x:.1f}" for x in column) for column in columns),
        )
    return table


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on standard error, driven by the function that is yielded."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def main() -> None:
    """Run the command line; what the user can put right is told in one line."""
    try:
        app()
    except (TrainingError, PacesError) as error:
        console.print(f"training: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
