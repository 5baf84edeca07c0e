"""Decides what is written into the tags of the files in the library, and has it written."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from paces_live.collection.find import find_items
from paces_live.collection.folder import real_name
from paces_live.collection.items import Unreadable
from paces_live.errors import LibraryError, PacesError, cannot_open
from paces_live.library.content import content_key
from paces_live.library.entries import Known, Stamp
from paces_live.library.search import Found, Results
from paces_live.library.store import Library
from paces_live.library.tagging.fields import FileTags, Values
from paces_live.library.tagging.formats import open_tags
from paces_live.library.tagging.log import Change, Histories, History, TagLog, original
from paces_live.library.tagging.rewrite import check_writable, rewrite
from paces_live.match import Listener
from paces_live.text import shown_path

FATAL = ("tag.full", "tag.log", "library")
"""Codes of errors that the next file would meet, too."""


class Tagged(NamedTuple):
    """What is to be written into a file, or was; nothing if it has that already."""

    path: Path
    changes: Mapping[str, Change]


class Tagger:
    """Tags files with what a library knows about them.

    Parameters
    ----------
    library : Library
        Open for writing if files are written: it knows them afterwards.
    log : TagLog, optional
        Without it, nothing is written.
    bpm : Listener, optional
        Whether the tempo is written, too: the pace that matches the target of this listener, or else the felt beat.
    force : bool
        Whether a tempo that is there is replaced, even if another program wrote it.
    written : mapping, optional
        What was written before: a tempo of ours is replaced, and taken away if the song has none any more.
    """

    def __init__(
        self,
        library: Library,
        log: TagLog | None = None,
        *,
        bpm: Listener | None = None,
        force: bool = False,
        written: Histories | None = None,
    ) -> None:
        self._library = library
        self._log = log
        self._bpm = bpm
        self._force = force
        self._written = written or {}

    def tag(self, paths: Iterable[Path | Unreadable]) -> Iterator[Tagged | Unreadable]:
        """Yield what becomes of each file; one that cannot be tagged or read does not stop the others.

        Raises
        ------
        TagError
            Nothing more can be written.
        """
        for path in paths:
            if isinstance(path, Unreadable):
                yield path
                continue
            try:
                yield self._tag(path)
            except PacesError as error:
                if error.code in FATAL:
                    raise
                yield Unreadable(path, error)
            except OSError as error:
                yield Unreadable(path, cannot_open(shown_path(path), error))

    def _tag(self, path: Path) -> Tagged:
        known, song = known_song(self._library, path)
        stamp = Stamp.of(path)
        # A file is read as a whole only if that is necessary: most have not changed since the last scan.
        if known.content is None or (stamp != known.stamp and content_key(path) != known.content):
            raise _unknown(path)
        tags = open_tags(path)
        changes = {"PACES": Change(tags.values("PACES"), paces_field(song))}
        if self._bpm:
            changes["BPM"] = self._tempo(tags, song, self._bpm, self._written.get(path, {}).get("BPM", ()))
        changes = {name: change for name, change in changes.items() if change.old != change.new}
        if changes:
            check_writable(path, known.content)
        if changes and self._log:
            if content_key(path) != known.content:
                raise _unknown(path)
            self._log.append("tag", path, changes)
            rewrite(path, tags, {name: change.new for name, change in changes.items()}, known.content, stamp)
            self._library.restamp(known, stamp, Stamp.of(path))
        return Tagged(path, changes)

    def _tempo(self, tags: FileTags, song: Found, listener: Listener, history: History) -> Change:
        old = tags.values("BPM")
        before = original(old, history)
        if before is None:
            # Somebody else has written it.
            before = old
        if not song.beat:
            return Change(old, before)
        if self._force or before != old or _is_empty(old):
            match = listener.match(song.paces)
            return Change(old, tags.bpm(match.spm if match and match.grade != "stretch" else song.beat))
        return Change(old, old)


def known_song(library: Library, path: Path) -> tuple[Known, Found]:
    """Return what a library knows about a file and its song: the paces of all tags come from here.

    Raises
    ------
    LibraryError
        It does not know the file.
    """
    known = library.known(path)
    song = next(iter(Results(library, [(known.id, None, None)])), None) if known else None
    if known is None or song is None:
        raise _unknown(path)
    return known, song


def paces_field(song: Found) -> Values:
    """Return the field of a song: its paces, slowest first; none without a pace.

    Examples
    --------
    >>> from paces_live.events import SongPace
    >>> paces = SongPace(164.21, 0.9, 1.0), SongPace(82.1, 0.9, 1.0)
    >>> paces_field(Found(Path("a.ogg"), "So What", None, None, None, 215.0, None, None, paces, 82.1, (), stale=False))
    ('82.1; 164.2',)
    """
    text = "; ".join(f"{spm:.1f}" for spm in sorted(pace.spm for pace in song.paces))
    return (text,) if text else ()


def files_in(paths: Iterable[Path]) -> Iterator[Path | Unreadable]:
    """Yield the files in folders and playlists, by the names that the library has for them, and what cannot be used."""
    before = None
    for item in find_items(paths):
        if isinstance(item, Unreadable):
            yield item
        elif item.path != before:  # The songs of a CUE sheet are in one file.
            before = item.path
            yield real_name(before)


def _unknown(path: Path) -> LibraryError:
    return LibraryError(
        f"{shown_path(path)}: is not in your library, or has another sound now",
        hint="scan it: paces-live scan",
        code="library.unknown",
    )


def _is_empty(values: Values) -> bool:
    """Return whether a tempo is missing: some programs write 0 for one that they do not know."""
    return not any(str(value).strip("0., ") for value in values)
