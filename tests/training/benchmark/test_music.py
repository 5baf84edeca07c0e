"""The music of the benchmark: WAD files, MIDI files, ABC tunes, and how they are played."""

import importlib.util
import io
import struct
from pathlib import Path

import mido
import numpy as np
import pytest

from training.benchmark import chords, folk, midi_files, tunes, wad
from training.benchmark.accompaniment import LEADS, played
from training.benchmark.folk import Melody
from training.benchmark.music import mean_tempo, midi
from training.corpus.performance import DRUMS
from training.corpus.timing import TempoCurve
from training.errors import TrainingError

JIG = "X:1\nT:The Walking Jig\nR:jig\nM:6/8\nL:1/8\nK:D\n" + "DFA dAF|GBd gdB|" * 6 + "\n"
needs_music21 = pytest.mark.skipif(importlib.util.find_spec("music21") is None, reason="needs music21: make lock")


def file_of(
    signature: tuple[int, int] | None, bar: list[int], *, tempi: tuple[int, ...] = (120,), shift: int = 0
) -> bytes:
    """Return a MIDI file of 16 bars: a bar of drums, a drum or 0 each quarter, `shift` ticks late at random."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    if signature:
        track.append(mido.MetaMessage("time_signature", numerator=signature[0], denominator=signature[1]))
    rng = np.random.default_rng(0)
    for number, tempo in enumerate(tempi):
        track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo), time=480 * 8 if number else 0))
    wait = 0
    for drum in bar * 16:
        late = int(rng.integers(0, shift + 1))
        if drum:
            track.append(mido.Message("note_on", channel=DRUMS, note=drum, velocity=90, time=wait + late))
            track.append(mido.Message("note_off", channel=DRUMS, note=drum, time=60))
            wait = 420 - late
        else:
            wait += 480
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def wad_of(lumps: dict[str, bytes]) -> bytes:
    data, entries = b"", b""
    for name, lump in lumps.items():
        entries += struct.pack("<ii8s", 12 + len(data), len(lump), name.encode())
        data += lump
    return struct.pack("<4sii", b"IWAD", len(lumps), 12 + len(data)) + data + entries


def test_midi_lumps_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "music.wad"
    path.write_bytes(wad_of({"MAP01": b"", "D_E1M1": b"MThd one", "D_E1M2": b"MUS\x1a two", "D_RUNNIN": b"MThd three"}))
    assert wad.midi_lumps(path) == {"D_E1M1": b"MThd one", "D_RUNNIN": b"MThd three"}


@pytest.mark.parametrize("data", [b"", b"IWAD\1\0\0\0\x0c\0\0\0", b"MThd and more than a header"])
def test_a_file_that_is_no_wad_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.wad"
    path.write_bytes(data)
    with pytest.raises(TrainingError, match=r"other\.wad is"):
        wad.midi_lumps(path)


@pytest.mark.parametrize(
    ("signature", "bar", "meter"),
    [(None, [36, 42, 38, 42], "duple"), ((3, 4), [36, 42, 42], "triple"), ((5, 4), [36, 42, 42, 38, 42], "quintuple")],
)
def test_tempo_and_meter_of_a_file(signature: tuple[int, int] | None, bar: list[int], meter: str) -> None:
    music = midi_files.read(file_of(signature, bar))
    assert (music.meter, round(music.tempo, 2), music.beats_per_bar) == (meter, 120.0, len(bar))
    assert midi_files.has_drums(music.performance.notes, music.beats)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (file_of((7, 4), [36] * 7), "time signature 7/4"),
        (file_of((4, 4), [36, 42, 38, 42], tempi=(120, 140)), "its tempo changes"),
        (file_of((4, 4), [36, 42, 42]), "repeat after (3|6) beats, not after 4"),
        (file_of((4, 4), [36, 42, 38, 42], shift=300), "% of the notes on the beat"),
        (b"MThd", "no MIDI file"),
    ],
)
def test_a_file_that_cannot_be_judged_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(TrainingError, match=reason):
        midi_files.read(data)


def test_of_several_tempi_at_the_start_the_last_one_counts() -> None:
    file = mido.MidiFile(file=io.BytesIO(file_of((4, 4), [36, 42, 38, 42])))
    file.tracks[0].insert(0, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(70), time=0))
    buffer = io.BytesIO()
    file.save(file=buffer)
    assert midi_files.read(buffer.getvalue()).tempo == pytest.approx(120.0)


def test_variants_of_a_tune_are_one_family() -> None:
    book = "X:1\nT:The Rakes -- Reel\nM:C|\nK:D\nABcd efga|\n"
    book += "X:2\nT:Something Else\nT:Rakes, The\nM:2/4\nK:D\nAAAA|\n"  # a title of the first
    book += (
        "X:3\nT:Third\nM:6/8\nK:D\n"
        + "DFA dAF GBd gdB|e2c A2F|"
        + "\nX:4\nT:Fourth\nM:6/8\nK:G\n"
        + "GBd gdB ceg c'ge|a2f d2B|"
    )
    book += "\nX:5\nT:Alone\nM:3/4\nK:G\nGABc defg abag|"
    found = tunes.families(tunes.tunes(book, "book"))
    assert len(set(found.values())) == 3
    assert found["book/1"] == found["book/2"]
    assert found["book/3"] == found["book/4"]  # the same steps in another key


def test_tunes_whose_meter_changes_are_left_out() -> None:
    book = (
        "X:1\nT:One\nM:2/4\nK:D\nAB|\nM:3/4\nABc|\nX:2\nT:Two\nM:2/4\nK:D\nAB|[M:3/4]ABc|\nX:3\nT:Three\nM:C\nK:D\nAB|"
    )
    assert [(tune.id, tune.signature) for tune in tunes.tunes(book, "book")] == [("book/3", (4, 4))]


@pytest.mark.parametrize(
    ("fields", "name", "beat", "meter"),
    [
        ("M:C|\nR:reel", "in 2 and 4", 2.0, "duple"),
        ("M:2/4\nR:hornpipe", "in 2 and 4", 1.0, "duple"),
        ("M:3/4", "waltz", 1.0, "triple"),
        ("M:6/8", "jig", 1.5, "compound"),
        ("M:9/8", "slip jig", 1.5, "compound triple"),
    ],
)
def test_the_felt_beat_of_a_dance(fields: str, name: str, beat: float, meter: str) -> None:
    (tune,) = tunes.tunes(f"X:1\nT:Tune\n{fields}\nK:D\nABc|", "book")
    dance = folk.dance(tune)
    assert (folk.class_of(tune), dance.beat, dance.meter) == (name, beat, meter)


def test_strathspeys_have_no_class() -> None:
    (tune,) = tunes.tunes("X:1\nT:Miss Stewart\nR:strathspey\nM:C\nK:D\nABc|", "book")
    assert folk.class_of(tune) is None


@needs_music21
def test_a_melody_in_felt_beats() -> None:
    (tune,) = tunes.tunes(JIG, "book")
    melody = folk.melody(tune)
    assert melody.beats == 24
    assert melody.tonic == 2
    assert [round(start, 2) for start, _, _ in melody.notes[:4]] == [0.0, 0.33, 0.67, 1.0]
    assert [pitch for _, _, pitch in melody.notes[:3]] == [62, 66, 69]


@needs_music21
def test_a_tune_whose_bars_leave_the_grid_is_left_out() -> None:
    (tune,) = tunes.tunes(JIG.replace("DFA dAF|GBd gdB|", "DFA dAF|GBd|", 1), "book")
    with pytest.raises(TrainingError, match="do not keep to one grid"):
        folk.melody(tune)


def test_bass_and_chords_fall_on_the_beat_and_after_it() -> None:
    (tune,) = tunes.tunes(JIG, "book")
    melody = Melody(tuple((float(beat), 1.0, 62) for beat in range(16)), 16, (2, 4, 6, 7, 9, 11, 1), 2)
    music = played(
        melody, folk.dance(tune), 120.0, lead="fiddle", accompanied=True, beats=32, rng=np.random.default_rng(1)
    )
    starts = {channel: [n.start for n in music.performance.notes if n.channel == channel] for channel in (0, 1, 2)}
    assert starts[0] == [float(beat) for beat in range(32)]
    assert sorted(starts[2]) == [float(beat) for beat in range(32)]
    assert {round(start % 1, 3) for start in starts[1]} == {0.667}  # the last eighth of three
    programs = {c.message.channel: c.message.program for c in music.performance.controls}
    assert programs[0] == LEADS["fiddle"]


def test_the_truth_of_peoples_timing_is_the_mean_tempo_of_what_is_heard() -> None:
    (tune,) = tunes.tunes(JIG, "book")
    melody = Melody(tuple((float(beat), 1.0, 62) for beat in range(16)), 16, (2, 4, 6, 7, 9, 11, 1), 2)
    music = played(
        melody, folk.dance(tune), 120.0, lead="harp", accompanied=False, beats=160, rng=np.random.default_rng(1)
    )
    rising = TempoCurve((0.0, 160.0), (0.8, 1.2))
    assert mean_tempo(music, TempoCurve((0.0,), (1.0,)), 5.0, 65.0) == pytest.approx(120.0)
    assert mean_tempo(music, rising, 0.0, 20.0) < 105.0 < 135.0 < mean_tempo(music, rising, 60.0, 80.0)
    # The file holds what is heard, at the same times.
    file = mido.MidiFile(file=io.BytesIO(midi(music, rising, end_s=20.0)))
    now, onsets = 0.0, []
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            onsets.append(now)
    assert onsets == pytest.approx(rising.seconds(np.arange(len(onsets)), 120.0).tolist(), abs=0.002)
    assert 19.0 < onsets[-1] < 20.0


def test_held_chords_have_no_period() -> None:
    music = chords.held(89, 120.0, np.random.default_rng(3))
    starts = sorted({note.start for note in music.performance.notes})
    gaps = np.diff(starts)
    assert gaps.min() >= chords.HELD_S[0]
    assert gaps.max() <= chords.HELD_S[1]
    assert np.std(gaps) > 0.5
