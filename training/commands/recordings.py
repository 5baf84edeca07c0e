"""Recordings of bands and singers: the corpus of the list, and the list itself."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from training.commands.options import TRACKS, WORK, Work, console, progress
from training.errors import TrainingError

LIST = Path("training/recordings.csv")

ListFile = Annotated[Path, typer.Option("--list", dir_okay=False, help="List of recordings.")]


def recordings(work: Work = WORK, listed: ListFile = LIST) -> None:
    """Make a corpus of the recordings in the list: download their Debian packages, and cut their excerpts.

    Example: python -m training recordings; python -m training add .work/recordings/corpus
    """
    from training.recordings import listing, songs

    entries = listing.read(listed)
    folder = work / "recordings"
    with progress("recordings") as on_done:
        update = songs.make(entries, folder / "packages", folder / "corpus", on_done=on_done)
    out = Console(highlight=False, markup=False, soft_wrap=True)
    for song, reason in update.failed.items():
        out.print(f"  failed: {song}: {reason}")
    out.print(f"{update.made} recordings made, {update.found} were there, {len(update.failed)} failed")
    splits = Counter(entry.split for entry in entries)
    out.print(", ".join(f"{split} {count}" for split, count in splits.items()) + f"; {folder / 'corpus'}")


def label_recordings(
    packages: Annotated[list[str], typer.Argument(help="Debian packages with songs.")],
    python: Annotated[
        list[Path], typer.Option(exists=True, dir_okay=False, help="A Python that has some of the programs; repeat it.")
    ],
    work: Work = WORK,
    listed: ListFile = LIST,
) -> None:
    """Write the list of recordings: songs of packages on whose exact, steady tempo other programs agree.

    Example: python -m training label-recordings wesnoth-1.16-music --python tempocnn/bin/python --python mir/bin/python
    """
    from training.evaluate.run import real_music
    from training.recordings import listing, programs
    from training.recordings.hearing import MEASURED, hear
    from training.recordings.labelling import AGREED

    pythons = programs.installed(python)
    if len(pythons) < AGREED:
        raise TrainingError(
            f"{len(pythons)} programs are installed ({', '.join(pythons) or 'none'}) and {AGREED} must agree: give a "
            f"Python that has more of them with --python: {', '.join(programs.PROGRAMS)}"
        )
    measured = MEASURED.union(track.package for track in real_music.read(TRACKS))
    folder = work / "recordings"
    with progress("songs") as on_done:
        entries, reasons = hear(
            packages,
            folder / "packages",
            pythons,
            folder / "estimates.jsonl",
            measured=measured,
            on_done=on_done,
        )
    listing.write(listing.divide(entries), listed)
    for reason, count in reasons.most_common():
        console.print(f"  {count} left out: {reason}", highlight=False)
    console.print(f"{len(entries)} recordings are in {listed}, labelled by {', '.join(pythons)}", highlight=False)
