"""CUE sheets: the songs of a disc, in one file or in several."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PureWindowsPath

from paces_live.collection.entry import Entry
from paces_live.collection.lines import Line
from paces_live.text import one_line

FRAMES_PER_SECOND = 75
"""A compact disc counts its time in frames."""
_FILE = re.compile(r"[ \t]*FILE[ \t]+(.*)", re.IGNORECASE | re.ASCII)
_TRACK = re.compile(r"TRACK\s+\d+\s+(\w+).*", re.IGNORECASE | re.ASCII)
_INDEX = re.compile(r"INDEX\s+(\d{1,2})\s+(\d{1,5}):(\d{1,2}):(\d{1,2})", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r'(TITLE|PERFORMER)\s+"?(.*?)"?', re.IGNORECASE | re.ASCII)


@dataclass(slots=True)
class _Track:
    """A track: the file that it begins in, and where."""

    file: Entry
    start: float = 0.0
    has_index: bool = False
    title: str = ""
    performer: str = ""


def cue_entries(lines: list[Line]) -> Iterator[Entry]:
    r"""Yield the songs of a CUE sheet: parts of a file that holds several, from index 01 to the next one.

    Examples
    --------
    >>> from paces_live.collection.lines import lines
    >>> sheet = b'FILE "disc.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 03:30:15'
    >>> [(entry.location, entry.start, entry.end) for entry in cue_entries(lines(sheet))]
    [('disc.wav', 0.0, 210.2), ('disc.wav', 210.2, None)]
    """
    files, tracks, performer = _read(lines)
    if not tracks:
        yield from files
    for file in files:
        inside = [track for track in tracks if track.file is file]
        for number, track in enumerate(inside):
            following = inside[number + 1].start if number + 1 < len(inside) else 0.0
            artist = one_line(track.performer or performer) or None
            title = one_line(track.title) or (_untitled(file, number + 1) if len(inside) > 1 else None)
            yield Entry(
                file.location,
                file.line,
                title,
                artist,
                file.raw,
                # The silence before the only song of a file belongs to the file.
                start=track.start if len(inside) > 1 else 0.0,
                end=following if following > track.start else None,
            )


def _read(lines: list[Line]) -> tuple[list[Entry], list[_Track], str]:
    """Return the files, the tracks, and the performer of the disc."""
    files: list[Entry] = []
    tracks: list[_Track] = []
    performer, data = "", False
    for line in lines:
        if found := _FILE.fullmatch(line.text):
            raw = _FILE.fullmatch(line.raw)
            if location := _file_name(found[1]):
                files.append(Entry(location, line.number, raw=raw and _file_name(raw[1])))
        elif found := _TRACK.fullmatch(line.text):
            data = found[1].upper() != "AUDIO"
            if files and not data:
                tracks.append(_Track(files[-1]))
        elif found := _NAME.fullmatch(line.text):
            kind = found[1].lower()
            if kind == "title" and tracks and not data:
                tracks[-1].title = found[2]
            elif kind == "performer" and tracks and not data:
                tracks[-1].performer = found[2]
            elif kind == "performer" and not data:
                performer = found[2]
        elif tracks and not data and (found := _INDEX.fullmatch(line.text)):
            number, minutes, seconds, frames = map(int, found.groups())
            track = tracks[-1]
            # Index 00 is the gap before a song, which may lie in the file before.
            if number <= 1 and not track.has_index:
                track.file, track.start = files[-1], 60.0 * minutes + seconds + frames / FRAMES_PER_SECOND
                track.has_index = number == 1
    return files, tracks, performer


def _untitled(file: Entry, number: int) -> str:
    """Return a title for a part of a file, so that the parts can be distinguished."""
    return one_line(f"{PureWindowsPath(file.location).stem}, track {number}")


def _file_name(words: str) -> str:
    """Return the name of a file without its quotes and its kind.

    Examples
    --------
    >>> _file_name('"a "b".wav" WAVE'), _file_name("one two.flac WAVE"), _file_name("one two.flac")
    ('a "b".wav', 'one two.flac', 'one two.flac')
    """
    if words.startswith('"') and words.count('"') > 1:
        return words[1 : words.rindex('"')]
    name, _, kind = words.strip().rpartition(" ")
    return name.strip() if name and kind.isalnum() else words.strip()
