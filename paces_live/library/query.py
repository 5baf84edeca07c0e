"""The language in which songs are searched: ``pace:165 sure:0.8.. steady:yes genre:rock -artist:x``.

A query is terms, all of which must hold; a minus before a term means that it must not. ``pace`` asks the set of paces
of a song, so nobody has to type halves and doubles.
"""

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paces_live.errors import UsageError
from paces_live.match import DEFAULT_TOLERANCE, SPM_MAX, SPM_MIN, TOLERANCE_MAX

TEXTS = ("title", "artist", "album", "genre", "path")
"""Fields that hold text."""
_TERM = re.compile(r'(?P<minus>[-−])?(?:(?P<field>[A-Za-z0-9]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]*))(?=\s|$)')
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
TERMS_MAX = 100
"""Most terms of a query: SQLite takes no expression that is as deep as you like."""
EXACT_S = 0.5
"""What a length that is given exactly may be off, seconds."""


@dataclass(frozen=True, slots=True)
class Span:
    """Values from `low` to `high`; if they are those within a `tolerance` of a `target`, this is what matters most."""

    low: float
    high: float
    target: float | None = None
    tolerance: float = DEFAULT_TOLERANCE

    @property
    def aim(self) -> float | None:
        """The target, or else the middle of the range; None if that is open.

        Examples
        --------
        >>> Span(156.75, 173.25, target=165.0).aim, Span(60.0, 130.0).aim, Span(160.0, math.inf).aim
        (165.0, 95.0, None)
        """
        middle = (self.low + self.high) / 2.0
        return self.target or (middle if math.isfinite(middle) else None)


