"""Annotations: read, compared, combined, matched to audio, imported, and compared with the corpus."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.signals import RATE, clicks
from training.annotations import annotators
from training.annotations.annotators import Annotations
from training.annotations.truth import Truth, is_compatible, truth
from training.corpus import imported, recordings
from training.corpus.recordings import Matching, Recording
from training.corpus.songs import load
from training.dataset import megabatch
from training.errors import TrainingError
from training.evaluate.metrics import octaves, profile
from training.evaluate.report.profile import draw

ROOT = Path(__file__).parents[2]


def written(folder: Path, text: str, name: str = "anna.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def said(annotator: str, **songs: tuple[float, ...]) -> Annotations:
    return Annotations(annotator, songs)


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


# Reading


def test_songs_paces_and_remarks_are_read(tmp_path: Path) -> None:
    rows = (
        'Help,96,192,,,,\r\nWaltz,157,52.5,,,"odd, this",\r\n\r\nRhapsody,,,,,,,changes tempo too much\r\nShort,120\r\n'
    )
    anna = annotators.read(written(tmp_path, "\ufeff" + rows))
    assert anna.annotator == "anna"
    assert anna.songs == {"Help": (96.0, 192.0), "Waltz": (157.0, 52.5), "Short": (120.0,)}
    assert anna.skipped == {"Rhapsody": "changes tempo too much"}


@pytest.mark.parametrize(
    ("row", "message_part"),
    [
        ("Song,fast,,", "'fast' is not a pace"),
        ("Song,nan", "'nan' is not a pace"),
        ("Song,30,,", "outside 40..320"),
        ("Song,321", "outside 40..320"),
        ("Song,60,120,240,80", "fourth pace"),
        (",120,,", "the song has no name"),
        ("help!,96,,", "already in line 1"),
        ('"Song,120', " as CSV"),
    ],
)
def test_an_invalid_row_is_reported_in_one_line_with_file_and_line(tmp_path: Path, row: str, message_part: str) -> None:
    path = written(tmp_path, f"Help,96,192,\n{row}\n")
    with pytest.raises(TrainingError) as error:
        annotators.read(path)
    message = str(error.value)
    assert message_part in message
    assert str(path) in message
    assert "\n" not in message
    assert f"{path}:2" in message or "CSV" in message


def test_a_file_without_paces_or_in_another_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no song has a pace"):
        annotators.read(written(tmp_path, "Rhapsody,,,,no\n"))
    (tmp_path / "latin.csv").write_bytes("Caf\xe9,120\n".encode("latin-1"))
    with pytest.raises(TrainingError, match="cannot read"):
        annotators.read(tmp_path / "latin.csv")


# Agreement and combination

ANNA = said("anna", Help=(96.0, 192.0), Waltz=(157.0, 52.0), Only=(120.0,))
BEN = said("ben", help=(98.0, 196.0), Waltz=(157.0,), Other=(90.0,))
CARL = said("carl", Help=(95.0, 48.0), Waltz=(52.0, 156.0))


def test_agreement_counts_sets_paces_and_disputes() -> None:
    (pair,) = annotators.agreement([ANNA, replace(BEN, skipped={"Only": "no idea"})])
    assert (pair.first, pair.second, pair.songs) == ("anna", "ben", 2)
    assert pair.same == 0.5
    assert (pair.precision, pair.recall) == (1.0, 0.75)
    assert pair.f1 == pytest.approx(6 / 7)
    assert pair.disputed == {"Waltz": ((157.0, 52.0), (157.0,))}
    assert pair.skipped == ("Only",)
    assert 0.0 < pair.kappa < 1.0


def test_kappa_is_one_between_equals_and_low_between_strangers() -> None:
    (same,) = annotators.agreement([ANNA, replace(ANNA, annotator="twin")])
    assert same.kappa == pytest.approx(1.0)
    (none,) = annotators.agreement([said("a", Help=(96.0,)), said("b", Help=(192.0,))])
    assert none.kappa < 0.0
    assert (none.same, none.f1) == (0.0, 0.0)
    (apart,) = annotators.agreement([said("a", Help=(96.0,)), said("b", Other=(96.0,))])
    assert apart.songs == 0
    assert math.isnan(apart.kappa)


def test_every_pair_of_annotators_is_compared() -> None:
    assert len(annotators.agreement([ANNA, BEN, CARL])) == 3
    assert annotators.agreement([ANNA]) == []


def test_union_intersection_and_majority() -> None:
    everyone = [ANNA, BEN, CARL]
    union, all_of_them, most = (annotators.combine(everyone, how) for how in ("union", "intersection", "majority"))
    assert union["Help"].compatible == pytest.approx((48.0, (96 + 98 + 95) / 3, 194.0))
    assert all_of_them["Help"].compatible == pytest.approx(((96 + 98 + 95) / 3,))
    assert most["Help"].compatible == pytest.approx(((96 + 98 + 95) / 3, 194.0))
    assert all_of_them["Waltz"].compatible == pytest.approx((470 / 3,))
    assert most["Waltz"].compatible == pytest.approx((52.0, 470 / 3))
    # Annotators without a pace for a song do not count for it.
    assert most["Only"].compatible == all_of_them["Only"].compatible == (120.0,)
    assert set(union) == {"Help", "Waltz", "Only", "Other"}
    assert all(each.ambiguous == () for each in union.values())


def test_songs_without_agreement_are_left_out() -> None:
    pair = [said("a", Help=(96.0,)), said("b", Help=(192.0,))]
    assert annotators.combine(pair, "intersection") == annotators.combine(pair, "majority") == {}
    assert annotators.combine(pair, "union")["Help"].compatible == (96.0, 192.0)


def test_the_tolerance_merges_paces_and_belongs_to_the_truth() -> None:
    narrow, wide = (annotators.combine([ANNA, BEN], "union", tolerance)["Help"] for tolerance in (0.01, 0.08))
    assert narrow.compatible == (96.0, 98.0, 192.0, 196.0)
    assert wide.compatible == (97.0, 194.0)
    assert is_compatible(103.0, wide) is True
    assert is_compatible(103.0, narrow) is False
    assert is_compatible(103.0, wide, 0.05) is False


# Audio


def touched(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def matched(folder: Path, *songs: str) -> Matching:
    return recordings.match([Annotations("anna", dict.fromkeys(songs, (120.0,)))], folder)


@pytest.mark.parametrize(
    ("song", "file"),
    [
        ("Help", "HELP!.wav"),
        ("Help", "01 - Help.mp3"),
        ("Help", "1-07. help.FLAC"),
        ("03 Death of a Disco Dancer", "Death Of A Disco-Dancer.ogg"),
        ("ImLookingThruYou", "album/I'm looking thru you.flac"),
        ("Hey Mr. Tambourine Man", "Byrds - Hey Mr Tambourine Man.mp3"),
        ("The Byrds - Hey Mr. Tambourine Man", "Byrds - Greatest Hits - 03 - Hey Mr. Tambourine Man.mp3"),
        ("Hits - 12 - George Gershwin - Rhapsody", "George Gershwin - Rhapsody.ogg"),
        ("53rdAnd3rd", "53rd and 3rd.wav"),
        ("Déjà vu", "De\u0301ja\u0300 Vu.wav"),
    ],
)
def test_names_match_despite_case_punctuation_and_track_number(tmp_path: Path, song: str, file: str) -> None:
    assert matched(touched(tmp_path, file), song).files == {song: tmp_path / file}


def test_missing_unclear_and_unannotated_files_are_listed(tmp_path: Path) -> None:
    files = ("Help.wav", "01 Help.mp3", "Girl.flac", "Girl.ogg", "Bananarama - Venus.mp3", "notes.txt", "extra.wav")
    found = matched(touched(tmp_path, *files), "Help", "Girl", "Shocking Blue - Venus", "Nowhere")
    # An exact name wins over one with a track number.
    assert found.files == {"Help": tmp_path / "Help.wav"}
    assert found.missing == ("Shocking Blue - Venus", "Nowhere")
    assert found.unclear == {"Girl": (tmp_path / "Girl.flac", tmp_path / "Girl.ogg")}
    assert {path.name for path in found.unannotated} == {"01 Help.mp3", "Bananarama - Venus.mp3", "extra.wav"}


def test_one_file_for_two_songs_is_unclear(tmp_path: Path) -> None:
    found = matched(touched(tmp_path, "Help.wav"), "01 Help", "02 Help")
    assert found.files == {}
    assert set(found.unclear) == {"01 Help", "02 Help"}


def test_artist_and_title_come_from_tags_before_names(tmp_path: Path) -> None:
    path = tmp_path / "Somebody - Something.ogg"
    with soundfile.SoundFile(path, "w", RATE, 1, format="OGG", subtype="VORBIS") as file:
        file.artist, file.title, file.genre = "The Beatles", "Help!", "Rock"
        file.write(np.zeros(1000, np.float32))
    tagged = recordings.recording("Help", path)
    assert (tagged.artist, tagged.title, tagged.genre) == ("The Beatles", "Help!", "Rock")
    soundfile.write(tmp_path / "Somebody - Something.wav", np.zeros(1000, np.float32), RATE)
    named = recordings.recording("Something", tmp_path / "Somebody - Something.wav")
    assert (named.artist, named.title, named.genre) == ("Somebody", "Something", "")


# Splits


def piece(song: str, artist: str = "", genre: str = "") -> Recording:
    return Recording(song, Path(song), artist, song, genre)


def test_splits_are_60_20_20_and_do_not_depend_on_the_order() -> None:
    songs = [piece(f"s{i}", genre="rock" if i % 2 else "jazz") for i in range(50)]
    split_of = recordings.assign(songs, 1)
    assert recordings.assign(songs[::-1], 1) == split_of
    assert recordings.assign(songs, 2) != split_of
    for genre in ("rock", "jazz"):
        splits = [split_of[song.song] for song in songs if song.genre == genre]
        assert [splits.count(split) for split in recordings.SHARES] == [15, 5, 5]


def test_songs_of_rare_genres_reach_every_split() -> None:
    splits = list(recordings.assign([piece(f"s{i}", genre=f"g{i}") for i in range(10)], 1).values())
    assert [splits.count(split) for split in recordings.SHARES] == [6, 2, 2]


def test_artists_and_versions_of_a_song_stay_together() -> None:
    songs = [piece(f"s{i}", f"artist {i // 3}") for i in range(30)]
    songs += [replace(piece(f"cover {i}", f"cover artist {i}"), title=f"S{i}!") for i in range(4)]
    songs += [piece("Help", "The Beatles"), piece("Girl", "beatles")]
    split_of = recordings.assign(songs, 1)
    assert len({split_of[f"s{i}"] for i in (0, 1, 2)} | {split_of[f"cover {i}"] for i in (0, 1, 2)}) == 1
    assert all(len({split_of[f"s{3 * a + i}"] for i in range(3)}) == 1 for a in range(10))
    assert split_of["Help"] == split_of["Girl"]
    assert set(split_of.values()) == set(recordings.SHARES)


def test_new_songs_follow_their_artist_and_none_is_in_two_splits() -> None:
    def taken(song: str, artist: str, split: str) -> dict[str, str]:
        return {"song": song, "artist": artist, "title": song, "genre": "", "split": split}

    there = [taken("Help", "Beatles", "test"), taken("Venus", "Shocking Blue", "train")]
    new = [piece("Help"), piece("Girl", "Beatles"), piece("Venus", "Shocking Blue")]
    torn = replace(piece("Venus by the Beatles", "The Beatles"), title="Venus")
    assert recordings.assign(new[:2], 1, taken=there) == {"Girl": "test"}
    assert "Venus by the Beatles" not in recordings.assign([torn], 1, taken=there)


# Import

TEMPI = {"Ann - One": 100.0, "Ann - Two": 120.0, "Bea - Three": 140.0, "Cid - Four": 150.0, "Dot - Five": 90.0}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of click tracks, 80 s each, at 16 kHz, and of one that is too short."""
    folder = tmp_path_factory.mktemp("music")
    for name, tempo in TEMPI.items():
        samples = clicks(tempo, 80.0 * RATE / 16000)[: 80 * 16000]  # a rate of 16 kHz changes the tempo
        soundfile.write(folder / f"01 - {name}.flac", np.stack([samples, samples], axis=1), 16000)
    soundfile.write(folder / "Short.wav", clicks(120.0, 8.0), RATE)
    return folder


