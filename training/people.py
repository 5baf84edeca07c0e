"""Labels that people gave to songs: read, compared, combined, matched to audio, and made a corpus."""

import csv
import hashlib
import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import soundfile
from numpy.typing import NDArray

from paces_live.errors import PacesError
from paces_live.sources import FileSource
from training.corpus import SCHEMA, Song
from training.errors import TrainingError
from training.labels import FASTEST, SLOWEST, TOLERANCE, Truth
from training.synthesis import AUDIO_RATE

How = Literal["union", "intersection", "majority"]

PACES = 3
"""A row has at most so many paces; remarks follow."""
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
SEGMENT_S = 25.0
"""The first and the last segment of a song, intro and ending, are not heard; at least one more must be left."""
SHARES: Mapping[str, float] = MappingProxyType({"train": 0.6, "validation": 0.2, "test": 0.2})

_SEPARATOR = re.compile(r"\s+[-\u2013\u2014]\s+")
_NUMBER = re.compile(r"^\s*[(\[]?\d{1,3}[)\]]?(?:\s*[-._]\s*|\s+)(?=\S)")


@dataclass(frozen=True)
class Labels:
    """What one person said.

    Attributes
    ----------
    labeler
        Name of the file without its suffix.
    songs
        Paces of each song in steps per minute, in the order in which they are written: the first is the one that
        came to mind first.
    skipped
        Remarks on each song that was given no pace.
    """

    labeler: str
    songs: dict[str, tuple[float, ...]]
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """How far two people agree on the songs that both labelled.

    Attributes
    ----------
    first, second
        Their names.
    songs
        Number of songs that both gave paces.
    same
        Share of these songs with the same set of paces.
    precision, recall, f1
        Of the second's paces, judged by the first's.
    kappa
        Cohen's, over the rungs of each song's ladder: all paces that either names, and their halves, thirds, doubles
        and triples within 40..320. 0 is chance, 1 full agreement; NaN where no rung divides opinions.
    disputed
        Paces of both for each song on which they differ.
    skipped
        Songs that only one of the two gave a pace and the other skipped.
    """

    first: str
    second: str
    songs: int
    same: float
    precision: float
    recall: float
    f1: float
    kappa: float
    disputed: dict[str, tuple[tuple[float, ...], tuple[float, ...]]]
    skipped: tuple[str, ...]


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
class Imported:
    """What `import_songs` did: songs written, songs found done, and why each of the others was not."""

    made: int
    found: int
    failed: dict[str, str]


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
        artist = ("artist " + _artist_key(self.artist),) if self.artist else ()
        return (*artist, "title " + _key(self.title))


def read(path: Path) -> Labels:
    """Read a label file: rows of a song, up to three paces and any remarks, without a header.

    Raises
    ------
    TrainingError
        If a row cannot be understood; the message names the file and the line.
    """
    songs: dict[str, tuple[float, ...]] = {}
    skipped: dict[str, str] = {}
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            for row in rows:
                cells = [cell.strip() for cell in row]
                if not any(cells):
                    continue
                place, name = f"{path}:{rows.line_num}", cells[0]
                paces = _row_paces(cells, place)
                if (earlier := lines.setdefault(_key(name), rows.line_num)) != rows.line_num:
                    raise TrainingError(f"{place}: {name!r} is already in line {earlier}")
                if paces:
                    songs[name] = paces
                else:
                    skipped[name] = ", ".join(filter(None, cells[1 + PACES :]))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingError(f"{path}: cannot be read as CSV: {error}") from error
    if not songs:
        raise TrainingError(f"{path}: no song has a pace")
    return Labels(path.stem, songs, skipped)


def agreement(labels: Sequence[Labels], tolerance: float = TOLERANCE) -> list[Agreement]:
    """Compare each labeler with each other.

    Parameters
    ----------
    labels
        One or more labelers; one alone gives an empty list.
    tolerance
        Greatest ratio less one between paces that count as the same.
    """
    return [_agree(first, second, tolerance) for first, second in combinations(labels, 2)]


