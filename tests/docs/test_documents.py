"""The facts in the documents agree with the project: links, files, make targets, grades and states."""

import re

import pytest

from paces_live import errors
from paces_live.match import DEFAULT_TOLERANCE, LOCK_TOLERANCE, STRETCH_TOLERANCE
from paces_live.render.wording import STATE_WORDS
from tests.docs.documents import DOCUMENTS, ROOT, read

TARGETS = set(re.findall(r"^([a-z0-9-]+):", read("Makefile"), re.MULTILINE))


def slug(heading: str) -> str:
    """Return the anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_have_targets(document: str) -> None:
    path = ROOT / document
    for link, part in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", path.read_text("utf-8")):
        if "://" not in link:
            target = path.parent / link if link else path
            assert target.exists(), link
            headings = re.findall(r"^#+ (.*)", target.read_text("utf-8"), re.MULTILINE) if part else []
            assert not part or part in map(slug, headings), f"{link}#{part}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_exist(document: str) -> None:
    text = read(document)
    named = re.findall(r"`make ([a-z0-9-]+)", text) + re.findall(r"^(?: {4})?make ([a-z0-9-]+)", text, re.MULTILINE)
    assert set(named) <= TARGETS


def test_the_readme_starts_with_the_two_commands() -> None:
    first_screen = read("README.md")[:1500]
    for target in ("run", "test"):
        assert f"make {target}" in first_screen


def test_the_modules_in_the_architecture_exist() -> None:
    names = re.findall(r"`((?:paces_live/|training/)?(?:[a-z_]+/)*[a-z_]+\.py)`", read("docs/architecture.md"))
    assert names
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "paces_live" / name).exists(), name


@pytest.mark.parametrize(
    "path", re.findall(r"`((?:paces_live|tests|training|docs)/[a-z_/]+(?:\.[a-z]+)?)`", read("CONTRIBUTING.md"))
)
def test_the_files_in_the_guide_for_contributors_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_codes_of_errors_are_explained() -> None:
    explained = set(re.findall(r"`([a-z_.]+)`", read("docs/app.md").partition("## Errors")[2]))
    classes = {
        error.code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.PacesError)
    }
    finer = {
        code
        for path in (ROOT / "paces_live").rglob("*.py")
        for code in re.findall(r'code="(.*?)"', path.read_text("utf-8"))
    }
    assert classes - {"error"} <= explained
    assert {code for code in finer if not code.startswith("usage.")} <= explained


def test_the_guide_for_runners_has_the_grades_of_the_program() -> None:
    rows = re.findall(
        r"^\| (lock|match|stretch) \| ([\d.]+) % \| ([\d.]+) to ([\d.]+) \|", read("docs/running.md"), re.MULTILINE
    )
    assert [(grade, float(off), float(low), float(high)) for grade, off, low, high in rows] == [
        (grade, 100 * off, round(165 * (1 - off), 1), round(165 * (1 + off), 1))
        for grade, off in (("lock", LOCK_TOLERANCE), ("match", DEFAULT_TOLERANCE), ("stretch", STRETCH_TOLERANCE))
    ]


def test_the_guide_for_runners_explains_every_state() -> None:
    explained = re.findall(r"^\| ([^|]+) \|", read("docs/running.md"), re.MULTILINE)
    assert [state for state in STATE_WORDS.values() if state not in explained] == []