@dataclass(frozen=True, slots=True)
class Term:
    """What has to hold, or must not if it is `negated`.

    Attributes
    ----------
    field : str
        One of `FIELDS`; empty for text that may be in any of `TEXTS`.
    value : Span, bool, str or None
        None stands for no pace at all.
    negated : bool
    """

    field: str
    value: Span | bool | str | None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Terms, all of which have to hold.

    Examples
    --------
    >>> parse_query("genre:rock pace:165").target
    Span(low=156.75, high=173.25, target=165.0, tolerance=0.05)
    """

    terms: tuple[Term, ...] = ()

    @property
    def target(self) -> Span | None:
        """The rates of the first pace that is asked for."""
        return next((one.value for one in self.terms if _is_wanted_pace(one) and isinstance(one.value, Span)), None)


def parse_query(text: str, tolerance: float = DEFAULT_TOLERANCE) -> Query:
    """Return the query that a text stands for.

    Parameters
    ----------
    text : str
    tolerance : float
        That of a pace without one.

    Raises
    ------
    UsageError
        The text is no query; the message says what is wrong with which term.

    Examples
    --------
    >>> [(one.field, one.negated) for one in parse_query('pace:160..170 -artist:"the band" waltz').terms]
    [('pace', False), ('artist', True), ('', False)]
    >>> parse_query("bpm:120")
    Traceback (most recent call last):
        ...
    paces_live.errors.UsageError: bpm:120: bpm is no field: write pace:120 for steps, or beat:120 for what people tap
    """
    terms = []
    at, text = 0, text.strip()
    while at < len(text):
        found = _TERM.match(text, at)
        if found is None or found.end() == at:
            raise _wrong(text[at:], "a quote has no end", 'write artist:"the band"')
        terms.append(_term(found, tolerance))
        at = found.end()
        at += len(text[at:]) - len(text[at:].lstrip())
    if len(terms) > TERMS_MAX:
        raise UsageError(f"the query has {len(terms)} terms", hint=f"choose at most {TERMS_MAX}", code="usage.query")
    return Query(tuple(terms))


def _term(found: "re.Match[str]", tolerance: float) -> Term:
    written, field = found[0], (found["field"] or "").lower()
    value = found["quoted"] if found["bare"] is None else found["bare"]
    negated = found["minus"] is not None
    if not value.strip():
        hint = f"{field}:{_EXAMPLES.get(field, 'word')}" if field else f"{'-' * negated}word"
        raise _wrong(written, "nothing comes after it", f"write {hint}")
    if not field or field in TEXTS:
        return Term(field, value, negated)
    if field in ("bpm", "tempo"):
        raise _wrong(
            written, f"{field} is no field", f"write pace:{value} for steps, or beat:{value} for what people tap"
        )
    if field not in FIELDS:
        near = difflib.get_close_matches(field, FIELDS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose {', '.join(FIELDS)}"
        raise _wrong(written, f"{field} is no field", f"{hint} (or put it in quotes)")
    return Term(field, _READERS[field](written, field, value.replace(" ", "").lower(), tolerance), negated)


def _rates(written: str, field: str, value: str, tolerance: float) -> Span | None:
    if value == "none" and field == "pace":
        return None
    target, sign, off = re.sub(r"\+-|\+/-", "±", value).partition("±")
    if ".." in value:
        span = _span(written, field, value, _number)
        _check_rate(written, *(rate for rate in (span.low, span.high) if abs(rate) != float("inf")))
        return span
    rate = _number(written, field, target)
    _check_rate(written, rate)
    if sign:
        is_ratio = off.endswith("%")
        tolerance = _number(written, field, off.removesuffix("%")) / (100.0 if is_ratio else rate)
    if not 0.0 < tolerance <= TOLERANCE_MAX:
        wrong = "this is too far off" if tolerance > 0.0 else "no pace is that near"
        raise _wrong(written, wrong, f"choose more than 0 and at most {100 * TOLERANCE_MAX:g} %")
    return Span(rate * (1.0 - tolerance), rate * (1.0 + tolerance), rate, tolerance)


def _ratio(written: str, field: str, value: str, _tolerance: float) -> Span:
    def read(written: str, field: str, text: str) -> float:
        ratio = _number(written, field, text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
        if not 0.0 <= ratio <= 1.0:
            raise _wrong(written, f"{text} is out of range", "choose 0 to 1, or 0% to 100%")
        return ratio

    # Nobody looks for songs of which we are 80 % sure, and no more.
    return _span(written, field, value if ".." in value else f"{value}..", read)


def _steps(written: str, field: str, value: str, _tolerance: float) -> Span:
    return _span(written, field, value, _number)


def _length(written: str, field: str, value: str, _tolerance: float) -> Span:
    def read(written: str, field: str, text: str) -> float:
        seconds = 0.0
        for part in text.split(":"):
            seconds = 60.0 * seconds + _number(written, field, part)
        return seconds

    span = _span(written, field, value, read)
    return Span(span.low - EXACT_S, span.high + EXACT_S) if span.low == span.high else span


def _yes_no(written: str, field: str, value: str, _tolerance: float) -> bool:
    if value not in _YES_NO:
        raise _wrong(written, f"{field} is yes or no", f"write {field}:yes")
    return _YES_NO[value]


def _span(written: str, field: str, value: str, read: Callable[[str, str, str], float]) -> Span:
    """Return a range with one end or two, or a single value."""
    first, dots, last = value.partition("..")
    if not dots:
        number = read(written, field, first)
        return Span(number, number)
    if not first and not last:
        raise _wrong(written, "both ends are missing", f"write {field}:{_EXAMPLES[field]}")
    low = read(written, field, first) if first else float("-inf")
    high = read(written, field, last) if last else float("inf")
    if low > high:
        raise _wrong(written, f"{first} is more than {last}", f"write {field}:{last}..{first}")
    return Span(low, high)


def _number(written: str, field: str, text: str) -> float:
    if not re.fullmatch(r"\d+(\.\d*)?|\.\d+", text):
        wrong = f"{text} is no number" if text else "a number is missing"
        raise _wrong(written, wrong, f"write {field}:{_EXAMPLES[field]}")
    return float(text)


def _check_rate(written: str, *rates: float) -> None:
    for rate in rates:
        if not SPM_MIN <= rate <= SPM_MAX:
            raise _wrong(written, f"{rate:g} is out of range", f"choose {SPM_MIN:g} to {SPM_MAX:g}")


def _is_wanted_pace(term: Term) -> bool:
    return term.field == "pace" and not term.negated


def _wrong(written: str, what: str, hint: str) -> UsageError:
    return UsageError(f"{written}: {what}", hint=hint, code="usage.query")


_READERS: Mapping[str, Callable[[str, str, str, float], Span | bool | None]] = {
    "pace": _rates,
    "sure": _ratio,
    "share": _ratio,
    "steps": _steps,
    "beat": _rates,
    "steady": _yes_no,
    "length": _length,
    "stale": _yes_no,
    "corrected": _yes_no,
}
FIELDS = (*_READERS, *TEXTS)
"""All fields."""
_EXAMPLES = {
    "pace": "165, 160..170 or 165±3%",
    "sure": "0.8..",
    "share": "50%..",
    "steps": "1",
    "beat": "80..90",
    "steady": "yes",
    "length": "2:30..5:00",
    "stale": "yes",
    "corrected": "yes",
}
"""What may come after a field."""
