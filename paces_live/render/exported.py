"""An export in words and as JSON: what is copied under which name, what is left over, and what became of it."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from paces_live.export.copies import Copy, How
from paces_live.export.sizes import size_words
from paces_live.render.json_lines import dumps, plain
from paces_live.render.wording import clock
from paces_live.text import json_path, shown_path

__all__ = ["Exported", "copy_line", "copy_words", "exported_line", "exported_words", "left_line", "left_words"]

HOWS: dict[How, str] = {"copy": "copy", "convert": "to MP3", "keep": "is there", "omit": "no room"}
"""Words for how a song becomes a copy."""
DONE: dict[How, str] = {"copy": "copied", "convert": "converted", "keep": "there already"}
PLANNED: dict[How, str] = {"copy": "to copy", "convert": "to convert", "keep": "there already"}


@dataclass
class Exported:
    """What has become of an export.

    Attributes
    ----------
    done : list of Copy
        The copies that are there now.
    failed, omitted, left : int
        How many songs could not be copied, how many had no room, and how many of earlier exports are still there.
    """

    done: list[Copy] = field(default_factory=list)
    failed: int = 0
    omitted: int = 0
    left: int = 0

    @property
    def duration(self) -> float:
        """How long they are together, seconds."""
        return sum((one.song.duration or 0.0 for one in self.done), 0.0)

    @property
    def size(self) -> int:
        """How large they are together, bytes."""
        return sum(one.size for one in self.done)


def copy_words(one: Copy) -> str:
    """Return a copy as a line of text.

    Examples
    --------
    >>> from paces_live.export.song import Song
    >>> copy_words(Copy(Song(Path("a.ogg"), duration=200.0), "001 165 Song.ogg", 3_400_000, 3_400_000, "copy"))
    '   3:20    3.4 MB  copy       001 165 Song.ogg'
    """
    length = "" if one.song.duration is None else clock(one.song.duration)
    return f"{length:>7}  {size_words(one.size):>8}  {HOWS[one.how]:<9}  {one.name}"


def left_words(name: str, size: int, *, removed: bool) -> str:
    """Return what an earlier export left, or what is to be removed of it, as a line of text.

    Examples
    --------
    >>> left_words("002 160 Old.ogg", 5_200_000, removed=False)
    '           5.2 MB  left over  002 160 Old.ogg'
    """
    return f"{'':>7}  {size_words(size):>8}  {'remove' if removed else 'left over':<9}  {name}"


def copy_line(one: Copy) -> str:
    """Return a copy as a line of JSON.

    Examples
    --------
    >>> from paces_live.export.song import Song
    >>> copy_line(Copy(Song(Path("a.ogg"), duration=200.0), "001 165 Song.ogg", 3_400_000, 3_400_000, "copy"))
    '{"type": "copy", "name": "001 165 Song.ogg", "path": "a.ogg", "title": null, "artist": null, ..., "how": "copy"}'
    """
    return dumps({"type": "copy", "name": one.name} | plain(one.song) | {"size": one.size, "how": one.how})


def left_line(name: str, size: int, *, removed: bool) -> str:
    """Return what an earlier export left as a line of JSON.

    Examples
    --------
    >>> left_line("002 160 Old.ogg", 5_200_000, removed=True)
    '{"type": "left", "name": "002 160 Old.ogg", "size": 5200000, "removed": true}'
    """
    return dumps({"type": "left", "name": name, "size": size, "removed": removed})


def exported_words(folder: Path, exported: Exported, *, dry: bool = False) -> str:
    """Return what is in a folder now, or would be.

    Examples
    --------
    >>> from paces_live.export.song import Song
    >>> copy = Copy(Song(Path("a.ogg"), duration=200.0), "001 165 Song.ogg", 3_400_000, 3_400_000, "copy")
    >>> exported_words(Path("/media/stick"), Exported([copy], failed=1, left=2))
    '/media/stick has 1 song, 3:20, 3.4 MB: 1 copied, 1 failed, 2 left over of earlier exports (--remove removes them)'
    """
    counts, words = Counter(one.how for one in exported.done), PLANNED if dry else DONE
    parts = [f"{counts[how]} {word}" for how, word in words.items() if counts[how]]
    parts += [f"{exported.failed} failed"] * (exported.failed > 0)
    parts += [f"{exported.omitted} without room (--max-size)"] * (exported.omitted > 0)
    parts += [f"{exported.left} left over of earlier exports (--remove removes them)"] * (exported.left > 0)
    count, length = len(exported.done), clock(exported.duration)
    return (
        f"{shown_path(folder)} {'would have' if dry else 'has'} {count} song{'s' * (count != 1)}, {length}, "
        f"{size_words(exported.size)}: {', '.join(parts)}"
    )


def exported_line(folder: Path, exported: Exported) -> str:
    """Return the same as a line of JSON.

    Examples
    --------
    >>> exported_line(Path("/media/stick"), Exported())
    '{"type": "export", "path": "/media/stick", "songs": 0, "duration": 0.0, "size": 0, "copied": 0, ...}'
    """
    counts = Counter(one.how for one in exported.done)
    figures = {"songs": len(exported.done), "duration": round(exported.duration, 2), "size": exported.size}
    became = {"copied": counts["copy"], "converted": counts["convert"], "kept": counts["keep"]}
    rest = {"omitted": exported.omitted, "failed": exported.failed, "left": exported.left}
    return dumps({"type": "export", "path": json_path(folder)} | figures | became | rest)
