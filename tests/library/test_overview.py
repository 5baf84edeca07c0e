"""What a page shows of the library: figures that are those of other commands, and a histogram without a pattern."""

import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from paces_live.analysis.classifier import load_classifier
from paces_live.collection.items import Item
from paces_live.events import SongPace, Track
from paces_live.library import FilePaces, analyze_files
from paces_live.library.entries import Stamp, put_file, put_song
from paces_live.library.overview import MIDDLES, WIDTH, histogram, overview
from paces_live.library.store import Library
from paces_live.library.targets import fits
from paces_live.match import SPM_MAX, SPM_MIN, Listener
from tests.support.signals import RATE, rock

ROCK = (168.0, [(168.0, 0.9), (84.0, 0.7)])


def at(number: int) -> Path:
    return Path(f"/m/{number:05}.ogg")


def filled(path: Path, *songs: tuple[float | None, list[tuple[float, float]]]) -> Library:
    """Return a library of songs, each with its beat, and its paces with their probabilities."""
    library = Library(path / "library.db")
    library.use("sha256:1", "1")
    with library.reading() as connection:
        # In one transaction: thousands of songs take a second.
        connection.execute("BEGIN")
        for number, (beat, paces) in enumerate(songs):
            known = tuple(SongPace(spm, sure, 1.0) for spm, sure in paces)
            put_song(connection, f"sound:{number}", FilePaces(at(number), 200.0, known, beat=beat), 1)
            put_file(connection, at(number), Stamp(1, number), {"song": number + 1}, Track(title=f"{number}"))
        connection.execute("COMMIT")
    return library


def chi_square(counts: tuple[int, ...]) -> float:
    """Return by how many standard deviations the chi-square of `counts` is larger than that of a flat histogram."""
    mean = sum(counts) / len(counts)
    freedom = len(counts) - 1
    return float((sum((count - mean) ** 2 / mean for count in counts) - freedom) / math.sqrt(2.0 * freedom))


@pytest.mark.parametrize("rounding", [float, round, lambda spm: round(spm, 1)], ids=["exact", "whole", "tenths"])
def test_tempi_drawn_at_random_give_a_flat_histogram(tmp_path: Path, rounding: Callable[[float], float]) -> None:
    chance = random.Random(18)
    tempi = [float(rounding(chance.uniform(SPM_MIN, SPM_MAX))) for _ in range(6000)]
    with filled(tmp_path, *((spm, [(spm, 0.9)]) for spm in tempi)) as library:
        found = histogram(library)
    assert set(found.others) == {0}
    assert sum(found.on_beat) == sum(MIDDLES[0] - WIDTH / 2 <= spm < MIDDLES[-1] + WIDTH / 2 for spm in tempi)
    # Once in a thousand times, chance alone gives more.
    assert chi_square(found.on_beat) < 3.5
    # The test sees a pattern if there is one: bins of 2.5 hold two whole numbers and three in turn.
    if rounding is round:
        lattice, _ = np.histogram(tempi, np.arange(42.5, 317.6, 2.5))
        assert chi_square(tuple(map(int, lattice))) > 10.0


def test_the_bins_are_around_their_middles(tmp_path: Path) -> None:
    edges = [42.5, 162.4999, 162.5, 167.4999, 167.5, 317.4999]
    with filled(tmp_path, *((spm, [(spm, 0.9)]) for spm in (*edges, 42.4999, 317.5))) as library:
        found = histogram(library).on_beat
    assert {spm: count for spm, count in zip(MIDDLES, found, strict=True) if count} == {
        45.0: 1,
        160.0: 1,
        165.0: 2,
        170.0: 1,
        315.0: 1,
    }


def test_an_overview_has_the_figures_of_the_other_commands(tmp_path: Path) -> None:
    with filled(tmp_path, ROCK, (120.0, [(120.0, 0.6)]), (None, [])) as library:
        with overview(library, 0.03) as found:
            assert found.counts == library.counts()
            assert found.fits == fits(library, tolerance=0.03)
            assert [song.title for song in found.songs] == ["0", "1", "2"]
        assert (found.histogram.on_beat[MIDDLES.index(170.0)], found.histogram.others[MIDDLES.index(85.0)]) == (1, 1)
        assert sum(found.histogram.on_beat) + sum(found.histogram.others) == 3


def test_songs_whose_files_are_gone_do_not_count_and_copies_count_once(tmp_path: Path) -> None:
    with filled(tmp_path, ROCK, ROCK) as library:
        with library.reading() as connection:
            connection.execute("UPDATE file SET gone = 1 WHERE path = ?", (bytes(at(0)),))
            connection.execute(
                "INSERT INTO file (path, size, modified, song)"
                " SELECT '/m/copy.ogg', 1, 1, song FROM file WHERE NOT gone"
            )
        with overview(library) as found:
            assert (sum(found.histogram.on_beat), len(found.songs)) == (1, 1)


def test_a_scan_changes_nothing_of_an_overview(tmp_path: Path) -> None:
    with filled(tmp_path, *[ROCK] * 1200) as scan, Library(tmp_path / "library.db", read_only=True) as library:
        with overview(library) as found:
            songs = iter(found.songs)
            next(songs)
            with scan.reading() as connection:
                connection.execute("UPDATE file SET gone = 1")
                connection.execute("DELETE FROM file WHERE id > 600")
            assert sum(1 for _ in songs) == found.counts["songs"] - 1 == 1199
        with overview(library) as found:
            assert found.counts["songs"] == len(found.songs) == 0


@pytest.mark.slow
def test_the_analysis_has_no_lattice_either(tmp_path: Path) -> None:
    chance = random.Random(18)
    tempi = {tmp_path / f"{number}.wav": chance.uniform(130.0, 190.0) for number in range(24)}
    for path, bpm in tempi.items():
        soundfile.write(path, 0.4 * rock(bpm, 30.0), RATE)
    off = []
    for song in analyze_files(map(Item, tempi), load_classifier(), Listener()):
        assert isinstance(song, FilePaces)
        near = min((pace.spm for pace in song.paces), key=lambda spm: abs(spm / tempi[song.path] - 1.0))
        off.append(near / tempi[song.path] - 1.0)
    # Lags of whole frames, 63 a second, are 4 % apart at 150 a minute. Over 16 beats, they are 0.25 % apart.
    assert len(off) == len(tempi)
    assert max(map(abs, off)) < 0.001
