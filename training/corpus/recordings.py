"""Annotated songs and their audio: matched by name, identified by artist and title, divided into splits."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import soundfile

from training.annotations.annotators import Annotations, together
from training.annotations.names import SUFFIXES, artist_and_title, artist_key, bare, key, unnumbered
from training.errors import TrainingError

SHARES: Mapping[str, float] = MappingProxyType({"train": 0.6, "validation": 0.2, "test": 0.2})
"""Share of the songs in each split."""


@dataclass(frozen=True)
class Matching:
    """The audio files of annotated songs.

    Attributes
    ----------
    files
        The file of each song that has exactly one.
    missing
        Songs without a file.
    unclear
        Songs with several possible files, or with a file that may also be another song's, and these files.
    unannotated
        Files of no song.
    """

    files: dict[str, Path]
    missing: tuple[str, ...]
    unclear: dict[str, tuple[Path, ...]]
    unannotated: tuple[Path, ...]


@dataclass(frozen=True)
class Recording:
    """An annotated song and its file.

    Attributes
    ----------
    song
        Its name in the annotations.
    path
        The file.
    artist, title, genre
        From the file's tags, else from an ``Artist - Title`` name; an unknown artist or genre is empty.
    """

    song: str
    path: Path
    artist: str
    title: str
    genre: str

    @property
    def works(self) -> tuple[str, ...]:
        """Keys that must stay in one split: the artist, and the title, by any artist."""
        artist = ("artist " + artist_key(self.artist),) if self.artist else ()
        return (*artist, "title " + key(self.title))


def match(annotators: Sequence[Annotations], folder: Path) -> Matching:
    """Find the audio of the annotated songs in a folder and its subfolders.

    Names are compared by their letters and digits only: first the whole names, then without a track number at the
    start, then the titles, if the artists are equal or one is missing.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder: give the one that holds the audio files")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    index = _Index.of(files)
    found = {song: index.files_of(song) for song in together(annotators)}
    claims = Counter(paths[0] for paths in found.values() if len(paths) == 1)
    sure = {song: paths[0] for song, paths in found.items() if len(paths) == 1 and claims[paths[0]] == 1}
    used = {path for paths in found.values() for path in paths}
    return Matching(
        files=sure,
        missing=tuple(song for song, paths in found.items() if not paths),
        unclear={song: tuple(paths) for song, paths in found.items() if paths and song not in sure},
        unannotated=tuple(path for path in files if path not in used),
    )


def recording(song: str, path: Path) -> Recording:
    """Return artist, title and genre of a song from the tags of its file, its file name, or its annotated name.

    Raises
    ------
    TrainingError
        If the file cannot be opened.
    """
    try:
        with soundfile.SoundFile(path) as file:
            tags = {name: str(getattr(file, name)).strip() for name in ("artist", "title", "genre")}
    except soundfile.LibsndfileError as error:
        raise TrainingError(f"cannot open {path}: {error}") from error
    names = [artist_and_title(path.stem), artist_and_title(bare(song))]
    artist = tags["artist"] or next((artist for artist, _ in names if artist), "")
    title = tags["title"] or next((title for artist, title in names if artist), names[1][1])
    return Recording(song, path, artist, title, tags["genre"])


def assign(recordings: Sequence[Recording], seed: int, *, taken: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """Divide songs 60/20/20 into train, validation and test, and as far as possible each genre too.

    All songs of an artist and all versions of a song are in one split. The result depends on the songs and the seed,
    not on the order of the songs.

    Parameters
    ----------
    recordings
        The songs.
    seed
        Decides between equal choices.
    taken
        Songs that have a split (``song``, ``title``, ``artist``, ``genre``, ``split``); related songs of `recordings`
        follow them.

    Returns
    -------
    dict of str to str
        The split by name of the song. Songs that would have to be in two splits are left out.

    Examples
    --------
    >>> songs = [Recording(f"song {n}", Path(), f"artist {n // 2}", f"song {n}", "") for n in range(10)]
    >>> split_of = assign(songs, seed=1)
    >>> sorted(Counter(split_of.values()).items())
    [('test', 2), ('train', 6), ('validation', 2)]
    >>> split_of["song 0"] == split_of["song 1"]  # by one artist
    True
    """
    fixed: dict[str, str] = {}
    have: Counter[tuple[str, str]] = Counter()
    known = set()
    for song in taken:
        piece = Recording(song["song"], Path(), song["artist"], song["title"], song["genre"])
        known.add(key(piece.song))
        fixed |= dict.fromkeys(piece.works, song["split"])
        have[song["split"], piece.genre] += 1
    new = [piece for piece in recordings if key(piece.song) not in known]
    total = Counter(piece.genre for piece in new)
    for (_, genre), count in have.items():
        total[genre] += count

    def lack(split: str, genre: str) -> float:
        return SHARES[split] * total[genre] - have[split, genre]

    def lack_in_all(split: str) -> float:
        return sum(lack(split, genre) for genre in total)

    split_of: dict[str, str] = {}
    for group in inseparable(new, seed):
        splits = {fixed[work] for piece in group for work in piece.works if work in fixed}
        if len(splits) > 1:
            continue
        roomy = [split for split in SHARES if lack_in_all(split) + 0.5 >= len(group)]
        best = max(roomy, key=lambda split: (sum(lack(split, p.genre) for p in group), lack_in_all(split)), default="")
        split = splits.pop() if splits else best or max(SHARES, key=lack_in_all)
        for piece in group:
            split_of[piece.song] = split
            have[split, piece.genre] += 1
    return split_of


@dataclass(frozen=True)
class _Index:
    """Files by the keys of their whole names, of their names without a track number, and of their titles."""

    whole: dict[str, list[Path]]
    unnumbered: dict[str, list[Path]]
    title: dict[str, list[Path]]

    @classmethod
    def of(cls, files: Iterable[Path]) -> "_Index":
        index = cls(defaultdict(list), defaultdict(list), defaultdict(list))
        for path in files:
            index.whole[key(path.stem)].append(path)
            index.unnumbered[key(unnumbered(path.stem))].append(path)
            index.title[key(artist_and_title(path.stem)[1])].append(path)
        return index

    def files_of(self, song: str) -> list[Path]:
        """Return the files that may be a song, found by the strictest comparison that finds any."""
        name = bare(song)
        artist, title = artist_and_title(name)
        titled = [
            path
            for path in self.title.get(key(title), [])
            if len({artist_key(each) for each in (artist, artist_and_title(path.stem)[0]) if each}) < 2
        ]
        return self.whole.get(key(name)) or self.unnumbered.get(key(unnumbered(name))) or titled


def inseparable(recordings: Iterable[Recording], seed: int) -> list[list[Recording]]:
    """Group the songs that share one of their `works`, large groups first, groups of equal size in order of a hash."""
    groups: list[tuple[set[str], list[Recording]]] = []
    for piece in recordings:
        joined = (set(piece.works), [piece])
        apart = []
        for group in groups:
            if group[0] & joined[0]:
                joined = (joined[0] | group[0], joined[1] + group[1])
            else:
                apart.append(group)
        groups = [*apart, joined]

    def order(group: tuple[set[str], list[Recording]]) -> tuple[int, str]:
        return -len(group[1]), hashlib.sha256(f"{seed} {sorted(group[0])}".encode()).hexdigest()

    return [pieces for _, pieces in sorted(groups, key=order)]