def combine(labels: Sequence[Labels], how: How, tolerance: float = TOLERANCE) -> dict[str, Truth]:
    """Make one truth of several labelers'.

    Only those who gave a song any pace have a say in it. Paces within the tolerance are one pace, their mean.

    Parameters
    ----------
    labels
        One or more labelers.
    how
        A pace belongs to the truth if anyone names it (``union``), if all do (``intersection``), or if more than
        half do (``majority``; of two labelers, that is both).
    tolerance
        Also that of the truths that are returned.

    Returns
    -------
    dict of str to Truth
        By song, as its first labeler writes it. A song without a pace that enough people name is left out.
    """
    truths = {}
    for song, sets in _together(labels).items():
        needed = {"union": 1, "intersection": len(sets), "majority": len(sets) // 2 + 1}[how]
        groups = _merge([(pace, voter) for voter, paces in enumerate(sets) for pace in paces], tolerance)
        kept = [[pace for pace, _ in group] for group in groups if len({voter for _, voter in group}) >= needed]
        if kept:
            truths[song] = Truth(tuple(math.fsum(group) / len(group) for group in kept), (), tolerance)
    return truths


def match(labels: Sequence[Labels], folder: Path) -> Matching:
    """Find the audio of the labelled songs in a folder and its subfolders.

    Names are compared by their letters and digits alone: first whole, then without a track number at their start,
    then by the title alone if the artists are the same or one is not given.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder} is not a folder")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    index = _Index.of(files)
    found = {song: index.meant(song) for song in _together(labels)}
    claims = Counter(paths[0] for paths in found.values() if len(paths) == 1)
    sure = {song: paths[0] for song, paths in found.items() if len(paths) == 1 and claims[paths[0]] == 1}
    used = {path for paths in found.values() for path in paths}
    return Matching(
        files=sure,
        missing=tuple(song for song, paths in found.items() if not paths),
        ambiguous={song: tuple(paths) for song, paths in found.items() if paths and song not in sure},
        unlabelled=tuple(path for path in files if path not in used),
    )


def import_songs(
    labels: Sequence[Labels],
    audio: Path,
    corpus: Path,
    *,
    how: How = "majority",
    tolerance: float = TOLERANCE,
    seed: int = 1,
    edge: float = SEGMENT_S,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Imported:
    """Turn labelled audio into a corpus, which the other steps take as they take the generated one.

    What is there already is kept, with its split; more songs can be added later.

    Parameters
    ----------
    labels
        One or more labelers.
    audio
        Folder of WAV, FLAC, OGG or MP3 files, see `match`.
    corpus
        Gets ``audio/NNNNN.flac``, mono, 22,050 Hz, and then ``songs/NNNNN.json``.
    how, tolerance
        See `combine`. The tolerance is written down with each song, and its candidates are judged by it.
    seed
        Of the order in which artists are given to splits.
    edge
        Seconds at the beginning and at the end of each song that are left out.
    on_done
        Told the number of songs done and their total.

    Raises
    ------
    TrainingError
        If `corpus` holds generated songs, or songs made from other labels or parameters. A song that cannot be
        imported stops nothing; it is named in the outcome.
    """
    truths = combine(labels, how, tolerance)
    failed: dict[str, str] = {}
    recordings = []
    for song, path in match(labels, audio).files.items():
        if song not in truths:
            failed[song] = "no pace that enough people name"
            continue
        try:
            recordings.append(recording(song, path))
        except TrainingError as error:
            failed[song] = str(error)
    there = _imported(corpus)
    split_of = assign(recordings, seed, taken=there.values())
    first_named = _together(labels)
    for part in ("audio", "songs"):
        (corpus / part).mkdir(parents=True, exist_ok=True)
    made = found = 0
    following = max((int(data["id"]) for data in there.values()), default=-1) + 1
    for done, piece in enumerate(recordings, 1):
        truth = truths[piece.song]
        made_with = {**asdict(truth), "edge": edge}
        known = there.get(_key(piece.song))
        if known is not None:
            if json.loads(json.dumps(made_with)) != {key: known[key] for key in made_with}:
                raise TrainingError(
                    f"{corpus} has {piece.song!r} with other paces or parameters; choose another folder"
                )
            found += 1
        elif piece.song not in split_of:
            failed[piece.song] = "its artist is in one split and its title in another"
        else:
            try:
                samples = _heard(piece.path, edge)
                tempo = _foremost(first_named[piece.song], truth)
                entry = _song(corpus, following, seed, piece, truth, tempo, len(samples), split_of[piece.song])
                _write(corpus, entry, samples, piece, edge)
                following, made = following + 1, made + 1
            except (TrainingError, PacesError) as error:
                failed[piece.song] = str(error)
        on_done(done, len(recordings))
    return Imported(made, found, failed)


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
    names = [_artist_and_title(path.stem), _artist_and_title(_bare(song))]
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
        known.add(_key(piece.song))
        fixed |= dict.fromkeys(piece.works, song["split"])
        have[song["split"], piece.genre] += 1
    new = [piece for piece in recordings if _key(piece.song) not in known]
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


def _row_paces(cells: list[str], place: str) -> tuple[float, ...]:
    if not cells[0]:
        raise TrainingError(f"{place}: no song is named")
    for cell in cells[1 + PACES :]:
        if (number := _number(cell)) is not None and SLOWEST <= number <= FASTEST:
            raise TrainingError(f"{place}: {cell} would be a fourth pace of {cells[0]!r}; at most {PACES} are read")
    paces = []
    for cell in filter(None, cells[1 : 1 + PACES]):
        number = _number(cell)
        if number is None:
            raise TrainingError(f"{place}: {cell!r} is no pace; remarks go after the third pace's column")
        if not SLOWEST <= number <= FASTEST:
            raise TrainingError(f"{place}: pace {cell} of {cells[0]!r} is outside {SLOWEST:.0f}..{FASTEST:.0f}")
        paces.append(number)
    return tuple(paces)


def _number(cell: str) -> float | None:
    return float(cell) if re.fullmatch(r"[0-9]+(\.[0-9]*)?", cell) else None


def _together(labels: Sequence[Labels]) -> dict[str, list[tuple[float, ...]]]:
    """Return each song's pace sets, one from each labeler who gave any; the first labeler's spelling is its name."""
    spelling: dict[str, str] = {}
    sets: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    for person in labels:
        for song, paces in person.songs.items():
            sets[spelling.setdefault(_key(song), song)].append(paces)
    return dict(sets)


def _agree(first: Labels, second: Labels, tolerance: float) -> Agreement:
    theirs = {_key(song): paces for song, paces in second.songs.items()}
    both = {song: (paces, theirs[_key(song)]) for song, paces in first.songs.items() if _key(song) in theirs}
    hits = sum(_near(pace, one, tolerance) for one, other in both.values() for pace in other)
    recalled = sum(_near(pace, other, tolerance) for one, other in both.values() for pace in one)
    precision = _share(hits, sum(len(other) for _, other in both.values()))
    recall = _share(recalled, sum(len(one) for one, _ in both.values()))
    disputed = {
        song: (one, other)
        for song, (one, other) in both.items()
        if not (all(_near(p, other, tolerance) for p in one) and all(_near(p, one, tolerance) for p in other))
    }
    rungs: Counter[tuple[bool, bool]] = Counter()
    for one, other in both.values():
        for rung in _ladder((*one, *other), tolerance):
            rungs[_near(rung, one, tolerance), _near(rung, other, tolerance)] += 1
    skips = [_key(song) for person in (first, second) for song in person.skipped]
    return Agreement(
        first=first.labeler,
        second=second.labeler,
        songs=len(both),
        same=_share(len(both) - len(disputed), len(both)),
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        kappa=_kappa(rungs),
        disputed=disputed,
        skipped=tuple(song for person in (first, second) for song in person.songs if _key(song) in skips),
    )


def _kappa(verdicts: Mapping[tuple[bool, bool], int]) -> float:
    """Return Cohen's kappa (Educational and Psychological Measurement 20, 1960) of the counts of two verdicts."""
    count = sum(verdicts.values())
    if not count:
        return math.nan
    agreed = sum(number for (one, other), number in verdicts.items() if one == other) / count
    yes = [sum(number for said, number in verdicts.items() if said[who]) / count for who in (0, 1)]
    chance = yes[0] * yes[1] + (1 - yes[0]) * (1 - yes[1])
    return (agreed - chance) / (1 - chance) if chance < 1 else math.nan


def _ladder(paces: tuple[float, ...], tolerance: float) -> list[float]:
    rungs = [pace * ratio for pace in paces for ratio in (1, 1 / 2, 1 / 3, 2, 3)]
    groups = _merge([(rung, 0) for rung in rungs if SLOWEST <= rung <= FASTEST], tolerance)
    return [math.fsum(rung for rung, _ in group) / len(group) for group in groups]


def _merge(votes: list[tuple[float, int]], tolerance: float) -> list[list[tuple[float, int]]]:
    """Group paces, each with who names it, so that each is within the tolerance of the mean of those below it."""
    groups: list[list[tuple[float, int]]] = []
    for pace, voter in sorted(votes):
        if groups and pace <= (1 + tolerance) * math.fsum(p for p, _ in groups[-1]) / len(groups[-1]):
            groups[-1].append((pace, voter))
        else:
            groups.append([(pace, voter)])
    return groups


def _near(pace: float, paces: tuple[float, ...], tolerance: float) -> bool:
    return any(max(pace, other) <= (1 + tolerance) * min(pace, other) for other in paces)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _key(name: str) -> str:
    """Return the letters and digits of a name, without case and accents."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    return "".join(filter(str.isalnum, folded)) or folded.strip()


def _artist_key(name: str) -> str:
    return _key(re.sub(r"^the\s+", "", name.strip(), flags=re.IGNORECASE))


def _bare(song: str) -> str:
    """Return a song's name without the suffix of an audio file."""
    return song[: -len(Path(song).suffix)] if Path(song).suffix.lower() in SUFFIXES else song


def _unnumbered(name: str) -> str:
    return _NUMBER.sub("", _NUMBER.sub("", name))


def _artist_and_title(name: str) -> tuple[str, str]:
    """Take ``Artist - Title`` apart, also with an album or a track number in it; the artist may be empty."""
    parts = _SEPARATOR.split(_unnumbered(name))
    number = next((i for i in range(len(parts) - 1) if re.fullmatch(r"\d{1,3}", parts[i].strip())), None)
    if number is not None and len(parts) - number > 2:
        parts = parts[number + 1 :]  # Album - 12 - Artist - Title
    elif number is not None:
        parts = [*parts[:1], parts[-1]]  # Artist - Album - 12 - Title
    return (parts[0].strip(), " - ".join(parts[1:]).strip()) if len(parts) > 1 else ("", parts[0].strip())


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
            index.whole[_key(path.stem)].append(path)
            index.unnumbered[_key(_unnumbered(path.stem))].append(path)
            index.title[_key(_artist_and_title(path.stem)[1])].append(path)
        return index

    def meant(self, song: str) -> list[Path]:
        """Return the files that a song's name may mean, all by the strictest comparison that finds any."""
        name = _bare(song)
        artist, title = _artist_and_title(name)
        titled = [
            path
            for path in self.title.get(_key(title), [])
            if len({_artist_key(each) for each in (artist, _artist_and_title(path.stem)[0]) if each}) < 2
        ]
        return self.whole.get(_key(name)) or self.unnumbered.get(_key(_unnumbered(name))) or titled


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


def _imported(corpus: Path) -> dict[str, dict[str, Any]]:
    """Return what is written down of the songs that were imported already, by the key of their name."""
    there: dict[str, dict[str, Any]] = {}
    for path in sorted((corpus / "songs").glob("*.json")):
        data = json.loads(path.read_text("utf-8"))
        if "song" not in data:
            raise TrainingError(f"{corpus} holds generated songs; choose another folder")
        there[_key(data["song"])] = data
    return there


def _heard(path: Path, edge: float) -> NDArray[np.float32]:
    """Read the file through the live path's source, without its first and last seconds."""
    blocks = [block.samples for block in FileSource(path, AUDIO_RATE, fast=True).blocks()]
    whole = np.concatenate(blocks) if blocks else np.empty(0, np.float32)
    cut = round(edge * AUDIO_RATE)
    samples = whole[cut : max(len(whole) - cut, cut)]
    if len(samples) < SEGMENT_S * AUDIO_RATE:
        raise TrainingError(f"{len(whole) / AUDIO_RATE:.0f} s: too short without {edge:g} s at each end")
    peak = float(np.abs(samples).max())
    if not peak:
        raise TrainingError("it is silent")
    return np.asarray(samples / np.float32(max(peak, 1.0)), np.float32)


def _foremost(sets: list[tuple[float, ...]], truth: Truth) -> float:
    """Return the pace of the truth that most people named first, of several the one named first by the earliest."""
    votes: Counter[float] = Counter()
    for paces in sets:
        ranked = [pace for pace in truth.compatible if _near(paces[0], (pace,), truth.tolerance)]
        votes.update(ranked[:1])
    return votes.most_common(1)[0][0] if votes else truth.compatible[0]


def _song(
    corpus: Path, index: int, seed: int, piece: Recording, truth: Truth, tempo: float, length: int, split: str
) -> Song:
    identity = f"{index:05d}"
    return Song(
        id=identity,
        audio=corpus / "audio" / f"{identity}.flac",
        seed=(seed, index),
        family=piece.artist or piece.title,
        grooves=(),
        meter="unknown",
        time_signature="",
        tempo=tempo,
        swung=False,
        divided=False,
        compatible=truth.compatible,
        taste=truth.taste,
        soundfont="",
        drums=False,
        duration=length / AUDIO_RATE,
        split=split,
        tolerance=truth.tolerance,
    )


def _write(corpus: Path, song: Song, samples: NDArray[np.float32], piece: Recording, edge: float) -> None:
    data = asdict(song) | {
        "schema": SCHEMA,
        "song": piece.song,
        "artist": piece.artist,
        "title": piece.title,
        "genre": piece.genre,
        "edge": edge,
    }
    del data["audio"]
    soundfile.write(song.audio, samples, AUDIO_RATE, subtype="PCM_16", format="FLAC")
    target = corpus / "songs" / f"{song.id}.json"
    unfinished = target.with_suffix(".part")
    unfinished.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(target)
