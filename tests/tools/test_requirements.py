"""The locked requirements install the same packages everywhere."""

import re
from pathlib import Path

import pytest

LOCKS = sorted((Path(__file__).parents[2] / "requirements").glob("*.txt"))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_has_a_hash_and_no_line_names_a_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "://" not in text
    assert "--index" not in text
    packages = [block for block in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE) if block]
    assert packages
    assert [package for package in packages if "--hash=sha256:" not in package] == []
