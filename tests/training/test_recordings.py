"""Recordings in Debian packages: the list, and how it is made."""

import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from paces_live.analysis.feature_config import FeatureConfig
from tests.support.signals import Samples, clicks, rock, strokes, swing, triplets, waltz
from training.annotations.names import artist_key
from training.annotations.truth import is_compatible
from training.commands.options import TRACKS
from training.corpus.songs import load
from training.errors import TrainingError
from training.evaluate.run import real_music
from training.recordings import hearing, listing, packages, programs, songs
from training.recordings.labelling import AGREED, SHORTEST_S, Labelled, label
from training.recordings.pulse import pulse

ROOT = Path(__file__).parents[2]
CONFIG = FeatureConfig()
RATE = CONFIG.sample_rate
SONG = listing.Entry(
    "a-music", "usr/one.flac", "One", "Ann", "GPL-2+", "Ann", "train", 120.0, (60.0, 120.0), (240.0,), ("mixxx",)
)

LIST = listing.read(ROOT / "training" / "recordings.csv")


# The list


def test_the_list_holds_songs_of_many_artists() -> None:
    assert len(LIST) >= 150
    assert len({entry.name for entry in LIST}) == len(LIST)
    assert len({entry.family for entry in LIST}) >= 50


def test_no_package_of_the_list_is_one_on_which_models_are_measured() -> None:
    measured = hearing.MEASURED.union(track.package for track in real_music.read(ROOT / TRACKS))
    assert not measured & {entry.package for entry in LIST}


def test_most_tempi_are_the_whole_numbers_of_sequencers() -> None:
    # By chance one in eight would be as near to one.
    tempi = np.array([entry.tempo for entry in LIST])
    assert np.mean(np.abs(tempi / np.rint(tempi) - 1) < 5e-4) > 0.8


@pytest.mark.parametrize("entry", LIST, ids=lambda entry: entry.name)
def test_every_song_of_the_list_has_a_free_licence_and_paces_that_fit_its_tempo(entry: listing.Entry) -> None:
    assert entry.licence
    assert not {"NC", "ND"} & set(entry.licence.split("-"))
    assert Path(entry.path).suffix.lower() in packages.AUDIO
    assert len(entry.label_from) >= AGREED
    assert set(entry.label_from) <= set(programs.PROGRAMS)
    assert not set(entry.compatible) & set(entry.ambiguous)
    assert entry.compatible
    for pace in (*entry.compatible, *entry.ambiguous):
        octaves = np.log2(pace / entry.tempo)
        assert octaves == pytest.approx(round(octaves), abs=1e-3)
    assert 120 / 2**0.52 < entry.tempo < 120 * 2**0.52


def test_the_songs_of_an_artist_are_in_one_split() -> None:
    splits: dict[str, set[str]] = {}
    for entry in LIST:
        splits.setdefault(entry.family, set()).add(entry.split)
        for artist in listing.SEVERAL.split(entry.artist):
            splits.setdefault("artist " + artist_key(artist), set()).add(entry.split)
    del splits["artist "]
    assert [name for name, found in splits.items() if len(found) > 1] == []
    shares = Counter(entry.split for entry in LIST)
    assert shares["train"] / len(LIST) == pytest.approx(0.6, abs=0.05)
    assert shares["validation"] / len(LIST) == pytest.approx(0.2, abs=0.05)


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    entries = listing.divide([SONG, replace(SONG, path="usr/two, three.ogg", title='"Two"', artist="")])
    listing.write(entries, path)
    assert listing.read(path) == entries


