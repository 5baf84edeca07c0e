"""Server-sent events: bytes go in, messages come out (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from paces_live.errors import ServerError

MESSAGE_BYTES = 1 << 20
"""Length of the longest message: a snapshot with all its songs has less than a tenth of it."""
_LINE_END = re.compile(rb"\r\n|\n|\r(?=[^\n])")
"""The end of a line. A CR at the end of the bytes may be half of a CR LF, so it waits for more."""
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Message:
    """What a server has sent, and the id by which it is known when the connection is lost; empty if it has none."""

    data: str
    id: str = ""


class MessageDecoder:
    r"""Turns the bytes of a stream into messages, no matter how they are cut.

    Attributes
    ----------
    retry_s : float or None
        Seconds to wait before the next connection, if the server has said so.

    Examples
    --------
    >>> decoder = MessageDecoder()
    >>> list(decoder.push(b"retry: 3000\n\nid: 7\nda")), list(decoder.push(b"ta: hello\n\n: alive\n"))
    ([], [Message(data='hello', id='7')])
    >>> decoder.retry_s
    3.0
    """

    def __init__(self) -> None:
        self.retry_s: float | None = None
        self._rest = b""
        self._begun = False
        self._id = ""
        self._data: list[str] = []
        self._size = 0

    def push(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that `data` completes.

        Raises
        ------
        ServerError
            A message is too long.
        """
        *lines, self._rest = _LINE_END.split(self._rest + data)
        for line in lines:
            self._size += len(line)
            message = self._take(line if self._begun else line.removeprefix(_MARK))
            self._begun = True
            if message is not None:
                yield message
        if self._size + len(self._rest) > MESSAGE_BYTES:
            raise ServerError("the server sends a message without an end", hint="check the address")

    def _take(self, line: bytes) -> Message | None:
        """Take a line; return the message that it ends."""
        if not line:
            data, self._data, self._size = "\n".join(self._data), [], 0
            return Message(data, self._id) if data else None
        name, _, value = line.decode(errors="replace").partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and re.fullmatch("[0-9]{1,9}", value):
            self.retry_s = int(value) / 1000.0
        return None
