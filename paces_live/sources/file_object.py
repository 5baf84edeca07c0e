"""A file object as FFmpeg needs it."""

from typing import Any

from paces_live.sources.header import fixed, is_known, tag_size, without_size

HEAD_BYTES = 1024
"""Bytes of a file that hold the sizes of its header."""


class FileObject:
    """A file object as FFmpeg gets it: without its name, which it would take as a hint. `head` is its beginning.

    A tag before anything but bare frames is left out: FFmpeg takes what follows a long one for frames.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self._begin = 0
        given: bytes = file.read(HEAD_BYTES)
        self._is_file = hasattr(file, "seekable") and bool(file.seekable())
        if self._is_file:
            if tag := tag_size(given):
                file.seek(tag)
                after = file.read(HEAD_BYTES)
                if is_known(after):
                    self._begin, given = tag, after
                elif not after:
                    given = without_size(given)
            file.seek(self._begin)
            # Only what can be sought has these: PyAV looks for them.
            self.seek, self.tell = self._seek, self._tell
        self.head = fixed(given)
        self._unread = b"" if self._is_file else self.head

    @property
    def options(self) -> dict[str, str]:
        """Options of FFmpeg for a WAV file.

        It would look for other codecs in 5 MB of PCM, and delay a song by 20 ms. In a file it may read larger packets,
        which cost less; a pipe may be live.
        """
        if not self.head.startswith((b"RIFF", b"RF64", b"BW64")):
            return {}
        return {"probesize": "65536"} | ({"max_size": "16384"} if self._is_file else {})

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes."""
        if self._unread:
            given, self._unread = self._unread[:size], self._unread[size:]
            return given
        if self._is_file and (at := self._tell()) < len(self.head):
            return self.head[at:][: len(self._file.read(min(size, len(self.head) - at)))]
        data: bytes = self._file.read(size)
        return data

    def _tell(self) -> int:
        return int(self._file.tell()) - self._begin

    def _seek(self, offset: int, whence: int = 0) -> int:
        """Return the new position, or -1 if a damaged file leads to none; PyAV would print the exception."""
        try:
            return int(self._file.seek(offset + (0 if whence else self._begin), whence)) - self._begin
        except (OSError, OverflowError, ValueError):
            return -1
