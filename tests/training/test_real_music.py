"""The real-music set: its list, its truth, and the programs that render it."""

import shutil
from pathlib import Path

import mido
import pytest
import soundfile

from training.annotations.truth import Meter, truth
from training.errors import TrainingError
from training.evaluate.run import real_music

HEAD = "id,family,source,title,tempo_bpm,meter,constant_tempo,tempo_from,notes"
ROWS = [
    "lmms_a-B,lmms,deb:lmms-common /usr/a-B.mmpz rendered by lmms 1.2.2,B,102.0,4/4,yes,bpm,field 4/4",
    "msx_five,openmsx-midi,deb:openttd-openmsx /usr/five.mid rendered by fluidsynth + timgm6mb-soundfont,"
    'five,120.0,5/4,yes,MIDI tempo map,"MIDI RENDER (not recorded); ternary/swing subdivision energy at 3x"',
    "msx_waltz,openmsx-midi,deb:openttd-openmsx /usr/waltz.mid rendered by fluidsynth,waltz,153.0,3/4,yes,,",
    "msx_six,openmsx-midi,deb:openttd-openmsx /usr/six.mid rendered by fluidsynth,six,126.0,6/4,yes,map,",
    "h2_kit,hydrogen,deb:hydrogen-data songs/kit.h2song rendered by h2cli,kit,98.0,4/4,yes,,swing/humanize",
    'mod_cats,tracker,deb:gltron /usr/share/games/cats.it,"""Cats""",135.11,4/4?,no,"speed 6, tempo 135",'
    "\"shares {'6/135': 0.8, '3/135': 0.2}\"",
]
LIST = "\n".join([HEAD, *ROWS]) + "\n"


def track(**changes: object) -> real_music.Track:
    fields: dict[str, object] = {
        "id": "song",
        "family": "openmsx-midi",
        "package": "openttd-openmsx",
        "path": "song.mid",
        "title": "Song",
        "tempo": 120.0,
        "meter": "4/4",
        "swung": False,
        "constant": True,
    }
    return real_music.Track(**(fields | changes))  # type: ignore[arg-type]


def read(tmp_path: Path, text: str = LIST) -> list[real_music.Track]:
    path = tmp_path / "set.csv"
    path.write_text(text, encoding="utf-8")
    return real_music.read(path)


def test_every_kind_of_row_is_read(tmp_path: Path) -> None:
    lmms, five, waltz, six, drums, cats = read(tmp_path)
    assert lmms == track(
        id="lmms_a-B",
        family="lmms",
        package="lmms-common",
        path="/usr/a-B.mmpz",
        title="B",
        tempo=102.0,
    )
    assert (five.meter, five.swung, five.path) == ("5/4", True, "/usr/five.mid")
    assert (waltz.meter, waltz.swung) == ("3/4", False)
    assert six.meter == "6/4"
    assert (drums.package, drums.path, drums.swung) == ("hydrogen-data", "songs/kit.h2song", False)
    assert (cats.path, cats.title, cats.tempo) == ("/usr/share/games/cats.it", '"Cats"', 135.11)
    assert (cats.meter, cats.constant) == ("4/4?", False)


@pytest.mark.parametrize(
    ("old", "new"),
    [("deb:gltron ", "http://gltron "), ("135.11", "fast"), (",no,", ",perhaps,"), ("mod_cats", "../cats")],
)
def test_a_bad_row_is_named(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(TrainingError, match=r"set\.csv:7: not a track"):
        read(tmp_path, LIST.replace(old, new))


@pytest.mark.parametrize(
    ("meter", "kind"),
    [("4/4", "duple"), ("4/4?", "duple"), ("6/4", "duple"), ("3/4", "triple"), ("5/4", "quintuple")],
)
@pytest.mark.parametrize("swung", [False, True])
def test_truth_follows_meter_and_swing(meter: str, kind: Meter, swung: bool) -> None:
    assert real_music.truth_of(track(meter=meter, swung=swung)) == truth(120.0, kind, swung=swung)


def test_an_unknown_meter_has_no_truth() -> None:
    with pytest.raises(TrainingError, match="unknown meter '7/8'"):
        real_music.truth_of(track(meter="7/8"))


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ("lmms", "lmms is missing: sudo apt install lmms"),
        ("tracker", "openmpt123 is missing: sudo apt install openmpt123"),
        ("openmsx-midi", "fluidsynth is missing: sudo apt install fluidsynth"),
        ("hydrogen", "h2cli is missing: sudo apt install hydrogen"),
    ],
)
def test_a_missing_program_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str, message: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TrainingError, match=f"^{message}$"):
        real_music.render(track(family=family), tmp_path / "audio")


