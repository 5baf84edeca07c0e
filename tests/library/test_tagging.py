"""Tags of real files in every format: the field is there, everything else is as it was, and it can be taken back."""

import hashlib
import io
import os
import random
import struct
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import mutagen
import pytest
import soundfile
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TBPM, TIT2
from mutagen.mp4 import MP4, MP4Cover

from paces_live.collection.items import Unreadable
from paces_live.errors import PacesError
from paces_live.events import SongPace, Track
from paces_live.library.content import content_key
from paces_live.library.entries import Stamp
from paces_live.library.files import FilePaces
from paces_live.library.store import Library
from paces_live.library.tagging.formats import open_tags
from paces_live.library.tagging.log import TagLog, histories
from paces_live.library.tagging.rewrite import draft_of
from paces_live.library.tagging.tagger import Tagged, Tagger, files_in
from paces_live.library.tagging.undo import undo
from paces_live.match import Listener
from paces_live.now_playing.tags import file_track
from paces_live.sources.decoder import Decoder
from tests.support.encoded import FORMATS, LOSSY, encode
from tests.support.mutations import mutated
from tests.support.sources import music
from tests.support.speex import speex
from tests.support.tagged import RUSSIAN, SONG, apev2, chunk, id3v1, id3v2

KINDS = ("mp3", "mp2", "flac", "ogg", "oga", "opus", "spx", "m4a", "alac", "wma", "wav", "aiff", "wv", "tta")
PACES = (SongPace(164.21, 0.9, 1.0), SongPace(82.1, 0.9, 1.0))
FIELD = ("82.1; 164.2",)
FUZZED = int(os.environ.get("FUZZED", "12"))
"""Damaged files of each format."""
TITLE = {"title": "Небо"}


def make(path: Path, kind: str, seconds: float = 1.0) -> Path:
    """Write a file with a title, and another tag if the format has more than one."""
    samples = music(48_000, seconds, 1)
    match kind:
        case "spx":
            path.write_bytes(speex(TITLE["title"]))
        case "ogg":
            with soundfile.SoundFile(path, "w", 48_000, 1, format="OGG") as file:
                file.title = TITLE["title"]
                file.write(samples)
        case _:
            container, codec = FORMATS[kind]
            rate = 192_000 if codec in LOSSY else None
            path.write_bytes(encode(samples, container, codec, rate=48_000, bit_rate=rate, tags=TITLE))
    return path


def name_of(kind: str) -> str:
    return "a.m4a" if kind == "alac" else f"a.{kind}"


def know(library: Library, path: Path, paces: Iterable[SongPace] = PACES, beat: float | None = 82.1) -> None:
    """Put a file into a library as a scan does."""
    library.use("sha256:1", "1")
    song = FilePaces(path, 1.0, tuple(paces), beat=beat)
    library.keep(path, Stamp.of(path), content_key(path), Track(title=path.stem), song)


def tag(folder: Path, *paths: Path, **options: Any) -> list[Tagged | Unreadable]:
    """Tag files with what the library in `folder` knows."""
    with Library(folder / "library.db") as library, TagLog(folder / "tags.jsonl") as log:
        return list(Tagger(library, log, written=histories(log.writes()), **options).tag(paths))


def restore(folder: Path, *below: Path) -> list[Tagged | Unreadable]:
    with TagLog(folder / "tags.jsonl") as log:
        return list(undo(log, below))


def known(folder: Path, *paths: Path, **options: Any) -> None:
    with Library(folder / "library.db") as library:
        for path in paths:
            know(library, path, **options)


def errors(found: list[Tagged | Unreadable]) -> list[PacesError]:
    return [one.error for one in found if isinstance(one, Unreadable)]


