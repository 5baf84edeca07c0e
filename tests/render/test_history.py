"""The history for spreadsheets."""

import csv
import io
from dataclasses import replace

import pytest

from paces_live.events import Match
from paces_live.render.history import write_csv
from tests.support.history import heard


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(start: str) -> None:
    song = replace(heard(f"{start}1+1", 165.0), input=f"{start}x", match=Match(160.0, -0.0303, "match"))
    stream = io.StringIO(newline="")
    write_csv([song], stream)
    (row,) = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    shown = start.replace("\r", " ")
    assert (row["title"], row["input"]) == (f"'{shown}1+1", f"'{shown}x")
    assert row["error"] == "-0.0303", "a number stays one"


def test_a_text_without_a_formula_stays_as_it_is() -> None:
    stream = io.StringIO()
    write_csv([heard("Up = down", 165.0), heard(None, 165.0)], stream)
    assert [row["title"] for row in csv.DictReader(io.StringIO(stream.getvalue()))] == ["Up = down", ""]
