"""Annotations: read them, import annotated songs, compare them with the corpus."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.commands.options import WORK, AnnotationFiles, Combination, Seed, Tolerance, Work, console, progress
from training.errors import TrainingError

if TYPE_CHECKING:
    from training.evaluate.metrics.profile import Profile


def annotations(
    files: AnnotationFiles,
    audio: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="Folder of the songs.")] = None,
    into: Annotated[Path | None, typer.Option(file_okay=False, help="Corpus to make of the songs.")] = None,
    how: Combination = "majority",
    tolerance: Tolerance = 0.05,
    margin: Annotated[
        float | None,
        typer.Option(min=0.0, help="Seconds left out at both ends; 25 by default, none of a song shorter than 75 s."),
    ] = None,
    seed: Seed = 1,
) -> None:
    """Show what annotators wrote, how far they agree, and which audio is missing; make a corpus of their songs.

    Example: python -m training annotations anna.csv ben.csv --audio music --into .work/annotated/corpus
    """
    from training.annotations import annotators
    from training.corpus.contents import SPLITS
    from training.corpus.imported import import_songs
    from training.corpus.recordings import match
    from training.corpus.songs import load

    if into and not audio:
        raise typer.BadParameter("a corpus needs the songs: add --audio", param_hint="--into")
    persons = [annotators.read(file) for file in files]
    out = Console(highlight=False, markup=False, soft_wrap=True)
    for person in persons:
        counts = Counter(len(paces) for paces in person.songs.values())
        sizes = ", ".join(f"{counts[size]} of {size}" for size in sorted(counts))
        out.print(f"{person.annotator}: {len(person.songs)} songs; paces: {sizes}; {len(person.skipped)} skipped")
        for song, remark in person.skipped.items():
            out.print(f"  skipped: {song}" + (f" ({remark})" if remark else ""))
    for pair in annotators.agreement(persons, tolerance):
        out.print(
            f"{pair.first}, {pair.second}: {pair.songs} songs in common, {pair.same:.1%} with the same set; precision "
            f"{pair.precision:.3f}, recall {pair.recall:.3f}, F1 {pair.f1:.3f}, kappa {pair.kappa:.3f}"
        )
        for song, sides in pair.disputed.items():
            out.print(f"  they differ: {song}: " + " or ".join(" ".join(f"{x:g}" for x in side) for side in sides))
        for song in pair.skipped:
            out.print(f"  one skipped: {song}")
    truths = annotators.combine(persons, how, tolerance)
    out.print(f"{how}: {len(truths)} songs with {sum(len(each.compatible) for each in truths.values())} paces")
    if not audio:
        return
    matching = match(persons, audio)
    out.print(f"audio: {len(matching.files)} found, {len(matching.missing)} missing, {len(matching.unclear)} unclear")
    for song in matching.missing:
        out.print(f"  missing: {song}")
    for song, paths in matching.unclear.items():
        out.print(f"  unclear: {song}: " + ", ".join(str(path.relative_to(audio)) for path in paths))
    if matching.unannotated:
        out.print(f"  {len(matching.unannotated)} files have no annotation")
    if not into:
        return
    with progress("songs") as on_done:
        update = import_songs(
            persons, audio, into, how=how, tolerance=tolerance, margin=margin, seed=seed, on_done=on_done
        )
    for song, reason in update.failed.items():
        out.print(f"  not imported: {song}: {reason}")
    out.print(f"{update.made} songs imported, {update.found} were there, {len(update.failed)} failed")
    splits = Counter(song.split for song in load(into))
    out.print(", ".join(f"{split} {splits[split]}" for split in SPLITS))
    for split in (split for split in SPLITS if not splits[split]):
        out.print(f"no song is in the {split} split: add songs, of other artists; a model needs songs of all splits")


def calibrate(
    files: AnnotationFiles,
    work: Work = WORK,
    how: Combination = "majority",
    tolerance: Tolerance = 0.05,
    figure: Annotated[Path | None, typer.Option(help="SVG, PNG or PDF; WORK/calibration.svg by default.")] = None,
) -> None:
    """Compare the paces of the corpus with annotators: set sizes, ratios, halves and doubles; and the rate they prefer.

    Example: python -m training calibrate anna.csv ben.csv --figure calibration.png
    """
    from training.annotations import annotators
    from training.annotations.truth import AGREED, FAST_EDGE, SLOW_EDGE, STEEPNESS
    from training.corpus.songs import load, missing
    from training.evaluate.metrics import profile
    from training.evaluate.metrics.octaves import octave_pairs, words
    from training.evaluate.report.profile import draw

    persons = [annotators.read(file) for file in files]
    songs = load(work / "corpus")
    if not songs:
        raise TrainingError(missing(work / "corpus"))
    together = annotators.combine(persons, how, tolerance)
    theirs, truths = profile.annotated(together), list(together.values())
    made = [*profile.generated(songs), profile.by_rule(persons)]
    out = Console(width=150, highlight=False)
    out.print(_shares(theirs, made))
    out.print("in brackets the 95 % interval; a - b: without and with ambiguous paces; *: clearly not the annotators'")
    for each in (theirs, *made):
        for name, values in each.quantiles.items():
            row = " ".join(f"{value:6.1f}" for value in values)
            out.print(f"{each.name + ', ' + name:45} min 10 50 90 % max: {row}")
    precision, recall = profile.rule_against(persons, tolerance=tolerance)
    out.print(f"the rule on the first pace of each song: precision {precision.low:.3f}, recall {recall.low:.3f}")
    out.print(words(octave_pairs(persons, tolerance)))
    figure = figure or work / "calibration.svg"
    slow, fast, steepness, agreed = profile.fit_acceptance(truths)
    out.print(
        f"salience, fitted to these annotations: edges at {slow:.1f} and {fast:.1f}, steepness {steepness:.1f}, "
        f"agreed {agreed:.3f}; the rule has {SLOW_EDGE}, {FAST_EDGE}, {STEEPNESS}, {AGREED}"
    )
    draw([theirs, *made], figure, truths)
    console.print(f"the figure is {figure}")


def _shares(theirs: "Profile", made: "list[Profile]") -> Table:
    from training.evaluate.metrics.profile import differences

    clear = {each.name: {found.measure for found in differences(theirs, each) if found.clear} for each in made}
    table = Table("measure", *(f"{each.name} ({each.songs} songs)" for each in (theirs, *made)))
    for measure, share in theirs.shares.items():
        row = ["", *("" for _ in made)]
        if share.whole:
            low, high = share.interval
            row[0] = f"{share.part}/{share.whole} {share.low:.0%} [{low:.0%}, {high:.0%}]"
        for column, each in enumerate(made, 1):
            other = each.shares[measure]
            if other.whole:
                row[column] = f"{other.part}/{other.whole} {other.low:.0%}"
                row[column] += f" - {other.high:.0%}" if other.ambiguous else ""
                row[column] += " *" if measure in clear[each.name] else ""
        table.add_row(measure, *map(escape, row))
    return table
