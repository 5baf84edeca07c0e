"""A plan and its songs in words and as JSON: what comes when, and how well the plan is met."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from paces_live.library.planner import Met, Planned
from paces_live.library.search import Found
from paces_live.match import Listener
from paces_live.render.json_lines import dumps, judged, plain
from paces_live.render.wording import clock, rate_words
from paces_live.text import json_path, shown_path

__all__ = ["met_words", "planned_lines", "planned_words", "summary"]

MISSED_S = 30.0
"""How much of a part may miss before it is named, seconds: songs do not end with parts."""


def planned_words(songs: Iterable[tuple[Planned, Found]]) -> Iterator[str]:
    """Yield a line for each song: when it begins in the playlist, its target, its pace and its length.

    Examples
    --------
    >>> from paces_live.library.choices import Choice
    >>> song = Choice(1, 150.4, 150.4, 150.4, 1.0, 0.9, 200.0, "", "1")
    >>> found = Found(Path("a.ogg"), "So What", None, None, None, 200.0, None, None, (), None, (), stale=False)
    >>> list(planned_words([(Planned(song, 0.0, 150.0), found)]))
    ['   0:00  150    150.4   3:20  So What']
    """
    at = 0.0
    for planned, found in songs:
        pace = rate_words(found.pace) if found.pace else f"{planned.song.spm:.1f}"
        name = found.caption or shown_path(found.path)
        yield f"{clock(at):>7}  {planned.target:<5.4g}  {pace}  {clock(found.duration):>5}  {name}"
        at += found.duration


def met_words(parts: Sequence[Met]) -> Iterator[str]:
    """Yield a line for each part of a plan: how much of it is met, and when nothing fits.

    Examples
    --------
    >>> from paces_live.library.plan import Part
    >>> list(met_words([Met(Part(600.0, 150.0, 150.0), 450.0, 2, ((450.0, 600.0),))]))
    ['10m@150: 75 % met, 2 songs; nothing fits from 7:30 to 10:00']
    """
    for one in parts:
        words = f"{one.part}: {_share(one.seconds, one.part.seconds)} met, {_count(one.songs)}"
        missing = [f"from {clock(start)} to {clock(end)}" for start, end in one.gaps]
        if missing:
            words += f"; nothing fits {' and '.join(missing)}"
        elif one.part.seconds - one.seconds > MISSED_S:
            words += f"; {clock(one.part.seconds - one.seconds)} is missing, because the songs are too long for it"
        yield words


def summary(playlist: Path, parts: Sequence[Met], planned: Sequence[Planned], seed: int) -> str:
    """Return how long a playlist is, how well it meets the plan, and how to make it again.

    Examples
    --------
    >>> from paces_live.library.plan import Part
    >>> summary(Path("run.m3u8"), [Met(Part(600.0, 150.0, 150.0), 600.0, 0, ())], [], 7)
    'run.m3u8 has 0 songs, 0:00 of 10:00; 100 % of the plan is met; --seed 7 makes it again'
    """
    wanted = sum(one.part.seconds for one in parts)
    length, share = sum(one.song.duration for one in planned), _share(sum(one.seconds for one in parts), wanted)
    words = f"{shown_path(playlist)} has {_count(len(planned))}, {clock(length)} of {clock(wanted)}; "
    words += f"{share} of the plan is met; "
    # A playlist has no silence where nothing fits.
    if planned and (earlier := planned[-1].end - length) > MISSED_S:
        words += f"the songs after a gap come up to {clock(earlier)} earlier than planned; "
    return f"{words}--seed {seed} makes it again"


def planned_lines(
    playlist: Path,
    songs: Iterable[tuple[Planned, Found]],
    parts: Sequence[Met],
    *,
    seed: int,
    tolerance: float,
) -> Iterator[str]:
    """Yield the same as lines of JSON: the songs, the parts, and the plan.

    Examples
    --------
    >>> from paces_live.library.plan import Part
    >>> met = [Met(Part(600.0, 150.0, 150.0), 450.0, 2, ((450.0, 600.0),))]
    >>> for line in planned_lines(Path("run.m3u8"), [], met, seed=7, tolerance=0.05):
    ...     print(line)
    {"type": "part", "seconds": 600.0, "start": 150.0, "end": 150.0, "met": 450.0, "songs": 2, "gaps": [[450.0, 600.0]]}
    {"type": "plan", "path": "run.m3u8", "seed": 7, "songs": 0, "duration": 0.0, "planned": 600.0, "met": 450.0}
    """
    at, count = 0.0, 0
    for planned, found in songs:
        target = round(planned.target, 2)
        more = judged(found.paces, found.beat, Listener(target, tolerance))
        yield dumps({"type": "planned", "start": round(at, 2), "target": target} | plain(found) | more)
        at, count = at + found.duration, count + 1
    for one in parts:
        gaps = [[round(first, 2), round(last, 2)] for first, last in one.gaps]
        yield dumps(
            {"type": "part"} | plain(one.part) | {"met": round(one.seconds, 2), "songs": one.songs, "gaps": gaps}
        )
    whole, met = (
        round(sum(values), 2) for values in zip(*((one.part.seconds, one.seconds) for one in parts), strict=True)
    )
    figures = {"songs": count, "duration": round(at, 2), "planned": whole, "met": met}
    yield dumps({"type": "plan", "path": json_path(playlist), "seed": seed} | figures)


def _share(seconds: float, of: float) -> str:
    # What misses is never rounded away.
    share = 100.0 * seconds / of
    return f"{share:.0f} %" if seconds >= of - 1.0 or share < 99.0 else f"{min(share, 99.9):.1f} %"


def _count(songs: int) -> str:
    return f"{songs} song{'s' * (songs != 1)}"
