"""Folk tunes in ABC that come with music21: what there is, and which tunes belong together."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from training.errors import TrainingError

COLLECTIONS = ("ryansMammoth", "oneills1850", "airdsAirs")
"""Folders of music21's corpus."""
KINDS = (
    *("slip jig", "strathspey", "fling", "hornpipe", "reel", "clog", "waltz", "march", "quick step", "minuet"),
    *("walkaround", "jig", "gavotte", "air", "slide"),
)
"""Kinds of dances that a tune's rhythm field or title names; the first that is found counts."""
INCIPIT = 14
"""Number of steps of the melody by which two tunes are variants of one."""
_FIELD = re.compile(r"^([A-Za-z]):\s*(.*?)\s*(?:%.*)?$")
_COMMON = re.compile(
    r"\b(the|a|an|or|no|set|setting|version|first|second|third|1st|2nd|3rd|favou?rite|" + "|".join(KINDS) + r")s?\b"
)
_NOTE = re.compile(r"[a-gA-G][,']*")
_REST_OF_A_BODY = re.compile(r'"[^"]*"|\{[^}]*\}|![^!]*!|\[[A-Za-z]:[^\]]*\]|%.*')


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune of a collection.

    Attributes
    ----------
    id
        Collection, file and number.
    titles
        All its titles.
    kind
        One of `KINDS`, or empty.
    signature
        Numerator and denominator; ``C`` and ``C|`` are 4/4 and 2/2.
    text
        Its ABC.
    """

    id: str
    titles: tuple[str, ...]
    kind: str
    signature: tuple[int, int]
    text: str


@lru_cache(maxsize=1)
def collected() -> tuple[Tune, ...]:
    """Return all tunes, in order of their ids.

    Raises
    ------
    TrainingError
        If music21 is not installed.
    """
    package = find_spec("music21")
    if package is None or package.origin is None:
        raise TrainingError("music21 is missing: set up training with make setup-training")
    corpus = Path(package.origin).parent / "corpus"
    return tuple(
        tune
        for name in COLLECTIONS
        for path in sorted((corpus / name).glob("*.abc"))
        for tune in tunes(path.read_text(encoding="utf-8", errors="replace"), f"{name}/{path.stem}")
    )


def tunes(book: str, name: str) -> list[Tune]:
    r"""Return the tunes of a book of ABC whose meter is given once.

    Examples
    --------
    >>> tunes("X:7\nT:The Rake -- Reel\nM:C|\nK:D\nABcd|", "book")[0].kind
    'reel'
    """
    found = []
    for part in re.split(r"(?m)^(?=X:)", book)[1:]:
        fields = [match.groups() for line in part.splitlines() if (match := _FIELD.match(line))]
        number = fields[0][1]
        titles = tuple(value for key, value in fields if key == "T")
        meters = [value for key, value in fields if key == "M"]
        signature = _signature(meters[0]) if len(meters) == 1 and "[M:" not in part else None
        if signature and titles:
            rhythm = " ".join(value for key, value in fields if key == "R")
            found.append(Tune(f"{name}/{number}", titles, _kind(rhythm, titles), signature, part))
    return found


def families(known: Iterable[Tune]) -> dict[str, str]:
    r"""Return the family of each tune by its id: the tunes that share a title, or the beginning of the melody.

    Titles are compared without articles, kinds of dances and punctuation; melodies by their steps up and down the
    scale, so that the key does not matter.

    Examples
    --------
    >>> book = "X:1\nT:The Rake\nM:2/4\nK:D\nABcd|\nX:2\nT:Rake Reel, The\nM:2/4\nK:G\nBABG|"
    >>> families(tunes(book, "book"))
    {'book/1': 'book/1', 'book/2': 'book/1'}
    """
    known = list(known)
    parent = {tune.id: tune.id for tune in known}

    def head(name: str) -> str:
        while parent[name] != name:
            name = parent[name]
        return name

    first: dict[object, str] = {}
    for tune in known:
        marks: set[object] = {plain for title in tune.titles if (plain := plain_title(title))}
        steps = incipit(tune.text)
        if len(steps) == INCIPIT:
            marks.add(steps)
        for mark in sorted(marks, key=str):
            other = head(first.setdefault(mark, tune.id))
            parent[head(tune.id)] = other
    return {tune.id: head(tune.id) for tune in known}


def plain_title(title: str) -> str:
    """Return a title without what variants of one tune differ in.

    Examples
    --------
    >>> plain_title("Rakes of Mallow, The -- Reel (1st Setting)")
    'mallow of rakes'
    """
    words = re.sub(r"[^a-z ]", "", _COMMON.sub(" ", title.lower().replace("'", "")))
    return " ".join(sorted(words.split()))


def incipit(text: str) -> tuple[int, ...]:
    r"""Return the first steps of a melody along the scale, up to `INCIPIT`; rests and repeated notes do not count.

    Examples
    --------
    >>> incipit("X:1\nK:D\nA>A Bc|d4|")
    (1, 1, 1)
    """
    body = re.split(r"(?m)^K:.*$", text, maxsplit=1)[-1]
    body = "\n".join(line for line in body.splitlines() if not _FIELD.match(line))
    places = [_place(note) for note in _NOTE.findall(_REST_OF_A_BODY.sub("", body))]
    steps = [after - before for before, after in itertools.pairwise(places) if after != before]
    return tuple(steps[:INCIPIT])


def _place(note: str) -> int:
    place = "CDEFGAB".index(note[0].upper()) + 7 * note[0].islower()
    return place + 7 * (note.count("'") - note.count(","))


def _signature(text: str) -> tuple[int, int] | None:
    common = {"C": (4, 4), "C|": (2, 2)}.get(text)
    if common:
        return common
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _kind(rhythm: str, titles: tuple[str, ...]) -> str:
    for text in (rhythm, *titles):
        lowered = text.lower().replace("slipjig", "slip jig").replace("quickstep", "quick step")
        for kind in KINDS:
            if re.search(rf"\b{kind}s?\b", lowered):
                return kind
    return ""
