"""The pictures of the phone page: as many as the documents show, of the right shape, and small."""

import re
import struct

import pytest

from tests.docs.documents import read
from tools.page_screenshots import DOCS, LARGEST

NAMES = ("page-match", "page-landscape", "page-microphone")


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_small_and_of_the_right_shape(name: str) -> None:
    picture = (DOCS / f"{name}.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) <= LARGEST
    width, height = struct.unpack(">II", picture[16:24])
    assert (width > height) == (name == "page-landscape")


def test_the_documents_show_all_pictures() -> None:
    assert set(re.findall(r"page-[a-z]+(?=\.png)", read("docs/running.md"))) == set(NAMES)
