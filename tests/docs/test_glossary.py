"""The glossary: one row for each term."""

import re

import pytest

from tests.docs.documents import read

SECTIONS = re.split(r"^## ", read("docs/glossary.md"), flags=re.MULTILINE)[1:]
HEADER = ["term", "meaning", "unit", "reference"]


def rows(section: str) -> list[list[str]]:
    """Return the cells of every row of a section, its header first."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


ROWS = [row for section in SECTIONS for row in rows(section)[2:]]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.partition("\n")[0])
def test_every_section_is_a_table_of_terms(section: str) -> None:
    header, rule, *terms = rows(section)
    assert header == HEADER
    assert set("".join(rule)) == {"-", "|"}
    assert terms


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_term_has_a_meaning_on_one_line(row: list[str]) -> None:
    assert len(row) == len(HEADER)
    assert row[0]
    assert row[1]
    assert not row[1].endswith(".")


def test_no_term_is_explained_twice() -> None:
    terms = [term.strip() for row in ROWS for term in row[0].lower().split(",")]
    assert len(terms) == len(set(terms))