def annotated() -> list[Annotations]:
    anna: dict[str, tuple[float, ...]] = {"Short": (120.0,)}
    anna |= {name: (tempo * 16000 / RATE, tempo * 32000 / RATE) for name, tempo in TEMPI.items()}
    ben: dict[str, tuple[float, ...]] = {name: paces[:1] for name, paces in anna.items()}
    return [Annotations("anna", anna), Annotations("ben", ben)]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, music: Path) -> Path:
    """Return a folder with a corpus imported from annotations and music."""
    folder = tmp_path_factory.mktemp("work")
    update = imported.import_songs(annotated(), music, folder / "corpus", how="union", tolerance=0.04)
    assert (update.made, update.found) == (5, 0)
    assert list(update.failed) == ["Short"]
    assert "too short" in update.failed["Short"]
    return folder


def test_an_imported_corpus_is_a_corpus(work: Path) -> None:
    songs = load(work / "corpus")
    assert [song.id for song in songs] == [f"{i:05d}" for i in range(5)]
    for song in songs:
        samples, rate = soundfile.read(song.audio, dtype="float32")
        assert (rate, samples.ndim) == (22050, 1)
        assert len(samples) / rate == pytest.approx(30.0, abs=0.01)
        assert song.duration == len(samples) / rate
        assert song.meter == "unknown"
        assert song.tempo == song.compatible[0]
        assert song.truth == Truth(song.compatible, (), 0.04)
        assert len(song.compatible) == 2
    assert len({song.split for song in songs if song.family == "Ann"}) == 1
    assert {song.split for song in songs} == set(recordings.SHARES)


