"""What to play: files, folders and playlists as tracks in an order."""

import os
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from paces_live.errors import SourceError

LIBSNDFILE = frozenset(
    {".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".snd", ".w64", ".wav"}
)
FFMPEG = frozenset({".aac", ".m4a", ".wma"})
MUSIC = LIBSNDFILE | FFMPEG
"""Suffixes that are taken from a folder: what libsndfile reads, and what the extra ``radio`` adds. A file that is named
is tried whatever its suffix."""
PLAYLISTS = frozenset({".m3u", ".m3u8", ".pls"})
_PLS = re.compile(r"\s*(file|title)(\d+)\s*=(.*)", re.IGNORECASE)
_EXTINF = re.compile(r"#EXTINF:[^,]*,(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Track:
    """A file to play, and its title where a playlist tells one."""

    path: Path
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Unplayable:
    """What was asked for and cannot be played, and why."""

    path: Path
    error: SourceError


def find_tracks(paths: Iterable[Path]) -> Iterator[Track | Unplayable]:
    """Yield what `paths` hold, in their order.

    A folder gives its music and that of its folders in natural order (2 before 10), hidden ones left out; a playlist
    (M3U, M3U8, PLS) what it lists, relative to where it lies.
    """
    for path in paths:
        try:
            if path.is_dir():
                yield from _in_folder(path)
            elif path.suffix.lower() in PLAYLISTS:
                yield from _in_playlist(path)
            else:
                yield _track(path)
        except SourceError as error:
            yield Unplayable(path, error)


def _track(path: Path, title: str = "") -> Track | Unplayable:
    """Return `path` as a track."""
    if not path.exists():
        return Unplayable(path, SourceError(f"{path}: no such file: check the name"))
    return Track(path, title or None)


def _in_folder(folder: Path) -> Iterator[Track]:
    """Yield the music below `folder`, each folder's own files before those of the folders in it."""

    def refuse(error: OSError) -> None:
        raise SourceError(f"{error.filename}: cannot be opened: {error.strerror}") from error

    found = False
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=_natural)
        for name in sorted(files, key=_natural):
            path = Path(place, name)
            if path.suffix.lower() in MUSIC and not name.startswith("."):
                found = True
                yield Track(path)
    if not found:
        raise SourceError(f"{folder}: holds no music: give a folder of WAV, FLAC, OGG or MP3 files")


def _natural(name: str) -> tuple[tuple[str, int, str], ...]:
    """Return a sorting key that takes numbers for what they are."""
    parts = re.findall(r"(\D*)(\d*)", name)
    return tuple((text.casefold(), int(digits or -1), text + digits) for text, digits in parts)


def _in_playlist(path: Path) -> Iterator[Track | Unplayable]:
    """Yield what a playlist lists; which of the two formats it is in, its first line tells."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older players write M3U in the encoding of their system; this one takes any bytes.
        text = data.decode("latin-1")
    lines = [line.strip() for line in text.splitlines()]
    is_pls = next(filter(None, lines), "").casefold() == "[playlist]"
    entries = list(_pls_entries(lines) if is_pls else _m3u_entries(lines))
    if not entries:
        raise SourceError(f"{path}: lists nothing to play: give a playlist with a file a line")
    for entry, title in entries:
        url = urlsplit(entry)
        if url.scheme == "file":
            yield _track(Path(unquote(url.path)), title)
        elif "://" in entry:
            yield Unplayable(Path(entry), SourceError(f"{entry}: is not a file: listen to a stream with --input"))
        else:
            yield _track(path.parent / entry, title)


def _m3u_entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield location and title of what an M3U playlist lists."""
    title = ""
    for line in lines:
        if information := _EXTINF.match(line):
            title = information[1].strip()
        elif line and not line.startswith("#"):
            yield line, title
            title = ""


def _pls_entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield location and title of what a PLS playlist lists, by its numbers."""
    values = {
        (match[1].casefold(), int(match[2])): match[3].strip() for line in lines if (match := _PLS.fullmatch(line))
    }
    for kind, number in sorted(values):
        if kind == "file" and values[kind, number]:
            yield values[kind, number], values.get(("title", number), "")


class Playlist:
    """Tracks in the order in which they are played: places 0, 1, 2, ... of which those that fail are left out.

    Parameters
    ----------
    tracks : iterable of Track
        What to play.
    shuffle : random.Random, optional
        Mixes the tracks, anew in each round.
    repeat : bool
        Whether another round follows the last track.
    """

    def __init__(self, tracks: Iterable[Track], *, shuffle: random.Random | None = None, repeat: bool = False) -> None:
        self._tracks = list(tracks)
        self._shuffle = shuffle
        self._repeat = repeat
        self._order: list[Track] = []
        self._failed: set[Track] = set()
        self._add_round()

    def _add_round(self) -> None:
        tracks = self._tracks.copy()
        if self._shuffle:
            self._shuffle.shuffle(tracks)
        self._order += tracks

    def following(self, place: int) -> tuple[int, Track] | None:
        """Return the first track from `place` on that did not fail, with its place; None after the last."""
        while not self._failed.issuperset(self._tracks):
            if place >= len(self._order):
                if not self._repeat:
                    return None
                self._add_round()
            if self._order[place] not in self._failed:
                return place, self._order[place]
            place += 1
        return None

    def preceding(self, place: int) -> int:
        """Return the last place before `place` whose track did not fail; the first place where there is none."""
        before = (at for at in range(min(place, len(self._order)) - 1, -1, -1) if self._order[at] not in self._failed)
        return next(before, 0)

    def fail(self, track: Track) -> None:
        """Leave `track` out from now on: it could not be read."""
        self._failed.add(track)
