"""What a corpus holds: generated and annotated songs in each split, for manifests, cards and pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from training.corpus.songs import Song

SPLITS = ("train", "validation", "test")
GENERATED, ANNOTATED = "generated", "annotated"
LEARNED = "learned-from.json"
"""File next to a network with what `learned` returns of its songs."""

Contents = Mapping[str, Mapping[str, int]]
"""Number of songs by split, for each kind of song that the corpus has."""


def contents(songs: Sequence[Song]) -> dict[str, dict[str, int]]:
    """Return the number of generated and of annotated songs in each split; a kind without songs is left out."""
    found: dict[str, dict[str, int]] = {}
    for kind in (GENERATED, ANNOTATED):
        these = [song for song in songs if song.annotated == (kind == ANNOTATED)]
        if these:
            found[kind] = {split: sum(song.split == split for song in these) for split in SPLITS}
    return found


def learned(songs: Sequence[Song]) -> dict[str, Any]:
    """Return what the provenance of a model says of the songs of its corpus."""
    return {
        "corpus": contents(songs),
        "songs": len(songs),
        "training_songs": sum(song.split == "train" for song in songs),
        "soundfonts": ", ".join(sorted({song.soundfont for song in songs if song.soundfont})),
    }


def recorded(provenance: Mapping[str, Any]) -> Contents | None:
    """Return the contents of the corpus that a model was trained on, or None if its manifest does not tell.

    The manifests of version 0.1, such as that of the model that ships, only name the soundfonts of generated songs.

    Examples
    --------
    >>> recorded({"songs": 2000, "training_songs": 1206, "soundfonts": "TimGM6mb.sf2"})
    {'generated': {'train': 1206}}
    """
    if "corpus" in provenance:
        found: Contents = provenance["corpus"]
        return found
    if provenance.get("soundfonts"):
        return {GENERATED: {"train": provenance["training_songs"]}}
    return None


def trained_on(songs: Sequence[Song], provenance: Mapping[str, Any]) -> bool:
    """Return whether a model learned from as many songs of each kind as these, and did not begin with another model."""
    counts = [
        {kind: split["train"] for kind, split in (known or {}).items() if split["train"]}
        for known in (contents(songs), recorded(provenance))
    ]
    return counts[0] == counts[1] and "began_with" not in provenance


def kinds(contents: Contents, split: str) -> tuple[str, ...]:
    """Return the kinds of songs that a split has.

    Examples
    --------
    >>> kinds({"generated": {"train": 60, "test": 0}, "annotated": {"train": 3, "test": 1}}, "test")
    ('annotated',)
    """
    return tuple(kind for kind, counts in contents.items() if counts.get(split))
