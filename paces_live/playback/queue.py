"""What to play: files, folders and playlists as items in an order."""

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
"""Suffixes that are taken from a folder: what libsndfile reads, and what the extra ``radio`` adds. A file that you name
is tried with any suffix."""
PLAYLISTS = frozenset({".m3u", ".m3u8", ".pls"})
_PLS = re.compile(r"\s*(file|title)(\d+)\s*=(.*)", re.IGNORECASE)
_EXTINF = re.compile(r"#EXTINF:[^,]*,(.*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A file to play, and its title if a playlist has one."""

    path: Path
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Unplayable:
    """Something that cannot be played, and why."""

    path: Path
    error: SourceError


def find_items(paths: Iterable[Path]) -> Iterator[QueueItem | Unplayable]:
    """Yield what `paths` hold, in their order.

    A folder gives its music and that of its folders in natural order (2 before 10), without hidden ones. A playlist
    (M3U, M3U8, PLS) gives what it lists, relative to its own place.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("10 Last.ogg", "2 First.ogg", "cover.jpg"):
    ...         (Path(folder) / name).touch()
    ...     [item.path.name for item in find_items([Path(folder)])]
    ['2 First.ogg', '10 Last.ogg']
    """
    for path in paths:
        try:
            if path.is_dir():
                yield from _in_folder(path)
            elif path.suffix.lower() in PLAYLISTS:
                yield from _in_playlist(path)
            else:
                yield _item(path)
        except SourceError as error:
            yield Unplayable(path, error)


def _item(path: Path, title: str = "") -> QueueItem | Unplayable:
    """Return `path` as an item."""
    if not path.exists():
        return Unplayable(path, SourceError(f"{path}: no such file", hint="check the name", code="source.not_found"))
    return QueueItem(path, title or None)


def _in_folder(folder: Path) -> Iterator[QueueItem]:
    """Yield the music in `folder`, the files of each folder before those of the folders in it."""

    def refuse(error: OSError) -> None:
        raise SourceError(
            f"{error.filename}: cannot be opened: {error.strerror}", hint="check its name and its permissions"
        ) from error

    found = False
    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=_natural)
        for name in sorted(files, key=_natural):
            path = Path(place, name)
            if path.suffix.lower() in MUSIC and not name.startswith("."):
                found = True
                yield QueueItem(path)
    if not found:
        raise SourceError(f"{folder}: holds no music", hint="give a folder of WAV, FLAC, OGG or MP3 files")


def _natural(name: str) -> tuple[tuple[str, int, str], ...]:
    """Return a sorting key that compares numbers as numbers."""
    parts = re.findall(r"(\D*)(\d*)", name)
    return tuple((text.casefold(), int(digits or -1), text + digits) for text, digits in parts)


def _in_playlist(path: Path) -> Iterator[QueueItem | Unplayable]:
    """Yield what a playlist lists; its first line says which of the two formats it has."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"{path}: cannot be opened: {error.strerror}", hint="check its name and its permissions"
        ) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Older players write M3U in the encoding of their system; Latin-1 takes any bytes.
        text = data.decode("latin-1")
    lines = [line.strip() for line in text.splitlines()]
    is_pls = next(filter(None, lines), "").casefold() == "[playlist]"
    entries = list(_pls_entries(lines) if is_pls else _m3u_entries(lines))
    if not entries:
        raise SourceError(f"{path}: lists nothing to play", hint="give a playlist with one file per line")
    for entry, title in entries:
        url = urlsplit(entry)
        if url.scheme == "file":
            yield _item(Path(unquote(url.path)), title)
        elif "://" in entry:
            yield Unplayable(
                Path(entry), SourceError(f"{entry}: is not a file", hint="listen to a stream with --input")
            )
        else:
            yield _item(path.parent / entry, title)


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
    """Yield location and title of what a PLS playlist lists, in the order of its numbers."""
    values = {
        (match[1].casefold(), int(match[2])): match[3].strip() for line in lines if (match := _PLS.fullmatch(line))
    }
    for kind, number in sorted(values):
        if kind == "file" and values[kind, number]:
            yield values[kind, number], values.get(("title", number), "")


class Queue:
    """Items in the order in which they are played, at places 0, 1, 2, ...; those that fail are left out.

    Parameters
    ----------
    items : iterable of QueueItem
        What to play.
    shuffle : random.Random, optional
        Shuffles the items, again in each round.
    repeat : bool
        Whether another round follows the last item.

    Examples
    --------
    >>> queue = Queue([QueueItem(Path("a.ogg")), QueueItem(Path("b.ogg"))])
    >>> queue.following(1)
    (1, QueueItem(path=PosixPath('b.ogg'), title=None))
    >>> queue.following(2) is None
    True
    """

    def __init__(
        self, items: Iterable[QueueItem], *, shuffle: random.Random | None = None, repeat: bool = False
    ) -> None:
        self._items = list(items)
        self._shuffle = shuffle
        self._repeat = repeat
        self._order: list[QueueItem] = []
        self._failed: set[QueueItem] = set()
        self._add_round()

    def _add_round(self) -> None:
        items = self._items.copy()
        if self._shuffle:
            self._shuffle.shuffle(items)
        self._order += items

    def following(self, place: int) -> tuple[int, QueueItem] | None:
        """Return the first item from `place` on that did not fail, with its place; None after the last."""
        while not self._failed.issuperset(self._items):
            if place >= len(self._order):
                if not self._repeat:
                    return None
                self._add_round()
            if self._order[place] not in self._failed:
                return place, self._order[place]
            place += 1
        return None

    def preceding(self, place: int) -> int:
        """Return the last place before `place` whose item did not fail; the first place if there is none."""
        before = (at for at in range(min(place, len(self._order)) - 1, -1, -1) if self._order[at] not in self._failed)
        return next(before, 0)

    def fail(self, item: QueueItem) -> None:
        """Leave `item` out from now on: it could not be read."""
        self._failed.add(item)
