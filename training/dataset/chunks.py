"""Add songs to a megabatch: split them, and join their shards to the old ones."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from paces_live.analysis.feature_config import FeatureConfig
from training.corpus.families import LIBRARIES, SPLITS, families
from training.corpus.songs import Song, load, missing
from training.dataset.megabatch import MADE_WITH, PARTS, build, check, fingerprint, parts
from training.errors import TrainingError
from training.workers import OnDone, ignore_progress

CAME = "came.json"
"""File in a joined folder that describes the newest chunk."""


def add(
    chunk: Path,
    work: Path,
    joined: Path,
    *,
    workers: int = 2,
    cluster: str | None = None,
    on_done: OnDone = ignore_progress,
) -> dict[str, Any]:
    """Prepare `joined`, a work folder with the songs and shards of `work` and of `chunk`; return counts of the chunk.

    Nothing in `work` or `chunk` changes. `joined` refers to the shards and the audio of `work`, which must stay. After
    an interruption the same call continues. You can add a chunk to a joined folder too.

    Parameters
    ----------
    chunk
        A corpus: a folder with ``songs`` and ``audio``.
    work
        Folder with a finished ``corpus`` and ``megabatch``.
    joined
        Folder for the joined ``corpus`` and ``megabatch``, and for the chunk's own in ``chunk``.

    Raises
    ------
    TrainingError
        If one of them has no songs or shards, or `joined` was begun with another chunk.
    """
    old, new = load(work / "corpus"), load(chunk)
    if not old:
        raise TrainingError(missing(work / "corpus"))
    if not new:
        raise TrainingError(f"no songs in {chunk}: give a corpus, a folder with songs and audio, such as more/corpus")
    if joined.absolute() == work.absolute():
        raise TrainingError(f"{work} holds the old songs: choose another folder with --joined")
    before = parts(work / "megabatch")
    config = FeatureConfig()
    check(work / "megabatch", config)
    made_with = json.loads((before[0].folder / MADE_WITH).read_text("utf-8"))
    if len(before) == 1 and made_with.get("songs") != fingerprint(old):
        raise TrainingError(
            f"the shards in {work / 'megabatch'} are not of the songs in {work / 'corpus'}: delete them and run "
            "python -m training megabatch"
        )
    split_of = assign(old, new)
    began = {"songs": [song.id for song in new], "splits": split_of, "after": len(old)}
    _begin(joined, began)
    for song in old:
        _place(song, song.id, song.split, work / "corpus", joined / "corpus")
    first = int(old[-1].id) + 1
    for index, song in enumerate(new):
        _place(song, f"{index:05d}", split_of[song.id], chunk, joined / "chunk" / "corpus")
        _place(song, f"{first + index:05d}", split_of[song.id], chunk, joined / "corpus")
    made_with = {name: made_with[name] for name in ("seed", "variants", "windows")}
    # A seed that no earlier part has: other rooms and microphones.
    made_with["seed"] += len(before)
    shards = joined / "chunk" / "megabatch"
    build(joined / "chunk" / "corpus", shards, config, **made_with, workers=workers, cluster=cluster, on_done=on_done)
    counted = [(part.folder, part.songs or len(old)) for part in before] + [(shards, len(new))]
    home = joined / "megabatch"
    listed = [{"folder": _relative(folder, home), "songs": songs} for folder, songs in counted]
    _write(home / PARTS, json.dumps(listed, indent=1))
    came = {
        "songs": len(new),
        "splits": dict(Counter(split_of.values())),
        "meters": dict(Counter(song.meter for song in new)),
        "families": len({song.family for song in new}),
    }
    _write(joined / CAME, json.dumps(came))
    return came


def assign(old: list[Song], new: list[Song]) -> dict[str, str]:
    """Return the split of each new song, by its id; no old song moves.

    Groups of families (or artists) stay together. A group of an old song goes to the split of that song. The others are
    dealt as in `training.corpus.families.splits`: the largest first, each to the split that lacks most of its scarcest
    meter.
    """
    group_of = groups(old + new)
    home = {group_of[song.family]: song.split for song in old}
    total = Counter(song.meter for song in old + new)
    filled = Counter((song.split, song.meter) for song in old)
    members_of: dict[str, list[Song]] = {}
    for song in new:
        members_of.setdefault(group_of[song.family], []).append(song)
    assigned: dict[str, str] = {}
    # Groups whose split is given come first; the others fill the gaps.
    for name in sorted(members_of, key=lambda name: (name not in home, -len(members_of[name]), name)):
        members = members_of[name]
        scarcest = min({song.meter for song in members}, key=lambda meter: (total[meter], meter))
        lack = {split: SPLITS[split] - filled[split, scarcest] / total[scarcest] for split in SPLITS}
        split = home.get(name) or max(lack, key=lambda split: lack[split])
        for song in members:
            filled[split, song.meter] += 1
            assigned[song.id] = split
    return assigned


def groups(songs: list[Song]) -> dict[str, str]:
    """Return the group of each family of the songs; an artist is a group of their own."""
    names = {song.family for song in songs}
    grooves = {name for name in names if name.partition("/")[0] in (*LIBRARIES, "own")}
    known = {family.name: family.group for family in families()} if grooves else {}
    return {name: known.get(name, name) for name in names}


def _begin(joined: Path, record: dict[str, Any]) -> None:
    note, text = joined / "chunk" / "splits.json", json.dumps(record)
    if note.exists() and note.read_text("utf-8") != text:
        raise TrainingError(f"{joined} was begun with other songs: choose another folder with --joined")
    _write(note, text)


def _place(song: Song, identity: str, split: str, source: Path, folder: Path) -> None:
    """Add `song` to the corpus `folder` under another identity and split; its audio is linked, not copied."""
    audio = folder / "audio" / f"{identity}.flac"
    audio.parent.mkdir(parents=True, exist_ok=True)
    if not audio.is_symlink():
        audio.symlink_to(_relative(source / "audio" / f"{song.id}.flac", audio.parent))
    data = json.loads((source / "songs" / f"{song.id}.json").read_text("utf-8"))
    _write(folder / "songs" / f"{identity}.json", json.dumps(data | {"id": identity, "split": split}, indent=1) + "\n")


def _relative(path: Path, start: Path) -> str:
    return os.path.relpath(path.resolve(), start.resolve())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)