def sound_of(path: Path) -> str:
    """Return the hash of the decoded samples."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file, closing(Decoder(file, name=path.name)) as decoder:
        for piece in decoder.frames():
            digest.update(f"{piece.rate} {piece.frames.shape} {piece.damaged}".encode() + piece.frames.tobytes())
    return digest.hexdigest()


def captions(*paths: Path) -> list[str]:
    return [f"{track.caption}, {track.album}, {track.genre}" for track in map(file_track, paths) if track]


def fields(path: Path) -> dict[str, Any]:
    tags = open_tags(path)
    return {name: tags.values(name) for name in ("PACES", "BPM")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gets_the_field_and_keeps_its_sound_and_its_tags(kind: str, tmp_path: Path) -> None:
    path = make(tmp_path / name_of(kind), kind)
    known(tmp_path, path)
    before = path.read_bytes(), sound_of(path), content_key(path), file_track(path)
    found = tag(tmp_path, path, bpm=Listener(None))
    assert errors(found) == []
    assert fields(path)["PACES"] == FIELD
    decimals = kind in ("flac", "ogg", "oga", "opus", "spx", "wv", "tta")
    assert fields(path)["BPM"] == ((82,) if kind in ("m4a", "alac") else ("82.1",) if decimals else ("82",))
    assert (sound_of(path), content_key(path), file_track(path)) == before[1:]
    # Nothing is left to do, nothing else is in the folder, and the library need not look at the file again.
    inode = path.stat().st_ino
    assert tag(tmp_path, path, bpm=Listener(None)) == [Tagged(path, {})]
    assert path.stat().st_ino == inode
    assert {one.name for one in tmp_path.iterdir()} == {path.name, "library.db", "tags.jsonl"}
    with Library(tmp_path / "library.db") as library:
        kept = library.known(path)
        assert kept is not None
        assert kept.stamp == Stamp.of(path)
    assert errors(restore(tmp_path)) == []
    assert fields(path) == {"PACES": (), "BPM": ()}
    assert (sound_of(path), content_key(path), file_track(path)) == before[1:]
    if kind in ("flac", "oga", "wav", "aiff", "mp2"):
        assert path.read_bytes() == before[0], "there was room for the field, or no tag"
    assert restore(tmp_path) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("mp3", "TXXX:PACES"),
        ("wav", "TXXX:PACES"),
        ("aiff", "TXXX:PACES"),
        ("flac", "paces"),
        ("opus", "paces"),
        ("m4a", "----:com.apple.iTunes:PACES"),
        ("wma", "PACES"),
        ("wv", "PACES"),
    ],
)
def test_the_field_has_the_name_that_other_programs_use(kind: str, name: str, tmp_path: Path) -> None:
    path = make(tmp_path / name_of(kind), kind)
    known(tmp_path, path)
    tag(tmp_path, path)
    value = mutagen.File(path)[name]
    text = bytes(value[0]).decode() if kind == "m4a" else str(value[0] if isinstance(value, list) else value)
    assert text == "82.1; 164.2"


@pytest.mark.parametrize("kind", KINDS)
def test_ffmpeg_reads_the_field(kind: str, tmp_path: Path) -> None:
    path = make(tmp_path / name_of(kind), kind)
    known(tmp_path, path)
    tag(tmp_path, path)
    with path.open("rb", buffering=0) as file, closing(Decoder(file, name="")) as decoder:
        assert decoder.tags["paces"] == "82.1; 164.2"


def index_in_front(data: bytes, path: Path) -> bytes:
    """Return an MP4 file with its index before its sound: all places in it change with the size of its tags."""
    source: Any
    # FFmpeg moves the index by reading the file that it has written.
    with av.open(io.BytesIO(data)) as source, av.open(str(path), "w", options={"movflags": "+faststart"}) as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path.read_bytes()


def odd_wav() -> bytes:
    """Return a WAV file whose last chunk lacks the byte that makes its length even."""
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 8_000, 1, 8)
    return b"RIFF" + struct.pack("<I", 4 + len(head) + 8 + 8_001) + b"WAVE" + head + chunk(b"data", bytes(8_001))[:-1]


def test_files_of_unusual_layout_keep_their_sound(tmp_path: Path) -> None:
    samples = music(48_000, 2.0, 1)
    m4a = encode(samples, "ipod", "aac", rate=48_000)
    ogg = make(tmp_path / "1", "ogg").read_bytes() + make(tmp_path / "2", "ogg", 1.5).read_bytes()
    files = {
        "front.m4a": index_in_front(m4a, tmp_path / "4.m4a"),
        "parts.m4a": encode(samples, "ipod", "aac", rate=48_000, fragmented=True),
        "film.mp4": encode(samples, "mp4", "aac", rate=48_000, video=True),
        "chain.ogg": ogg,
        "odd.wav": odd_wav(),
        "more.wav": make(tmp_path / "3", "wav").read_bytes() + b"junk",
    }
    assert files["front.m4a"].index(b"moov") < files["front.m4a"].index(b"mdat")
    paths = [tmp_path / name for name in files]
    for path in paths:
        path.write_bytes(files[path.name])
    before = [*map(sound_of, paths)]
    known(tmp_path, *paths)
    assert errors(tag(tmp_path, *paths)) == []
    assert {fields(path)["PACES"] for path in paths} == {FIELD}
    assert [*map(sound_of, paths)] == before
    assert paths[-1].read_bytes().endswith(b"junk")
    assert errors(restore(tmp_path)) == []
    assert [*map(sound_of, paths)] == before


def test_without_ffmpeg_nobody_can_check_the_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "a.flac", "flac")
    for module in ("content", "tagging.rewrite"):
        monkeypatch.setattr(f"paces_live.library.{module}.has_decoder", lambda: False)
    known(tmp_path, path)
    [error] = errors(tag(tmp_path, path))
    assert "its sound cannot be checked" in str(error)
    assert str(error).endswith("-m pip install av")


def test_pictures_and_odd_comments_stay(tmp_path: Path) -> None:
    flac, m4a, mp3 = make(tmp_path / "a.flac", "flac"), make(tmp_path / "a.m4a", "m4a"), make(tmp_path / "a.mp3", "mp3")
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", os.urandom(70_000)
    file = FLAC(flac)
    file.add_picture(picture)
    file["ARTIST"] = ["A", "B"]
    file.save(padding=lambda _: 5_000)
    cover = MP4(m4a)
    cover["covr"] = [MP4Cover(picture.data, MP4Cover.FORMAT_PNG)]
    cover.save()
    tags = ID3(mp3)
    tags.add(APIC(mime="image/png", type=3, data=picture.data))
    tags.save(v2_version=3)
    known(tmp_path, flac, m4a, mp3)
    sizes = flac.stat().st_size
    assert errors(tag(tmp_path, flac, m4a, mp3)) == []
    assert FLAC(flac).pictures[0].data == bytes(MP4(m4a)["covr"][0]) == ID3(mp3)["APIC:"].data == picture.data
    assert FLAC(flac)["artist"] == ["A", "B"]
    assert flac.stat().st_size == sizes, "the padding had room for it"


def test_id3v2_3_stays_id3v2_3_and_its_frames_stay_byte_by_byte(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp3", "mp3")
    tags = ID3()
    tags.add(TIT2(encoding=1, text="Небо"))
    tags.add(COMM(encoding=0, lang="eng", desc="", text="x"))
    tags.save(path, v2_version=3, padding=lambda _: 200)
    # Two comments that a dictionary of frames would make one, and a frame that nobody knows.
    odd = b"COMM\0\0\0\x06\0\0\0eng\0y" + b"XABC\0\0\0\x03\0\0abc" + b"COMM\0\0\0\x06\0\0\0eng\0z"
    data = path.read_bytes()
    end, padding = data.index(b"TIT2"), data.index(bytes(200))
    data = data[:end] + odd + data[end:padding] + data[padding + len(odd) :]
    path.write_bytes(data)
    known(tmp_path, path)
    assert errors(tag(tmp_path, path)) == []
    new = path.read_bytes()
    assert new[:5] == b"ID3\x03\0"
    assert data[end : padding + len(odd)] in new
    assert len(new) == len(data), "the padding had room for it"
    restore(tmp_path)
    assert path.read_bytes() == data


@pytest.mark.parametrize("song", [SONG, RUSSIAN])
def test_what_id3v1_and_apev2_say_is_not_hidden_by_a_new_tag(song: dict[str, str], tmp_path: Path) -> None:
    old, both = make(tmp_path / "old.mp2", "mp2"), make(tmp_path / "both.mp2", "mp2")
    page = "cp1251" if song is RUSSIAN else "utf-8"
    id3v1(old, song, page)
    id3v1(apev2(both, song), song, page)
    ends = old.read_bytes()[-128:], both.read_bytes()[-128:]
    before = captions(old, both)
    known(tmp_path, old, both)
    assert errors(tag(tmp_path, old, both)) == []
    assert fields(old)["PACES"] == fields(both)["PACES"] == FIELD
    assert not both.read_bytes().startswith(b"ID3")
    assert (old.read_bytes()[-128:], both.read_bytes()[-128:]) == ends
    assert captions(old, both) == before


def test_a_tempo_that_is_there_stays_unless_it_is_forced_and_comes_back(tmp_path: Path) -> None:
    mp3, m4a, unknown = (make(tmp_path / name, name[-3:]) for name in ("a.mp3", "b.m4a", "c.m4a"))
    id3v2(mp3, SONG, version=3)
    tags = ID3(mp3)
    tags.add(TBPM(encoding=0, text="120.5"))
    tags.save(mp3, v2_version=3)
    for path, tempo in ((m4a, 99), (unknown, 0)):
        file = MP4(path)
        file["tmpo"] = [tempo]
        file.save()
    known(tmp_path, mp3, m4a, unknown)
    tag(tmp_path, mp3, m4a, unknown, bpm=Listener(None))
    # iTunes writes 0 for a tempo that it does not know.
    assert [fields(path)["BPM"] for path in (mp3, m4a, unknown)] == [("120.5",), (99,), (82,)]
    tag(tmp_path, mp3, m4a, bpm=Listener(165.0), force=True)
    assert [fields(path)["BPM"] for path in (mp3, m4a)] == [("164",), (164,)]
    tag(tmp_path, mp3, bpm=Listener(154.0), force=True)
    assert fields(mp3)["BPM"] == ("82",), "a stretch is no match, so it is the beat"
    assert errors(restore(tmp_path)) == []
    assert [fields(path)["BPM"] for path in (mp3, m4a, unknown)] == [("120.5",), (99,), (0,)]


def test_a_tempo_of_ours_goes_with_the_song_and_that_of_somebody_else_stays(tmp_path: Path) -> None:
    path, other = make(tmp_path / "a.flac", "flac"), make(tmp_path / "b.m4a", "m4a")
    file = MP4(other)
    file["tmpo"] = [99]
    file.save()
    known(tmp_path, path, other)
    tag(tmp_path, path, bpm=Listener(None))
    tag(tmp_path, other, bpm=Listener(None), force=True)
    assert [fields(one)["BPM"] for one in (path, other)] == [("82.1",), (82,)]
    known(tmp_path, path, other, paces=[SongPace(170.0, 1.0, 1.0)], beat=170.0)
    tag(tmp_path, path, other, bpm=Listener(None))
    assert [fields(one)["BPM"] for one in (path, other)] == [("170.0",), (170,)]
    known(tmp_path, path, other, paces=[], beat=None)
    tag(tmp_path, path, other, bpm=Listener(None))
    assert [fields(one) for one in (path, other)] == [{"PACES": (), "BPM": ()}, {"PACES": (), "BPM": (99,)}]
    known(tmp_path, path, paces=[SongPace(90.0, 1.0, 1.0)], beat=90.0)
    tag(tmp_path, path, bpm=Listener(None))
    changed = FLAC(path)
    changed["bpm"] = "91"
    changed.save()
    known(tmp_path, path, paces=[], beat=None)
    tag(tmp_path, path, bpm=Listener(None))
    assert fields(path) == {"PACES": (), "BPM": ("91",)}
    restore(tmp_path)
    assert [fields(one)["BPM"] for one in (path, other)] == [("91",), (99,)]


def test_another_rescan_replaces_the_field_and_undo_goes_back_to_the_beginning(tmp_path: Path) -> None:
    path = make(tmp_path / "a.flac", "flac")
    file = FLAC(path)
    file["paces"] = ["mine", "too"]
    file.save()
    known(tmp_path, path)
    tag(tmp_path, path)
    known(tmp_path, path, paces=[SongPace(90.0, 0.9, 1.0)], beat=90.0)
    tag(tmp_path, path)
    assert fields(path)["PACES"] == ("90.0",)
    known(tmp_path, path, paces=[], beat=None)
    tag(tmp_path, path, bpm=Listener(None))
    assert fields(path) == {"PACES": (), "BPM": ()}, "a song without paces has no field"
    [restored] = restore(tmp_path)
    assert isinstance(restored, Tagged)
    assert fields(path)["PACES"] == ("mine", "too")
    assert restore(tmp_path) == []


def test_undo_leaves_and_names_what_others_have_changed_or_moved(tmp_path: Path) -> None:
    one, two, gone = (make(tmp_path / name, "flac") for name in ("1.flac", "2.flac", "3.flac"))
    known(tmp_path, one, two, gone)
    tag(tmp_path, one, two, gone, bpm=Listener(None))
    file = FLAC(one)
    file["bpm"] = "100"
    file.save()
    gone.rename(tmp_path / "4.flac")
    found = restore(tmp_path)
    assert [error.code for error in errors(found)] == ["tag.changed", "source.not_found"]
    assert "BPM was changed by something else" in str(errors(found)[0])
    assert fields(one) == {"PACES": (), "BPM": ("100",)}
    assert fields(two) == {"PACES": (), "BPM": ()}


def test_undo_of_some_files_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    one, two = make(tmp_path / "1.flac", "flac"), make(tmp_path / "in" / "2.flac", "flac")
    known(tmp_path, one, two)
    tag(tmp_path, one, two)
    restore(tmp_path, tmp_path / "in")
    assert (fields(one)["PACES"], fields(two)["PACES"]) == (FIELD, ())


def test_mode_stays_and_links_lead_to_the_tagged_file(tmp_path: Path) -> None:
    path, link, hard = make(tmp_path / "a.flac", "flac"), tmp_path / "link.flac", tmp_path / "hard.flac"
    old = path.read_bytes()
    path.chmod(0o640)
    os.utime(path, ns=(1, 1))
    link.symlink_to("a.flac")
    hard.hardlink_to(path)
    known(tmp_path, link)
    assert errors(tag(tmp_path, *(one for one in files_in([link]) if isinstance(one, Path)))) == []
    assert link.is_symlink()
    assert fields(path)["PACES"] == FIELD
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_mtime_ns > 1, "players see that it has changed"
    assert hard.read_bytes() == old


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp3", "mp3")
    known(tmp_path, path)
    before = path.read_bytes(), path.stat()
    with Library(tmp_path / "library.db", read_only=True) as library:
        [found] = Tagger(library).tag([path])
    assert isinstance(found, Tagged)
    assert found.changes["PACES"] == ((), FIELD)
    assert path.read_bytes() == before[0]
    assert path.stat().st_mtime_ns == before[1].st_mtime_ns
    assert not (tmp_path / "tags.jsonl").exists()


def test_files_that_cannot_be_tagged_are_named_and_stay(tmp_path: Path) -> None:
    names = ("new.flac", "other.flac", "locked.flac", "song.mka", "odd.flac", "gone.flac")
    new, other, locked, mka, odd, gone = (make(tmp_path / name, name.rpartition(".")[2]) for name in names)
    file = FLAC(odd)
    file["title"] = "XX"
    file.save()
    odd.write_bytes(odd.read_bytes().replace(b"=XX", b"=\xe9\xe8"))
    known(tmp_path, other, locked, mka, odd, gone)
    make(other, "flac", 1.5)
    locked.chmod(0o444)
    gone.unlink()
    before = {path: path.read_bytes() for path in (new, other, locked, mka, odd)}
    assert [error.code for error in errors(tag(tmp_path, new, other, locked, mka, odd, gone))] == [
        *("library.unknown", "library.unknown", "tag.unwritable", "tag.format", "tag.unreadable", "source.not_found"),
    ]
    assert {path: path.read_bytes() for path in before} == before


def test_two_at_one_file_with_logs_of_their_own_do_not_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "a.flac", "flac")
    known(tmp_path, path)
    (tmp_path / "other").mkdir()
    known(tmp_path / "other", path)
    found: list[Tagged | Unreadable] = []

    def check(*_: object) -> None:
        monkeypatch.undo()
        found.extend(tag(tmp_path / "other", path))

    monkeypatch.setattr("paces_live.library.tagging.rewrite._check", check)
    assert errors(tag(tmp_path, path)) == []
    assert [error.code for error in errors(found)] == ["tag.changed"]
    assert open_tags(path).values("PACES") == FIELD


def test_a_draft_that_somebody_else_has_put_there_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "a.flac", "flac")
    known(tmp_path, path)
    before = path.read_bytes()

    def check(_: Path, draft: Path, *_more: object) -> None:
        draft.unlink()
        draft.write_bytes(b"")

    monkeypatch.setattr("paces_live.library.tagging.rewrite._check", check)
    assert [error.code for error in errors(tag(tmp_path, path))] == ["tag.changed"]
    assert path.read_bytes() == before


def test_a_file_that_changes_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "a.flac", "flac")
    known(tmp_path, path)
    monkeypatch.setattr("paces_live.library.tagging.rewrite._flush_folder", lambda _: pytest.fail("was replaced"))

    def check(*_: object) -> None:
        path.write_bytes(b"another")

    monkeypatch.setattr("paces_live.library.tagging.rewrite._check", check)
    assert [error.code for error in errors(tag(tmp_path, path))] == ["tag.changed"]
    assert path.read_bytes() == b"another"


def test_a_write_that_would_change_the_sound_or_lose_a_tag_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / "a.flac", "flac")
    known(tmp_path, path)
    before = path.read_bytes()

    def saved(damage: Any) -> None:
        def save(file: FLAC, target: Any, **_: Any) -> None:
            damage(file)
            original(file, target)
            target.seek(-2, os.SEEK_END)
            target.write(b"x" if damage is silent else target.read(1))

        monkeypatch.setattr(FLAC, "save", save)

    def silent(_: FLAC) -> None:
        """Damage the sound alone."""

    original = FLAC.save
    saved(silent)
    [error] = errors(tag(tmp_path, path))
    assert "its sound would not be the same" in str(error)
    saved(lambda file: file.pop("title"))
    [error] = errors(tag(tmp_path, path))
    assert "some of its tags would be lost" in str(error)
    assert path.read_bytes() == before
    assert not draft_of(path).exists()


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus", "m4a", "wma", "wav", "wv"])
def test_damaged_files_are_tagged_whole_or_not_at_all(kind: str, tmp_path: Path) -> None:
    rng = random.Random(kind)
    path = make(tmp_path / name_of(kind), kind)
    if kind in ("mp3", "wav"):
        known(tmp_path, path)
        tag(tmp_path, path)
    whole = path.read_bytes()
    for _ in range(FUZZED):
        path.write_bytes(mutated(whole, rng))
        try:
            known(tmp_path, path, paces=[SongPace(99.0, 0.9, 1.0)])
        except PacesError:
            continue
        before = path.read_bytes()
        try:
            track, sound = file_track(path), sound_of(path)
        except PacesError:
            sound = None
        found = tag(tmp_path, path)
        if errors(found):
            assert path.read_bytes() == before
        elif sound:
            assert (fields(path)["PACES"], sound_of(path)) == (("99.0",), sound)
            assert file_track(path) == track
        assert not draft_of(path).exists()
