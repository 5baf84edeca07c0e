"""Labelled songs and their audio: matched by name, known by artist and title, divided into splits."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import soundfile

from training.annotations.annotators import Labels, together
from training.annotations.names import SUFFIXES, artist_and_title, artist_key, bare, key, unnumbered
from training.errors import TrainingError

SHARES: Mapping[str, float] = MappingProxyType({"train": 0.6, "validation": 0.2, "test": 0.2})


@dataclass(frozen=True)
class Matching:
    """Which audio file is which song.

    Attributes
    ----------
    files
        The file of each song that has exactly one.
    missing
        Songs without a file.
    ambiguous
        Songs for which several files could be meant, or whose file could be another song's too, with these files.
    unlabelled
        Files of no song.
    """

    files: dict[str, Path]
    missing: tuple[str, ...]
    ambiguous: dict[str, tuple[Path, ...]]
    unlabelled: tuple[Path, ...]


@dataclass(frozen=True)
class Recording:
    """A labelled song and its file.

    Attributes
    ----------
    song
        Its name in the labels.
    path
        The file.
    artist, title, genre
        From the file's tags, else from an ``Artist - Title`` name; an artist or genre that is not known is empty.
    """

    song: str
    path: Path
    artist: str
    title: str
    genre: str

    @property
    def works(self) -> tuple[str, ...]:
        """What must not be heard in two splits: the artist's music, and this song, whoever plays it."""
        artist = ("artist " + artist_key(self.artist),) if self.artist else ()
        return (*artist, "title " + key(self.title))


def match(labels: Sequence[Labels], folder: Path) -> Matching:
    """Find the audio of the labelled songs in a folder and its subfolders.

    Names are compared by their letters and digits alone: first whole, then without a track number at their start,
    then by the title alone if the artists are the same or one is not given.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    index = _Index.of(files)
    found = {song: index.meant(song) for song in together(labels)}
    claims = Counter(paths[0] for paths in found.values() if len(paths) == 1)
    sure = {song: paths[0] for song, paths in found.items() if len(paths) == 1 and claims[paths[0]] == 1}
    used = {path for paths in found.values() for path in paths}
    return Matching(
        files=sure,
        missing=tuple(song for song, paths in found.items() if not paths),
        ambiguous={song: tuple(paths) for song, paths in found.items() if paths and song not in sure},
        unlabelled=tuple(path for path in files if path not in used),
    )


def recording(song: str, path: Path) -> Recording:
    """Find out who plays a song, from the tags of its file, its file name, or its name in the labels.

    Raises
    ------
    TrainingError
        If the file cannot be opened.
    """
    try:
        with soundfile.SoundFile(path) as file:
            tags = {name: str(getattr(file, name)).strip() for name in ("artist", "title", "genre")}
    except soundfile.LibsndfileError as error:
        raise TrainingError(f"{path}: {error}") from error
    names = [artist_and_title(path.stem), artist_and_title(bare(song))]
    artist = tags["artist"] or next((artist for artist, _ in names if artist), "")
    title = tags["title"] or next((title for artist, title in names if artist), names[1][1])
    return Recording(song, path, artist, title, tags["genre"])


def assign(recordings: Sequence[Recording], seed: int, *, taken: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """Divide songs 60/20/20 into train, validation and test, each genre as far as it goes.

    All songs of an artist go to one split, and all versions of a song. The result depends on the songs and the
    seed, not on their order.

    Parameters
    ----------
    recordings
        The songs.
    seed
        Decides between equal choices.
    taken
        Songs with a split already (``title``, ``artist``, ``genre``, ``split``); those of `recordings` that belong
        with them follow them.

    Returns
    -------
    dict of str to str
        The split by name of the song. Songs that would have to be in two splits are left out.
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
    for group in _inseparable(new, seed):
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

    def meant(self, song: str) -> list[Path]:
        """Return the files that a song's name may mean, all by the strictest comparison that finds any."""
        name = bare(song)
        artist, title = artist_and_title(name)
        titled = [
            path
            for path in self.title.get(key(title), [])
            if len({artist_key(each) for each in (artist, artist_and_title(path.stem)[0]) if each}) < 2
        ]
        return self.whole.get(key(name)) or self.unnumbered.get(key(unnumbered(name))) or titled


def _inseparable(recordings: Iterable[Recording], seed: int) -> list[list[Recording]]:
    """Group the songs that share an artist or a title, large groups first, equal ones in an order by hash."""
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