def test_an_imported_corpus_becomes_a_megabatch(work: Path) -> None:
    build = [sys.executable, "-m", "training", "megabatch", "--work", str(work), "--variants", "1", "--windows", "2"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    songs = load(work / "corpus")
    for split in recordings.SHARES:
        batch = megabatch.read(work / "megabatch", split)
        assert 0 < batch.label.sum() < len(batch)
        for index in set(batch.song.tolist()):
            assert songs[index].split == split
            positive = batch.spm[(batch.song == index) & (batch.label == 1)]
            assert all(is_compatible(float(spm), songs[index].truth) for spm in positive)


def test_importing_again_keeps_old_songs_and_adds_new_ones(tmp_path: Path, music: Path) -> None:
    def first(count: int) -> list[Annotations]:
        kept = list(TEMPI)[:count]
        return [replace(each, songs={name: each.songs[name] for name in kept}) for each in annotated()]

    corpus = tmp_path / "corpus"
    imported.import_songs(first(1), music, corpus, seed=4)
    (before,) = load(corpus)
    stamp = before.audio.stat().st_mtime_ns
    update = imported.import_songs(first(3), music, corpus, seed=4)
    assert (update.made, update.found, update.failed) == (2, 1, {})
    after = load(corpus)
    assert after[0] == before
    assert before.audio.stat().st_mtime_ns == stamp
    assert after[1].split == before.split  # the same artist
    with pytest.raises(TrainingError, match="other paces or parameters"):
        imported.import_songs(first(3), music, corpus, seed=4, tolerance=0.08)


def test_clips_of_30_s_have_no_margins_unless_asked(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clip.wav", clicks(120.0, 30.0), RATE)
    anna = [Annotations("anna", {"clip": (120.0,)})]
    update = imported.import_songs(anna, tmp_path, tmp_path / "whole")
    assert (update.made, update.failed) == (1, {})
    assert load(tmp_path / "whole")[0].duration == pytest.approx(30.0, abs=0.01)
    assert imported.import_songs(anna, tmp_path, tmp_path / "whole").found == 1
    with pytest.raises(TrainingError, match="other paces or parameters"):
        imported.import_songs(anna, tmp_path, tmp_path / "whole", margin=5.0)
    imported.import_songs(anna, tmp_path, tmp_path / "cut", margin=5.0)
    assert load(tmp_path / "cut")[0].duration == pytest.approx(20.0, abs=0.01)
    none = imported.import_songs(anna, tmp_path, tmp_path / "none", margin=12.0)
    assert none.failed == {"clip": "30 s is too short: 12 s at each end are left out, and 10 s must remain"}


def test_labels_of_tempo_and_meter_can_be_imported(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "jig.wav", clicks(110.0, 30.0), RATE)
    labelled = annotators.read(written(tmp_path, "file,tempo_bpm,meter\nsets/jig.wav,110,6/8\n"))
    imported.import_songs([labelled], tmp_path, tmp_path / "corpus")
    (song,) = load(tmp_path / "corpus")
    assert song.truth == truth(110.0, "compound")
    assert song.tempo == 110.0


def test_labels_of_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="two files are called"):
        annotators.read(written(tmp_path, "file,paces\nx/a.wav,120\ny/a.wav,100\n"))


def test_annotated_songs_do_not_mix_with_generated_ones(tmp_path: Path, music: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "00000.json").write_text(json.dumps({"id": "00000", "family": "rock/1"}), "utf-8")
    with pytest.raises(TrainingError, match="generated songs"):
        imported.import_songs(annotated(), music, tmp_path)


def test_unreadable_audio_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "Broken.wav").write_bytes(b"no sound at all")
    soundfile.write(tmp_path / "Silent.wav", np.zeros(80 * RATE, np.float32), RATE)
    update = imported.import_songs([said("anna", Broken=(120.0,), Silent=(120.0,))], tmp_path, tmp_path / "corpus")
    assert (update.made, set(update.failed)) == (0, {"Broken", "Silent"})
    assert "silent" in update.failed["Silent"]


