"""Sentences about the songs that a model was trained on and measured on, for the model card and the report."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from training.corpus.contents import ANNOTATED, GENERATED, Contents, kinds, recorded

WIDTH = 120
"""Length of a line."""
SETS: Mapping[str, str] = {
    "open real set, constant tempo": "real-music set",
    "open real set, constant tempo, degraded": "real-music set, degraded",
}
DEGRADED = "as by a room and a cheap microphone; one in five stays clean"
LEVELS = (
    "*Flag* is the sign that the music matches a target, at targets from 140 to 190 steps per minute. *Time to "
    "verdict* is the sound that paces-live needs until it is right and stays right."
)
REAL_MUSIC = (
    "The *real-music set* consists of tracks of exactly known tempo from Debian packages; no choice depended on it."
)
HOW_SPLIT = {
    GENERATED: "The splits keep groove families together: no groove of the test songs was in {} training.",
    ANNOTATED: "The splits keep artists together: no artist of the test songs was in {} training.",
}


def title(group: str) -> str:
    """Return the name of a group of measures of the manifest for readers.

    Examples
    --------
    >>> title("held-out generated songs, degraded"), title("held-out annotated songs, degraded")
    ('held-out songs', 'held-out annotated songs')
    """
    if group.startswith("held-out "):
        return group.removesuffix(", degraded").replace("held-out generated songs", "held-out songs")
    return SETS.get(group, group)


def explained(sets: Iterable[str], *, own: bool = True) -> str:
    """Return what the sets of songs are, given their names for readers; see `held_out`."""
    names = list(sets)
    sentences = [
        f"*{name[0].upper()}{name[1:]}* are {held_out(name, own=own)}" for name in names if name.startswith("held-out ")
    ]
    sentences += [REAL_MUSIC] * any(name.startswith("real-music") for name in names)
    return textwrap.fill(" ".join([*sentences, LEVELS]), WIDTH, break_on_hyphens=False)


def held_out(name: str, *, own: bool = True) -> str:
    """Return the sentence on a set of held-out songs, without its beginning.

    `own` is False if the model may have learned from such songs elsewhere: from another corpus, or before a
    fine-tuning.
    """
    left_out = "the model was not trained on" if own else "the training split of the corpus lacks"
    if name == "held-out songs":
        return f"generated, in groove families that {left_out}, and degraded {DEGRADED}."
    kinds = "recordings with paces that people gave them, by artists"
    if GENERATED in name:
        kinds = f"generated, in groove families, and {kinds}"
    return f"{kinds} that {left_out}; they are degraded {DEGRADED}."


def made_of(trained_on: Contents | None, before: Mapping[str, Any] | None = None) -> str:
    """Return what a model learned from.

    Parameters
    ----------
    trained_on
        The contents of its corpus, if its manifest has them.
    before
        The record of the model whose weights its training began with: hash and provenance.
    """
    sentences = [_learned("The model", trained_on)]
    if before is not None:
        sentences.append(
            f"The training began with the weights of another model (`{before['sha256']}`). "
            + _learned("That model", recorded(before["provenance"]))
        )
    if trained_on is not None:
        which = "the" if before is None else "this"
        sentences += [sentence.format(which) for kind, sentence in HOW_SPLIT.items() if kind in trained_on]
    sentences.append("`training/README.md` describes every step.")
    return textwrap.fill(" ".join(sentences), WIDTH, break_on_hyphens=False)


def _learned(subject: str, contents: Contents | None) -> str:
    learned = kinds(contents or {}, "train")
    if contents is None or not learned:
        return f"The manifest does not say what {subject[0].lower()}{subject[1:]} was trained on."
    if learned == (GENERATED,):
        return (
            f"{subject} was trained only on generated music: accompaniments with soundfonts, degraded as by rooms and "
            "cheap microphones. Their paces follow from the score."
        )
    songs = [f"{contents[ANNOTATED]['train']} recordings with paces that people gave them"]
    if GENERATED in learned:
        songs.insert(0, f"{contents[GENERATED]['train']} generated songs, whose paces follow from the score")
    return f"{subject} was trained on {', and on '.join(songs)}, degraded as by rooms and cheap microphones."