@pytest.mark.parametrize(
    ("wrong", "message_part"),
    [("test,fast,duple", "'fast'"), ("rest,120,duple", "split"), ("test,120,triple", "meter"), ("test", "list.csv:2")],
)
def test_a_wrong_row_is_named(tmp_path: Path, wrong: str, message_part: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(",".join(listing.COLUMNS) + f"\np,usr/a.ogg,A,Ann,GPL-2,Ann,{wrong},120,,mixxx\n", "utf-8")
    with pytest.raises(TrainingError, match=r"list\.csv:2") as caught:
        listing.read(path)
    assert message_part in str(caught.value)


def test_songs_that_share_an_artist_or_an_unnamed_one_stay_together() -> None:
    pairs = [("a", "Ann"), ("a", "Cy"), ("b", "Ann & Ben"), ("c", "ben"), ("d", "Dan"), ("d", ""), ("e", "Eve")]
    entries = [replace(SONG, package=name, artist=artist, path=f"{n}.ogg") for n, (name, artist) in enumerate(pairs)]
    families = [entry.family for entry in listing.divide(entries)]
    assert families == ["Ann", "Cy", "Ann", "Ann", "Dan", "Dan", "Eve"]


# Packages


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs dpkg-deb, of the Debian package dpkg")
def test_the_songs_of_a_package_are_unpacked(tmp_path: Path) -> None:
    root = tmp_path / "root"
    music, docs, control = root / "usr/share/game", root / "usr/share/doc/a-music", root / "DEBIAN"
    for folder in (music, docs, control):
        folder.mkdir(parents=True)
    content = np.random.default_rng(1).bytes(packages.SMALLEST)
    (music / "song.ogg").write_bytes(content)
    (music / "click.ogg").write_bytes(content[:1000])
    (music / "picture.png").write_bytes(content)
    (docs / "copyright").write_text("Format: 1.0\n", "utf-8")
    with zipfile.ZipFile(music / "data.pk3", "w") as archive:
        archive.writestr("music/other.mp3", content)
        archive.writestr("../outside.mp3", content)
    (control / "control").write_text(
        "Package: a-music\nVersion: 1\nArchitecture: all\nMaintainer: Ann <ann@example.org>\nDescription: music\n"
    )
    deb = tmp_path / "a.deb"
    subprocess.run(["dpkg-deb", "--build", root, deb], check=True, capture_output=True)
    inside = "usr/share/game/data.pk3!/music/other.mp3"
    packages.unpack(deb, "a-music", tmp_path / "all")
    assert packages.songs(tmp_path / "all") == [inside, "usr/share/game/song.ogg"]
    assert (tmp_path / "all" / "usr/share/game/song.ogg").read_bytes() == content
    assert (tmp_path / "all" / "copyright").read_text("utf-8") == "Format: 1.0\n"


def test_the_licence_of_a_file_is_that_of_its_paragraph() -> None:
    text = (
        "Format: https://example.org\n\nFiles: *\nCopyright: 2003 Team\nLicense: GPL-2+\n some text\n\n"
        "Files: data/music/*\n data/sounds/*\nCopyright: 2010-2012, Ann Onym <ann@example.org>\n 2011 Ben\n"
        "License: CC-BY-SA-3.0\n\nFiles: data/music/loud.ogg\nCopyright: © 2014 Ben\nLicense: CC0-1.0\n"
    )
    assert packages.licence(text, "usr/share/game/music/song.ogg") == ("CC-BY-SA-3.0", "Ann Onym")
    assert packages.licence(text, "usr/share/game/music/loud.ogg") == ("CC0-1.0", "Ben")
    assert packages.licence(text, "usr/share/game/other/song.ogg") == ("GPL-2+", "")
    assert packages.licence("This is free software.", "usr/share/game/song.ogg") == ("", "")


# Labels


LONG_S = 80.0
SAID = {"tempocnn": 130.4, "mixxx": 65.0, "essentia-percival": 130.9, "aubio": 97.0}


def test_a_steady_song_has_its_exact_tempo() -> None:
    found = label(pulse(rock(130.37, LONG_S), CONFIG), SAID)
    assert isinstance(found, Labelled)
    assert found.tempo == pytest.approx(130.37, rel=5e-4)
    assert found.programs == ("tempocnn", "mixxx", "essentia-percival")
    assert found.truth.compatible == pytest.approx((65.185, 130.37, 260.74), rel=5e-4)


def test_the_double_is_ambiguous_if_nobody_plays_it() -> None:
    found = label(pulse(clicks(130.0, LONG_S), CONFIG), SAID)
    assert isinstance(found, Labelled)
    assert found.truth.compatible == pytest.approx((65.0, 130.0), rel=5e-4)
    assert found.truth.ambiguous == pytest.approx((260.0,), rel=5e-4)


def test_an_octave_just_outside_of_the_range_is_ambiguous() -> None:
    found = label(pulse(rock(162.0, LONG_S), CONFIG), {"tempocnn": 162.0, "mixxx": 81.0, "aubio": 162.0})
    assert isinstance(found, Labelled)
    assert is_compatible(320.0, found.truth) is None
    assert is_compatible(108.0, found.truth) is False


def test_songs_of_doubtful_tempo_have_no_label() -> None:
    steady = pulse(rock(130.0, LONG_S), CONFIG)
    assert label(steady, SAID | {"mixxx": 111.0}) == "the programs do not agree"
    assert label(steady, SAID | {"essentia-rhythm": 97.5}) == "essentia-rhythm hears three to two or four to three"
    assert label(steady, dict.fromkeys(SAID, 117.0)) == "the periodicity has another tempo"


def test_a_song_that_becomes_faster_has_no_label() -> None:
    times = np.cumsum(60.0 / np.linspace(126.0, 134.0, 170))
    assert label(pulse(strokes(times, LONG_S), CONFIG), SAID) == "the tempo is not steady"


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (waltz(130.0, LONG_S), "there may be three beats in a bar"),
        (triplets(130.0, LONG_S), "the beat may be divided into three"),
        (swing(130.0, LONG_S), "the beat may be divided into three"),
    ],
)
def test_songs_that_may_be_triple_or_compound_have_no_label(samples: Samples, reason: str) -> None:
    assert label(pulse(samples, CONFIG), SAID) == reason