def test_an_unknown_meter_implies_no_paces() -> None:
    with pytest.raises(ValueError, match="unknown meter"):
        truth(120.0, "unknown")


# Calibration


def test_profile_counts_sizes_ratios_halves_and_doubles() -> None:
    sets = [Truth((60.0, 120.0)), Truth((52.0, 157.0)), Truth((120.0,), (60.0, 240.0)), Truth((75.0, 150.0, 300.0))]
    made = profile.profile("made", sets)
    assert made.songs == 4
    assert [made.shares[name].part for name in profile.measures()[:7]] == [1, 2, 1, 0, 3, 1, 0]
    half, double = made.shares["half of 110-130"], made.shares["double of 110-130"]
    assert (half.part, half.ambiguous, half.whole) == (1, 1, 2)
    assert (half.low, half.high) == (0.5, 1.0)
    assert (double.part, double.ambiguous, double.whole) == (0, 1, 2)
    assert made.shares["double of >= 160"].whole == 0
    assert made.quantiles["paces"][0] == 52.0
    assert made.quantiles["fastest of a song"][-1] == 300.0


def test_ambiguous_paces_are_no_difference() -> None:
    theirs = profile.profile("annotators", [Truth((60.0, 120.0))] * 30)
    maybe = profile.profile("ambiguous", [Truth((120.0,), (60.0,))] * 30)
    wrong = profile.profile("wrong", [Truth((120.0,))] * 30)
    assert "half of 110-130" not in {found.measure for found in profile.differences(theirs, maybe)}
    found = {each.measure: each for each in profile.differences(theirs, wrong)}
    assert found["half of 110-130"].points == -100.0
    assert found["half of 110-130"].clear
    assert profile.differences(theirs, theirs) == []


