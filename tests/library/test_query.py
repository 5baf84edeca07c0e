"""The language of queries: what terms mean, and what is said about wrong ones."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paces_live.errors import UsageError
from paces_live.library.query import FIELDS, Query, Span, Term, parse_query


def one(text: str, tolerance: float = 0.05) -> Term:
    (term,) = parse_query(text, tolerance).terms
    return term


def span(text: str) -> tuple[float, float, float | None]:
    value = one(text).value
    assert isinstance(value, Span)
    return value.low, value.high, value.target


@pytest.mark.parametrize(
    ("text", "low", "high", "target"),
    [
        ("pace:165", 156.75, 173.25, 165.0),
        ("pace:165±3%", 160.05, 169.95, 165.0),
        ("pace:165+-3%", 160.05, 169.95, 165.0),
        ("pace:165±4", 161.0, 169.0, 165.0),
        ('pace:"165 ± 4"', 161.0, 169.0, 165.0),
        ("pace:160..170.5", 160.0, 170.5, None),
        ("pace:..90", -math.inf, 90.0, None),
        ("beat:80..", 80.0, math.inf, None),
        ("sure:0.8..", 0.8, math.inf, None),
        ("sure:80%", 0.8, math.inf, None),
        ("share:..20%", -math.inf, 0.2, None),
        ("steps:1", 1.0, 1.0, None),
        ("length:2:30..1:00:00", 150.0, 3600.0, None),
        ("length:3:00", 179.5, 180.5, None),
    ],
)
def test_numbers_are_ranges(text: str, low: float, high: float, target: float | None) -> None:
    assert list(span(text)) == [pytest.approx(low), pytest.approx(high), target]


def test_the_tolerance_is_that_of_the_caller_unless_the_term_has_one() -> None:
    assert [one(text, 0.03).value.tolerance for text in ("pace:165", "pace:165±3.3")] == [0.03, pytest.approx(0.02)]  # type: ignore[union-attr]


def test_all_terms_have_to_hold_and_a_minus_means_must_not() -> None:
    query = parse_query('  pace:none steady:NO -artist:"The Band" −genre:rock Waltz "re: stacks" ')
    assert query.terms == (
        Term("pace", None),
        Term("steady", False),
        Term("artist", "The Band", negated=True),
        Term("genre", "rock", negated=True),
        Term("", "Waltz"),
        Term("", "re: stacks"),
    )
    assert query.target is None
    assert parse_query("-pace:120 pace:165 pace:82").target == one("pace:165").value
    assert parse_query("") == Query()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bpm:120", "bpm:120: bpm is no field: write pace:120 for steps, or beat:120 for what people tap"),
        ("pce:165", "pce:165: pce is no field: did you mean pace?"),
        ("rock 12:30", "12:30: 12 is no field: choose pace, sure, "),
        ("pace:fast", "pace:fast: fast is no number: write pace:165, 160..170 or 165±3%"),
        ("pace:165±", "pace:165±: a number is missing: "),
        ("pace:165±0%", "pace:165±0%: no pace is that near: choose more than 0 and at most 20 %"),
        ("-", "-: nothing comes after it: write -word"),
        ('""', '"": nothing comes after it: write word'),
        ("a " * 1200, "the query has 1200 terms: choose at most 100"),
        ("pace:nan", "pace:nan: nan is no number: "),
        ("pace:170..160", "pace:170..160: 170 is more than 160: write pace:160..170"),
        ("pace:..", "pace:..: both ends are missing: "),
        ("pace:20", "pace:20: 20 is out of range: choose 40 to 320"),
        ("pace:165..1000", "pace:165..1000: 1000 is out of range: "),
        ("pace:165±50%", "pace:165±50%: this is too far off: choose more than 0 and at most 20 %"),
        ("beat:none", "beat:none: none is no number: "),
        ("sure:3", "sure:3: 3 is out of range: choose 0 to 1, or 0% to 100%"),
        ("genre:", "genre:: nothing comes after it: write genre:word"),
        ('artist:"the band', 'artist:"the band: a quote has no end: write artist:"the band"'),
        ('artist:"the"band', 'artist:"the"band: a quote has no end: '),
        ("steady:maybe", "steady:maybe: steady is yes or no: write steady:yes"),
        ("length:long", "length:long: long is no number: write length:2:30..5:00"),
    ],
)
def test_a_wrong_term_is_one_line_that_says_what_to_write(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_query(text)
    assert str(caught.value).startswith(message)
    assert caught.value.code == "usage.query"
    assert "\n" not in str(caught.value)


ANY_TERM = st.tuples(st.sampled_from(FIELDS), st.text("0123.±%:")).map(":".join)


@given(st.text('abpce:.0123456789±%"- −\n\0Ω') | ANY_TERM)
def test_any_text_is_a_query_or_a_usage_error(text: str) -> None:
    try:
        query = parse_query(text)
    except UsageError as error:
        hint = error.hint
    else:
        hint = "none is needed"
        assert all(term.value != "" for term in query.terms)
    assert hint
