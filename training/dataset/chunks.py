"""Adding data: new songs are split, their shards join the old ones, and what it brought is written down."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paces_live.analysis.feature_config import FeatureConfig
from paces_live.analysis.manifest import Manifest
from training.corpus.families import LIBRARIES, SPLITS, families
from training.corpus.songs import Song, load
from training.dataset.megabatch import MADE_WITH, PARTS, build, check, fingerprint, parts
from training.errors import TrainingError

CAME = "came.json"
"""In a joined folder: what the newest chunk was."""
SHOWN = (
    ("held-out generated songs, degraded", "candidates", "accuracy"),
    ("held-out generated songs, degraded", "candidates", "balanced_accuracy"),
    ("held-out generated songs, degraded", "whole_songs", "flag_f1"),
    ("open real set, constant tempo", "flag_f1"),
)
"""Measures that the table shows; the JSON lines have all."""


def add(
    chunk: Path,
    work: Path,
    joined: Path,
    *,
    workers: int = 2,
    cluster: str | None = None,
    on_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Prepare `joined`, a work folder with the songs and shards of `work` and those of `chunk`; return what came.

    Nothing in `work` or `chunk` is changed or moved. `joined` refers to the shards and the audio of `work`, so it is
    of use only as long as that is there. Resumable; a chunk can be added to a joined folder too.

    Parameters
    ----------
    chunk
        A corpus: a folder with ``songs`` and ``audio``.
    work
        Folder with a finished ``corpus`` and ``megabatch``.
    joined
        Where the joined ``corpus`` and ``megabatch`` go, and the chunk's own in ``chunk``.

    Raises
    ------
    TrainingError
        One of them has no songs or shards; or `joined` was begun with another chunk.
    """
    old, new = load(work / "corpus"), load(chunk)
    for songs, folder in ((old, work / "corpus"), (new, chunk)):
        if not songs:
            raise TrainingError(f"no songs in {folder}")
    if joined.absolute() == work.absolute():
        raise TrainingError("the joined folder must be another than that of the old songs")
    before = parts(work / "megabatch")
    config = FeatureConfig()
    check(work / "megabatch", config)
    made_with = json.loads((before[0].folder / MADE_WITH).read_text("utf-8"))
    if len(before) == 1 and made_with.get("songs") != fingerprint(old):
        raise TrainingError(f"the shards in {work / 'megabatch'} are not of the songs beside them; make them anew")
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
    # Another seed than that of each earlier part: other rooms and microphones.
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
    """Return the split of each new song, by its id.

    Whole groups of families (or artists) stay together: one that the old songs have goes where it is; the others are
    dealt as in `training.corpus.families.splits`, the largest first, each to the split that lacks most of its scarcest
    meter. No old song is moved.
    """
    group_of = groups(old + new)
    home = {group_of[song.family]: song.split for song in old}
    total = Counter(song.meter for song in old + new)
    filled = Counter((song.split, song.meter) for song in old)
    members_of: dict[str, list[Song]] = {}
    for song in new:
        members_of.setdefault(group_of[song.family], []).append(song)
    assigned: dict[str, str] = {}
    # Those whose split is given come first: the others fill up what is then lacking.
    for name in sorted(members_of, key=lambda name: (name not in home, -len(members_of[name]), name)):
        members = members_of[name]
        scarcest = min({song.meter for song in members}, key=lambda meter: (total[meter], meter))
        lack = {split: SPLITS[split] - filled[split, scarcest] / total[scarcest] for split in SPLITS}
        split = home.get(name) or max(lack, key=lambda split: lack[split])
        for song in members:
            filled[split, song.meter] += 1
            assigned[song.id] = split
    return assigned


def log(joined: Path, before: Path, after: Path, path: Path) -> dict[str, Any]:
    """Append what the newest chunk of `joined` brought to the data log at `path`, and draw its table anew.

    Parameters
    ----------
    before, after
        Evaluated models: trained without the chunk, and with it. Their manifests hold the measures.
    path
        JSON lines; the Markdown table goes beside it, with the suffix ``.md``.

    Raises
    ------
    TrainingError
        `joined` is not a joined folder, or the two models share no measure.
    """
    if not (joined / CAME).exists():
        raise TrainingError(f"{joined} has no chunk; add one with: python -m training add")
    first, second = (dict(_leaves(Manifest.read(model).metrics)) for model in (before, after))
    measures = {" / ".join(name): [first[name], second[name]] for name in second if name in first}
    if not measures:
        raise TrainingError(f"{before} and {after} share no measure: evaluate both")
    came = json.loads((joined / CAME).read_text("utf-8"))
    line = {"date": datetime.now(UTC).date().isoformat(), "came": came, "measures": measures}
    earlier = path.read_text("utf-8") if path.exists() else ""
    _write(path, earlier + json.dumps(line) + "\n")
    _write(path.with_suffix(".md"), table([json.loads(text) for text in path.read_text("utf-8").splitlines()]))
    return line


def table(lines: list[dict[str, Any]]) -> str:
    """Return the data log in Markdown."""
    heads = ["date", "songs", "splits", "meters", *(" / ".join(name) for name in SHOWN)]
    rows = [heads, ["---"] * len(heads)]
    for line in lines:
        came = line["came"]
        counts = (", ".join(f"{name} {number}" for name, number in came[what].items()) for what in ("splits", "meters"))
        measured = (line["measures"].get(" / ".join(name)) for name in SHOWN)
        shown = (f"{pair[0]:.4f} → {pair[1]:.4f}" if pair else "" for pair in measured)
        rows.append([line["date"], str(came["songs"]), *counts, *shown])
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"# Data log\n\nEach line is a chunk of songs: what came, and each measure before → after.\n\n{text}\n"


def groups(songs: list[Song]) -> dict[str, str]:
    """Return the group of each family: that of the grooves' families; an artist is a group of their own."""
    names = {song.family for song in songs}
    grooves = {name for name in names if name.partition("/")[0] in (*LIBRARIES, "own")}
    known = {family.name: family.group for family in families()} if grooves else {}
    return {name: known.get(name, name) for name in names}


def _begin(joined: Path, record: dict[str, Any]) -> None:
    note, text = joined / "chunk" / "splits.json", json.dumps(record)
    if note.exists() and note.read_text("utf-8") != text:
        raise TrainingError(f"{joined} was begun with other songs; choose another folder")
    _write(note, text)


def _place(song: Song, identity: str, split: str, source: Path, folder: Path) -> None:
    """Put `song` into the corpus `folder` under another identity and split; its audio is referred to, not copied."""
    audio = folder / "audio" / f"{identity}.flac"
    audio.parent.mkdir(parents=True, exist_ok=True)
    if not audio.is_symlink():
        audio.symlink_to(_relative(source / "audio" / f"{song.id}.flac", audio.parent))
    data = json.loads((source / "songs" / f"{song.id}.json").read_text("utf-8"))
    _write(folder / "songs" / f"{identity}.json", json.dumps(data | {"id": identity, "split": split}, indent=1) + "\n")


def _leaves(metrics: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    for name, value in metrics.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*above, name))
        elif isinstance(value, int | float):
            yield (*above, name), value


def _relative(path: Path, start: Path) -> str:
    return os.path.relpath(path.resolve(), start.resolve())


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)