def test_the_rule_agrees_with_annotations_made_by_it() -> None:
    made = [said("rule", Slow=(100.0, 200.0), Fast=(180.0, 90.0))]
    precision, recall = profile.rule_against(made)
    assert precision.low == recall.low == 1.0
    assert profile.by_rule(made).shares["2 paces"].part == 2


def test_the_preferred_rate_is_counted_and_fitted_on_pairs_of_octaves() -> None:
    # An annotator who prefers 130 names the double first if the middle of the pair is below 130, else the half.
    slow = {f"slow {mean}": (mean * 2**0.5, mean / 2**0.5, mean / 3.0) for mean in range(91, 131, 2)}
    fast = {f"fast {mean}": (mean / 2**0.5, mean * 2**0.5) for mean in range(131, 171, 2)}
    pairs = octaves.octave_pairs([said("anna", **slow, **fast, Alone=(100.0,), Triple=(180.0, 60.0))])
    assert len(pairs) == 40
    assert octaves.nearer(pairs, 130.0) == profile.Share(40, 40)
    assert octaves.nearer(pairs, 100.0).part == 25
    assert octaves.indifference(pairs) == pytest.approx(130.0, abs=1.0)
    with pytest.raises(TrainingError, match="half comes first"):
        octaves.indifference(pairs[:20])


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_figure_is_drawn(tmp_path: Path, suffix: str) -> None:
    truths = [Truth((60.0, 120.0)), Truth((150.0, 75.0))]
    profiles = [profile.profile(name, truths) for name in ("annotators", "corpus")]
    path = tmp_path / "plots" / f"figure.{suffix}"
    draw(profiles, path, truths)
    assert path.stat().st_size > 5000
    if suffix == "svg":
        first = path.read_bytes()
        draw(profiles, path, truths)
        assert path.read_bytes() == first


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(TrainingError, match="no song has a pace"):
        profile.annotated({})