def test_a_missing_song_names_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "exit 0")
    with pytest.raises(TrainingError, match=r"^song\.mid is missing: sudo apt install openttd-openmsx$"):
        real_music.render(track(family="tracker"), tmp_path / "audio")


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a fake openmpt123, and nothing else, on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    file = folder / "openmpt123"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo first; echo no such pattern; exit 3", "failed with status 3: no such pattern"),
        ("exit 0", "failed with status 0: no message"),
        ("kill -SEGV $$", "failed with status -11: no message"),
        ("exec /bin/sleep 20", "took more than 1 s"),
    ],
)
def test_a_failing_program_leaves_nothing_and_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    program(tmp_path, monkeypatch, script)
    monkeypatch.setattr(real_music, "LIMIT_S", 1.0)
    song = tmp_path / "song.mod"
    song.touch()
    audio = tmp_path / "audio"
    audio.mkdir()
    (audio / "there.flac").touch()
    bad, there = track(family="tracker", path=str(song)), track(id="there", family="tracker")
    seen: list[tuple[str, bool]] = []
    rendered, failed = real_music.render_all(
        [bad, there], audio, lambda song, reason: seen.append((song.id, reason is None))
    )
    assert rendered == [(there, audio / "there.flac")]
    assert [song for song, _ in failed] == [bad]
    assert message in failed[0][1]
    assert seen == [("song", False), ("there", True)]
    assert [path.name for path in audio.iterdir()] == ["there.flac"]


def test_a_crash_is_tried_again_and_loud_audio_is_scaled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "noise.wav", [0.5, -2.0, 1.0], real_music.RATE, subtype="FLOAT")
    crash = "[ -e crashed ] || { echo >crashed; kill -SEGV $$; }"
    program(tmp_path, monkeypatch, f"{crash}; exec /bin/cp '{tmp_path}/noise.wav' whole.wav")
    song = tmp_path / "song.mod"
    song.touch()
    path = real_music.render(track(family="tracker", path=str(song)), tmp_path / "audio")
    samples, _ = soundfile.read(path)
    assert samples == pytest.approx([0.25, -1.0, 0.5], abs=1e-4)


def test_silence_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "silence.wav", [0.0] * real_music.RATE, real_music.RATE)
    program(tmp_path, monkeypatch, f"exec /bin/cp '{tmp_path}/silence.wav' whole.wav")
    song = tmp_path / "song.mod"
    song.touch()
    with pytest.raises(TrainingError, match="rendered as silence"):
        real_music.render(track(family="tracker", path=str(song)), tmp_path / "audio")


def test_a_midi_file_is_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("fluidsynth") is None:
        pytest.skip("fluidsynth is not installed")
    monkeypatch.chdir(tmp_path)
    song = Path("song.mid")
    notes = mido.MidiTrack()
    for _ in range(10):  # ten beats of half a second
        notes.append(mido.Message("note_on", channel=9, note=38, velocity=100, time=0))
        notes.append(mido.Message("note_off", channel=9, note=38, time=480))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(notes)
    file.save(song)
    try:
        path = real_music.render(track(path=str(song)), Path("audio"))
    except TrainingError as error:
        if "timgm6mb-soundfont" in str(error):
            pytest.skip(str(error))
        raise
    info = soundfile.info(path)
    assert path == Path("audio/song.flac")
    assert (info.format, info.subtype, info.samplerate) == ("FLAC", "PCM_16", real_music.RATE)
    assert 4.5 < info.duration < 12.0
    assert [entry.name for entry in path.parent.iterdir()] == ["song.flac"]
    written = path.stat().st_mtime_ns
    assert real_music.render(track(path=str(song)), path.parent).stat().st_mtime_ns == written
