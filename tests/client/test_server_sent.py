"""Server-sent events are decoded as the standard says, however they are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paces_live.client.server_sent import MESSAGE_BYTES, Message, MessageDecoder
from paces_live.errors import ServerError

STREAM = (
    b'\xef\xbb\xbfretry: 3000\r\n\r\n: alive\n\nid: 3f9c-41\ndata: {"a":\ndata: 1}\n\nevent: x\rdata:no space\r\r'
    b"id\ndata\n\nretry: soon\nid: a\0b\ndata: \xe2\x80\xa8\xff\n\ndata: unfinished\n"
)
MESSAGES = [
    Message('{"a":\n1}', "3f9c-41"),
    Message("no space", "3f9c-41"),
    # Without a value, `id` forgets the id; an empty message is none. A NUL in an id is ignored.
    Message("\u2028\ufffd", ""),
]


def decoded(parts: list[bytes]) -> tuple[list[Message], float | None]:
    decoder = MessageDecoder()
    return [message for part in parts for message in decoder.push(part)], decoder.retry_s


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_way_of_cutting_gives_the_same_messages(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[begin:end] for begin, end in pairwise(ends)]
    assert decoded(parts) == (MESSAGES, 3.0)


def test_the_id_holds_until_there_is_another() -> None:
    assert decoded([b"id: 1\ndata: a\n\ndata: b\n\n"])[0] == [Message("a", "1"), Message("b", "1")]


@pytest.mark.parametrize("endless", [b"x" * 1000, b"data: " + b"x" * 1000 + b"\n"])
def test_a_message_without_an_end_is_refused_before_it_fills_the_memory(endless: bytes) -> None:
    with pytest.raises(ServerError, match="without an end"):
        decoded([endless] * (MESSAGE_BYTES // 1000 + 2))
