"""What people say about songs: the paces that they correct, kept apart from the library, which a scan can make again.

A correction belongs to a sound, see `paces_live.library.content`. So it holds wherever the file goes, whatever model
judges it, and after the library was deleted.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

from paces_live.analysis.felt_beat import felt_beat
from paces_live.analysis.tracking import related
from paces_live.errors import LibraryError, UsageError
from paces_live.events import Section, SongPace
from paces_live.library.content import content_key
from paces_live.library.files import FilePaces
from paces_live.match import SPM_MAX, SPM_MIN, STRETCH_TOLERANCE
from paces_live.storage import Database, state_folder

APPLICATION = 0x50_6C_43_6F
"""``PlCo``, which marks an SQLite database as corrections."""
MIGRATIONS = (
    """
    CREATE TABLE correction (
        content TEXT PRIMARY KEY,   -- key of the sound
        name TEXT NOT NULL,         -- what its file was called, without its suffix
        paces TEXT NOT NULL,        -- JSON: steps per minute, as they were given; an empty list for no pace
        steady INTEGER NOT NULL     -- 1 if the tempo does not change, whatever was heard
    );
    """,
)
"""See `paces_live.storage.Database`."""
MOST = 3
"""Most paces of a correction: as many as annotations for training have."""


class Correction(NamedTuple):
    """What a person says about a song.

    Attributes
    ----------
    content : str
        The key of its sound.
    name : str
        What its file was called, without its suffix.
    paces : tuple of float
        All paces at which you can jog to it, steps per minute; empty for a song without a pace. The first is the one
        that came to mind first.
    steady : bool
        Whether the tempo does not change, whatever was heard.
    """

    content: str
    name: str
    paces: tuple[float, ...]
    steady: bool = False


class Corrections:
    """The open corrections; `close` them, or use them in a ``with``. They belong to the thread that opened them.

    Parameters
    ----------
    path : path
        The file; it is created, with its folder, if it does not exist.
    read_only : bool
        Whether nothing is corrected.

    Raises
    ------
    LibraryError
        The file cannot be opened, read or written, or a newer version has written it. Every method may raise it, too.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Corrections(Path(folder) / "corrections.db") as corrections:
    ...     corrections.keep(Correction("sound:1", "So What", (137.0, 68.5)))
    ...     list(corrections), corrections.remove("sound:1"), list(corrections)
    ([Correction(content='sound:1', name='So What', paces=(137.0, 68.5), steady=False)], True, [])
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._database = Database(
            path,
            MIGRATIONS,
            name="file of corrections",
            error=LibraryError,
            hint="move it away if you can do without what you corrected",
            application=APPLICATION,
            read_only=read_only,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def keep(self, correction: Correction) -> None:
        """Keep a correction in the place of an earlier one of the same sound."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO correction (content, name, paces, steady) VALUES (?, ?, ?, ?)",
                (correction.content, correction.name, json.dumps(correction.paces), correction.steady),
            )

    def remove(self, content: str) -> bool:
        """Take a correction back; return whether there was one."""
        with self._database.transaction() as connection:
            return connection.execute("DELETE FROM correction WHERE content = ?", (content,)).rowcount > 0

    def __iter__(self) -> Iterator[Correction]:
        with self._database.guarded() as connection:
            rows = connection.execute("SELECT * FROM correction ORDER BY name, content").fetchall()
            found = [
                Correction(content, name, tuple(json.loads(paces)), bool(steady))
                for content, name, paces, steady in rows
            ]
        return iter(found)


def default_path() -> Path:
    """Return where corrections are: ``$XDG_STATE_HOME/paces-live/corrections.db``.

    Examples
    --------
    >>> default_path().parts[-2:]
    ('paces-live', 'corrections.db')
    """
    return state_folder() / "corrections.db"


def known_corrections() -> list[Correction]:
    """Return all corrections of this user; reading must not create a file.

    Raises
    ------
    LibraryError
        The file cannot be read.
    """
    try:
        path = default_path()
    except UsageError:
        # A user without a home folder has none, and may name a library.
        return []
    # A full disk may have left an empty one.
    if not path.exists() or not path.stat().st_size:
        return []
    # One of an older version is brought up to date, if it may be written to.
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    with Corrections(path, read_only=not writable) as corrections:
        return list(corrections)


def correction_of(file: Path) -> Correction | None:
    """Return what this user says about the song in a file; None if nothing.

    Raises
    ------
    LibraryError
        The corrections cannot be read.
    SourceError
        The file cannot be read.
    """
    known = {one.content: one for one in known_corrections()}
    return known.get(content_key(file)) if known else None


def parse_paces(text: str) -> tuple[float, ...]:
    """Return the paces that a person typed, in their order; empty for ``none``.

    Raises
    ------
    UsageError
        The text is no list of up to three paces.

    Examples
    --------
    >>> parse_paces("82,164"), parse_paces("82.5 165"), parse_paces("none")
    ((82.0, 164.0), (82.5, 165.0), ())
    >>> parse_paces("82,fast")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: paces: fast is no number: write 82,164, or none
    """
    words = [word for word in re.split(r"[,;\s]+", text.strip().lower()) if word]
    if words == ["none"]:
        return ()
    if not words:
        raise _wrong("nothing is given", "write 82,164, or none")
    for word in words:
        if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", word):
            raise _wrong(f"{word} is no number", "write 82,164, or none")
        if not SPM_MIN <= float(word) <= SPM_MAX:
            raise _wrong(f"{word} is out of range", f"choose {SPM_MIN:g} to {SPM_MAX:g} steps per minute")
    paces = tuple(dict.fromkeys(map(float, words)))
    if len(paces) > MOST:
        raise _wrong(f"there are {len(paces)} of them", f"choose the {MOST} that fit best")
    return paces


def _wrong(what: str, hint: str) -> UsageError:
    return UsageError(f"paces: {what}", hint=hint, code="usage.paces")


def proposed(rate: float, heard: Sequence[SongPace]) -> tuple[float, ...]:
    """Return the paces that a person may mean who taps at a rate: first that one, then what the model knows besides.

    Fingers are less exact than the model, so the rate is moved to a pace that it heard, or to the double, the triple,
    the half or the third of one, if such a rate is near.

    Parameters
    ----------
    rate : float
        Taps per minute.
    heard : sequence of SongPace
        The paces that the model found.

    Examples
    --------
    >>> proposed(161.0, [SongPace(82.1, 0.9, 1.0)])
    (164.2, 82.1)
    >>> proposed(150.0, [SongPace(82.1, 0.9, 1.0)])
    (150.0,)
    """
    rates = [pace.spm * ratio for ratio in (1.0, 2.0, 0.5, 3.0, 1.0 / 3.0) for pace in heard]
    near = [spm for spm in rates if abs(rate / spm - 1.0) <= STRETCH_TOLERANCE and SPM_MIN <= spm <= SPM_MAX]
    tempo = min(near, key=lambda spm: abs(rate / spm - 1.0), default=rate)
    others = [pace.spm for pace in heard if related(pace.spm, tempo)]
    return tuple(round(spm, 1) for spm in (tempo, *others))[:MOST]


def corrected(song: FilePaces, correction: Correction) -> FilePaces:
    """Return what becomes of a song by a correction: the paces are the person's, and all of them are sure.

    How the tempo changes stays as it was heard, because all metrical levels change together; but not if the person says
    that it is steady.

    Examples
    --------
    A tempo that rises goes on to rise at half its rate:

    >>> rising = (Section(0.0, 60.0, 160.0, 168.0),)
    >>> song = FilePaces(Path("a.ogg"), 60.0, (), beat=164.0, sections=rising)
    >>> corrected(song, Correction("sound:1", "a", (82.0,))).paces
    (SongPace(spm=82.0, probability=1.0, share=1.0, low=80.0, high=84.0),)
    >>> corrected(song, Correction("sound:1", "a", (82.0,), steady=True)).sections
    (Section(start=0.0, end=60.0, start_spm=82.0, end_spm=82.0),)
    """
    ends = [spm for section in song.sections for spm in (section.start_spm, section.end_spm)]
    # Relative to the beat; empty for a steady tempo.
    course = [spm / song.beat for spm in ends] if song.beat and len(set(ends)) > 1 and not correction.steady else []
    paces = tuple(
        SongPace(spm, 1.0, 1.0, *((spm * min(course), spm * max(course)) if course else ())) for spm in correction.paces
    )
    beat = felt_beat(paces)
    sections: tuple[Section, ...] = ()
    if beat is not None and course:
        levels = zip(song.sections, course[::2], course[1::2], strict=True)
        sections = tuple(Section(one.start, one.end, beat * start, beat * end) for one, start, end in levels)
    elif beat is not None:
        sections = (Section(0.0, song.duration, beat, beat),)
    return replace(song, paces=paces, beat=beat, sections=sections)