def test_the_fit_finds_the_edges_of_annotators_who_accept_levels_from_55_to_270() -> None:
    truths = []
    for tempo in np.geomspace(60.0, 240.0, 300):
        levels = (tempo / 2.0, tempo, tempo * 2.0)
        truths.append(Truth(tuple(float(level) for level in levels if level == tempo or 55.0 <= level <= 270.0)))
    slow, fast, steepness, agreed = profile.fit_acceptance(truths)
    assert slow == pytest.approx(55.0, rel=0.06)
    assert fast == pytest.approx(270.0, rel=0.06)
    assert steepness > 10.0
    assert agreed > 0.95


# Commands


def test_the_annotations_command_reports_found_and_missing_audio(tmp_path: Path, music: Path) -> None:
    anna = written(tmp_path, "Ann - One,73,145\nNowhere,120\nRhapsody [live],,,,,changes\n")
    ben = written(tmp_path, "Ann - One,73\nNowhere,120\n", "ben.csv")
    done = run("annotations", anna, ben, "--audio", music, "--into", tmp_path / "corpus", "--how", "union")
    assert done.returncode == 0, done.stderr
    for line in (
        "anna: 2 songs; paces: 1 of 1, 1 of 2; 1 skipped",
        "skipped: Rhapsody [live] (changes)",
        "they differ: Ann - One: 73 145 or 73",
        "union: 2 songs with 3 paces",
        "missing: Nowhere",
        "5 files have no annotation",
        "1 songs imported, 0 were there, 0 failed",
    ):
        assert line in done.stdout
    assert [song.compatible for song in load(tmp_path / "corpus")] == [(73.0, 145.0)]


def test_an_invalid_row_gives_no_traceback(tmp_path: Path) -> None:
    done = run("annotations", written(tmp_path, "Help,fast\n"))
    assert done.returncode == 1
    assert "anna.csv:1: 'fast' is not a pace" in done.stderr
    assert "Traceback" not in done.stderr


def test_calibrate_prints_shares_and_draws(work: Path, tmp_path: Path) -> None:
    figure = tmp_path / "figure.svg"
    done = run("calibrate", written(tmp_path, "Secret Song,60,120\n"), "--work", work, "--figure", figure)
    assert done.returncode == 0, done.stderr
    assert "half of 110-130" in done.stdout
    assert "of 1 pairs of octaves, the first pace is nearer to 100 in 0 %" in done.stdout
    assert "Secret" not in done.stdout + figure.read_text("utf-8")


@pytest.mark.parametrize("command", ["annotations", "labels", "calibrate"])
def test_the_commands_have_help_with_an_example(command: str) -> None:
    assert "Example: python -m training" in run(command, "--help").stdout
