"""Music and what is true of it: generated, or labelled by people."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.commands.options import (
    CORES,
    WORK,
    Combination,
    LabelFiles,
    Seed,
    Tolerance,
    Work,
    Workers,
    console,
    progress,
)
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.evaluate.metrics.annotations import Profile


def corpus(
    work: Work = WORK,
    songs: Annotated[int, typer.Option(min=1, help="Number of songs; with --more, of further songs.")] = 2000,
    more: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The report's list of what needs more data.")
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
        outcome = generate(work / "corpus", songs=songs, seed=seed, workers=workers, weights=weights, on_done=on_done)
    for song, reason in outcome.failed.items():
        console.print(f"not made: {song}: {reason}")
    console.print(f"{outcome.made} songs made, {outcome.found} were there, {len(outcome.failed)} failed")
    if outcome.failed:
        raise typer.Exit(1)


def excerpt(
    songs: Annotated[list[str], typer.Argument(help="Songs of the test split, by their ids.")],
    work: Work = WORK,
    folder: Annotated[Path, typer.Option(help="Where the excerpt goes.")] = Path("paces_live/data"),
) -> None:
    """Make the bundled demo excerpt from songs of the corpus.

    Example: python -m training excerpt 00012 00034
    """
    from training.corpus.excerpt import excerpt as write

    for song in write(work / "corpus", songs, folder):
        console.print(f"{song.start:5.1f} to {song.end:5.1f} s: {song.meter}, {song.tempo:.1f} a minute")


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
    from training.annotations import annotators as people
    from training.corpus.imported import import_songs
    from training.corpus.recordings import match

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
    matching = match(persons, audio)
    out.print(f"audio: {len(matching.files)} found, {len(matching.missing)} missing, {len(matching.ambiguous)} unclear")
    for song in matching.missing:
        out.print(f"  missing: {song}")
    for song, paths in matching.ambiguous.items():
        out.print(f"  unclear: {song}: " + ", ".join(str(path.relative_to(audio)) for path in paths))
    if matching.unlabelled:
        out.print(f"  {len(matching.unlabelled)} files have no label")
    if not into:
        return
    with progress("songs") as on_done:
        outcome = import_songs(persons, audio, into, how=how, tolerance=tolerance, seed=seed, on_done=on_done)
    for song, reason in outcome.failed.items():
        out.print(f"  not imported: {song}: {reason}")
    out.print(f"{outcome.made} songs imported, {outcome.found} were there, {len(outcome.failed)} failed")


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
    from training.annotations import annotators as people
    from training.annotations.truth import AGREED, FAST_EDGE, SLOW_EDGE, STEEPNESS
    from training.corpus.songs import load
    from training.evaluate.metrics import annotations as calibration

    persons = [people.read(file) for file in files]
    songs = load(work / "corpus")
    if not songs:
        raise TrainingError(f"no songs in {work / 'corpus'}; make them with: python -m training corpus")
    together = people.combine(persons, how, tolerance)
    said, truths = calibration.people(together), list(together.values())
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
    slow, fast, steepness, agreed = calibration.fit_acceptance(truths)
    out.print(
        f"salience, fitted to these labels: edges at {slow:.1f} and {fast:.1f}, steepness {steepness:.1f}, "
        f"agreed {agreed:.3f}; the rule has {SLOW_EDGE}, {FAST_EDGE}, {STEEPNESS}, {AGREED}"
    )
    calibration.draw([said, *made], figure, truths)
    console.print(f"the figure is {figure}")


def _calibration(said: "Profile", made: "list[Profile]") -> Table:
    from training.evaluate.metrics.annotations import differences

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