def test_a_song_without_a_pulse_is_known_before_the_programs_are_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    soundfile.write(tmp_path / "noise.flac", 0.1 * rng.standard_normal(80 * RATE), RATE)

    def ask(_wav: Path, name: str) -> float:
        raise AssertionError(name)

    assert hearing.judge(tmp_path / "noise.flac", ask, tuple(programs.PROGRAMS), {}) == "the pulse is weak"


def test_a_slow_program_is_asked_only_where_the_others_do_not_agree(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "rock.flac", rock(130.0, LONG_S), RATE)
    for others, asked in ((130.0, 4), (133.0, 5)):
        tempi = {"tempocnn": 130.0, "mixxx": others, "essentia-percival": 65.0, "aubio": 87.0, "essentia-rhythm": 65.0}
        said: dict[str, float] = {}
        found = hearing.judge(tmp_path / "rock.flac", lambda _wav, name: tempi[name], tuple(tempi), said)  # noqa: B023
        assert isinstance(found, Labelled)
        assert len(said) == asked


def test_a_program_that_has_ended_is_named(tmp_path: Path) -> None:
    # This Python has no TempoCNN.
    with programs.running({"tempocnn": Path(sys.executable)}) as ask, pytest.raises(TrainingError, match="has ended"):
        ask(tmp_path / "song.wav", "tempocnn")


def test_packages_on_which_models_are_measured_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="measured on freedoom"):
        hearing.hear(["freedoom"], tmp_path, {}, tmp_path / "estimates.jsonl")


# The corpus


def test_the_list_becomes_a_corpus(tmp_path: Path) -> None:
    folder, corpus = tmp_path / "packages", tmp_path / "corpus"
    (folder / "a-music" / "usr").mkdir(parents=True)
    whole = rock(120.0, 100.0)
    soundfile.write(folder / "a-music" / "usr" / "one.flac", whole, RATE)
    soundfile.write(folder / "a-music" / "usr" / "short.flac", whole[: 60 * RATE], RATE)
    entries = [SONG, replace(SONG, path="usr/short.flac"), replace(SONG, path="usr/none.flac")]
    update = songs.make(entries, folder, corpus)
    assert (update.made, update.found, len(update.failed)) == (1, 0, 2)
    assert "too short" in update.failed["a-music/usr/short.flac"]
    (song,) = load(corpus)
    assert (song.tempo, song.meter, song.split, song.family) == (120.0, "duple", "train", "Ann")
    assert song.truth == SONG.truth
    assert song.duration == SHORTEST_S
    samples, rate = soundfile.read(song.audio, dtype="float32")
    assert rate == RATE
    middle = whole[round(12.5 * RATE) : round(87.5 * RATE)]
    assert float(np.corrcoef(samples, middle)[0, 1]) > 0.999
    assert songs.make(entries, folder, corpus).found == 1
    with pytest.raises(TrainingError, match="another list"):
        songs.make([replace(SONG, tempo=110.0)], folder, corpus)
