"""Links of an Ogg stream: any way of reading gives the same links."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paces_live.sources.ogg import OggLinks


def page(*, first: bool, size: int) -> bytes:
    return b"OggS\x00" + (b"\x02" if first else b"\x00") + bytes(size)


def link(sizes: list[int]) -> bytes:
    return page(first=True, size=20) + b"".join(page(first=False, size=size) for size in sizes)


class Chunks:
    """Gives as few bytes as it likes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = io.BytesIO(data)
        self._sizes = sizes

    def read(self, size: int) -> bytes:
        self._sizes.append(self._sizes.pop(0))
        return self._data.read(min(size, self._sizes[-1]))


def read_links(links: OggLinks, size: int) -> list[bytes]:
    found = []
    while True:
        parts = []
        while part := links.read(size):
            parts.append(part)
        found.append(b"".join(parts))
        if not links.go_on():
            return found


@given(
    contents=st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=4), min_size=1, max_size=4),
    chunks=st.lists(st.integers(1, 100), min_size=1, max_size=5),
    size=st.integers(1, 500),
)
def test_links_are_found_however_they_are_read(contents: list[list[int]], chunks: list[int], size: int) -> None:
    expected = [link(sizes) for sizes in contents]
    assert read_links(OggLinks(Chunks(b"".join(expected), chunks)), size) == expected


def test_streams_that_begin_together_are_one_link() -> None:
    both = page(first=True, size=20) + page(first=True, size=30) + page(first=False, size=9)
    assert read_links(OggLinks(io.BytesIO(both + both)), 7) == [both, both]


def test_a_link_can_be_left_before_its_end() -> None:
    first, second = link([200]), link([100])
    links = OggLinks(io.BytesIO(first + second))
    links.read(10)
    assert links.go_on()
    assert read_links(links, 50) == [second]


@pytest.mark.parametrize("data", [b"", b"OggS", b"OggS\x00", np.random.default_rng(1).bytes(5_000)])
def test_what_has_no_pages_is_one_link(data: bytes) -> None:
    assert read_links(OggLinks(io.BytesIO(data)), 100) == [data]
