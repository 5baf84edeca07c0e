"""Words for whole songs: what they are, how their tempo goes, and when they are near a target."""

from collections.abc import Sequence

from paces_live.events import Section, Song, SongPace
from paces_live.match import Listener, times_near
from paces_live.render.wording import SKIPPED, clock, paces_words

SECTIONS = 4
"""Largest number of sections of a song that are named one by one."""


def song_words(song: Song, verdict: str) -> str:
    """Return the length, caption and paces of a song, and the words of its verdict, as one line.

    Examples
    --------
    >>> song_words(Song(1, 0.0, 215.0, (SongPace(165.3, probability=0.97, share=0.9),)), "MATCH")
    '3:35 long  165.3 (97 %)  MATCH'
    """
    length = f"{clock(song.end - song.start)} long"
    if song.skipped:
        return "  ".join(filter(None, [length, song.caption, SKIPPED]))
    paces = paces_words(song.paces) if song.paces else "no pace found"
    return "  ".join(filter(None, [length, song.caption, paces, tempo_words(song.sections), verdict]))


def tempo_words(sections: Sequence[Section]) -> str:
    """Say how the felt beat changes; empty if it is steady.

    Examples
    --------
    >>> tempo_words([Section(0.0, 60.0, 150.0, 180.0)])
    'tempo rises from 150 to 180'
    >>> tempo_words([Section(0.0, 60.0, 120.0, 120.0), Section(60.0, 90.0, 140.0, 140.0)])
    'tempo changes: 120 until 1:00, then 140'
    """
    if all(section.start_spm == section.end_spm == sections[0].start_spm for section in sections):
        return ""
    ends = [spm for section in sections for spm in (section.start_spm, section.end_spm)]
    if len(sections) > SECTIONS:
        return f"tempo changes between {min(ends):.0f} and {max(ends):.0f}"
    if len(sections) == 1:
        return f"tempo {'rises' if ends[1] > ends[0] else 'falls'} from {ends[0]:.0f} to {ends[1]:.0f}"
    *before, last = (
        f"{one.start_spm:.0f}" + f" to {one.end_spm:.0f}" * (one.end_spm != one.start_spm) for one in sections
    )
    until = (f"{words} until {clock(one.end)}" for words, one in zip(before, sections, strict=False))
    return f"tempo changes: {', '.join(until)}, then {last}"


def near_words(paces: Sequence[SongPace], beat: float | None, sections: Sequence[Section], listener: Listener) -> str:
    """Say when a song whose tempo changes is near the target; empty if it never is.

    Examples
    --------
    >>> paces = [SongPace(165.0, 0.97, share=1.0, low=150.0, high=180.0)]
    >>> near_words(paces, 165.0, [Section(0.0, 60.0, 150.0, 180.0)], Listener(165.0, tolerance=0.05))
    'near 165 from 0:14 to 0:47'
    """
    times = times_near(sections, paces, beat, listener.target, listener.tolerance)
    if not times:
        return ""
    first, last = sections[0].start, sections[-1].end
    spans = (
        " ".join(
            [
                *([f"from {clock(one)}"] if one > first else []),
                *([f"{'to' if one > first else 'until'} {clock(other)}"] if other < last else []),
            ]
        )
        for one, other in times
    )
    return f"near {listener.target:g} {' and '.join(spans)}".rstrip()
